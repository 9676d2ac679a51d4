"""A candidate beside what a pointer holds: differences, and the decisions that change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from registry_assets.evaluation.results.estimates import Estimate

Verdict = Literal["better", "not worse", "worse", "undecided"]


@dataclass(frozen=True, slots=True)
class ChangedSlice:
    """How many rows of one slice the two models decide differently."""

    label: str
    rows: int
    changed: int


@dataclass(frozen=True, slots=True)
class Flow:
    """How many rows went from one predicted class to another, and how many of them rightly."""

    before: str
    after: str
    rows: int
    right: int


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """One row that the two models decide differently.

    Args:
        row: its position in the holdout, from 0.
        before: what the baseline says, with its score, the probability of what is said.
        after: what the candidate says, likewise.
        values: the row's features, as text.
    """

    row: int
    target: str
    before: str
    after: str
    before_score: float | None
    after_score: float | None
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ChangedDecisions:
    """The rows for which it matters which of the two models is asked.

    Args:
        changed: rows of another predicted class or, of a regression, of a prediction that is
            more than `tolerance` away.
        corrected: of those, the ones that the baseline had wrong and the candidate has right;
            of a regression, the ones that came closer.
        broken: the reverse.
        flows: from class to class, the largest first.
        slices: the share of changes the largest first.
        examples: those in which the two are farthest apart.
    """

    rows: int
    changed: int
    corrected: int
    broken: int
    flows: tuple[Flow, ...] = ()
    slices: tuple[ChangedSlice, ...] = ()
    examples: tuple[ChangedRow, ...] = ()
    tolerance: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A candidate beside what a pointer held at one generation, on the same rows.

    Args:
        baseline_version: None when the pointer has never held a version.
        baseline: the baseline's own metrics.
        differences: candidate minus baseline, in the metric's own direction.
        margins: how much worse each metric may be and still count as not worse.
        verdicts: of each metric.
        undecided: why the figures, if any, prove nothing; None when they do.
    """

    pointer: str
    generation: int
    baseline_version: int | None
    baseline_digest: str | None
    rows: int
    baseline: Mapping[str, Estimate] = field(default_factory=dict)
    differences: Mapping[str, Estimate] = field(default_factory=dict)
    margins: Mapping[str, float] = field(default_factory=dict)
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    changes: ChangedDecisions | None = None
    undecided: str | None = None

    @property
    def outcome(self) -> Literal["no_baseline", "undecided", "compared"]:
        """Whether there was something to compare with, and whether the figures count."""
        if self.undecided:
            return "undecided"
        return "no_baseline" if self.baseline_version is None else "compared"
