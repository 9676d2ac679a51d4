"""The page of an evaluation: everything that was found out, as one HTML file for people.

Here the figures are put into the order in which they are read; how they look is in
`templates/evaluation.html`. Evidently's page, of the same rows, is `evidently_report`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from registry_assets.evaluation.report.pictures import pictures_of
from registry_assets.evaluation.report.remarks import remarks
from registry_assets.evaluation.report.rendering import render
from registry_assets.evaluation.report.scales import Bar, Scale, difference_bar
from registry_assets.evaluation.report.speeds import speed_rows
from registry_assets.evaluation.report.texts import (
    interval,
    moment,
    named,
    number,
    share,
)
from registry_assets.evaluation.report.values import Subject
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.results.comparison import Comparison
from registry_assets.evaluation.results.data import ColumnDrift, ColumnProfile, DataResult
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.results.fairness import FairnessResult

__all__ = ["Subject", "dated", "evaluation_page"]

MOST_ROWS = 200
"""Rows of one table; a page with every airport's every plane is read by nobody."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One thing to see first: a figure, what it is, and a line about it."""

    label: str
    value: str
    note: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric, beside the baseline's where there is one."""

    name: str
    less_is_better: bool
    found: Estimate
    baseline: Estimate | None
    difference: Estimate | None
    margin: float | None
    verdict: str
    bar: Bar | None


@dataclass(frozen=True, slots=True)
class SliceRow:
    """One slice by the headline metric; `others` are the remaining metrics, in their order."""

    label: str
    rows: int
    positives: int | None
    found: Estimate | None
    others: tuple[Estimate | None, ...]
    bar: Bar | None


@dataclass(frozen=True, slots=True)
class FoldRow:
    """One fold of a backtest by the headline metric, and this version itself as the last."""

    holdout: str
    trained_on: str
    rows: int
    found: Estimate | None
    reason: str
    bar: Bar | None


@dataclass(frozen=True, slots=True)
class DriftRow:
    """How far one column is from training, on the scale of all of them."""

    drift: ColumnDrift
    bar: Bar | None


def evaluation_page(result: EvaluationResult, subject: Subject) -> bytes:
    """Give the page of an evaluation as UTF-8 HTML; equal arguments give equal bytes.

    Whatever a label, a value or a description holds is shown as text.
    """
    headline = next(iter(result.metrics), "")
    others = [name for name in result.metrics if name != headline]
    slices = list(_slices(result, headline, others))
    data = result.data
    return render(
        "evaluation.html",
        subject=subject,
        result=result,
        headline=headline,
        others=others,
        tiles=list(_tiles(result, subject, headline)),
        remarks=remarks(result, subject.gates),
        metrics=list(_metrics(result)),
        comparison=result.comparison,
        slices=slices[:MOST_ROWS],
        more_slices=len(slices[MOST_ROWS:]),
        weak=result.weak_slices,
        fairness=[(each, _rate_names(each)) for each in result.fairness],
        backtest=result.backtest,
        folds=list(_folds(result, headline)),
        speed=result.speed,
        speeds=list(speed_rows(result.speed)) if result.speed else [],
        data=data,
        drift=_drift(data) if data else [],
        profiles=_profiles(data) if data else ([], []),
        pictures=pictures_of(result),
    )


def dated(page: bytes, *, digest: str, at: str, what: str = "Evaluation") -> bytes:
    """Give a stored page with what was not known when it was made: its digest, and when it was."""
    before, end, after = page.rpartition(b"</footer>")
    if not end:
        return page
    said = f"<br>{what} <code>{digest}</code>, of {moment(at)}."
    return before + said.encode() + end + after


def _tiles(result: EvaluationResult, subject: Subject, headline: str) -> Iterator[Tile]:
    found = result.metrics.get(headline)
    if found is not None:
        note = f"95 % interval {interval(found)}" if found.defined else found.reason
        yield Tile(headline, number(found.value), note)
    if subject.gates:
        yield _gates_tile(subject)
    if result.comparison is not None:
        yield _comparison_tile(result.comparison, headline)
        changes = result.comparison.changes
        if changes is not None and changes.rows:
            note = f"{changes.corrected:,} corrected, {changes.broken:,} broken"
            yield Tile("Decisions changed", share(changes.changed / changes.rows), note)
    if result.weak_slices is not None:
        search = result.weak_slices
        many = f"{len(search.found)}{' or more' if search.full else ''}"
        note = f"of {search.tried:,} tried; advice, no verdict"
        yield Tile("Weak slices", many, search.reason or note)


