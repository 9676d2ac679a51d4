"""Compare the source files that two versions carry: which differ, and by which lines."""

import difflib
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from registry_assets.lifecycle.reading import Reader
from registry_assets.manifest import Manifest
from registry_assets.packaging.package import CODE, DESCRIPTION

_LONGEST_LINE = 500
_LONGEST_SOURCE = 2_000_000
"""Bytes of a source file up to which its lines are compared: difflib takes time squared."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One source file before and after, by digest.

    Args:
        part: what it is to the model: where `make_features` stands, where `train`, or what
            these import.
        lines: the lines that differ, as a unified diff, if asked for.
        more_lines: how many more lines of difference there are.
    """

    path: str
    part: Literal["features", "training", "features and training", "imported"]
    before: str | None
    after: str | None
    lines: tuple[str, ...] = ()
    more_lines: int = 0

    @property
    def kind(self) -> str:
        """Whether it was added, removed or changed, or is the same."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        return "same" if self.before == self.after else "changed"


@dataclass(frozen=True, slots=True)
class CodeChanges:
    """The source files of two versions; not compared where one has no package to read."""

    files: tuple[FileChange, ...] = ()
    compared: bool = True

    @property
    def changed(self) -> tuple[FileChange, ...]:
        """Those that are not the same."""
        return tuple(file for file in self.files if file.kind != "same")


def compare_code(
    reader: Reader, before: Manifest | None, after: Manifest | None, *, diff_lines: int
) -> CodeChanges:
    """Compare the packaged source files of two versions."""
    if before is None or after is None:
        return CodeChanges(compared=False)
    old, new = _sources(before), _sources(after)
    functions = [*_functions(reader, before), *_functions(reader, after)]
    files = []
    for path in sorted({*old, *new}):
        change = FileChange(path, _part(path, functions), old.get(path), new.get(path))
        if diff_lines and change.kind != "same":
            change = _with_lines(reader, before, after, change, diff_lines)
        files.append(change)
    return CodeChanges(tuple(files))


def _sources(manifest: Manifest) -> dict[str, str]:
    return {
        file.path.removeprefix(CODE): file.sha256
        for file in manifest.files
        if file.path.startswith(CODE)
    }


def _functions(reader: Reader, manifest: Manifest) -> list[tuple[str, str]]:
    """Give the modules that a package's two functions stand in, each with which it is."""
    found = reader.json(manifest, DESCRIPTION) or {}
    parts = {"make_features": "features", "train": "training"}
    return [
        (str(found[name]).partition(":")[0], part) for name, part in parts.items() if name in found
    ]


def _part(
    path: str, functions: list[tuple[str, str]]
) -> Literal["features", "training", "features and training", "imported"]:
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    parts = {part for name, part in functions if name == module}
    if len(parts) == 2:
        return "features and training"
    if "features" in parts:
        return "features"
    return "training" if parts else "imported"


def _with_lines(
    reader: Reader, before: Manifest, after: Manifest, change: FileChange, limit: int
) -> FileChange:
    old = _text(reader, before, change.path) if change.before else ""
    new = _text(reader, after, change.path) if change.after else ""
    if old is None or new is None:
        return change  # the reader has said why
    if max(len(old), len(new)) > _LONGEST_SOURCE:
        said = f"@@ more than {_LONGEST_SOURCE:,} characters: not compared line by line @@"
        return _shown(change, (said,), 0)
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), n=3, lineterm="")
    shown = tuple(line[:_LONGEST_LINE] for line in islice(lines, 2 + limit))[2:]
    return _shown(change, shown, sum(1 for _ in lines))


def _shown(change: FileChange, lines: tuple[str, ...], more: int) -> FileChange:
    return FileChange(
        change.path, change.part, change.before, change.after, lines=lines, more_lines=more
    )


def _text(reader: Reader, manifest: Manifest, path: str) -> str | None:
    data = reader.file(manifest, CODE + path)
    return None if data is None else data.decode(errors="replace")
