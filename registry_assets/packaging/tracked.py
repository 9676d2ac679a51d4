"""Whether the files of a closure are, to the byte, those that a commit holds.

Compared are the bytes that were read for packaging. `git status` compares what lies in the
folder now, leaves out what it was told to assume unchanged, and runs the filters that the
repository's settings name.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from registry_assets.packaging.closure import CodeClosure, CodeFile
from registry_assets.packaging.git import objects, read
from registry_assets.references import clean_text

_REGULAR = (b"100644", b"100755")
_MOST_NAMED = 5
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class TrackedFiles:
    """The files whose history tells who wrote them, by their paths in the repository.

    Args:
        unknown: what of the code, beside them or in them, no commit holds.
    """

    paths: tuple[str, ...]
    unknown: tuple[str, ...]


def tracked_files(closure: CodeClosure, *, top: Path, head: str) -> TrackedFiles:
    """Compare the files of a closure with a commit.

    Raises:
        CodeCommitUnknown: git failed.
    """
    inside: dict[str, CodeFile] = {}
    outside: list[str] = []
    for file in closure.files:
        path = _place(file, top=top)
        if path is None:
            outside.append(file.path)
        else:
            inside[path] = file
    names = _names(top, inside, head=head) if inside else {}
    held = objects(top, names.values())
    changed = [
        path
        for path, name in names.items()
        if _lines(inside[path].source) != _lines(held.get(name, b""))
    ]
    problems = {
        "Files with changes that are not committed": changed,
        "Files that are in no commit": [path for path in inside if path not in names],
        "Files outside the repository, or reached by a symbolic link": outside,
    }
    unknown = [f"{what}: {some(paths)}." for what, paths in problems.items() if paths]
    return TrackedFiles(tuple(inside), tuple(unknown))


def some(names: Collection[str]) -> str:
    """Name the first few, and say how many more there are."""
    shown = [clean_text(name, limit=_LONGEST_NAME) for name in list(names)[:_MOST_NAMED]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _place(file: CodeFile, *, top: Path) -> str | None:
    """Give where in the repository a file is; None if it is elsewhere or a link leads to it.

    The history of what a link leads to does not say who set the link.
    """
    origin = file.origin.absolute()
    depth = min(len(Path(file.path).parts), len(origin.parents))
    root = origin.parents[depth - 1]
    place = origin.resolve()
    if not place.is_relative_to(top) or root.resolve() / origin.relative_to(root) != place:
        return None
    return place.relative_to(top).as_posix()


def _names(top: Path, paths: Collection[str], *, head: str) -> Mapping[str, str]:
    """Give the object of each file that the commit holds."""
    listed = read(top, "ls-tree", "--full-tree", "-r", "-z", head, "--", *paths)
    return {path: name for path, name in _entries(listed) if path in paths}


def _entries(listed: bytes) -> Iterator[tuple[str, str]]:
    for entry in listed.split(b"\0"):
        facts, _, path = entry.partition(b"\t")
        if facts.startswith(_REGULAR):
            yield os.fsdecode(path), facts.split()[2].decode()


def _lines(source: bytes) -> bytes:
    """Where git is told to, it ends lines otherwise in the folder; to Python it is the same."""
    return source.replace(b"\r\n", b"\n")
