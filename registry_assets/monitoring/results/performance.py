"""How good a deployment really was, beside what its evaluation had promised."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from registry_assets.canonical import Json
from registry_assets.errors import RegistryError
from registry_assets.evaluation.results import documents
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.results.slices import SliceResult

FORMAT = "registry_assets/performance/1"


@dataclass(frozen=True, slots=True)
class Lived:
    """What one version did on the rows that it really predicted.

    Args:
        evaluation: digest of the evaluation that its promotion rested on; "" if there is none.
        rows: predictions that it made.
        labelled: those whose outcome is known: what the metrics rest on.
        metrics: on these, with 95 % intervals, in the order of the declaration.
        promised: the same of the evaluation, on the rows that it was judged on.
        slices: the metrics on some of the rows.
        reason: why there are no metrics; "" if there are.
    """

    version: int
    digest: str
    evaluation: str
    rows: int
    labelled: int
    metrics: Mapping[str, Estimate]
    promised: Mapping[str, Estimate]
    slices: tuple[SliceResult, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PerformanceResult:
    """How good every version was that predicted rows of one partition.

    Law: `from_json(r.to_json()) == r`, but for metrics that are no number.

    Args:
        labels: digest of the snapshot that the outcomes are from.
        less_is_better: the names of those metrics of which less is better.
    """

    model: str
    partition: str
    task: str
    labels: str
    less_is_better: tuple[str, ...]
    versions: tuple[Lived, ...]

    def of(self, version: int) -> Lived | None:
        """Give what one version did; None if it predicted nothing of this partition."""
        return next((each for each in self.versions if each.version == version), None)

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON, with finite numbers only."""
        return {"format": FORMAT, **documents.write(self)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave.

        Raises:
            RegistryError: a newer release wrote it, in a format this one does not know.
        """
        if value.get("format") != FORMAT:
            raise RegistryError(
                f"the format of a performance is {value.get('format')!r}, expected {FORMAT!r}",
                hint="it was written by a newer release: upgrade registry_assets",
            )
        return documents.converter().structure(value, cls)
