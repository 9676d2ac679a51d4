"""The repository of a story's team: a project that is shipped beside the story, and its commits.

Who wrote what is in it, the registry asks of git.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from registry_assets.errors import RegistryError

_PROJECT = "team-project"
_IGNORED = (".registry/", ".dagster/", "__pycache__/")


@dataclass(frozen=True, slots=True)
class Author:
    """Whose commit it is.

    Args:
        key: the private key that signs it; None for a commit that nobody signs.
    """

    name: str
    email: str
    key: Path | None = None


def start(
    package: str, folder: Path, author: Author, *, reason: str, ignored: Sequence[str]
) -> None:
    """Copy the project of a story into a folder, and commit it.

    Args:
        package: the story's, which has the project beside its modules.
        ignored: folders that git ignores, besides those that every project has.
    """
    with as_file(files(package) / _PROJECT) as project:
        shutil.copytree(
            project, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    lines = [*(f"{name}/" for name in ignored), *_IGNORED]
    (folder / ".gitignore").write_text("".join(f"{line}\n" for line in lines))
    _git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, author, reason=reason)


def commit(folder: Path, author: Author, *, reason: str) -> str:
    """Commit everything; give what git shows of it."""
    _git(folder, "add", "--all")
    who: tuple[str, ...] = ("-c", f"user.name={author.name}", "-c", f"user.email={author.email}")
    signed: tuple[str, ...] = ()
    if author.key is not None:
        who = (*who, "-c", "gpg.format=ssh", "-c", f"user.signingkey={author.key}")
        signed = ("--gpg-sign",)
    _git(folder, *who, "commit", "--quiet", *signed, "-m", reason)
    return _git(folder, "show", "--format=%an <%ae>: %s", "--unified=0", "--no-color")


def _git(folder: Path, *arguments: str) -> str:
    """Run git without the settings of whoever runs the story."""
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
