"""What a user writes: frozen values, checked when they are written; no I/O, no Dagster.

Dagster assets are held opaquely here and resolved in `registry_assets.orchestration`.
"""

from registry_assets.declaration.evaluation import Evaluation
from registry_assets.declaration.gates import AtLeast, Gate, NotWorseThanProduction, SliceFloor
from registry_assets.declaration.holdout import ByKey, Holdout, LatestPartitions
from registry_assets.declaration.model import (
    FeatureSource,
    Params,
    Promotion,
    RegisteredModel,
    Schedule,
)

__all__ = [
    "AtLeast",
    "ByKey",
    "Evaluation",
    "FeatureSource",
    "Gate",
    "Holdout",
    "LatestPartitions",
    "NotWorseThanProduction",
    "Params",
    "Promotion",
    "RegisteredModel",
    "Schedule",
    "SliceFloor",
]