def _gates_tile(subject: Subject) -> Tile:
    judged = [gate for gate in subject.gates if gate.outcome != "awaited"]
    missed = [gate.name for gate in judged if not gate.passed]
    alone = sum(gate.outcome == "no_baseline" for gate in judged)
    awaited = len(subject.gates) - len(judged)
    notes = [named(missed, most=3)] if missed else []
    notes += [f"{alone} without a baseline"] if alone else []
    notes = notes or ["nothing was found against it"]
    notes += [f"{awaited} to be checked"] if awaited else []
    value = f"{len(judged) - len(missed)} of {len(judged)}"
    # A version has other checks too, of its metadata or its latency, that judge no evaluation.
    label = "Gates of this evaluation passed"
    return Tile(label, value, "; ".join(notes), "bad" if missed else "good")


def _comparison_tile(found: Comparison, headline: str) -> Tile:
    label = f"Beside {found.pointer}"
    if found.outcome == "no_baseline":
        return Tile(label, "first", f"{found.pointer} has never held a version")
    if found.outcome == "undecided":
        return Tile(label, "undecided", str(found.undecided), "unsure")
    verdict = found.verdicts.get(headline, "undecided")
    difference = found.differences.get(headline)
    note = f"version {found.baseline_version}"
    if difference is not None and difference.defined:
        note = f"{headline} {number(difference.value, sign='+')} against version"
        note += f" {found.baseline_version}"
    tones = {"better": "good", "worse": "bad", "undecided": "unsure"}
    return Tile(label, verdict, note, tones.get(verdict, ""))


def _metrics(result: EvaluationResult) -> Iterator[MetricRow]:
    beside = result.comparison
    for name, found in result.metrics.items():
        less = name in result.less_is_better
        difference = beside.differences.get(name) if beside else None
        yield MetricRow(
            name=name,
            less_is_better=less,
            found=found,
            baseline=beside.baseline.get(name) if beside else None,
            difference=difference,
            margin=beside.margins.get(name) if beside else None,
            verdict=beside.verdicts.get(name, "") if beside else "",
            bar=difference_bar(difference, less_is_better=less),
        )


def _slices(result: EvaluationResult, headline: str, others: Sequence[str]) -> Iterator[SliceRow]:
    known = [part.estimates.get(headline) for part in result.slices]
    bars = _bars(known, result.metrics.get(headline))
    for part, found, bar in zip(result.slices, known, bars, strict=True):
        yield SliceRow(
            label=part.label,
            rows=part.rows,
            positives=part.positives,
            found=found,
            others=tuple(part.estimates.get(name) for name in others),
            bar=bar,
        )


def _bars(known: Sequence[Estimate | None], overall: Estimate | None) -> list[Bar | None]:
    """Give the bar of each on one scale, with a line where all rows are."""
    scale = Scale.over([*known, overall])
    at = overall.value if overall is not None and overall.defined else None
    return [scale.bar(found, reference=at) if scale else None for found in known]


def _rate_names(found: FairnessResult) -> list[str]:
    return list(dict.fromkeys(name for group in found.groups for name in group.rates))


def _folds(result: EvaluationResult, headline: str) -> Iterator[FoldRow]:
    folds = result.backtest.folds if result.backtest else ()
    known = [fold.metrics.get(headline) for fold in folds]
    bars = _bars(known, result.metrics.get(headline))
    for fold, found, bar in zip(folds, known, bars, strict=True):
        yield FoldRow(fold.holdout, fold.window, fold.rows, found, fold.reason, bar)


def _drift(data: DataResult) -> list[DriftRow]:
    """Put what drifted first, by how far it is beyond what counts."""

    def beyond(each: ColumnDrift) -> float:
        return -(each.value or 0.0) / (each.threshold or 1.0)

    ordered = sorted(data.drift, key=lambda each: (not each.drifted, beyond(each)))
    furthest = max([abs(each.value or 0.0) for each in ordered] + [0.0]) or 1.0
    scale = Scale(0.0, furthest * 1.05)
    return [
        DriftRow(
            each,
            None
            if each.value is None
            else scale.bar(
                Estimate(each.value, 0.0, each.value, rows=each.holdout_rows),
                reference=each.threshold,
            ),
        )
        for each in ordered
    ]


def _profiles(data: DataResult) -> tuple[list[ColumnProfile], list[ColumnProfile]]:
    """Give the columns about which there is something to say, and the others."""

    def tells(each: ColumnProfile) -> bool:
        return bool(
            each.training_type != each.holdout_type
            or each.training_missing
            or each.holdout_missing
            or each.constant
            or each.training_infinite
            or each.holdout_infinite
            or each.unseen_values
        )

    telling = [each for each in data.columns if tells(each)]
    return telling, [each for each in data.columns if not tells(each)]
