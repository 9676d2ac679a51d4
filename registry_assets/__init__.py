"""A model registry that lives in Dagster's asset graph.

`load`, `resolve` and `follow` are what a deployment needs: they take the store alone, and
import no Dagster. The declarations are what a training project writes; `registry_definitions`
and `features_asset`, in `registry_assets.orchestration`, turn them into Dagster assets.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from registry_assets.declaration import (
        AssetCheck,
        AtLeast,
        AtMost,
        Backtest,
        BetterThanProduction,
        Bins,
        ByKey,
        CalibrationAtMost,
        Evaluation,
        Evidently,
        Fairness,
        FairnessAtLeast,
        FairnessAtMost,
        GateFunction,
        Judgement,
        Latency,
        LatencyAtMost,
        LatencyNotWorse,
        LatestPartitions,
        MetricFunction,
        NoLeakage,
        NotWorseThanProduction,
        Params,
        Promotion,
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
    from registry_assets.registry import Registry

_HOMES = {
    "AssetCheck": "declaration",
    "AtLeast": "declaration",
    "AtMost": "declaration",
    "Backtest": "declaration",
    "BetterThanProduction": "declaration",
    "Bins": "declaration",
    "ByKey": "declaration",
    "CalibrationAtMost": "declaration",
    "Evaluation": "declaration",
    "Evidently": "declaration",
    "Fairness": "declaration",
    "FairnessAtLeast": "declaration",
    "FairnessAtMost": "declaration",
    "GateFunction": "declaration",
    "Judgement": "declaration",
    "Latency": "declaration",
    "LatencyAtMost": "declaration",
    "LatencyNotWorse": "declaration",
    "LatestPartitions": "declaration",
    "MetricFunction": "declaration",
    "NoLeakage": "declaration",
    "NotWorseThanProduction": "declaration",
    "Params": "declaration",
    "Promotion": "declaration",
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
    "AssetCheck",
    "AtLeast",
    "AtMost",
    "Backtest",
    "BetterThanProduction",
    "Bins",
    "ByKey",
    "CalibrationAtMost",
    "Evaluation",
    "Evidently",
    "Fairness",
    "FairnessAtLeast",
    "FairnessAtMost",
    "GateFunction",
    "Judgement",
    "Latency",
    "LatencyAtMost",
    "LatencyNotWorse",
    "LatestPartitions",
    "MetricFunction",
    "NoLeakage",
    "NotWorseThanProduction",
    "Params",
    "Promotion",
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
