"""The page of a drift: which columns moved, how far, and what follows from it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from registry_assets.evaluation.report.rendering import render
from registry_assets.evaluation.report.scales import Bar, Scale
from registry_assets.evaluation.report.texts import named, number, plural, share
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.monitoring.report.values import ObservationSubject, Tile
from registry_assets.monitoring.results.drift import ColumnDrift, DriftResult, Side
from registry_assets.monitoring.results.observed_drift import VersionDrift

MOST_ROWS = 200
"""Rows of one table."""

_MEASURES = {"wasserstein": "Wasserstein", "jensenshannon": "Jensen-Shannon", "": ""}


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """One column, on the scale of all of them.

    Args:
        measure: what its distance is.
        before: what its values were like in words, and `after` since.
        missing: share of the rows that have none, before and after.
        evidently: Evidently's score of it on a sample, and its method; "" where there is none.
    """

    drift: ColumnDrift
    measure: str
    before: str
    after: str
    missing: str
    evidently: str
    bar: Bar | None


@dataclass(frozen=True, slots=True)
class SliceRow:
    """The rows in which a column has one value."""

    label: str
    rows: str
    outcome: str
    drifted: str
    why: str


@dataclass(frozen=True, slots=True)
class VersionPart:
    """What the page shows of one version."""

    drift: VersionDrift
    columns: list[ColumnRow]
    drifted: list[ColumnRow]
    predictions: list[ColumnRow]
    slices: list[SliceRow]


def drift_page(versions: Sequence[VersionDrift], subject: ObservationSubject) -> bytes:
    """Give the page of a drift as UTF-8 HTML; equal arguments give equal bytes.

    Whatever a column or a category is called is shown as text.
    """
    return render(
        "drift.html",
        subject=subject,
        tiles=list(_tiles(versions, subject)),
        parts=[_part(each) for each in versions],
        most=MOST_ROWS,
    )


def _tiles(versions: Sequence[VersionDrift], subject: ObservationSubject) -> Iterator[Tile]:
    yield Tile("Rows", f"{subject.rows:,}", _by_version(subject))
    for each in versions:
        of = f", version {each.version}" if subject.many else ""
        found = each.features
        if found is None:
            yield Tile(f"Columns drifted{of}", "unknown", each.features_reason, "unsure")
            continue
        tone = {"failed": "bad", "undecided": "unsure"}.get(found.outcome, "good")
        value = f"{found.drifted} of {found.compared}"
        limit = found.rule.get("share")
        note = f"{share(limit)} is too many" if isinstance(limit, float) else ""
        yield Tile(f"Columns drifted{of}", value, note, tone)
        furthest = next(iter(_ordered(found)), None)
        if furthest is not None and furthest.value is not None:
            note = f"{_MEASURES[furthest.method]} {number(furthest.value)}"
            note += f", threshold {number(furthest.threshold)}"
            yield Tile(f"Furthest column{of}", furthest.column, note)
        yield from _said(each, of)


def _by_version(subject: ObservationSubject) -> str:
    told = [f"version {each.version}: {each.rows:,}" for each in subject.versions]
    return named(told, most=4) if subject.many else f"predicted by version {_only(subject)}"


def _only(subject: ObservationSubject) -> int:
    return subject.versions[0].version


def _said(each: VersionDrift, of: str) -> Iterator[Tile]:
    found = each.predictions
    if found is None:
        yield Tile(f"Predictions{of}", "not compared", each.predictions_reason)
        return
    moved = next(iter(_ordered(found)), None)
    tone = {"failed": "bad", "undecided": "unsure"}.get(found.outcome, "good")
    value = {"failed": "drifted", "undecided": "undecided"}.get(found.outcome, "stable")
    note = ""
    if moved is not None and moved.value is not None:
        note = f"{moved.column}: {number(moved.value)}, threshold {number(moved.threshold)}"
    yield Tile(f"Predictions{of}", value, note, tone)


def _part(each: VersionDrift) -> VersionPart:
    columns = _rows(each.features, each)
    return VersionPart(
        drift=each,
        columns=columns,
        drifted=[row for row in columns if row.drift.drifted],
        predictions=_rows(each.predictions, None),
        slices=list(_slices(each)),
    )


def _ordered(found: DriftResult) -> list[ColumnDrift]:
    """Put what drifted first, by how far it is beyond what counts, and what has no value last."""

    def beyond(each: ColumnDrift) -> tuple[bool, bool, float]:
        return not each.drifted, each.value is None, -(each.value or 0.0) / each.threshold

    return sorted(found.columns, key=beyond)


def _rows(found: DriftResult | None, version: VersionDrift | None) -> list[ColumnRow]:
    if found is None:
        return []
    ordered = _ordered(found)
    scores = version.evidently.columns if version and version.evidently else {}
    # One that is far beyond all others must not hide whether those reach the threshold.
    furthest = max([min(abs(each.value or 0.0), 6 * each.threshold) for each in ordered] + [0.0])
    scale = Scale(0.0, max([furthest, *(each.threshold for each in ordered)]) * 1.05)
    rows = []
    for each in ordered:
        bar = None
        if each.value is not None:
            reached = Estimate(each.value, 0.0, each.value, rows=found.rows_after)
            bar = scale.bar(reached, reference=each.threshold)
        score = scores.get(each.column)
        before, after = _sides(each)
        rows.append(
            ColumnRow(
                drift=each,
                measure=_MEASURES[each.method],
                before=before,
                after=after,
                missing=missing_shares(each),
                evidently="" if score is None else number(score.value),
                bar=bar,
            )
        )
    return rows


def _sides(column: ColumnDrift) -> tuple[str, str]:
    if column.moved:
        shown = column.moved[:2]
        before = named([f"{each.category}: {share(each.before)}" for each in shown])
        return before, named([f"{each.category}: {share(each.after)}" for each in shown])
    return _side(column.before), _side(column.after)


def missing_shares(column: ColumnDrift) -> str:
    """Give the share of the rows that have no value, before and after; once if it stayed."""
    was, now = ((side.missing if side else None) for side in (column.before, column.after))
    return share(now) if was == now else f"{share(was)} → {share(now)}"


def _side(side: Side | None) -> str:
    if side is None:
        return "not there"
    if side.mean is None or side.std is None:
        return ""
    return f"{side.mean:,.4g} ± {side.std:,.3g}"


def _slices(version: VersionDrift) -> Iterator[SliceRow]:
    for each in version.slices:
        found = each.result
        label = f"{each.column} = {each.value}" if each.value else each.column
        if found is None:
            yield SliceRow(label, "", "not compared", "", each.reason)
            continue
        moved = [column.column for column in _ordered(found) if column.drifted]
        yield SliceRow(
            label=label,
            rows=f"{found.rows_after:,}",
            outcome=found.outcome,
            drifted=f"{found.drifted} of {plural(found.compared, 'column')}",
            why=found.sentence if found.outcome == "undecided" else named(moved, most=4),
        )
