"""Compare how good two versions are: their newest evaluations, side by side.

A difference means something only where both were measured on the same rows. Where one was
evaluated beside the other, that evaluation has the difference on the same rows with its
interval, and it is given instead of guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from registry_assets.catalog.evaluations import EvaluationRecord
from registry_assets.catalog.versions import VersionRecord
from registry_assets.evaluation import results
from registry_assets.evaluation.results import Estimate, EvaluationResult, SliceResult


@dataclass(frozen=True, slots=True)
class Measured:
    """A version with its newest evaluation; `figures` is None where they cannot be read."""

    version: VersionRecord
    evaluation: EvaluationRecord
    figures: EvaluationResult | None

    @property
    def slices(self) -> dict[str, SliceResult]:
        """The slices that were measured, by what they are called."""
        return {part.label: part for part in self.figures.slices} if self.figures else {}


@dataclass(frozen=True, slots=True)
class MetricChange:
    """One metric before and after, None where it was not measured.

    Args:
        difference: after minus before; None where the two cannot be compared.
    """

    name: str
    before: Estimate | None
    after: Estimate | None
    difference: float | None


@dataclass(frozen=True, slots=True)
class SliceChange:
    """One slice before and after, None where there is none; as `origin EWR`."""

    label: str
    before: SliceResult | None
    after: SliceResult | None
    difference: float | None


@dataclass(frozen=True, slots=True)
class Paired:
    """One of the two evaluated beside the other, on the same rows: candidate minus baseline."""

    candidate: str
    baseline: str
    rows: int
    differences: Mapping[str, Estimate]
    undecided: str | None


@dataclass(frozen=True, slots=True)
class MetricChanges:
    """The figures of two versions side by side.

    Args:
        incomparable: why no difference between them means anything; empty where it does.
        slices: with the difference of the headline metric.
        paired: None where neither was evaluated beside the other.
    """

    metrics: tuple[MetricChange, ...]
    slices: tuple[SliceChange, ...]
    incomparable: str
    paired: Paired | None


def compare_metrics(before: Measured | None, after: Measured | None) -> MetricChanges:
    """Compare the figures of two versions."""
    incomparable = _incomparable(before, after)
    old, new = _estimates(before), _estimates(after)
    names = dict.fromkeys([*old, *new])
    return MetricChanges(
        metrics=tuple(
            MetricChange(
                name,
                old.get(name),
                new.get(name),
                None if incomparable else _difference(old.get(name), new.get(name)),
            )
            for name in names
        ),
        slices=tuple(_slices(before, after, next(iter(names), ""), incomparable)),
        incomparable=incomparable,
        paired=_paired(before, after),
    )


def _incomparable(before: Measured | None, after: Measured | None) -> str:
    if before is None or after is None:
        return "not both were evaluated"
    old, new = before.version.recipe, after.version.recipe
    if old.target != new.target:
        return f"they tell different things: {old.target!r} and {new.target!r}"
    if old.holdout != new.holdout or old.split != new.split:
        rows = " and ".join(
            ", ".join(map(str, recipe.holdout)) or "no snapshot" for recipe in (old, new)
        )
        same = [str(ref) for ref in old.holdout] == [str(ref) for ref in new.holdout]
        how = " with other content or by another rule" if same else ""
        return f"measured on different holdout rows: {rows}{how}"
    return ""


def _estimates(measured: Measured | None) -> dict[str, Estimate]:
    if measured is None:
        return {}
    if measured.figures is not None:
        return dict(measured.figures.metrics)
    # The catalog has them too, vouched for by the ledger.
    return {name: Estimate.from_json(m) for name, m in measured.evaluation.metrics.items()}


def _difference(before: Estimate | None, after: Estimate | None) -> float | None:
    if before is None or after is None or not (before.defined and after.defined):
        return None
    return after.value - before.value


def _slices(
    before: Measured | None, after: Measured | None, headline: str, incomparable: str
) -> list[SliceChange]:
    old = before.slices if before else {}
    new = after.slices if after else {}
    found = []
    for label in dict.fromkeys([*old, *new]):
        was, now = old.get(label), new.get(label)
        difference = None
        if not incomparable and was is not None and now is not None:
            difference = _difference(was.estimates.get(headline), now.estimates.get(headline))
        found.append(SliceChange(label, was, now, difference))
    return found


def _paired(before: Measured | None, after: Measured | None) -> Paired | None:
    for candidate, baseline in ((after, before), (before, after)):
        if candidate is None or baseline is None or candidate.figures is None:
            continue
        found: results.Comparison | None = candidate.figures.comparison
        if found is not None and found.baseline_digest == baseline.version.digest:
            return Paired(
                candidate=candidate.version.reference,
                baseline=baseline.version.reference,
                rows=found.rows,
                differences=found.differences,
                undecided=found.undecided,
            )
    return None
