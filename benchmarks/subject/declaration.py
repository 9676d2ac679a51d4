"""The model as our registry declares it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from benchmarks.subject.features import make_features
from benchmarks.subject.training import train
from registry_assets.declaration import (
    AtLeast,
    Evaluation,
    LatestPartitions,
    Params,
    Promotion,
    RegisteredModel,
)

KEPT = ("late", "origin")
PARAMS: dict[str, float | int] = {"C": 1.0, "max_iter": 200}
TAGS = {
    "use_case": "delay",
    "team": "airline-ops",
    "regulatory_class": "minimal",
    "deployment_target": "batch",
}


@dataclass(frozen=True, slots=True)
class Features:
    """A features source that no Dagster asset stands behind."""

    key: str
    make_features: Callable[..., Any]
    keep: tuple[str, ...]
    partitioned: bool

    def ended_partition(self, now: datetime, *, days: float) -> str:
        """Give the month that had ended by then."""
        first = (now - timedelta(days=days)).replace(day=1)
        return f"{first - timedelta(days=1):%Y-%m}"


def declared(name: str) -> RegisteredModel:
    """Declare the model under a name."""
    return RegisteredModel(
        name=name,
        description="Will a flight arrive 30 minutes late or more?",
        features=Features("flight_features", make_features, KEPT, True),
        target="late",
        task="binary",
        train=train,
        params=Params(**PARAMS),
        holdout=LatestPartitions(1),
        evaluation=Evaluation(metrics=("roc_auc", "log_loss"), slices=("origin",)),
        # Absolute: a verdict against production goes stale at every move of the pointer.
        gates=(AtLeast("roc_auc", 0.6),),
        promotion=Promotion(risk="low"),
        owners=("team:airline-ops",),
        tags=TAGS,
    )
