"""The metrics a declaration may name: what they are called, and which way is better.

Declarations check names against this table when they are written, so this module imports
nothing heavy. How a metric is computed is in `registry_assets.evaluation.scoring`.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from registry_assets.errors import DeclarationError

Task = Literal["binary", "multiclass", "regression"]
Needs = Literal["probability"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that says how good predictions are.

    Args:
        name: scikit-learn's name for it.
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
    best: float


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        known.name: known
        for known in (
            Metric(
                "roc_auc",
                title="ROC AUC",
                greater_is_better=True,
                tasks=("binary",),
                needs="probability",
                best=1.0,
            ),
            Metric(
                "average_precision",
                title="Average precision",
                greater_is_better=True,
                tasks=("binary",),
                needs="probability",
                best=1.0,
            ),
            Metric(
                "log_loss",
                title="Log loss",
                greater_is_better=False,
                tasks=("binary",),
                needs="probability",
                best=0.0,
            ),
        )
    }
)


def metric(name: str) -> Metric:
    """Give the metric of that name.

    Raises:
        DeclarationError: there is none; the hint lists those there are.
    """
    if name in METRICS:
        return METRICS[name]
    near = difflib.get_close_matches(str(name), METRICS, n=1)
    question = f"did you mean {near[0]!r}? " if near else ""
    raise DeclarationError(
        f"metric {name!r} is not known",
        hint=f"{question}expected one of: {', '.join(METRICS)}",
    )
