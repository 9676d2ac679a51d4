"""What a model lived through, partition by partition: promised and lived, drift, checks, alerts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from registry_assets.catalog.observations import CheckFinding
from registry_assets.evaluation.results.estimates import Estimate


@dataclass(frozen=True, slots=True)
class MovedColumn:
    """A column that drifted."""

    column: str
    value: float
    threshold: float


@dataclass(frozen=True, slots=True)
class PartitionLived:
    """One version in one partition.

    Args:
        digest: of the version.
        generation: of the pointer when its predictions were recorded.
        rows: predictions that it made.
        labelled: those whose outcome is known; None where nobody looked for outcomes yet.
        promised: the headline metric of the evaluation that its promotion rested on.
        lived: the same on what it really predicted; None where it was not measured.
        drifted: columns that drifted, of `compared`, which is their `share`; None where nothing
            was compared.
        worst: of these columns the furthest.
        findings: what each check found, by its name.
        alerts: the numbers of the alerts that this partition opened or repeated.
    """

    partition: str
    version: int
    digest: str
    generation: int
    rows: int
    observed_at: str
    labelled: int | None = None
    promised: Estimate | None = None
    lived: Estimate | None = None
    drifted: int | None = None
    compared: int | None = None
    share: float | None = None
    worst: tuple[MovedColumn, ...] = ()
    findings: Mapping[str, CheckFinding] = field(default_factory=dict)
    alerts: tuple[int, ...] = ()

    @property
    def quality(self) -> str:
        """What `data_quality` found; "" where it did not look."""
        found = self.findings.get("data_quality")
        return found.outcome if found else ""


@dataclass(frozen=True, slots=True)
class PointerMove:
    """A move of the watched pointer.

    Args:
        rollback: whether it went back to a version that it had held.
    """

    version: int
    generation: int
    moved_at: str
    rollback: bool


@dataclass(frozen=True, slots=True)
class History:
    """What a model lived through, in the order of its partitions.

    Args:
        pointer: the one that is watched.
        metric: the headline metric; "" where nothing is measured.
        moves: of that pointer, oldest first.
        open_alerts: the numbers of those that are not resolved.
    """

    model: str
    pointer: str
    metric: str
    rows: tuple[PartitionLived, ...]
    moves: tuple[PointerMove, ...]
    open_alerts: tuple[int, ...]

    @property
    def partitions(self) -> tuple[str, ...]:
        """Those that were observed, each once, in their order."""
        return tuple(dict.fromkeys(each.partition for each in self.rows))
