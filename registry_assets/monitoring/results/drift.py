"""How far a table's columns are from those of a reference, and whether that is drift.

Before is the reference, what a version was trained on; after is what came since.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeAlias

from registry_assets.canonical import Json
from registry_assets.errors import RegistryError
from registry_assets.evaluation.results import documents

FORMAT = "registry_assets/drift/1"

Finding: TypeAlias = Literal["drifted", "stable", "undecided", "left_out"]
"""`undecided`: it should have been compared and could not be; `left_out`: it cannot be, by what
it is, or is not to be."""

Outcome: TypeAlias = Literal["passed", "failed", "undecided"]


@dataclass(frozen=True, slots=True)
class CategoryShare:
    """A category whose share of the values moved.

    Args:
        before: its share of the reference's values.
        after: its share of the values since.
    """

    category: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Side:
    """What a column holds on one side. Of what it has none there is None.

    Args:
        rows: of the table.
        values: rows whose value is neither missing nor infinite.
        missing: share of the rows that have none.
        infinite: rows whose number is infinite.
        distinct: different values; None for numbers of too many to count.
    """

    rows: int
    values: int
    missing: float | None
    infinite: int = 0
    distinct: int | None = None
    mean: float | None = None
    std: float | None = None
    minimum: float | None = None
    p05: float | None = None
    median: float | None = None
    p95: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """How far a column's distribution after is from the one before.

    Args:
        kind: what it holds: number, time (as seconds), truth, text; empty or other.
        method: "wasserstein", in standard deviations of the reference, or "jensenshannon", from
            0 to 0.83: Evidently's. "" when there is no value.
        value: the distance. Rows in which the column is missing or infinite do not count.
        error: how far the value may be from that of the rows themselves.
        threshold: what the value is compared with.
        p: the chance of such a difference without drift; never too small by the profiles' grid.
        adjusted_p: the same with all compared columns allowed for (Holm).
        finding: `drifted` if the value reaches the threshold and the adjusted chance is small.
        before: None if the reference lacks the column.
        after: None if the table lacks it.
        unseen: share of the rows after with a category that is not in the reference; None where
            it has none, or too many.
        outside: share of the rows after with a number below the reference's least or above its
            greatest; None for categories.
        moved: the categories whose share moved most, the furthest first.
        reason: why there is no value, or nothing is decided; "" otherwise.
    """

    column: str
    kind: str
    method: Literal["wasserstein", "jensenshannon", ""]
    value: float | None
    error: float | None
    threshold: float
    p: float | None
    adjusted_p: float | None
    finding: Finding
    before: Side | None = None
    after: Side | None = None
    unseen: float | None = None
    outside: float | None = None
    moved: tuple[CategoryShare, ...] = ()
    reason: str = ""

    @property
    def drifted(self) -> bool:
        """Whether it has drifted."""
        return self.finding == "drifted"


@dataclass(frozen=True, slots=True)
class DriftResult:
    """How far a table is from its reference, and what follows from it.

    Law: `from_json(r.to_json()) == r`.

    Args:
        rows_before: of the reference.
        rows_after: of the table.
        columns: the reference's in their order, then those that only the table has.
        compared: columns that had a distance, or should have.
        drifted: columns that have drifted.
        share: `drifted` as a share of `compared`; None without any.
        outcome: `failed` if that share reaches the rule's, or a watched column drifted;
            `undecided` if what could not be compared might make it so.
        sentence: the outcome with its numbers, for people.
        rule: the declaration's rule, as JSON.
    """

    rows_before: int
    rows_after: int
    columns: tuple[ColumnDrift, ...]
    compared: int
    drifted: int
    share: float | None
    outcome: Outcome
    sentence: str
    rule: Mapping[str, Any] = field(default_factory=dict)

    def of(self, column: str) -> ColumnDrift | None:
        """Give what was found of a column."""
        return next((each for each in self.columns if each.column == column), None)

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
                f"the format of a drift is {value.get('format')!r}, expected {FORMAT!r}",
                hint="it was written by a newer release: upgrade registry_assets",
            )
        return documents.converter().structure(value, cls)


@dataclass(frozen=True, slots=True)
class SliceDrift:
    """The drift of the rows in which a column has one value.

    Args:
        column: what the rows were told apart by.
        value: which value of it; "" if none was looked at.
        result: None if it was not compared.
        reason: why it was not; "" if it was.
    """

    column: str
    value: str
    result: DriftResult | None
    reason: str = ""
