"""Search for slices nobody named on which a model is weak: parts of columns, and pairs of them.

It is advice, and honest about luck: of thousands of conditions some are always worse than the
rest. Each is tested, and all tests are corrected together by Holm's method, so that where
nothing is weak the whole search finds anything with a probability of at most `level`. The
conditions are made in `conditions`; slices that somebody named are in the neighbouring package.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from registry_assets.evaluation.mixing import mixed
from registry_assets.evaluation.results.weak import WeakSlice, WeakSliceSearch
from registry_assets.evaluation.scored import BoolArray, FloatArray, IntArray
from registry_assets.evaluation.weak.conditions import (
    Column,
    conditions_of,
    content_bits,
    fulfilled,
    kind_of,
    number_bits,
)
from registry_assets.evaluation.weak.welch import (
    Difference,
    Loss,
    difference,
    effective,
    holm,
    mean,
    quotient,
)

# Columns whose pairs are tried: the 2,016 pairs of 64 take 5 s at 200,000 rows.
_PAIRED = 64
# Of two slices that share more than this of their rows (Jaccard) only the stronger is told.
_OVERLAP = 0.8
# A row of less than this share of the largest weight counts nothing: its square would be lost.
_NEGLIGIBLE = 1e-9
_LARGEST = 1e300  # differences of larger losses are infinite


def find_weak_slices(
    frame: pd.DataFrame,
    loss: FloatArray,
    *,
    weight: FloatArray | None = None,
    exclude: Sequence[str] = (),
    min_rows: int,
    max_rows: int = 200_000,
    most: int = 10,
    level: float = 0.05,
    seed: int = 0,
) -> WeakSliceSearch:
    """Give the conditions over the frame's columns under which the mean loss is higher.

    A condition is tested against all other rows, one-sided. A pair of conditions is told only
    if it is also weaker within each of the two: otherwise one weak value would be listed in
    combination with everything. And a condition that is weak only because of such a pair is
    left to the pair.

    Args:
        frame: n rows, any columns.
        loss: (n,), what the model lost on each row, less is better: log loss, squared error.
        weight: (n,), how much each row counts, 0 or more; it is not a number of rows.
        exclude: names of columns that are not searched.
        min_rows: how many rows (with weights also: effective rows, after Kish) a slice needs,
            and as many what it is compared with; at least 2.
        max_rows: of more rows so many are searched, drawn at random by `seed` and content.

    Raises:
        ValueError: there is not one loss, and one weight, for each row.
    """
    loss = np.asarray(loss, dtype=np.float64)
    weight = None if weight is None else np.asarray(weight, dtype=np.float64)
    for name, given in (("loss", loss), ("weight", weight)):
        if given is not None and given.shape != (len(frame),):
            raise ValueError(f"{name} of shape {given.shape} for {len(frame)} rows")
    least = max(min_rows, 2)
    search = WeakSliceSearch(0, 0, sampled_from=len(frame), min_rows=least, level=level, most=most)
    if reason := _why_unusable(loss, weight):
        return replace(search, reason=reason)
    if weight is not None:
        counts = weight > _NEGLIGIBLE * weight.max()
        frame, loss, weight = frame[counts], loss[counts], weight[counts] / weight.max()
    names, left_out = _searchable(frame, exclude)
    drawn = _drawn(frame, names, loss, weight, rows=max_rows, seed=seed)
    search = replace(search, rows=len(drawn), sampled_from=len(frame), left_out=left_out)
    if len(drawn) < 2 * least:
        reason = f"there are {len(drawn)} rows: a slice and the rest need {least} each"
        return replace(search, reason=reason)
    loss, weight = loss[drawn], None if weight is None else weight[drawn]
    if loss.min() == loss.max():
        return replace(search, reason=f"the loss is the same in all {len(drawn)} rows")
    columns = []
    for name, at in names.items():
        values = frame.iloc[:, at]
        kind = kind_of(values)
        column = conditions_of(values.iloc[drawn], name, kind=kind, least=least)
        if column.conditions:
            columns.append(column)
        else:
            left_out[name] = f"no part of it has {least} rows and leaves as many"
    if not columns:
        return replace(search, reason="no column has parts that could be compared")
    return _searched(search, columns, Loss(loss, weight), most=most)


def member(frame: pd.DataFrame, weak_slice: WeakSlice) -> BoolArray:
    """Tell of each row whether it is in the slice: (n,).

    Raises:
        ValueError: the frame has not exactly one column of a condition's name.
    """
    names = [str(name) for name in frame.columns]
    inside = np.ones(len(frame), dtype=np.bool_)
    for condition in weak_slice.conditions:
        if (bearing := names.count(condition.column)) != 1:
            raise ValueError(f"{bearing} columns are named {condition.column!r}, expected one")
        inside &= fulfilled(frame.iloc[:, names.index(condition.column)], condition)
    return inside


def _why_unusable(loss: FloatArray, weight: FloatArray | None) -> str:
    if not len(loss):
        return "there are no rows"
    if odd := int(np.sum(~(np.abs(loss) <= _LARGEST))):
        return f"the loss is not finite, or too large, in {odd} of {len(loss)} rows"
    if weight is None:
        return ""
    if odd := int(np.sum(~np.isfinite(weight) | (weight < 0))):
        return f"{odd} of {len(weight)} weights are negative or not finite"
    return "" if weight.any() else f"all {len(weight)} weights are 0"


def _searchable(
    frame: pd.DataFrame, exclude: Sequence[str]
) -> tuple[dict[str, int], dict[str, str]]:
    """Give the columns' places, in the order of their names, and why others have none."""
    left_out: dict[str, str] = {}
    places: dict[str, int] = {}
    excluded = set(map(str, exclude))
    bearing = Counter(map(str, frame.columns))
    for at, name in sorted(enumerate(map(str, frame.columns)), key=lambda each: each[1]):
        if name in excluded:
            continue
        if bearing[name] > 1:
            left_out[name] = f"{bearing[name]} columns bear this name"
        elif pd.api.types.is_timedelta64_dtype(frame.dtypes.iloc[at]):
            left_out[name] = "durations are not searched"
        else:
            places[name] = at
    return places, left_out


