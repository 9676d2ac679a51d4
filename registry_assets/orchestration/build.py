"""`registry_definitions`: declarations and data assets become one Dagster `Definitions`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dagster as dg

from registry_assets.declaration import RegisteredModel
from registry_assets.errors import DeclarationError, PackagingRefused
from registry_assets.orchestration.features import IO_MANAGER, FeaturesAsset
from registry_assets.orchestration.io_manager import SnapshotIOManager
from registry_assets.orchestration.jobs import model_jobs, retrain_schedule
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.mirrors.building import mirror_models
from registry_assets.orchestration.missing import Reported
from registry_assets.orchestration.monitoring.alerts import alerts_sensor, deliver_job
from registry_assets.orchestration.monitoring.building import watch_models
from registry_assets.orchestration.moves import moves_check
from registry_assets.orchestration.openlineage import is_wanted, lineage_sensor, tell_job
from registry_assets.orchestration.own_checks import refuse_missing_checks
from registry_assets.orchestration.pointer_asset import pointer_asset, pointer_check
from registry_assets.orchestration.promotion_sensor import promotion_sensor
from registry_assets.orchestration.recalled import pointer_recall_check, snapshot_check
from registry_assets.orchestration.reporting import report_job, report_sensor
from registry_assets.orchestration.resource import RegistryResource
from registry_assets.orchestration.retraining import retraining
from registry_assets.orchestration.sensors import INTERVAL_SECONDS, version_sensor
from registry_assets.orchestration.version_assets import version_assets
from registry_assets.packaging.closure import code_closure

if TYPE_CHECKING:
    from dagster_aws.s3 import S3Resource


def registry_definitions(
    *,
    models: Sequence[RegisteredModel],
    assets: Sequence[dg.AssetsDefinition | FeaturesAsset] = (),
    asset_checks: Sequence[dg.AssetChecksDefinition] = (),
    registry: RegistryResource | None = None,
    s3: "S3Resource | None" = None,
    promoter_tags: Mapping[str, object] | None = None,
    sensor_interval: int = INTERVAL_SECONDS,
    executor: dg.ExecutorDefinition | None = None,
) -> dg.Definitions:
    """Make everything that the declared models need in Dagster.

    The result is an ordinary `Definitions`; merge it with your own by
    `Definitions.merge(...)`.

    Args:
        assets: datasets and features; those with `io_manager_key="snapshots"` become
            snapshots. The features of the models are added by themselves.
        asset_checks: of your own, among them those that gates ask for: see `version_check`.
        registry: which registry to use, and by which clock.
        s3: how a store in a bucket is reached, from where Dagster runs; see `RegistryResource`.
        promoter_tags: of the runs that move pointers or decide what may, for the run launcher:
            `dagster-k8s/config` or `ecs/task_overrides` give those runs alone the promoter's
            account.
        sensor_interval: seconds between two looks of the sensors, at least.
        executor: how the steps of a run are executed; by default Dagster's own choice.

    Raises:
        DeclarationError: two models share a name, a pointer has that of a job, a schedule cannot
            be read, features are made from an asset that is no snapshot, or a gate's own asset
            check is not there.
    """
    source = registry or RegistryResource()
    if s3 is not None:
        source = replace(source, s3=s3)
    _refuse_twins(models)
    _refuse_pointers_named_like_jobs(models)
    _refuse_what_cannot_be_packaged(models)
    data = _data_assets(models, assets)
    stored = _io_managers(data)
    _refuse_inputs_that_are_no_snapshots(models, assets, stored)
    built = [
        (m, version_assets(m, source), model_jobs(m, source, promoter_tags or {})) for m in models
    ]
    of_versions = [
        spec for _, made, _ in built for spec in (*made.model_specs, *made.evaluation_specs)
    ]
    watching = watch_models(models, data, stored, source, interval=sensor_interval)
    mirroring = mirror_models(models, source, interval=sensor_interval)
    recall_checks = _recall_checks(models, data, stored, source)
    of_recalls = [spec for made in recall_checks for spec in made.check_specs]
    refuse_missing_checks(models, [*asset_checks, *data], [*of_versions, *of_recalls])
    snapshots = [
        (key, asset.partitions_def is not None)
        for asset in data
        for key in asset.keys
        if stored.get(key) == IO_MANAGER
    ]
    sensors: list[dg.SensorDefinition] = []
    for model, made, jobs in built:
        sensors += [
            version_sensor(model, made.partitions, jobs, source, interval=sensor_interval),
            promotion_sensor(model, jobs, source, interval=sensor_interval),
        ]
    sensors += [watched.sensor for watched in watching]
    sensors += [mirrored.sensor for mirrored in mirroring]
    retrained = [
        found
        for model, _, jobs in built
        if (found := retraining(model, jobs, source, interval=sensor_interval)) is not None
    ]
    sensors += [each.sensor for each in retrained]
    reported = Reported([(model, made) for model, made, _ in built], snapshots)
    report = report_job(reported, source)
    pointers = [(model, pointer) for model in models for pointer in model.pointers]
    sensors.append(report_sensor(reported, report, source, interval=sensor_interval))
    deliver = deliver_job(source)
    sensors.append(alerts_sensor(deliver, source, interval=sensor_interval))
    tell = tell_job(source) if is_wanted() else None
    if tell is not None:
        sensors.append(lineage_sensor(tell, source, interval=sensor_interval))
    return dg.Definitions(
        assets=[
            *data,
            *(asset for _, made, _ in built for asset in (made.model, made.evaluation)),
            *(pointer_asset(model, pointer, source) for model, pointer in pointers),
            *(asset for watched in watching for asset in watched.assets),
            *(asset for mirrored in mirroring for asset in mirrored.assets),
        ],
        asset_checks=[
            *asset_checks,
            *(pointer_check(model, pointer, source) for model, pointer in pointers),
            *(moves_check(model, pointer, source) for model, pointer in pointers),
            *recall_checks,
            *(check for watched in watching for check in watched.checks),
            *(check for mirrored in mirroring for check in mirrored.checks),
        ],
        jobs=[
            *(job for _, _, jobs in built for job in jobs.all()),
            *(job for watched in watching for job in watched.jobs),
            *(job for mirrored in mirroring for job in mirrored.jobs),
            *(each.job for each in retrained if each.job is not None),
            report,
            deliver,
            *([tell] if tell is not None else []),
        ],
        schedules=[s for s in map(_schedule, models) if s is not None],
        sensors=sensors,
        resources={IO_MANAGER: SnapshotIOManager(source)},
        executor=executor,
    )


def _recall_checks(
    models: Sequence[RegisteredModel],
    data: Sequence[dg.AssetsDefinition],
    stored: Mapping[dg.AssetKey, str],
    source: RegistryResource,
) -> list[dg.AssetChecksDefinition]:
    """Make the checks on data and on pointers that say whether what they hold was recalled."""
    of_data = [
        snapshot_check(asset, key, source)
        for asset in data
        for key in sorted(asset.keys)
        if stored.get(key) == IO_MANAGER
    ]
    pointers = [(model, pointer) for model in models for pointer in model.pointers]
    return of_data + [pointer_recall_check(model, pointer, source) for model, pointer in pointers]


def _refuse_twins(models: Sequence[RegisteredModel]) -> None:
    twice = [name for name, count in Counter(m.name for m in models).items() if count > 1]
    if twice:
        raise DeclarationError(
            f"two RegisteredModels are called {', '.join(map(repr, twice))}",
            hint="a name is one line of versions, for ever: rename one of them",
        )


def _refuse_pointers_named_like_jobs(models: Sequence[RegisteredModel]) -> None:
    for model in models:
        names = Names(model.name)
        for pointer in model.pointers:
            if names.pointer_op(pointer) in names.of_jobs:
                raise DeclarationError(
                    f"RegisteredModel {model.name!r}: a pointer cannot be called {pointer!r}:"
                    f" {names.pointer_op(pointer)} is a job, or a step of one",
                    hint="rename it; to Dagster both would be the same",
                )


def _refuse_what_cannot_be_packaged(models: Sequence[RegisteredModel]) -> None:
    """Look at the code now: at the first training it would be found out days later."""
    for model in models:
        try:
            code_closure(model.features.make_features, model.train)
        except PackagingRefused as error:
            raise DeclarationError(
                f"RegisteredModel {model.name!r}: {error.message}", hint=error.hint
            ) from error


def _data_assets(
    models: Sequence[RegisteredModel], assets: Sequence[dg.AssetsDefinition | FeaturesAsset]
) -> list[dg.AssetsDefinition]:
    given = [asset.asset if isinstance(asset, FeaturesAsset) else asset for asset in assets]
    for model in models:
        features = model.features
        if isinstance(features, FeaturesAsset) and features.asset not in given:
            given.append(features.asset)
    return given


def _refuse_inputs_that_are_no_snapshots(
    models: Sequence[RegisteredModel],
    assets: Sequence[dg.AssetsDefinition | FeaturesAsset],
    stored: Mapping[dg.AssetKey, str],
) -> None:
    """Features name the snapshots they were made from; of other inputs nothing is known."""
    declared = [*assets, *(model.features for model in models)]
    for features in declared:
        if not isinstance(features, FeaturesAsset):
            continue
        keys = sorted(features.asset.dependency_keys)
        others = [k.to_user_string() for k in keys if stored.get(k, IO_MANAGER) != IO_MANAGER]
        if others:
            raise DeclarationError(
                f"{features.key} is made from {', '.join(others)}, which the registry does not"
                " store",
                hint=f'@dg.asset(io_manager_key="{IO_MANAGER}") on {", ".join(others)}',
            )


def _io_managers(assets: Sequence[dg.AssetsDefinition]) -> dict[dg.AssetKey, str]:
    return {
        key: str(asset.get_io_manager_key_for_asset_key(key))
        for asset in assets
        if asset.is_executable
        for key in asset.keys
    }


def _schedule(model: RegisteredModel) -> Any:
    try:
        return retrain_schedule(model)
    except dg.DagsterError as error:
        raise DeclarationError(
            f"RegisteredModel {model.name!r}: its schedule cannot be read: {error}",
            hint='a cron line and a time zone, e.g. Schedule("0 6 1 * *", timezone="UTC")',
        ) from error
