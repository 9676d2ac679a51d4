"""A registered model whose versions were written and never trained. Not a test.

For what moves pointers: rows, manifests and verdicts are real and so is the gate, but there is
nothing to load. Seconds of training become milliseconds.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg

from registry_assets import AtLeast, RegisteredModel, registry_definitions
from registry_assets.clock import ReplayClock
from registry_assets.lifecycle.reserving import declare_model
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.local import RunOutcome
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import START, History
from registry_assets_tests.orchestration.stage import Stage, make_home, open_stage

NAMES = Names("ontime")
CANARY = NAMES.pointer_key("canary")
GATE = "roc_auc_at_least"
RELATIVE = "roc_auc_not_worse_than_production"


def pointed(project: ModuleType, *pointers: str, compared: bool = True) -> RegisteredModel:
    """The project's model with these pointers; with or without a gate against production."""
    model: RegisteredModel = project.ontime
    gates = model.gates if compared else (AtLeast("roc_auc", 0.6),)
    return replace(model, pointers=pointers, gates=gates)


def location(project: ModuleType, *models: RegisteredModel) -> dg.Definitions:
    """The project's code location with these models."""
    return registry_definitions(
        models=models,
        assets=[project.flights, project.planes, project.ontime_features],
        executor=dg.in_process_executor,
    )


def history_of(registry: Registry) -> History:
    """Short ways to let things happen in a registry."""
    return History(registry, ReplayClock(START))


def written_home(folder: Path, model: RegisteredModel, *, versions: int = 2) -> Path:
    """A home in which so many versions of a model passed their gates, and no pointer moved."""
    history = history_of(Registry.open(make_home(folder)))
    declare_model(history.registry.backends, model, actor="ann")
    for seed in range(versions):
        history.version(seed, model=model.name)
    return folder


@contextmanager
def written_stage(
    folder: Path, project: ModuleType, model: RegisteredModel, *, versions: int = 2
) -> Iterator[Stage]:
    """Such a home, opened under a code location that declares the model."""
    home = written_home(folder, model, versions=versions)
    with open_stage(home, location(project, model)) as stage:
        yield stage


def look(
    definitions: dg.Definitions, instance: dg.DagsterInstance
) -> tuple[list[dg.RunRequest], str]:
    """Evaluate the promotion sensor, and launch nothing: its requests, or why there are none."""
    sensor = definitions.get_repository_def().get_sensor_def(NAMES.promotion_sensor)
    answer = sensor(dg.build_sensor_context(instance=instance))
    if isinstance(answer, dg.SkipReason):
        return [], str(answer.skip_message)
    assert isinstance(answer, dg.SensorResult)
    return list(answer.run_requests or []), ""


def decide(stage: Stage, decision: str, **config: Any) -> RunOutcome:
    """Launch the job of a decision, as a person does."""
    ops = {NAMES.decision_op(decision): {"config": config}}
    return stage.daemon.run_job(NAMES.job(decision), run_config={"ops": ops})


def held(stage: Stage) -> dict[str, int | None]:
    """The version that each pointer holds."""
    return {pointer.name: pointer.version for pointer in stage.registry.pointers("ontime")}


def generations(stage: Stage, key: dg.AssetKey) -> list[object]:
    """The generations that Dagster shows of a pointer, oldest first."""
    records = stage.instance.fetch_materializations(key, limit=100, ascending=True).records
    events = [record.asset_materialization for record in records]
    return [event.metadata["generation"].value for event in events if event]