def _drawn(
    frame: pd.DataFrame,
    names: dict[str, int],
    loss: FloatArray,
    weight: FloatArray | None,
    *,
    rows: int,
    seed: int,
) -> IntArray:
    """Give places of rows in a random order that depends on seed and content: (at most rows,)."""
    content = mixed(number_bits(loss))
    if weight is not None:
        content = mixed(content ^ number_bits(weight))
    for at in names.values():
        values = frame.iloc[:, at]
        content = mixed(content ^ content_bits(values, kind=kind_of(values)))
    order = np.argsort(content, kind="stable")
    content = content[order]
    # Equal rows are told apart by a number: otherwise all of them would be drawn, or none.
    first = np.flatnonzero(np.append(True, content[1:] != content[:-1]))
    number = np.arange(len(content)) - np.repeat(first, np.diff(np.append(first, len(content))))
    key = mixed(content ^ mixed(number.astype(np.uint64) + np.uint64(seed % 2**63)))
    return order[np.argsort(key, kind="stable")[:rows]]


@dataclass(frozen=True, slots=True, eq=False)
class _Tested:
    """The conditions and pairs of conditions that were tested, k in all.

    Args:
        parts: (2, k), the numbers of each one's conditions; -1 for none.
        sums: over its rows, (6, k).
        others: over all other rows, (6, k).
        excess: of the first over the second.
        p: of the least certain test of each, (k,).
        remainder: the p of the rows that each condition of a pair has outside the pair, against
            all rows outside the condition, (2, k); 0 if there is no pair.
    """

    parts: IntArray
    sums: FloatArray
    others: FloatArray
    excess: Difference
    p: FloatArray
    remainder: FloatArray


def _searched(
    search: WeakSliceSearch, columns: list[Column], loss: Loss, *, most: int
) -> WeakSliceSearch:
    """Test all conditions and pairs of them, and give the strongest that are weak."""
    # By entropy, which knows nothing of the loss: to choose by the loss would be to test.
    paired = {each.name for each in sorted(columns, key=lambda each: -each.entropy)[:_PAIRED]}
    search = replace(search, unpaired=tuple(c.name for c in columns if c.name not in paired))
    tested = _tested(columns, loss, paired=paired, least=search.min_rows)
    tried = len(tested.p)
    if not tried:
        return replace(search, reason="too few rows bear the weight")
    adjusted = holm(tested.p)
    weak = np.flatnonzero(adjusted <= search.level)
    explained = tested.parts[:, weak][tested.remainder[:, weak] > search.level / tried]
    weak = weak[(tested.parts[1, weak] >= 0) | ~np.isin(tested.parts[0, weak], explained)]
    numbered = [(column, code) for column in columns for code in range(len(column.conditions))]
    # As p-values would rank them, which are all 0 for many rows.
    strength = quotient(tested.excess.value, tested.excess.margin, otherwise=np.inf)
    slices = {}
    for at in weak.tolist():
        parts = [numbered[part] for part in tested.parts[:, at] if part >= 0]
        slices[at] = _weak_slice(parts, tested, at, loss=loss, p=float(adjusted[at]))
    found: dict[int, BoolArray] = {}
    for at in sorted(slices, key=lambda at: (-strength[at], slices[at].label)):
        if len(found) >= most:
            break
        parts = [numbered[part] for part in tested.parts[:, at] if part >= 0]
        inside = np.all([column.codes == code for column, code in parts], axis=0)
        if all(_jaccard(inside, other) <= _OVERLAP for other in found.values()):
            found[at] = inside
    return replace(search, tried=tried, found=tuple(slices[at] for at in found))


