"""How likely a difference is without any drift.

Both tests see cells where the rows have values. Values in one cell cannot be told apart, which
makes a difference look smaller, and its chance larger: no alarm comes from the grid.
"""

from collections.abc import Sequence

import numpy as np

from registry_assets.monitoring.drift.distances import Shared
from registry_assets.monitoring.profile.ordering import IntArray

_EXPECTED = 5
"""Rows that each side of a group has in the mean at least, for the chi-squared test to hold."""


def kolmogorov(cells: Shared) -> float:
    """Give the p-value of the two-sample Kolmogorov-Smirnov test, over cells in order."""
    from scipy.special import kolmogorov as survival

    before, after = int(cells.before.sum()), int(cells.after.sum())
    gaps = np.cumsum(cells.before) / before - np.cumsum(cells.after) / after
    size = before * after / (before + after)
    return float(survival(np.sqrt(size) * np.abs(gaps).max()))


def of_categories(categories: Shared) -> float:
    """Give the p-value that both sides have the same shares of all categories.

    Of two tests, and both allowed for: what is common is told apart by the chi-squared test. What
    is rare drowns in it, as a category does that came up in 20 of 300 rows; so it is also asked how
    likely that many of the rare rows are among the later ones.
    """
    rare = _rare(categories)
    if rare is None:
        return chi_squared(categories)
    return min(1.0, 2 * min(chi_squared(categories), rare))


def chi_squared(categories: Shared) -> float:
    """Give the p-value of the chi-squared test that both sides have the same shares.

    Rare categories are taken together until a group is large enough: by their rows on both sides,
    which say nothing of a difference.
    """
    from scipy.special import chdtrc

    before, after = _grouped(categories.before, categories.after)
    if len(before) < 2:
        return 1.0
    total = before + after
    share = after.sum() / total.sum()
    expected = total * share
    statistic = ((after - expected) ** 2 / (expected * (1 - share))).sum()
    return float(chdtrc(len(before) - 1, statistic))


def holm(chances: Sequence[float]) -> list[float]:
    """Give each p-value with all of them allowed for: the chance of even one false alarm."""
    order = np.argsort(chances, kind="stable")
    factors = len(chances) - np.arange(len(chances))
    ordered = np.minimum(np.maximum.accumulate(np.asarray(chances)[order] * factors), 1.0)
    adjusted = np.empty(len(chances))
    adjusted[order] = ordered
    found: list[float] = adjusted.tolist()
    return found


def _rare(categories: Shared) -> float | None:
    """Give the chance that so many rows of rare categories come after; None without any.

    Binomial: that each row is drawn once only makes the chance of very many still smaller.
    """
    from scipy.special import bdtrc

    total = categories.before + categories.after
    rare = total < _needed(categories.before, categories.after)
    if not rare.any():
        return None
    after = int(categories.after[rare].sum())
    share = int(categories.after.sum()) / int(total.sum())
    return float(bdtrc(after - 1, int(total[rare].sum()), share)) if after else 1.0


def _needed(before: IntArray, after: IntArray) -> float:
    """Give the rows of both sides together of which each side expects enough."""
    first, second = int(before.sum()), int(after.sum())
    return _EXPECTED * (first + second) / min(first, second)


def _grouped(before: IntArray, after: IntArray) -> tuple[IntArray, IntArray]:
    """Take categories together, the rarest first, until each side expects enough rows."""
    total = before + after
    order = np.argsort(total, kind="stable")
    needed = _needed(before, after)
    starts, held = [0], 0
    for place, rows in enumerate(total[order].tolist()):
        if held >= needed:
            starts.append(place)
            held = 0
        held += rows
    if held < needed and len(starts) > 1:
        starts.pop()
    return np.add.reduceat(before[order], starts), np.add.reduceat(after[order], starts)
