"""How the recipe of a version would have done on earlier partitions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from registry_assets.evaluation.results.estimates import Estimate


@dataclass(frozen=True, slots=True)
class BacktestFold:
    """One partition, judged by a model that was trained on those before it.

    Args:
        holdout: the partition's key.
        trained_on: the keys of those before it, in order.
        rows: of the partition, those that the version itself was trained on.
        reason: why there are no metrics; "" if there are.
    """

    holdout: str
    trained_on: tuple[str, ...]
    rows: int
    metrics: Mapping[str, Estimate] = field(default_factory=dict)
    reason: str = ""

    @property
    def window(self) -> str:
        """`2013-01 – 2013-03`: the first and the last partition of `trained_on`."""
        return " – ".join(dict.fromkeys([*self.trained_on[:1], *self.trained_on[-1:]]))


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """All folds, the earliest first.

    Args:
        reason: why there are none; "" if there are.
    """

    folds: tuple[BacktestFold, ...] = ()
    reason: str = ""
