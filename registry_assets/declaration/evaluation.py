"""What is measured on a version's holdout: metrics, slices and how their intervals are drawn."""

from dataclasses import dataclass

from registry_assets.canonical import Json
from registry_assets.declaration.checks import names, no_duplicates, require, whole
from registry_assets.declaration.metrics import metric


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The evaluation plan of a model.

    Args:
        metrics: scikit-learn's names; the first is the headline in tables.
        slices: columns of the features whose values are evaluated one by one.
        resamples: bootstrap resamples behind every 95 % interval.
        min_slice_rows: smaller slices are shown, but support no verdict.
        seed: of the bootstrap; the same rows give the same intervals.
    """

    metrics: tuple[str, ...]
    slices: tuple[str, ...] = ()
    resamples: int = 1000
    min_slice_rows: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "metrics", names(self.metrics, "Evaluation(metrics=…)"))
        object.__setattr__(self, "slices", names(self.slices, "Evaluation(slices=…)"))
        require(bool(self.metrics), "Evaluation(metrics=[]) measures nothing", "name a metric")
        for name in self.metrics:
            metric(name)
        no_duplicates(self.metrics, "metric")
        no_duplicates(self.slices, "slice")
        # Below 100 the ends of a 95 % interval rest on two or three resamples.
        whole(self, "resamples", least=100, most=100_000)
        whole(self, "min_slice_rows", least=1, most=10**12)
        whole(self, "seed", least=0, most=2**32 - 1)

    def definition(self) -> dict[str, Json]:
        """Give the plan as JSON: what an evaluation is compared under."""
        return {
            "metrics": list(self.metrics),
            "slices": list(self.slices),
            "resamples": self.resamples,
            "min_slice_rows": self.min_slice_rows,
            "seed": self.seed,
        }
