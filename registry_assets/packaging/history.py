"""Which commits changed some files, none simplified away.

`git log -- FILE` follows the parent that a merge agrees with, and so passes over a merge that
drops the other's work. Here each commit of a range is compared with every parent it has, and
a merge counts as its maker's wherever git, left alone, would have made something else of its
parents. Who the commits are by is `people`.
"""

import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from registry_assets.packaging.git import ask, objects, read, run

MOST_COMMITS = 5_000
"""Commits whose authors are looked up; of more, the newest."""

# Each takes a process of its own, 4 ms, as does each of its files that was changed on both
# sides. Merges beyond count as their makers' work.
_MOST_MERGES = 200
_MOST_FILES = 20
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True, slots=True)
class History:
    """The commits that changed the files, newest first, and why there may be others."""

    commits: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(slots=True)
class _Change:
    """One file in one commit: the object it became, and what it was in parents unlike that."""

    after: str
    before: list[str] = field(default_factory=list)


_Changes = Mapping[str, Mapping[str, _Change]]
"""By commit, then by file."""


def history(top: Path, files: Collection[str], *, head: str, since: str | None) -> History:
    """Find the commits that changed files and are reachable from `head`, not from `since`.

    Args:
        top: the folder of the repository, which `files` are relative to.

    Raises:
        CodeCommitUnknown: git failed.
    """
    start, unknown = _start(top, head=head, since=since)
    parents = _range(top, head=head, start=start)
    if not parents.keys().isdisjoint(_cut_off(top)):
        unknown.append(
            "This clone is shallow: the commits before the oldest it holds are not known. "
            "`git fetch --unshallow` gets them."
        )
    changes = _changes(top, files, parents)
    changed = [commit for commit in parents if commit in changes]
    if len(changed) > MOST_COMMITS:
        unknown.append(
            f"{len(changed):,} commits changed the code; the authors of the newest "
            f"{MOST_COMMITS:,} are listed."
        )
        del changed[MOST_COMMITS:]
    merges = [commit for commit in changed if len(parents[commit]) > 1]
    clean = _clean_merges(top, files, {merge: parents[merge] for merge in merges}, changes)
    return History(tuple(each for each in changed if each not in clean), tuple(unknown))


def _start(top: Path, *, head: str, since: str | None) -> tuple[str | None, list[str]]:
    """Give the commit to start after, and what is doubtful about it."""
    if since is None:
        return None, []
    start = ""
    if _COMMIT.fullmatch(since):
        asked = ("rev-parse", "--verify", "--quiet", f"{since}^{{commit}}")
        start = run(top, *asked).stdout.decode().strip()
    # A branch may bear the name of an abbreviated commit, and git prefers it.
    if not start or not start.startswith(since):
        missing = (
            f"The commit {since[:64]!r}, since which authors count, is not in this repository: "
            "the authors of its whole history are listed."
        )
        return None, [missing]
    if run(top, "merge-base", "--is-ancestor", start, head).returncode == 0:
        return start, []
    aside = (
        f"The commit {since}, since which authors count, is no ancestor of {head[:12]}: it is "
        "newer or of another branch, or history was rewritten."
    )
    return start, [aside]


def _range(top: Path, *, head: str, start: str | None) -> dict[str, tuple[str, ...]]:
    """Give the parents of each commit, newest first."""
    without = [f"^{start}"] if start else []
    lines = ask(top, "rev-list", "--parents", head, *without, "--").splitlines()
    return {commit: tuple(parents) for commit, *parents in map(str.split, lines)}


def _cut_off(top: Path) -> list[str]:
    """Give the commits whose parents a shallow clone left behind."""
    listed = top / ask(top, "rev-parse", "--git-path", "shallow")
    return listed.read_text().split() if listed.is_file() else []


def _changes(top: Path, files: Collection[str], compared: Iterable[str]) -> _Changes:
    """Compare commits with their parents, or with those named after them on the same line."""
    told = read(
        top, "--literal-pathspecs",
        "diff-tree", "--stdin", "-m", "--root", "-r", "-z", "--raw", "--no-renames", "--no-abbrev",
        "--", *files,
        given="".join(f"{each}\n" for each in compared).encode(),
    )  # fmt: skip
    found: dict[str, dict[str, _Change]] = {}
    commit = ""
    words = iter(told.split(b"\0"))
    for word in words:
        if word.startswith(b":"):
            _, _, before, after, _ = word.decode().split()
            file = os.fsdecode(next(words))
            change = found.setdefault(commit, {}).setdefault(file, _Change(after))
            change.before.append(before)
        elif word:
            commit = word.decode()
    return found


def _clean_merges(
    top: Path, files: Collection[str], merges: Mapping[str, tuple[str, ...]], changes: _Changes
) -> frozenset[str]:
    """Choose the merges that left every file as git makes it of two parents and their base."""
    if not merges:
        return frozenset()
    bases: dict[str, str] = {}
    for merge in list(merges)[:_MOST_MERGES]:
        common = run(top, "merge-base", "--all", *merges[merge]).stdout.decode().split()
        if len(merges[merge]) == 2 and len(common) == 1:
            bases[merge] = common[0]
    from_base = _changes(top, files, (f"{merge} {base}" for merge, base in bases.items()))
    three_way = {
        merge: found
        for merge in bases
        if (found := _three_way(changes[merge], from_base.get(merge, {}))) is not None
    }
    blobs = objects(top, (name for found in three_way.values() for each in found for name in each))
    return frozenset(
        merge
        for merge, found in three_way.items()
        if all(_is_gits_own(*(blobs.get(name) for name in each)) for each in found)
    )


def _three_way(
    merge: Mapping[str, _Change], from_base: Mapping[str, _Change]
) -> list[tuple[str, str, str, str]] | None:
    """Give the files changed on both sides: one, base, other, result; None if one was picked.

    A file that was changed on one side only must be as it is there.
    """
    found: list[tuple[str, str, str, str]] = []
    for file, change in merge.items():
        base = from_base[file].before[0] if file in from_base else change.after
        unlike = [name for name in change.before if name != change.after]
        if len(unlike) == 2:
            found.append((unlike[0], base, unlike[1], change.after))
        elif unlike and unlike != [base]:
            return None
    return found if len(found) <= _MOST_FILES else None


def _is_gits_own(
    one: bytes | None, base: bytes | None, other: bytes | None, result: bytes | None
) -> bool:
    if one is None or base is None or other is None:
        return False  # added or removed on a side: somebody decided what becomes of it
    with TemporaryDirectory() as folder:
        for name, data in (("one", one), ("base", base), ("other", other)):
            (Path(folder) / name).write_bytes(data)
        merged = run(Path(folder), "merge-file", "-p", "one", "base", "other")
    return merged.returncode == 0 and merged.stdout == result
