"""A candidate beside what a pointer holds, on the same rows.

This gives the figures and a verdict on each; whether they suffice is for a gate to say.
Which version a pointer holds, and whether its training saw the holdout, is for the caller to
find out. The decisions that change are in `changes`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from registry_assets.declaration.metrics import Measure
from registry_assets.evaluation.estimating import Estimates
from registry_assets.evaluation.results.comparison import ChangedDecisions, Comparison, Verdict
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.scored import Outcomes, Predictions, why_unusable


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """What a pointer holds at one generation, and what it says of the evaluated rows.

    With a version, either `predictions` are given or `undecided` says why a comparison would
    prove nothing. Without one there are none.

    Args:
        version: None when the pointer has never held one.
    """

    pointer: str
    generation: int
    version: int | None
    digest: str | None
    predictions: Predictions | None = None
    undecided: str | None = None

    def __post_init__(self) -> None:
        held = self.version is not None
        if held != (self.digest is not None):
            raise ValueError(f"version {self.version} with digest {self.digest}: both or neither")
        scored = self.predictions is not None
        if held and scored == bool(self.undecided):
            raise ValueError("a version has either predictions or a reason why it has none")
        if scored and not held:
            raise ValueError("there are predictions, but no version that made them")

    @classmethod
    def absent(cls, *, pointer: str, generation: int = 0, undecided: str | None = None) -> Self:
        """Give the baseline of a pointer that has never held a version.

        Args:
            undecided: why even so the evaluation proves nothing, such as a candidate that
                was trained on these rows.
        """
        return cls(pointer, generation, version=None, digest=None, undecided=undecided)

    @property
    def label(self) -> str:
        """What it is called in tables and pictures."""
        return f"{self.pointer}, version {self.version}"


def compare(
    outcomes: Outcomes,
    baseline: Baseline,
    estimates: Estimates,
    *,
    metrics: Sequence[Measure],
    margins: Mapping[str, float],
    changes: ChangedDecisions | None,
) -> Comparison:
    """Give the comparison that the estimates of a candidate and its baseline make.

    Args:
        margins: by metric, how much worse still counts as not worse; 0 unless named.
    """
    undecided = baseline.undecided
    if baseline.predictions is not None and not undecided:
        reason = why_unusable(outcomes, baseline.predictions)
        undecided = reason and f"the scores of {baseline.pointer} cannot be used: {reason}"
    differences = estimates.differences
    used = {each.name: margins.get(each.name, 0.0) for each in metrics if differences}
    return Comparison(
        pointer=baseline.pointer,
        generation=baseline.generation,
        baseline_version=baseline.version,
        baseline_digest=baseline.digest,
        rows=outcomes.rows,
        baseline=estimates.baseline,
        differences=differences,
        margins=used,
        verdicts={
            each.name: verdict(
                differences[each.name],
                greater_is_better=each.greater_is_better,
                margin=used[each.name],
            )
            for each in metrics
            if each.name in differences
        },
        changes=None if undecided else changes,
        undecided=undecided or None,
    )


def verdict(difference: Estimate, *, greater_is_better: bool, margin: float) -> Verdict:
    """Say what the interval of a difference, candidate minus baseline, proves."""
    if not difference.defined:
        return "undecided"
    worst, best = difference.low, difference.high
    if not greater_is_better:
        worst, best = -best, -worst
    if worst > 0:
        return "better"
    if worst >= -margin:
        return "not worse"
    return "worse" if best < 0 else "undecided"
