"""A model registry that lives in Dagster's asset graph.

`load`, `resolve` and `follow` are what a deployment needs: they take the store alone, and
import no Dagster. The declarations are what a training project writes; `registry_definitions`
and `features_asset`, in `registry_assets.orchestration`, turn them into Dagster assets.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from registry_assets.declaration import (
        Alerting,
        AssetCheck,
        AtLeast,
        AtMost,
        Backtest,
        BetterThanProduction,
        Bins,
        ByKey,
        CalibrationAtMost,
        Dashboard,
        Decay,
        Drift,
        Evaluation,
        Evidently,
        Fairness,
        FairnessAtLeast,
        FairnessAtMost,
        Freshness,
        GateFunction,
        Judgement,
        Labels,
        Latency,
        LatencyAtMost,
        LatencyNotWorse,
        LatestPartitions,
        MetricFunction,
        MLflow,
        Monitoring,
        NoLeakage,
        NotWorseThanProduction,
        OnDecay,
        OnDrift,
        OnNewData,
        Params,
        PredictionLog,
        Promotion,
        Quality,
        QuietHours,
        RegisteredModel,
        Schedule,
        SizeAtMost,
        SliceFloor,
        SliceGap,
        Where,
    )
    from registry_assets.errors import RegistryError
    from registry_assets.loading import follow, load, resolve
    from registry_assets.orchestration import features_asset, registry_definitions
    from registry_assets.packaging.named_classes import NamedClasses
    from registry_assets.registry import Registry

_HOMES = {
    "Alerting": "declaration",
    "AssetCheck": "declaration",
    "AtLeast": "declaration",
    "AtMost": "declaration",
    "Backtest": "declaration",
    "BetterThanProduction": "declaration",
    "Bins": "declaration",
    "ByKey": "declaration",
    "CalibrationAtMost": "declaration",
    "Dashboard": "declaration",
    "Decay": "declaration",
    "Drift": "declaration",
    "Evaluation": "declaration",
    "Evidently": "declaration",
    "Fairness": "declaration",
    "FairnessAtLeast": "declaration",
    "FairnessAtMost": "declaration",
    "Freshness": "declaration",
    "GateFunction": "declaration",
    "Judgement": "declaration",
    "Labels": "declaration",
    "Latency": "declaration",
    "LatencyAtMost": "declaration",
    "LatencyNotWorse": "declaration",
    "LatestPartitions": "declaration",
    "MLflow": "declaration",
    "MetricFunction": "declaration",
    "Monitoring": "declaration",
    "NamedClasses": "packaging.named_classes",
    "NoLeakage": "declaration",
    "NotWorseThanProduction": "declaration",
    "OnDecay": "declaration",
    "OnDrift": "declaration",
    "OnNewData": "declaration",
    "Params": "declaration",
    "PredictionLog": "declaration",
    "Promotion": "declaration",
    "Quality": "declaration",
    "QuietHours": "declaration",
    "RegisteredModel": "declaration",
    "Registry": "registry",
    "RegistryError": "errors",
    "Schedule": "declaration",
    "SizeAtMost": "declaration",
    "SliceFloor": "declaration",
    "SliceGap": "declaration",
    "Where": "declaration",
    "features_asset": "orchestration",
    "follow": "loading",
    "load": "loading",
    "registry_definitions": "orchestration",
    "resolve": "loading",
}

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
    "Freshness",
    "GateFunction",
    "Judgement",
    "Labels",
    "Latency",
    "LatencyAtMost",
    "LatencyNotWorse",
    "LatestPartitions",
    "MLflow",
    "MetricFunction",
    "Monitoring",
    "NamedClasses",
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
    "Registry",
    "RegistryError",
    "Schedule",
    "SizeAtMost",
    "SliceFloor",
    "SliceGap",
    "Where",
    "features_asset",
    "follow",
    "load",
    "registry_definitions",
    "resolve",
]


def __getattr__(name: str) -> Any:
    # On first use: a deployment that only loads must not pay for, or need, the rest.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
