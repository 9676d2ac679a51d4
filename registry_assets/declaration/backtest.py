"""How a version would have done before: a walk forward over the partitions it was trained on."""

from dataclasses import dataclass

from registry_assets.canonical import Json
from registry_assets.declaration.checks import whole


@dataclass(frozen=True, slots=True)
class Backtest:
    """Train again on all partitions before each of the last `folds`, and judge on that one.

    It says whether the holdout was a lucky or an unlucky one. Rows count as the evaluation's
    weight says. Each fold costs a training.
    """

    folds: int = 3

    def __post_init__(self) -> None:
        whole(self, "folds", least=1, most=100)

    def definition(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {"folds": self.folds}
