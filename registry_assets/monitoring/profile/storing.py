"""A profile as bytes and back: a line of canonical JSON, and then whole numbers.

The numbers of a column are its cells (the first, then the steps from one to the next less one),
their counts, and what is least of the hashes; or the counts of its texts. There is one way to write
a profile, and nothing else is read: what was read is written again and must be the same.
"""

import json
from collections.abc import Mapping
from typing import Any, TypeVar, cast, get_args

import numpy as np

from registry_assets.canonical import LARGEST_INTEGER, Json, canonical_json
from registry_assets.errors import DeclarationError, ProfileInvalid
from registry_assets.monitoring.profile.cells import COARSEST, MOST_CELLS, Cells
from registry_assets.monitoring.profile.columns import NUMERIC, ColumnProfile, Kind
from registry_assets.monitoring.profile.labels import LEAST, MOST_LABELS, Labels
from registry_assets.monitoring.profile.ordering import IntArray, keys_of
from registry_assets.monitoring.profile.varints import Numbers, packed, unpacked

FORMAT = "registry_assets/profile/1"

_MOST_ROWS = 2**48
"""Far more than there are: sums of so many stay within whole numbers of 64 bits."""

_Value = TypeVar("_Value")


def written(rows: int, columns: Mapping[str, ColumnProfile]) -> bytes:
    """Give the one way in which a table's profile is stored."""
    head: list[Json] = []
    numbers: list[Numbers] = []
    for name, column in columns.items():
        head.append({"name": name, **_described(column)})
        numbers += _numbers(column)
    body = packed(np.concatenate(numbers)) if numbers else b""
    return canonical_json({"format": FORMAT, "rows": rows, "columns": head}) + b"\n" + body


def read(data: bytes) -> tuple[int, dict[str, ColumnProfile]]:
    """Read rows and columns of what `written` gave.

    Raises:
        ProfileInvalid: they are not the bytes of a profile, or of a newer release's.
    """
    line, _, body = data.partition(b"\n")
    try:
        head = json.loads(line)
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            found = head.get("format") if isinstance(head, dict) else None
            raise _invalid(f"its format is {found!r:.80}, expected {FORMAT!r}")
        rest = unpacked(body)
        rows = _whole(head, "rows", most=_MOST_ROWS)
        columns: dict[str, ColumnProfile] = {}
        for each in _typed(head, "columns", list):
            if not isinstance(each, dict):
                raise _invalid("a column is not an object")
            columns[_typed(each, "name", str)], rest = _column(each, rest, rows=rows)
        same = not len(rest) and written(rows, columns) == data
    except (ValueError, OverflowError, RecursionError, DeclarationError) as error:
        raise _invalid(str(error)[:200]) from None
    if not same:
        raise _invalid("it is not written in the one way that profiles are")
    return rows, columns


def _described(column: ColumnProfile) -> dict[str, Json]:
    found: dict[str, Json] = {"kind": column.kind, "missing": column.missing}
    if column.kind in NUMERIC:
        found |= {
            "infinite": column.infinite,
            "whole": column.whole,
            "minimum": column.minimum,
            "maximum": column.maximum,
            "shift": column.cells.shift,
            "cells": len(column.cells.keys),
        }
    elif column.kind == "text":
        labels = column.labels
        found["category"] = column.category
        if labels.counts is None:
            found |= {"shift": labels.cells.shift, "cells": len(labels.cells.keys)}
        else:
            found["labels"] = list(labels.counts)
    return found


def _numbers(column: ColumnProfile) -> list[Numbers]:
    if column.kind in NUMERIC:
        return _cell_numbers(column.cells)
    if column.kind != "text":
        return []
    labels = column.labels
    if labels.counts is None:
        return [*_cell_numbers(labels.cells), _steps(labels.least.astype(np.int64))]
    return [np.fromiter(labels.counts.values(), np.uint64, len(labels.counts))]


def _cell_numbers(cells: Cells) -> list[Numbers]:
    return [_steps(cells.keys), cells.counts.astype(np.uint64)]


def _steps(keys: IntArray) -> Numbers:
    """Give the first key, its sign in the last bit, and how much each next one is above it."""
    found = np.empty(len(keys), dtype=np.uint64)
    if len(keys):
        first = int(keys[0])
        found[0] = first << 1 if first >= 0 else ((-first - 1) << 1) | 1
        found[1:] = np.diff(keys.view(np.uint64)) - np.uint64(1)
    return found


