"""What is measured on a version's holdout: metrics, slices and how their intervals are drawn."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from registry_assets.canonical import Json
from registry_assets.declaration.backtest import Backtest
from registry_assets.declaration.checks import no_duplicates, require, whole
from registry_assets.declaration.evidently import Evidently
from registry_assets.declaration.fairness import Fairness
from registry_assets.declaration.latency import Latency
from registry_assets.declaration.metrics import Measure, MetricFunction, Task, measure
from registry_assets.declaration.slicing import Slicing, columns_of, slicings
from registry_assets.errors import DeclarationError


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The evaluation plan of a model.

    Args:
        metrics: scikit-learn's names, or functions of targets and predictions (see
            `MetricFunction`); the first is the headline in tables.
        slices: columns of the features or kept beside them whose values are evaluated one by
            one, `Bins` of a numeric one, or a named condition, `Where`.
        weight: a kept column that says how much each row counts, 0 or more.
        fairness: sensitive columns whose groups are compared.
        latency: how the speed of a version is measured; None measures none.
        backtest: how the recipe would have done on earlier partitions; None does not ask.
        evidently: whether Evidently's own report is kept too; None keeps none.
        weak_slices: how many slices nobody named are listed, as advice, where the model is
            weaker than elsewhere; 0 searches for none.
        examples: rows that are shown of those which production decides otherwise.
        resamples: bootstrap resamples behind every 95 % interval.
        min_slice_rows: smaller slices are shown, but support no verdict.
        seed: of the bootstrap and of every sample; the same rows give the same figures.
    """

    metrics: tuple[str | Callable[..., Any] | Measure, ...]
    slices: tuple[str | Slicing, ...] = ()
    weight: str | None = None
    fairness: Fairness | None = None
    latency: Latency | None = None
    backtest: Backtest | None = None
    evidently: Evidently | None = None
    weak_slices: int = 10
    examples: int = 5
    resamples: int = 1000
    min_slice_rows: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        metrics = _listed(self.metrics, "Evaluation(metrics=…)")
        require(bool(metrics), "Evaluation(metrics=[]) measures nothing", "name a metric")
        object.__setattr__(self, "metrics", tuple(map(measure, metrics)))
        object.__setattr__(self, "slices", slicings(_listed(self.slices, "Evaluation(slices=…)")))
        no_duplicates(self.metric_names, "metric")
        no_duplicates(self.slice_names, "slice")
        require(
            self.weight is None or (isinstance(self.weight, str) and bool(self.weight)),
            f"Evaluation(weight={self.weight!r})",
            "name the kept column that says how much each row counts",
        )
        for name, kind, right in (
            ("fairness", Fairness, 'fairness=Fairness(["race"])'),
            ("latency", Latency, "latency=Latency()"),
            ("backtest", Backtest, "backtest=Backtest(folds=3)"),
            ("evidently", Evidently, "evidently=Evidently(rows=5_000)"),
        ):
            found = getattr(self, name)
            require(
                found is None or isinstance(found, kind),
                f"Evaluation({name}=…) is a {type(found).__name__}",
                right,
            )
        # Below 100 the ends of a 95 % interval rest on two or three resamples.
        whole(self, "resamples", least=100, most=100_000)
        whole(self, "min_slice_rows", least=1, most=10**12)
        whole(self, "weak_slices", least=0, most=100)
        whole(self, "examples", least=0, most=100)
        whole(self, "seed", least=0, most=2**32 - 1)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The metrics, as what they are."""
        return tuple(map(measure, self.metrics))

    @property
    def metric_names(self) -> tuple[str, ...]:
        """The names of the metrics."""
        return tuple(each.name for each in self.measures)

    @property
    def slicings(self) -> tuple[Slicing, ...]:
        """The slices, as what they are."""
        return slicings(self.slices)

    @property
    def slice_names(self) -> tuple[str, ...]:
        """What the slices go by."""
        return tuple(each.name for each in self.slicings)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the holdout that the plan is known to read, each once."""
        sliced = [name for slicing in self.slicings for name in columns_of(slicing)]
        sensitive = self.fairness.columns if self.fairness else ()
        weight = (self.weight,) if self.weight else ()
        return tuple(dict.fromkeys([*sliced, *sensitive, *weight]))

    def check_task(self, task: Task) -> None:
        """Raise DeclarationError for what cannot be measured of such a model."""
        for each in self.measures:
            require(
                task in each.tasks,
                f"metric {each.name} does not measure {task} models",
                "choose a metric for this task",
            )
        require(
            self.fairness is None or task == "binary",
            f"Fairness compares rates of a positive class, which a {task} model has none of",
            "leave it out, and slice by the sensitive columns instead",
        )

    def definition(self) -> dict[str, Json]:
        """Give the plan as JSON: what an evaluation is compared under."""
        own = [each.definition() for each in self.measures if isinstance(each, MetricFunction)]
        return {
            "metrics": list(self.metric_names),
            "functions": own,
            "slices": [each.definition() for each in self.slicings],
            "weight": self.weight,
            "fairness": self.fairness.definition() if self.fairness else None,
            "latency": self.latency.definition() if self.latency else None,
            "backtest": self.backtest.definition() if self.backtest else None,
            "evidently": self.evidently.definition() if self.evidently else None,
            "weak_slices": self.weak_slices,
            "examples": self.examples,
            "resamples": self.resamples,
            "min_slice_rows": self.min_slice_rows,
            "seed": self.seed,
        }


def _listed(value: object, what: str) -> Sequence[object]:
    """Give the members; raise DeclarationError for what only looks like a list of them."""
    if isinstance(value, str):
        # Python takes a text for a list of its letters.
        raise DeclarationError(f"{what} is the text {value!r}", hint=f"give a list: [{value!r}]")
    if not isinstance(value, Iterable):
        raise DeclarationError(f"{what} is {value!r}", hint="give a list")
    return tuple(value)
