"""How a model treats the groups of a sensitive column."""

from collections.abc import Mapping
from dataclasses import dataclass

from registry_assets.evaluation.results.estimates import Estimate


@dataclass(frozen=True, slots=True)
class GroupRates:
    """One group of a sensitive column.

    Args:
        group: as text; None stands for the rows in which the column is null.
        supported: whether it has enough rows to take part in the differences.
        rates: by name, shares of 0 to 1: `selection_rate`, `true_positive_rate`,
            `false_positive_rate`, `accuracy` and the `base_rate` of the positive class.
    """

    group: str | None
    rows: int
    supported: bool
    rates: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class FairnessResult:
    """How far the groups of one sensitive column are apart.

    Args:
        disparities: fairlearn's, over the supported groups: `demographic_parity_difference`,
            `demographic_parity_ratio`, `equalized_odds_difference`, `equalized_odds_ratio`.
    """

    by: str
    groups: tuple[GroupRates, ...]
    disparities: Mapping[str, Estimate]
