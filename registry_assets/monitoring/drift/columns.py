"""One column before and after: which distance tells them apart, and how likely it is by chance.

The distances are those that Evidently takes by default for more than a thousand rows, by its rules
of which column is what; `registry_assets.evaluation.data.drift` has the same of whole rows.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

from registry_assets.declaration.monitoring import Drift
from registry_assets.monitoring.drift.chance import kolmogorov, of_categories
from registry_assets.monitoring.drift.distances import (
    Distance,
    jensen_shannon,
    shared,
    wasserstein,
)
from registry_assets.monitoring.drift.sides import (
    moved_categories,
    outside_share,
    side_of,
    unseen_share,
)
from registry_assets.monitoring.profile.columns import NUMERIC, ColumnProfile
from registry_assets.monitoring.results.drift import ColumnDrift, Finding

# Evidently's limits: whole numbers of up to ten values are categories, any numbers of up to
# five are compared as such, and text of which more than half is distinct is free text.
_CATEGORY_NUMBERS = 10
_FEW_NUMBERS = 5
_FREE_TEXT = 0.5


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a column has no distance: because of what it is, or of what became of it."""

    finding: Literal["undecided", "left_out"]
    reason: str


def compared(
    name: str, reference: ColumnProfile | None, current: ColumnProfile | None, *, rule: Drift
) -> ColumnDrift:
    """Compare one column; whether it drifted is left to `judged`, which knows all of them.

    Until then a column with a distance is `stable`.
    """
    refused = _refusal(name, reference, current, rule)
    found = ColumnDrift(
        column=name,
        kind=reference.kind if reference else current.kind if current else "empty",
        method="",
        value=None,
        error=None,
        threshold=rule.threshold,
        p=None,
        adjusted_p=None,
        finding=refused.finding if refused else "stable",
        before=side_of(reference) if reference else None,
        after=side_of(current) if current else None,
        reason=refused.reason if refused else "",
    )
    if reference is not None and current is not None:
        unseen, outside = unseen_share(reference, current), outside_share(reference, current)
        found = replace(found, unseen=unseen, outside=outside)
        found = found if refused else _measured(found, reference, current)
    if found.finding == "left_out" and name in rule.watch:
        # To say nothing of a column that is watched would be to pass it.
        return replace(found, finding="undecided")
    return found


def judged(found: ColumnDrift, adjusted_p: float, *, alpha: float) -> ColumnDrift:
    """Say whether a column with a distance has drifted."""
    assert found.value is not None
    drifted = found.value >= found.threshold and adjusted_p < alpha
    finding: Finding = "drifted" if drifted else "stable"
    return replace(found, adjusted_p=adjusted_p, finding=finding)


def _refusal(
    name: str, reference: ColumnProfile | None, current: ColumnProfile | None, rule: Drift
) -> _Refusal | None:
    """Say why a column is not compared; None if it is."""
    if name in rule.ignore:
        return _Refusal("left_out", "not to be looked at")
    if reference is None:
        return _Refusal("left_out", "the reference does not have it")
    if current is None:
        return _Refusal("undecided", "the table does not have it")
    if reference.kind == "other":
        return _Refusal("left_out", "of a type that is not compared")
    if not reference.values:
        return _Refusal("left_out", "the reference has no value of it")
    if current.kind != "empty" and not _alike(reference, current):
        types = f"it was {reference.kind} and is {current.kind}"
        return _Refusal("undecided", f"its type changed: {types}")
    if not current.values:
        return _Refusal("undecided", f"no value in {current.rows:,} rows")
    few = min(reference.values, current.values)
    if few < rule.min_rows:
        return _Refusal("undecided", f"{few:,} values, fewer than {rule.min_rows:,}")
    return _free_text(current)


def _free_text(current: ColumnProfile) -> _Refusal | None:
    if current.kind != "text" or current.category:
        return None
    distinct, rows = current.labels.distinct, current.values
    if distinct <= _FREE_TEXT * rows:
        return None
    about = "" if current.counts is not None else "about "
    values = f"{about}{distinct:,} values in {rows:,} rows"
    return _Refusal("left_out", f"free text or a key: {values}")


def _alike(reference: ColumnProfile, current: ColumnProfile) -> bool:
    kinds = {reference.kind, current.kind}
    return len(kinds) == 1 or kinds == {"number", "truth"}


def _measured(found: ColumnDrift, reference: ColumnProfile, current: ColumnProfile) -> ColumnDrift:
    both = shared(reference, current)
    if _as_categories(reference, current):
        distance, p = jensen_shannon(both), of_categories(both)
        found = replace(found, moved=moved_categories(both, reference, current))
    else:
        distance, p = wasserstein(reference, current), kolmogorov(both)
    refused = _uncertain(distance, found.threshold, current)
    if refused:
        return replace(found, finding=refused.finding, reason=refused.reason)
    return replace(found, method=distance.method, value=distance.value, error=distance.error, p=p)


def _as_categories(reference: ColumnProfile, current: ColumnProfile) -> bool:
    if reference.kind not in NUMERIC or {reference.kind, current.kind} == {"truth"}:
        return True
    now = current.distinct
    if current.whole and now is not None and now <= _CATEGORY_NUMBERS:
        return True
    if now is None or reference.distinct is None or now > _FEW_NUMBERS:
        return False
    return len(shared(reference, current).before) <= _FEW_NUMBERS


def _uncertain(distance: Distance, threshold: float, current: ColumnProfile) -> _Refusal | None:
    """Say why a distance decides nothing: the profiles are too coarse for it."""
    value, error = distance.value, distance.error
    if not math.isfinite(value) or (math.isinf(error) and value < threshold):
        return _Refusal("undecided", "its numbers are too large or too far apart for a distance")
    if distance.method == "jensenshannon" and value < threshold <= value + error:
        if current.kind == "text":
            reason = f"more categories than are counted: about {current.labels.distinct:,}"
            return _Refusal("left_out", reason)
        return _Refusal("undecided", f"a distance of {value:.3f} to {value + error:.3f}")
    # An error of Evidently's whole threshold says nothing; one of a tenth of it is usual.
    if distance.method == "wasserstein" and error > threshold and value - error < threshold:
        return _Refusal("undecided", f"a distance of {value:.3f}, give or take {error:.3f}")
    return None
