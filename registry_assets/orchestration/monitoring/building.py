"""All that Dagster needs to watch one model, and what it cannot be watched with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from registry_assets.declaration import Monitoring, RegisteredModel
from registry_assets.errors import DeclarationError
from registry_assets.orchestration.features import IO_MANAGER, FeaturesAsset
from registry_assets.orchestration.monitoring.assets import observation_asset
from registry_assets.orchestration.monitoring.freshness import freshness_check
from registry_assets.orchestration.monitoring.jobs import watch_jobs
from registry_assets.orchestration.monitoring.sensor import monitor_sensor
from registry_assets.orchestration.monitoring.views import KINDS
from registry_assets.orchestration.resource import RegistryResource


@dataclass(frozen=True, slots=True, eq=False)
class Watching:
    """What one watched model adds to a code location."""

    assets: tuple[dg.AssetsDefinition, ...]
    checks: tuple[dg.AssetChecksDefinition, ...]
    jobs: tuple[Any, ...]
    sensor: dg.SensorDefinition


def watch_models(
    models: Sequence[RegisteredModel],
    data: Sequence[dg.AssetsDefinition],
    stored: Mapping[dg.AssetKey, str],
    source: RegistryResource,
    *,
    interval: int,
) -> list[Watching]:
    """Make what watches the models that are to be watched.

    Args:
        data: the datasets and features of the code location.
        stored: the IO manager of each.

    Raises:
        DeclarationError: labels or a log are stored otherwise, or in other partitions, than the
            features; or freshness is asked of partitions that are of no times.
    """
    return [
        _watch(model, plan, data, stored, source, interval=interval)
        for model in models
        if (plan := model.monitoring) is not None
    ]


def _watch(
    model: RegisteredModel,
    plan: Monitoring,
    data: Sequence[dg.AssetsDefinition],
    stored: Mapping[dg.AssetKey, str],
    source: RegistryResource,
    *,
    interval: int,
) -> Watching:
    features = model.features
    if not isinstance(features, FeaturesAsset):
        raise DeclarationError(
            f"RegisteredModel {model.name!r}: its features are a {type(features).__name__}, of"
            " whose partitions Dagster knows nothing",
            hint="make them with features_asset(…), or leave out monitoring=…",
        )
    if plan.freshness is not None and not features.timed:
        raise DeclarationError(
            f"RegisteredModel {model.name!r}: Freshness, but the partitions of {features.key} are"
            " of no times, so that none is ever late",
            hint="partition the features by time (dg.MonthlyPartitionsDefinition …), or leave out"
            " freshness=…",
        )
    partitions = features.asset.partitions_def
    for name, asset in (
        ("Labels", plan.labels.asset if plan.labels else ""),
        ("PredictionLog", plan.predictions.asset if plan.predictions else ""),
    ):
        if asset:
            _refuse_unlike(model, name, asset, partitions, data, stored)
    check = freshness_check(model, source)
    jobs = watch_jobs(model)
    return Watching(
        assets=tuple(observation_asset(model, kind, partitions, source) for kind in KINDS),
        checks=() if check is None else (check,),
        jobs=tuple(jobs.all()),
        sensor=monitor_sensor(model, partitions, jobs, source, interval=interval),
    )


def _refuse_unlike(
    model: RegisteredModel,
    name: str,
    asset: str,
    partitions: dg.PartitionsDefinition[str] | None,
    data: Sequence[dg.AssetsDefinition],
    stored: Mapping[dg.AssetKey, str],
) -> None:
    """Refuse an asset whose partition cannot be read beside that of the features.

    Of one that another code location makes nothing is known here.
    """
    key = dg.AssetKey.from_user_string(asset)
    if stored.get(key, IO_MANAGER) != IO_MANAGER:
        raise DeclarationError(
            f"RegisteredModel {model.name!r}: {name}({asset!r}) is an asset that the registry does"
            " not store",
            hint=f'@dg.asset(io_manager_key="{IO_MANAGER}") on {asset}',
        )
    made = next((each for each in data if key in each.keys), None)
    if made is not None and made.partitions_def != partitions:
        raise DeclarationError(
            f"RegisteredModel {model.name!r}: {name}({asset!r}) has other partitions than"
            f" {model.features.key}: {made.partitions_def or 'none'}",
            hint=f"give {asset} the partitions_def of the features: {partitions or 'none'}",
        )
