"""Real git repositories of a user's project, and the people who commit to them."""

import os
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from registry_assets.packaging import CodeClosure, code_closure
from registry_assets.packaging.authors import Author, CodeAuthors, code_authors
from registry_assets_tests.packaging.projects import Project

ADA = "Ada Pilot <ada@airline.example>"
BOB = "Bob Builder <bob@airline.example>"
EVE = "Eve Merger <eve@airline.example>"

# What `make_features` needs, and one file that it does not need.
FEATURES = "airline/features.py"
TIMES = "airline/times.py"
UNITS = "airline/units.py"
UNRELATED = "airline/unrelated.py"


class Repository:
    """The git repository of a project, in which each commit says whose it is."""

    def __init__(self, project: Project, *options: str) -> None:
        self.project = project
        self.git("init", "--quiet", "--initial-branch=main", *options)

    def git(self, *arguments: str, by: str = ADA, stdin: bytes | None = None) -> str:
        """Run git as somebody, with no settings but the repository's own."""
        name, _, email = by.removesuffix(">").partition(" <")
        ours = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        identity = ("-c", f"user.name={name}", "-c", f"user.email={email}")
        result = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.project.root,
            env={**ours, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
            input=stdin,
            check=True,
            capture_output=True,
        )
        return os.fsdecode(result.stdout).strip()

    def read(self, commit: str) -> bytes:
        """Give the bytes of a commit's object."""
        command = ["git", "cat-file", "commit", commit]
        return subprocess.run(
            command, cwd=self.project.root, check=True, capture_output=True
        ).stdout

    def signs_with(self, key: Path) -> None:
        """Sign with an OpenSSH key, in commits that ask for a signature."""
        self.git("config", "gpg.format", "ssh")
        self.git("config", "user.signingkey", str(key))

    def commit(
        self, files: dict[str, str], *options: str, by: str = ADA, message: str = "change"
    ) -> str:
        """Write files and commit them: the commit's name."""
        self.project.write(files)
        self.git("add", "--force", "--", *files)
        self.git("commit", "--quiet", "--allow-empty", "-m", message, *options, by=by)
        return self.git("rev-parse", "HEAD")


def closure_of(project: Project) -> CodeClosure:
    """Give the closure of the three files that `make_features` needs."""
    return code_closure(project.function("airline.features:make_features"))


def read_from(closure: CodeClosure, root: Path) -> CodeClosure:
    """Give the closure as if it had been read from another folder."""
    files = tuple(replace(file, origin=root / file.path) for file in closure.files)
    return replace(closure, files=files)


def authors_of(repository: Repository, *, since: str | None = None) -> CodeAuthors:
    return code_authors(closure_of(repository.project), since=since)


def people_of(authors: Iterable[Author]) -> set[str]:
    """Give the first words of their addresses."""
    return {author.email.partition("@")[0] for author in authors}


def wrote(repository: Repository, *, since: str | None = None) -> set[str]:
    """Say who wrote the code, where nobody is unknown."""
    found = authors_of(repository, since=since)
    assert found.unknown == ()
    return people_of(found.authors)
