"""Profiles of the rows in which a column has each of its values, in the one pass over all rows."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from registry_assets.evaluation.data.pairs import as_text, named_columns
from registry_assets.monitoring.profile.building import Rows, extended, parts_of, pool_of, unique
from registry_assets.monitoring.profile.table import Profile

MOST_GROUPS = 50


@dataclass(frozen=True, slots=True)
class Groups:
    """A table's rows told apart by a column. Rows without a value of it are in no group.

    Args:
        column: the one that they are told apart by.
        profiles: by its values as text, in their order; of all columns.
        reason: why there are none; "" if there are.
    """

    column: str
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    reason: str = ""


def profiles_by(
    rows: Rows | Iterable[Rows],
    *,
    by: Sequence[str],
    most: int = MOST_GROUPS,
    threads: int | None = None,
) -> tuple[Profile, tuple[Groups, ...]]:
    """Give a table's profile, and by each of some columns the profiles of its values.

    Args:
        rows: as for `profile_of`.
        by: columns; one that the table lacks has a reason.
        most: values that a column may have. Of more none is looked at: which are the most common
            is known only at the end.
    """
    whole = Profile()
    found = {name: Groups(name) for name in by}
    with pool_of(threads) as pool:
        for part in parts_of(rows):
            whole = extended(whole, part, pool=pool)
            for name, groups in found.items():
                if not groups.reason:
                    found[name] = _with(groups, part, most=most, pool=pool)
    return whole, tuple(_finished(each, whole) for each in found.values())


def _with(groups: Groups, part: Rows, *, most: int, pool: Executor) -> Groups:
    """Give the groups with the rows of a further part."""
    texts = _texts(part, groups.column)
    if texts is None:
        return groups
    codes, values = pd.factorize(texts, sort=True)
    if len({*groups.profiles, *values}) > most:
        return Groups(groups.column, reason=f"more than {most} values")
    profiles = dict(groups.profiles)
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(len(values) + 1))
    for at, value in enumerate(map(str, values)):
        chosen = order[ends[at] : ends[at + 1]]
        some = part.iloc[chosen] if isinstance(part, pd.DataFrame) else part.take(pa.array(chosen))
        profiles[value] = extended(profiles.get(value, Profile()), some, pool=pool)
    return Groups(groups.column, profiles)


def _finished(groups: Groups, whole: Profile) -> Groups:
    if groups.reason or groups.profiles:
        return Groups(groups.column, dict(sorted(groups.profiles.items())), groups.reason)
    there = groups.column in whole.columns
    return Groups(groups.column, reason="no value" if there else "the table does not have it")


def _texts(part: Rows, column: str) -> "pd.Series[str] | None":
    if isinstance(part, pd.DataFrame):
        found = dict(named_columns(part)).get(column)
        return None if found is None else as_text(found)
    names = list(unique(part.schema.names))
    if column not in names:
        return None
    return as_text(part.column(names.index(column)).to_pandas())
