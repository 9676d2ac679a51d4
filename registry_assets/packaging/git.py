"""How git is asked: no repository is written, and none is believed more than its commits.

Git takes no locks, starts no file-system monitor or signature program that the repository's
settings name, and downloads nothing. It reads history as it was committed, without what
`git replace` or a graft would put in its place. What the answers mean is for `commit`,
`history` and `people`.
"""

import io
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from registry_assets.errors import CodeCommitUnknown

CODE_COMMIT = "REGISTRY_CODE_COMMIT"
"""The variable that names the commit, in images that carry the code without its history."""

SAY_IT = f"Commit the code, or set {CODE_COMMIT} to the commit it was built from."
"""What to do where the commit is not known."""

_SECONDS = 30
_MOST_BYTES = 1 << 28
_SETTINGS = ("-c", "core.fsmonitor=false", "-c", "log.showSignature=false")
_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": "",
    # Of a partial clone git fetches what is missing, by the command that its settings name.
    # The first is of git 2.44; before it, no transport is allowed.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "LC_ALL": "C",
}


def ask(folder: Path, *arguments: str) -> str:
    """Give git's answer as text, in which paths keep every byte.

    Raises:
        CodeCommitUnknown: git failed, is missing, or took too long.
    """
    return os.fsdecode(read(folder, *arguments)).removesuffix("\n")


def read(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    """Give git's answer in bytes.

    Args:
        given: what git reads from its standard input.

    Raises:
        CodeCommitUnknown: git failed, is missing, or took too long.
    """
    result = run(folder, *arguments, given=given)
    if result.returncode != 0:
        said = result.stderr.decode(errors="replace").strip().splitlines()
        raise _unknown(said[0] if said else f"git ended with {result.returncode}")
    return result.stdout


def run(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder, whether or not it succeeds.

    Raises:
        CodeCommitUnknown: git is missing, or took too long.
    """
    # Inside a git hook, GIT_DIR and its like point at another repository than `folder`'s.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        return subprocess.run(
            ["git", *_SETTINGS, *arguments],
            cwd=folder,
            env=environ | _ENVIRONMENT,
            input=given,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise _unknown("git is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise _unknown(f"git did not answer in {_SECONDS} s") from error


def objects(folder: Path, names: Iterable[str]) -> dict[str, bytes]:
    """Give the bytes of objects by their names; one that is not there is left out.

    Raises:
        CodeCommitUnknown: git failed, or all of them are more than can be read at once.
    """
    asked = "".join(f"{name}\n" for name in dict.fromkeys(names)).encode()
    if not asked:
        return {}
    told = [
        line.split() for line in read(folder, "cat-file", "--batch-check", given=asked).splitlines()
    ]
    size = sum(int(line[2]) for line in told if len(line) == 3)
    if size > _MOST_BYTES:
        raise _unknown(f"its history holds {size:,} bytes, more than the {_MOST_BYTES:,} read")
    answer = io.BytesIO(read(folder, "cat-file", "--batch", given=asked))
    found: dict[str, bytes] = {}
    while line := answer.readline().split():
        if len(line) == 3:
            found[line[0].decode()] = answer.read(int(line[2]))
            answer.read(1)
    return found


def _unknown(why: str) -> CodeCommitUnknown:
    return CodeCommitUnknown(f"The commit of the training code is unknown: {why}.", hint=SAY_IT)
