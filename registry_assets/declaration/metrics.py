"""The metrics a declaration may name: what they are called, and which way is better.

Declarations check names against this table when they are written, so this module imports
nothing heavy. How a metric is computed is in `registry_assets.evaluation.metrics`.
"""

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from registry_assets.canonical import Json
from registry_assets.declaration.checks import finite, name_of, one_of, require
from registry_assets.declaration.sources import source_digest
from registry_assets.errors import DeclarationError

Task = Literal["binary", "multiclass", "regression"]
Needs = Literal["probability", "prediction"]
TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that says how good predictions are.

    Args:
        name: scikit-learn's name for it, as its scorers have it, without `neg_`.
        title: how people call it.
        tasks: the kinds of model it is defined for.
        needs: what of the model's output it reads.
        best: the value of a perfect model.
    """

    name: str
    title: str
    greater_is_better: bool
    tasks: tuple[Task, ...]
    needs: Needs
    best: float | None

    def definition(self) -> Json:
        """Give it as JSON."""
        return self.name


@dataclass(frozen=True, slots=True)
class MetricFunction:
    """A metric of your own: `function(y_true, y_pred)`, giving a number.

    Targets and predictions come as the labels or numbers that they are. Where rows are
    weighted and the function takes `sample_weight`, it is given.

    Args:
        needs: `prediction`, or `probability`: of the positive class, (n,), for a binary task;
            of every class, (n, classes), for a multiclass one.
        name: by default the function's.
        best: the value of a perfect model, if there is one: no gate may ask for more.
        source: the digest of what the function does.
    """

    function: Callable[..., Any]
    greater_is_better: bool = True
    needs: Needs = "prediction"
    name: str = ""
    best: float | None = None
    source: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        require(
            callable(self.function),
            f"a metric is {self.function!r}",
            'give a name such as "roc_auc", or a function of targets and predictions',
        )
        require(
            "estimator" not in parameters(self.function),
            f"the metric {self.function!r} takes an estimator, as a scikit-learn scorer does",
            "give the function itself, of y_true and y_pred, instead of the scorer made of it",
        )
        name = name_of(
            self.function,
            self.name,
            what="metric name",
            example="MetricFunction(function, name='cost') gives it one",
        )
        object.__setattr__(self, "name", name)
        require(
            name not in METRICS,
            f"a metric of your own is called {name}, and so is one that is built in",
            f'name the built-in one ("{name}"), or give yours another name',
        )
        require(
            isinstance(self.greater_is_better, bool),
            f"MetricFunction(greater_is_better={self.greater_is_better!r})",
            "say True or False",
        )
        one_of(self.needs, ("prediction", "probability"), f"what metric {name} needs")
        if self.best is not None:
            object.__setattr__(self, "best", finite(self.best, f"{name}'s best"))
        # Now, not when it is asked for: an object may change while it measures.
        object.__setattr__(self, "source", source_digest(self.function, what=f"metric {name}"))

    @property
    def title(self) -> str:
        """How people call it."""
        return self.name.replace("_", " ")

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Any: whoever wrote it knows."""
        return TASKS

    def definition(self) -> Json:
        """Give it as JSON; with its source, so that another rule is another suite."""
        best: dict[str, Json] = {} if self.best is None else {"best": self.best}
        return {
            "name": self.name,
            "greater_is_better": self.greater_is_better,
            "needs": self.needs,
            "source": self.source,
            **best,
        }


Measure = Metric | MetricFunction
"""Whatever an evaluation may compute of outcomes and predictions."""

_CLASSES: tuple[Task, ...] = ("binary", "multiclass")


def _more(name: str, title: str, *tasks: Task, needs: Needs = "prediction") -> Metric:
    return Metric(name, title, greater_is_better=True, tasks=tasks, needs=needs, best=1.0)


def _less(name: str, title: str, *tasks: Task, needs: Needs = "prediction") -> Metric:
    return Metric(name, title, greater_is_better=False, tasks=tasks, needs=needs, best=0.0)


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        known.name: known
        for known in (
            _more("roc_auc", "ROC AUC", "binary", needs="probability"),
            _more("average_precision", "Average precision", "binary", needs="probability"),
            _more("roc_auc_ovr", "ROC AUC, one against rest", "multiclass", needs="probability"),
            _more(
                "roc_auc_ovr_weighted",
                "ROC AUC, one against rest, by frequency",
                "multiclass",
                needs="probability",
            ),
            _less("log_loss", "Log loss", *_CLASSES, needs="probability"),
            _less("brier_score", "Brier score", *_CLASSES, needs="probability"),
            _less("calibration_error", "Calibration error", *_CLASSES, needs="probability"),
            _more("accuracy", "Accuracy", *_CLASSES),
            _more("balanced_accuracy", "Balanced accuracy", *_CLASSES),
            _more("matthews_corrcoef", "Matthews correlation", *_CLASSES),
            _more("precision", "Precision", "binary"),
            _more("recall", "Recall", "binary"),
            _more("f1", "F1", "binary"),
            _more("precision_macro", "Precision, mean of classes", *_CLASSES),
            _more("recall_macro", "Recall, mean of classes", *_CLASSES),
            _more("f1_macro", "F1, mean of classes", *_CLASSES),
            _more("precision_weighted", "Precision, by frequency", *_CLASSES),
            _more("recall_weighted", "Recall, by frequency", *_CLASSES),
            _more("f1_weighted", "F1, by frequency", *_CLASSES),
            _more("r2", "R²", "regression"),
            _more("explained_variance", "Explained variance", "regression"),
            _less("mean_absolute_error", "Mean absolute error", "regression"),
            _less("mean_squared_error", "Mean squared error", "regression"),
            _less("root_mean_squared_error", "Root mean squared error", "regression"),
            _less("median_absolute_error", "Median absolute error", "regression"),
            _less("mean_absolute_percentage_error", "Mean absolute percentage error", "regression"),
        )
    }
)


def parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """Give the names of what a function takes; none where it is of C and does not say."""
    try:
        return tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return ()


def metric(name: str) -> Metric:
    """Give the metric of that name.

    Raises:
        DeclarationError: there is none; the hint lists those there are.
    """
    if name in METRICS:
        return METRICS[name]
    near = difflib.get_close_matches(str(name).removeprefix("neg_"), METRICS, n=1)
    question = f"did you mean {near[0]!r}? " if near else ""
    raise DeclarationError(
        f"metric {name!r} is not known",
        hint=f"{question}expected one of: {', '.join(METRICS)}, or a function",
    )


def measure(given: object) -> Measure:
    """Give what a declaration names: a metric by its name, or a function as a metric.

    Raises:
        DeclarationError: it is neither; says what would be right.
    """
    if isinstance(given, Metric):
        # Only its name is in a plan: one of that name which is read otherwise would be another.
        require(
            given == metric(given.name),
            f"a metric is called {given.name}, and is not the one that is built in",
            f'name the built-in one ("{given.name}"), or give a MetricFunction of another name',
        )
        return given
    if isinstance(given, MetricFunction):
        return given
    if isinstance(given, str):
        return metric(given)
    if callable(given):
        return MetricFunction(given)
    raise DeclarationError(
        f"a metric is {given!r}",
        hint='give a name such as "roc_auc", or a function of targets and predictions',
    )
