"""The commit that a model's code comes from, asked of git.

Only asked, as `git` says. What the code *is*, to the byte, is the closure's digest; the
commit tells people where to read it. Who wrote it is `authors`.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from registry_assets.errors import CodeCommitUnknown
from registry_assets.packaging.closure import CodeClosure
from registry_assets.packaging.git import CODE_COMMIT, SAY_IT, ask, read, run
from registry_assets.references import clean_text

_SHA = re.compile(r"[0-9a-f]{7,64}")
_SCP_LIKE = re.compile(r"(?:[^@/]+@)?(?P<host>[^:/@]+):(?P<path>[^:].*)")
_LONGEST_AUTHOR = 500


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
    override = os.environ.get(CODE_COMMIT)
    if override is not None:
        if not _SHA.fullmatch(override):
            raise CodeCommitUnknown(
                f"{CODE_COMMIT} is {override!r}, not a commit: 7 to 64 hexadecimal digits."
            )
        return CodeCommit(sha=override, dirty=False)
    source = closure.file_of(closure.functions[0]).origin.resolve()
    folder = source.parent
    top = Path(ask(folder, "rev-parse", "--show-toplevel"))
    if run(folder, "check-ignore", "--quiet", str(source)).returncode == 0:
        raise CodeCommitUnknown(
            f"{source.name} lies in a repository whose .gitignore leaves it out: that "
            "repository's commit says nothing about it.",
            hint=SAY_IT,
        )
    head = run(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    if head.returncode != 0:
        raise CodeCommitUnknown(
            f"The repository that holds {source.name} has no commit yet.", hint=SAY_IT
        )
    changed = ask(folder, "status", "--porcelain", "--untracked-files=no")
    remote = run(folder, "config", "--get", "remote.origin.url").stdout.decode(errors="replace")
    author = read(folder, "log", "-1", "--format=%aN <%aE>").decode(errors="replace")
    return CodeCommit(
        sha=head.stdout.decode().strip(),
        dirty=bool(changed) or not _all_tracked(closure, top=top),
        repository=without_credentials(remote.strip()),
        author=clean_text(author.strip(), limit=_LONGEST_AUTHOR) or None,
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
    listed = ask(top, "ls-files", "-z", "--", *(str(origin) for origin in sorted(origins)))
    return len([path for path in listed.split("\0") if path]) == len(origins)