def _tested(columns: list[Column], loss: Loss, *, paired: set[str], least: int) -> _Tested:
    """Test each condition and pair of them of which every side has at least so many rows."""
    alone = [
        loss.sums(column.codes, groups=len(column.conditions) + 1)[:, :-1] for column in columns
    ]
    single = np.concatenate(alone, axis=1)
    total = loss.sums(np.zeros_like(columns[0].codes), groups=1)
    first = np.cumsum([0, *(len(column.conditions) for column in columns)]).tolist()
    parts = [np.stack([np.arange(first[-1]), np.full(first[-1], -1)])]
    sums = [single]
    for i, j in combinations(range(len(columns)), 2):
        if columns[i].name in paired and columns[j].name in paired:
            at, found = _pairs(columns[i], columns[j], loss, least=least)
            parts.append(at + np.array([[first[i]], [first[j]]]))
            sums.append(found)
    return _test(np.concatenate(parts, axis=1), np.concatenate(sums, axis=1), single, total, least)


def _pairs(a: Column, b: Column, loss: Loss, *, least: int) -> tuple[IntArray, FloatArray]:
    """Give which conditions of two columns have rows in common, (2, k), and their sums, (6, k)."""
    wide = len(b.conditions) + 1
    codes = a.codes * wide + b.codes
    sizes = np.bincount(codes, minlength=(len(a.conditions) + 1) * wide).reshape(-1, wide)
    outside = np.minimum(sizes.sum(axis=1, keepdims=True), sizes.sum(axis=0)) - sizes
    at = np.argwhere(((sizes >= least) & (outside >= least))[:-1, :-1])
    if not len(at):
        return np.empty((2, 0), dtype=np.int64), np.empty((6, 0))
    return at.T, loss.sums(codes, groups=sizes.size)[:, at[:, 0] * wide + at[:, 1]]


def _test(
    parts: IntArray, sums: FloatArray, single: FloatArray, total: FloatArray, least: int
) -> _Tested:
    """Test against all other rows, and pairs within each of their conditions too."""
    within = single[:, parts]  # (6, 2, k)
    left = within - sums[:, np.newaxis]
    is_pair = parts[1] >= 0
    enough = (effective(sums) >= least) & (effective(total - sums) >= least)
    enough &= ~is_pair | (effective(left) >= least).all(axis=0)
    parts, sums, is_pair = parts[:, enough], sums[:, enough], is_pair[enough]
    within, left = within[:, :, enough][:, :, is_pair], left[:, :, enough][:, :, is_pair]
    excess = difference(sums, total - sums)
    p, remainder = excess.p.copy(), np.zeros(parts.shape)
    for side in range(2):
        inner = difference(sums[:, is_pair], left[:, side]).p
        p[is_pair] = np.maximum(p[is_pair], inner)
        remainder[side, is_pair] = difference(left[:, side], total - within[:, side]).p
    return _Tested(parts, sums, total - sums, excess, p, remainder)


def _weak_slice(
    parts: list[tuple[Column, int]], tested: _Tested, at: int, *, loss: Loss, p: float
) -> WeakSlice:
    value, margin = float(tested.excess.value[at]), float(tested.excess.margin[at])
    rows = int(tested.sums[0, at])
    return WeakSlice(
        conditions=tuple(column.conditions[code] for column, code in parts),
        rows=rows,
        share=rows / len(parts[0][0].codes),
        mean_loss=loss.centre + loss.spread * float(mean(tested.sums[:, at])),
        rest_loss=loss.centre + loss.spread * float(mean(tested.others[:, at])),
        excess=value * loss.spread,
        low=(value - margin) * loss.spread,
        high=(value + margin) * loss.spread,
        p_adjusted=p,
    )


def _jaccard(rows: BoolArray, others: BoolArray) -> float:
    return float(np.sum(rows & others) / np.sum(rows | others))
