"""What a page of an observation is about: frozen values, gathered by whoever knows the registry."""

from dataclasses import dataclass

from registry_assets.catalog.observations import CheckFinding


@dataclass(frozen=True, slots=True)
class Tile:
    """One thing to see first: a figure, what it is, and a line about it."""

    label: str
    value: str
    note: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class ObservedVersion:
    """One version that occurs in an observation.

    Args:
        rows: those that are about it.
        promoted_at: when the pointer came to hold it; None if it never did.
        findings: what the checks found of it.
    """

    version: int
    digest: str
    rows: int
    promoted_at: str | None
    findings: tuple[CheckFinding, ...]


@dataclass(frozen=True, slots=True)
class ObservationSubject:
    """What was observed.

    Args:
        parents: role and digest of each manifest that it was made from.
    """

    model: str
    partition: str
    pointer: str
    description: str
    versions: tuple[ObservedVersion, ...]
    parents: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """`flight_delay[2013-05]`."""
        return f"{self.model}[{self.partition}]" if self.partition else self.model

    @property
    def rows(self) -> int:
        """Those of all versions."""
        return sum(each.rows for each in self.versions)

    @property
    def many(self) -> bool:
        """Whether there is more than one version, so that each has to be told apart."""
        return len(self.versions) > 1
