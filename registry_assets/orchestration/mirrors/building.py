"""All that Dagster needs for the mirrors of one model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from registry_assets.declaration import RegisteredModel, SageMaker
from registry_assets.errors import DeclarationError
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.mirrors.assets import mirror_asset
from registry_assets.orchestration.mirrors.checks import in_step_check, in_step_key
from registry_assets.orchestration.mirrors.endpoints import (
    endpoint_asset,
    endpoint_name,
    serves_check,
    serves_key,
)
from registry_assets.orchestration.mirrors.sensor import mirrors_sensor
from registry_assets.orchestration.resource import RegistryResource


@dataclass(frozen=True, slots=True, eq=False)
class Mirroring:
    """What the mirrors of one model add to a code location."""

    assets: tuple[dg.AssetsDefinition, ...]
    checks: tuple[dg.AssetChecksDefinition, ...]
    jobs: tuple[Any, ...]
    sensor: dg.SensorDefinition


def mirror_models(
    models: Sequence[RegisteredModel], source: RegistryResource, *, interval: int
) -> list[Mirroring]:
    """Make what publishes the models that have mirrors.

    Raises:
        DeclarationError: a mirror has the name of a job, or two models are one model there.
    """
    _refuse_shared(models)
    return [_mirror(model, source, interval=interval) for model in models if model.mirrors]


def _mirror(model: RegisteredModel, source: RegistryResource, *, interval: int) -> Mirroring:
    names = Names(model.name)
    for mirror in model.mirrors:
        if names.pointer_op(mirror.mirror) in names.of_jobs:
            raise DeclarationError(
                f"RegisteredModel {model.name!r}: a mirror cannot be called {mirror.mirror!r}:"
                f" {names.pointer_op(mirror.mirror)} is a job, or a step of one",
                hint="rename it by mirror=…; to Dagster both would be the same",
            )
    served = _served(model, names)
    keys = [names.mirror_key(mirror.mirror) for mirror in model.mirrors]
    keys += [serves_key(model.name, mirror).asset_key for mirror in served]
    checks = [in_step_key(model.name, mirror.mirror) for mirror in model.mirrors]
    checks += [serves_key(model.name, mirror) for mirror in served]
    publish = dg.define_asset_job(
        names.mirror_job,
        selection=dg.AssetSelection.assets(*keys),
        description=f"Publishes {model.name} to its mirrors. Launched by the sensor"
        f" {names.mirrors_sensor}; safe to launch by hand: what is there already is not sent"
        " again. With `repair` in a mirror's config, what was changed there is put right.",
    )
    look = dg.define_asset_job(
        names.in_step_job,
        selection=dg.AssetSelection.checks(*checks),
        description=f"Looks whether the mirrors of {model.name} hold what they should. Launched by"
        f" the sensor {names.mirrors_sensor} where that is another answer than before.",
    )
    jobs: tuple[Any, ...] = (publish, look)
    return Mirroring(
        assets=(
            *(mirror_asset(model, mirror, source) for mirror in model.mirrors),
            *(endpoint_asset(model, mirror, source) for mirror in served),
        ),
        checks=(
            *(in_step_check(model, mirror, source) for mirror in model.mirrors),
            *(serves_check(model, mirror, source) for mirror in served),
        ),
        jobs=jobs,
        sensor=mirrors_sensor(model, list(jobs), source, interval=interval),
    )


def _served(model: RegisteredModel, names: Names) -> list[SageMaker]:
    """Give the mirrors with an endpoint, each of whose assets has a name of its own.

    Raises:
        DeclarationError: one has that of another asset.
    """
    found = [m for m in model.mirrors if isinstance(m, SageMaker) and m.endpoint is not None]
    taken = {*(mirror.mirror for mirror in model.mirrors), *model.pointers}
    for mirror in found:
        name = endpoint_name(mirror)
        assert name is not None
        if name in taken or names.pointer_op(name) in names.of_jobs:
            raise DeclarationError(
                f"RegisteredModel {model.name!r}: the endpoint of the mirror {mirror.mirror} would"
                f" be the asset {model.name}/{name}, which there is",
                hint="rename the mirror by mirror=…",
            )
    return found


def _refuse_shared(models: Sequence[RegisteredModel]) -> None:
    """Refuse two models that would take turns in setting one model's aliases there."""
    taken: dict[tuple[str, ...], str] = {}
    for model in models:
        for mirror in model.mirrors:
            said = mirror.definition()
            where = ("kind", "address", "entity", "registry")
            place = tuple(str(said.get(name) or "") for name in where)
            key = (*place, str(said.get("name") or model.name))
            other = taken.setdefault(key, f"{model.name}/{mirror.mirror}")
            if other != f"{model.name}/{mirror.mirror}":
                raise DeclarationError(
                    f"{model.name}/{mirror.mirror} and {other} are the same model there:"
                    f" {key[-1]} at {key[1] or 'the address of the environment'}",
                    hint="give one of them another name there: MLflow(name=…), SageMaker(name=…),"
                    " WeightsAndBiases(collection=…)",
                )
