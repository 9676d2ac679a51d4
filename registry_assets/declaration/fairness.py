"""Which groups of people a model must treat alike, and how many rows make a group."""

from dataclasses import dataclass

from registry_assets.canonical import Json
from registry_assets.declaration.checks import installed, names, no_duplicates, require, whole

DISPARITIES = (
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equalized_odds_difference",
    "equalized_odds_ratio",
)
"""What fairlearn measures: differences are 0 and ratios 1 where all groups fare alike."""


@dataclass(frozen=True, slots=True)
class Fairness:
    """The sensitive columns whose groups are compared, by fairlearn's measures.

    They need not be features: kept beside them is enough. Each column is looked at by itself.

    Args:
        min_group_rows: smaller groups are shown, but take part in no difference: of ten rows
            a rate says nothing about the model.
    """

    columns: tuple[str, ...]
    min_group_rows: int = 30

    def __post_init__(self) -> None:
        given = (self.columns,) if isinstance(self.columns, str) else self.columns
        object.__setattr__(self, "columns", names(given, "Fairness(columns=…)"))
        require(
            bool(self.columns), "Fairness(columns=[]) compares nobody", "name a sensitive column"
        )
        no_duplicates(self.columns, "sensitive column")
        installed("fairlearn", extra="fairness", wanted="Fairness(…)")
        whole(self, "min_group_rows", least=1, most=10**12)

    def definition(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {"columns": list(self.columns), "min_group_rows": self.min_group_rows}
