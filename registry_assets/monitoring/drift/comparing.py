"""A table's profile beside its reference's: which columns drifted, and what follows from it."""

from collections.abc import Sequence
from dataclasses import replace

from registry_assets.declaration.monitoring import Drift
from registry_assets.evaluation.report.texts import distance, named, plural, share
from registry_assets.monitoring.drift.chance import holm
from registry_assets.monitoring.drift.columns import compared, judged
from registry_assets.monitoring.profile.groups import Groups
from registry_assets.monitoring.profile.table import Profile
from registry_assets.monitoring.results.drift import (
    ColumnDrift,
    DriftResult,
    Outcome,
    SliceDrift,
)

_WORDS = {"wasserstein": "Wasserstein", "jensenshannon": "Jensen-Shannon"}


def compare(reference: Profile, current: Profile, *, rule: Drift) -> DriftResult:
    """Compare a table with its reference, column by column.

    A column has drifted if its distance reaches the rule's threshold, and has a chance below
    `alpha` with all columns allowed for. What cannot be compared is a finding with its reason.

    Args:
        reference: of the rows that a version was trained on.
        current: of the rows since.
    """
    names = dict.fromkeys([*reference.columns, *current.columns, *rule.watch])
    columns = [
        compared(name, reference.columns.get(name), current.columns.get(name), rule=rule)
        for name in names
    ]
    measured = [at for at, each in enumerate(columns) if each.value is not None]
    chances = holm([columns[at].p or 0.0 for at in measured])
    for at, chance in zip(measured, chances, strict=True):
        columns[at] = judged(columns[at], chance, alpha=rule.alpha)
    return _concluded(reference, current, columns, rule)


def compare_slices(
    reference: Sequence[Groups], current: Sequence[Groups], *, rule: Drift
) -> tuple[SliceDrift, ...]:
    """Compare the slices that both tables have, by each column that they were told apart by.

    The level `alpha` is shared by all slices that are compared. No watched column is asked for.
    """
    befores = {each.column: each for each in reference}
    found = [
        SliceDrift(each.column, value, None, reason)
        for each in current
        for value, reason in _slices(befores.get(each.column), each)
    ]
    many = sum(not each.reason for each in found) or 1
    shared_rule = replace(rule, alpha=rule.alpha / many, watch=())
    afters = {each.column: each for each in current}
    return tuple(
        each
        if each.reason
        else replace(
            each,
            result=compare(
                befores[each.column].profiles[each.value],
                afters[each.column].profiles[each.value],
                rule=shared_rule,
            ),
        )
        for each in found
    )


def _slices(before: Groups | None, after: Groups) -> list[tuple[str, str]]:
    """Give the values to compare, and why one is not."""
    if before is None:
        return [("", "the reference was not told apart by it")]
    if before.reason or after.reason:
        return [("", before.reason or after.reason)]
    return [
        (value, "" if value in before.profiles else "the reference has no such rows")
        for value in after.profiles
    ]


def _concluded(
    reference: Profile, current: Profile, columns: Sequence[ColumnDrift], rule: Drift
) -> DriftResult:
    counted = [each for each in columns if each.finding != "left_out"]
    drifted = [each for each in counted if each.drifted]
    unknown = [each for each in counted if each.finding == "undecided"]
    found = len(drifted) / len(counted) if counted else None
    outcome, sentence = _verdict(current, counted, drifted, unknown, rule)
    return DriftResult(
        rows_before=reference.rows,
        rows_after=current.rows,
        columns=tuple(columns),
        compared=len(counted),
        drifted=len(drifted),
        share=found,
        outcome=outcome,
        sentence=sentence,
        rule=rule.definition(),
    )


def _verdict(
    current: Profile,
    counted: Sequence[ColumnDrift],
    drifted: Sequence[ColumnDrift],
    unknown: Sequence[ColumnDrift],
    rule: Drift,
) -> tuple[Outcome, str]:
    if current.rows < rule.min_rows:
        return "undecided", f"{plural(current.rows, 'row')}, fewer than {rule.min_rows:,}"
    if not counted:
        return "undecided", "no column can be compared"
    watched = [each for each in drifted if each.column in rule.watch]
    limit = f"{share(rule.share)} is too many"
    many = f"{len(drifted):,} of {plural(len(counted), 'column')} drifted"
    if watched:
        return "failed", f"{_told(watched)}, which is watched; {many}"
    if len(drifted) >= rule.share * len(counted):
        found = share(len(drifted) / len(counted))
        return "failed", f"{many} ({found}, {limit}): {_told(drifted)}"
    hidden = [each for each in unknown if each.column in rule.watch]
    if hidden or len(drifted) + len(unknown) >= rule.share * len(counted):
        reasons = named([f"{each.column} ({each.reason})" for each in hidden or unknown], most=3)
        return "undecided", f"{many}, and {len(unknown):,} more cannot be said: {reasons}"
    about = f": {_told(drifted)}" if drifted else ""
    return "passed", f"{many} ({limit}){about}"


def _told(columns: Sequence[ColumnDrift]) -> str:
    """Give the columns, the furthest in relation to its threshold first."""
    ordered = sorted(columns, key=lambda each: -(each.value or 0) / each.threshold)
    texts = [
        f"{each.column} ({_WORDS[each.method]} {distance(each.value or 0.0)})" for each in ordered
    ]
    return named(texts, most=3)
