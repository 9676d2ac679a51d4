"""The commit that a model's code comes from, asked of git.

Only asked: git runs without locks, hooks or file-system monitors, and no repository is
ever written. What the code *is*, to the byte, is the closure's digest; the commit tells
people where to read it and who wrote it.
"""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from registry_assets.errors import CodeCommitUnknown
from registry_assets.packaging.closure import CodeClosure

_OVERRIDE = "REGISTRY_CODE_COMMIT"
_SHA = re.compile(r"[0-9a-f]{7,64}")
_SCP_LIKE = re.compile(r"(?:[^@/]+@)?(?P<host>[^:/@]+):(?P<path>[^:].*)")
_SECONDS = 30
_SAY_IT = f"Commit the code, or set {_OVERRIDE} to the commit it was built from."


@dataclass(frozen=True, slots=True)
class CodeCommit:
    """A commit, and whether the code differs from it.

    `repository` is the remote's address without credentials; None for a local one.
    """

    sha: str
    dirty: bool
    repository: str | None = None
    author: str | None = None


def code_commit(closure: CodeClosure) -> CodeCommit:
    """Give the commit of the repository that holds the closure's first function.

    REGISTRY_CODE_COMMIT overrides it, for images that carry the code without its history.
    The commit is dirty if any tracked file there was changed, or if a file of the closure
    is not in the repository.

    Raises:
        CodeCommitUnknown: git is missing, there is no repository or no commit yet, or git
            ignores the code.
    """
    override = os.environ.get(_OVERRIDE)
    if override is not None:
        if not _SHA.fullmatch(override):
            raise CodeCommitUnknown(
                f"{_OVERRIDE} is {override!r}, not a commit: 7 to 64 hexadecimal digits."
            )
        return CodeCommit(sha=override, dirty=False)
    source = closure.file_of(closure.functions[0]).origin.resolve()
    folder = source.parent
    top = Path(_ask(folder, "rev-parse", "--show-toplevel"))
    if _run(folder, "check-ignore", "--quiet", str(source)).returncode == 0:
        raise CodeCommitUnknown(
            f"{source.name} lies in a repository whose .gitignore leaves it out: that "
            "repository's commit says nothing about it.",
            hint=_SAY_IT,
        )
    head = _run(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    if head.returncode != 0:
        raise CodeCommitUnknown(
            f"The repository that holds {source.name} has no commit yet.", hint=_SAY_IT
        )
    changed = _ask(folder, "status", "--porcelain", "--untracked-files=no")
    remote = _run(folder, "config", "--get", "remote.origin.url").stdout.strip()
    return CodeCommit(
        sha=head.stdout.strip(),
        dirty=bool(changed) or not _all_tracked(closure, top=top),
        repository=without_credentials(remote),
        author=_ask(folder, "log", "-1", "--format=%aN <%aE>") or None,
    )


def without_credentials(remote: str) -> str | None:
    """Give a remote's address without user, password and query; None if it is a local path."""
    if "://" in remote:
        parts = urlsplit(remote)
        if not parts.hostname:
            return None
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"
    match = _SCP_LIKE.fullmatch(remote)
    return f"ssh://{match['host']}/{match['path'].lstrip('/')}" if match else None


def _all_tracked(closure: CodeClosure, *, top: Path) -> bool:
    origins = {file.origin.resolve() for file in closure.files}
    if not all(origin.is_relative_to(top) for origin in origins):
        return False
    listed = _ask(top, "ls-files", "-z", "--", *(str(origin) for origin in sorted(origins)))
    return len([path for path in listed.split("\0") if path]) == len(origins)


def _ask(folder: Path, *arguments: str) -> str:
    result = _run(folder, *arguments)
    if result.returncode != 0:
        said = result.stderr.strip().splitlines() or [f"git ended with {result.returncode}"]
        raise CodeCommitUnknown(
            f"The commit of the training code is unknown: {said[0]}.", hint=_SAY_IT
        )
    return result.stdout.strip()


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Inside a git hook, GIT_DIR and its like point at another repository than `folder`'s.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environ |= {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        return subprocess.run(
            ["git", "-c", "core.fsmonitor=false", *arguments],
            cwd=folder,
            env=environ,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise CodeCommitUnknown(
            "The commit of the training code is unknown: git is not installed.", hint=_SAY_IT
        ) from error
    except subprocess.TimeoutExpired as error:
        raise CodeCommitUnknown(
            f"The commit of the training code is unknown: git did not answer in {_SECONDS} s.",
            hint=_SAY_IT,
        ) from error
