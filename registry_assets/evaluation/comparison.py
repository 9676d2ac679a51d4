"""A candidate beside what a pointer holds, on the same rows.

This gives the figures; whether they suffice is for a gate to say. Which version a pointer
holds, and whether its training saw the holdout, is for the caller to find out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from registry_assets.evaluation.bootstrap import paired_differences
from registry_assets.evaluation.results import Comparison, Estimate
from registry_assets.evaluation.scoring import FloatArray, why_unusable


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """What a pointer holds at one generation, and its scores on the evaluated rows.

    With a version, either `p` is given or `undecided` says why a comparison would prove
    nothing. Without one there is no `p`.

    Args:
        version: None when the pointer has never held one.
        p: (n,) probability of 1, one per evaluated row.
    """

    pointer: str
    generation: int
    version: int | None
    digest: str | None
    p: FloatArray | None = None
    undecided: str | None = None

    def __post_init__(self) -> None:
        held = self.version is not None
        if held != (self.digest is not None):
            raise ValueError(f"version {self.version} with digest {self.digest}: both or neither")
        scored = self.p is not None
        if held and scored == bool(self.undecided):
            raise ValueError("a version has either scores or a reason why it has none")
        if scored and not held:
            raise ValueError("there are scores, but no version that made them")

    @classmethod
    def absent(cls, *, pointer: str, generation: int = 0, undecided: str | None = None) -> Self:
        """Give the baseline of a pointer that has never held a version.

        Args:
            undecided: why even so the evaluation proves nothing, such as a candidate that
                was trained on these rows.
        """
        return cls(pointer, generation, version=None, digest=None, undecided=undecided)


def compare(
    y: ArrayLike,
    p: ArrayLike,
    baseline: Baseline,
    *,
    metrics: Sequence[str],
    resamples: int = 1000,
    seed: int = 0,
) -> Comparison:
    """Compare the scores of a candidate with those of the baseline."""
    undecided = baseline.undecided
    differences: dict[str, Estimate] = {}
    if baseline.p is not None:
        if reason := why_unusable(y, baseline.p):
            undecided = f"the scores of {baseline.pointer} cannot be used: {reason}"
        differences = paired_differences(
            y, p, baseline.p, metrics=metrics, resamples=resamples, seed=seed
        )
    return Comparison(
        pointer=baseline.pointer,
        generation=baseline.generation,
        baseline_version=baseline.version,
        baseline_digest=baseline.digest,
        rows=len(np.asarray(y)),
        differences=differences,
        undecided=undecided,
    )
