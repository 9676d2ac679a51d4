"""What a user writes: frozen values, checked when they are written; no I/O, no Dagster.

Dagster assets are held opaquely here and resolved in `registry_assets.orchestration`.
"""

from registry_assets.declaration.alerting import Alerting, Dashboard, QuietHours
from registry_assets.declaration.backtest import Backtest
from registry_assets.declaration.evaluation import Evaluation
from registry_assets.declaration.evidently import Evidently
from registry_assets.declaration.fairness import Fairness
from registry_assets.declaration.gates import (
    AssetCheck,
    AtLeast,
    AtMost,
    BetterThanProduction,
    CalibrationAtMost,
    FairnessAtLeast,
    FairnessAtMost,
    Gate,
    GateFunction,
    Judgement,
    LatencyAtMost,
    LatencyNotWorse,
    NoLeakage,
    NotWorseThanProduction,
    SizeAtMost,
    SliceFloor,
    SliceGap,
)
from registry_assets.declaration.holdout import ByKey, Holdout, LatestPartitions
from registry_assets.declaration.latency import Latency
from registry_assets.declaration.metrics import MetricFunction
from registry_assets.declaration.mirrors import (
    Mirror,
    MLflow,
    SageMaker,
    SageMakerEndpoint,
    WeightsAndBiases,
)
from registry_assets.declaration.model import (
    FeatureSource,
    Params,
    RegisteredModel,
)
from registry_assets.declaration.monitoring import (
    Decay,
    Drift,
    Freshness,
    Labels,
    Monitoring,
    PredictionLog,
    Quality,
)
from registry_assets.declaration.promotion import Promotion
from registry_assets.declaration.retraining import OnDecay, OnDrift, OnNewData, Schedule
from registry_assets.declaration.slicing import Bins, Where

__all__ = [
    "Alerting",
    "AssetCheck",
    "AtLeast",
    "AtMost",
    "Backtest",
    "BetterThanProduction",
    "Bins",
    "ByKey",
    "CalibrationAtMost",
    "Dashboard",
    "Decay",
    "Drift",
    "Evaluation",
    "Evidently",
    "Fairness",
    "FairnessAtLeast",
    "FairnessAtMost",
    "FeatureSource",
    "Freshness",
    "Gate",
    "GateFunction",
    "Holdout",
    "Judgement",
    "Labels",
    "Latency",
    "LatencyAtMost",
    "LatencyNotWorse",
    "LatestPartitions",
    "MLflow",
    "MetricFunction",
    "Mirror",
    "Monitoring",
    "NoLeakage",
    "NotWorseThanProduction",
    "OnDecay",
    "OnDrift",
    "OnNewData",
    "Params",
    "PredictionLog",
    "Promotion",
    "Quality",
    "QuietHours",
    "RegisteredModel",
    "SageMaker",
    "SageMakerEndpoint",
    "Schedule",
    "SizeAtMost",
    "SliceFloor",
    "SliceGap",
    "WeightsAndBiases",
    "Where",
]