def _keys(steps: Numbers) -> IntArray:
    if not len(steps):
        return np.zeros(0, dtype=np.int64)
    coded = int(steps[0])
    first = -(coded >> 1) - 1 if coded & 1 else coded >> 1
    moves = steps + np.uint64(1)
    moves[0] = first % 2**64
    keys = np.cumsum(moves, dtype=np.uint64).view(np.int64)
    if (keys[1:] <= keys[:-1]).any():
        raise _invalid("cells are not in order")
    return keys


def _column(
    head: Mapping[str, Any], numbers: Numbers, *, rows: int
) -> tuple[ColumnProfile, Numbers]:
    """Read one column; give it with the numbers of those behind it."""
    kind = cast("Kind", _typed(head, "kind", str))
    if kind not in get_args(Kind):
        raise _invalid(f"there is no kind {kind!r:.80}")
    missing = _whole(head, "missing", most=rows)
    if kind in NUMERIC:
        cells, numbers = _read_cells(head, numbers)
        column = ColumnProfile(
            kind,
            rows,
            missing,
            _whole(head, "infinite", most=rows),
            whole=_typed(head, "whole", bool),
            minimum=_number(head, "minimum"),
            maximum=_number(head, "maximum"),
            cells=cells,
        )
        _check_ends(column)
    elif kind == "text":
        labels, numbers = _read_labels(head, numbers)
        category = _typed(head, "category", bool)
        column = ColumnProfile(kind, rows, missing, category=category, labels=labels)
    else:
        column = ColumnProfile(kind, rows, missing)
    if kind != "other" and column.values + column.infinite + missing != rows:
        raise _invalid("the counts of a column do not make up its rows")
    return column, numbers


def _read_cells(head: Mapping[str, Any], numbers: Numbers) -> tuple[Cells, Numbers]:
    count = _whole(head, "cells", most=MOST_CELLS)
    shift = _whole(head, "shift", most=COARSEST)
    keys, numbers = _keys(_taken(numbers, count)), numbers[count:]
    return Cells(shift, keys, _counts(_taken(numbers, count))), numbers[count:]


def _read_labels(head: Mapping[str, Any], numbers: Numbers) -> tuple[Labels, Numbers]:
    if "labels" not in head:
        cells, numbers = _read_cells(head, numbers)
        least = _keys(_taken(numbers, LEAST)).astype(np.uint64)
        return Labels(None, cells, least), numbers[LEAST:]
    texts = _typed(head, "labels", list)
    if len(texts) > MOST_LABELS or not all(isinstance(each, str) for each in texts):
        raise _invalid("its texts are not texts, or too many")
    if texts != sorted(set(texts)):
        raise _invalid("its texts are not in order")
    counts = _counts(_taken(numbers, len(texts)))
    return Labels(dict(zip(texts, counts.tolist(), strict=True))), numbers[len(texts) :]


def _check_ends(column: ColumnProfile) -> None:
    """Raise unless the least and the greatest number lie in the first and the last cell."""
    ends = [each for each in (column.minimum, column.maximum) if each is not None]
    if len(ends) != (2 if len(column.cells.keys) else 0):
        raise _invalid("a column has cells without ends, or ends without cells")
    if ends:
        found = keys_of(np.array(ends)) >> np.int64(column.cells.shift)
        if (found != column.cells.keys[[0, -1]]).any():
            raise _invalid("a column ends elsewhere than its cells")


def _taken(numbers: Numbers, count: int) -> Numbers:
    if len(numbers) < count:
        raise _invalid("numbers are missing at its end")
    return numbers[:count]


def _counts(numbers: Numbers) -> IntArray:
    if len(numbers) and not 1 <= int(numbers.min()) <= int(numbers.max()) <= _MOST_ROWS:
        raise _invalid("a count is zero, or beyond all rows")
    return numbers.astype(np.int64)


def _typed(head: Mapping[str, Any], name: str, kind: type[_Value]) -> _Value:
    found = head.get(name)
    # A truth value is a whole number to isinstance.
    if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
        raise _invalid(f"its {name} is {found!r:.80}")
    return found


def _whole(head: Mapping[str, Any], name: str, *, most: int) -> int:
    found = _typed(head, name, int)
    if not 0 <= found <= min(most, LARGEST_INTEGER):
        raise _invalid(f"its {name} is {found}, expected 0 to {most}")
    return found


def _number(head: Mapping[str, Any], name: str) -> float | None:
    found = head.get(name)
    if found is None:
        return None
    if type(found) not in (int, float) or not -1.8e308 < found < 1.8e308:
        raise _invalid(f"its {name} is {found!r:.80}")
    return float(found)


def _invalid(what: str) -> ProfileInvalid:
    return ProfileInvalid(
        f"These bytes are not a profile: {what}.",
        hint="They were damaged, or written by a newer release: upgrade registry_assets.",
    )
