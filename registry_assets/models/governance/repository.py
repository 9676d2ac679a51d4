"""The team's repository: the project that is shipped beside this module, and Tara's commits.

What is in it is ordinary code of a team. Who wrote it, the registry asks of git.
"""

import os
import shutil
import subprocess
from importlib.resources import as_file, files
from pathlib import Path

from registry_assets.errors import RegistryError
from registry_assets.models.governance.cast import KEYS, TARA, Person

PACKAGE = "lending"
"""The team's own package."""

DEPLOYED = "deployed"
"""The folder for what a deployment takes; git ignores it."""

_PROJECT = "team-project"
_IGNORED = f"{KEYS}/\n{DEPLOYED}/\n.registry/\n.dagster/\n__pycache__/\n"


def start(folder: Path, *, reason: str) -> None:
    """Copy the project into a folder, and commit it as Tara."""
    with as_file(files(__package__) / _PROJECT) as project:
        shutil.copytree(
            project, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    (folder / ".gitignore").write_text(_IGNORED)
    _git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, TARA, reason)


def replace(folder: Path, file: str, before: str, after: str) -> None:
    """Replace some text of a file, which stands there once.

    Raises:
        RegistryError: it stands there never, or more often.
    """
    path = folder / file
    text = path.read_text()
    if text.count(before) != 1:
        raise RegistryError(
            f"{file} of the demo's project holds {before!r} {text.count(before)} times, not once",
            hint="the project and the story do not fit each other: mend either",
        )
    path.write_text(text.replace(before, after))


def commit(folder: Path, person: Person, reason: str) -> str:
    """Commit everything, signed with the person's key; give what git shows of it."""
    _git(folder, "add", "--all")
    signed = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={folder / person.key}")
    who = ("-c", f"user.name={person.full_name}", "-c", f"user.email={person.email}")
    _git(folder, *who, *signed, "commit", "--quiet", "--gpg-sign", "-m", reason)
    return _git(folder, "show", "--format=%an <%ae>: %s", "--unified=0", "--no-color")


def _git(folder: Path, *arguments: str) -> str:
    """Run git without the settings of whoever runs the demo."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise RegistryError("git is not installed", hint="Debian: apt-get install git") from error
    if done.returncode != 0:
        raise RegistryError(
            f"git {arguments[0]} failed: {done.stderr.strip()}",
            hint="commits are signed with ssh-keygen; Debian: apt-get install git openssh-client",
        )
    return done.stdout
