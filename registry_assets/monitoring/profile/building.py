"""The profile of a table: from a frame, or in one pass over the batches that it comes in."""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa

from registry_assets.evaluation.data.pairs import named_columns, written
from registry_assets.monitoring.profile.columns import ColumnProfile
from registry_assets.monitoring.profile.reading import profile_of_array, profile_of_series
from registry_assets.monitoring.profile.table import Profile

Rows: TypeAlias = pd.DataFrame | pa.Table | pa.RecordBatch
"""A table, or a part of one."""

_MOST_THREADS = 4


def profile_of(rows: Rows | Iterable[Rows], *, threads: int | None = None) -> Profile:
    """Give the profile of a table, or of all parts of one, each of which is looked at once.

    Args:
        rows: a frame, a table, a batch, or any number of these with the same columns; an iterator
            of them is read to its end, and one part at a time is held.
        threads: columns that are looked at at once; None for one a processor, four at most.
            The answer is the same.
    """
    found = Profile()
    with pool_of(threads) as pool:
        for part in parts_of(rows):
            found = extended(found, part, pool=pool)
    return found


def parts_of(rows: Rows | Iterable[Rows]) -> Iterable[Rows]:
    """Give one table, or the parts of one, as parts."""
    return [rows] if isinstance(rows, pd.DataFrame | pa.Table | pa.RecordBatch) else rows


def extended(profile: Profile, part: Rows, *, pool: Executor) -> Profile:
    """Give the profile of the rows that a profile has seen and of a further part."""
    shifts = {name: column.cells.shift for name, column in profile.columns.items()}

    def look(name: str, values: Any) -> ColumnProfile:
        shift = shifts.get(name, 0)
        if isinstance(values, pd.Series):
            return profile_of_series(values, shift=shift)
        return profile_of_array(values, shift=shift)

    columns = list(_columns(part))
    profiles = pool.map(look, *zip(*columns, strict=True)) if columns else ()
    names = (name for name, _ in columns)
    count = len(part) if isinstance(part, pd.DataFrame) else part.num_rows
    return profile + Profile(count, dict(zip(names, profiles, strict=True)))


def _columns(part: Rows) -> Iterator[tuple[str, object]]:
    if isinstance(part, pd.DataFrame):
        yield from named_columns(part)
        return
    yield from zip(unique(part.schema.names), part.columns, strict=True)


def unique(names: Sequence[str]) -> Iterator[str]:
    """Give each column a name of its own, as `named_columns` does."""
    seen: set[str] = set()
    for each in names:
        name = text = written(each)
        times = 1
        while name in seen:
            times += 1
            name = f"{text} ({times})"
        seen.add(name)
        yield name


@contextmanager
def pool_of(threads: int | None) -> Iterator[Executor]:
    """Give threads to look at columns in: so many, or one a processor."""
    count = threads or min(os.cpu_count() or 1, _MOST_THREADS)
    with ThreadPoolExecutor(count, thread_name_prefix="profile") as pool:
        yield pool
