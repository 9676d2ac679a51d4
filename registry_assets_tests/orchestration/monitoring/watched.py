"""The project's model, watched: code locations that declare it so, and what Dagster shows.

Not a test.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg
import pandas as pd

from registry_assets import ByKey, RegisteredModel, features_asset, registry_definitions
from registry_assets.clock import Clock, system_clock
from registry_assets.declaration import Monitoring
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.manifest import Parent
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.local import RunOutcome
from registry_assets.orchestration.resource import RegistryResource
from registry_assets.orchestration.unstable.check_results import stored_results
from registry_assets_tests import worlds
from registry_assets_tests.orchestration.stage import Stage, open_stage

NAMES = Names("ontime")
PREDICTIONS = NAMES.observation_key("predictions")
DRIFT = NAMES.observation_key("drift")
PERFORMANCE = NAMES.observation_key("performance")
APRIL = "2013-04"
PERSON = RunInfo(actor="alice", run_id="by hand")


@dataclass(frozen=True, slots=True)
class Shown:
    """The newest result of a check, as Dagster shows it."""

    passed: bool
    severity: str
    why: str
    metadata: Mapping[str, Any]


def watched(project: ModuleType, monitoring: Monitoring) -> RegisteredModel:
    """The project's model, watched in this way."""
    model: RegisteredModel = project.ontime
    return replace(model, monitoring=monitoring)


def of_one_table(project: ModuleType, monitoring: Monitoring) -> RegisteredModel:
    """The project's model on features that have no partitions, watched in this way."""
    features = features_asset(
        project.make_features, name="all_features", keep=["late", "origin", "key"]
    )
    holdout = ByKey(columns=("key",), share=0.5)
    return replace(watched(project, monitoring), features=features, holdout=holdout)


def location(
    project: ModuleType,
    model: RegisteredModel,
    *others: dg.AssetsDefinition,
    clock: Clock = system_clock,
) -> dg.Definitions:
    """The project's code location with this model, and other assets."""
    return registry_definitions(
        models=[model],
        assets=[project.flights, project.planes, project.ontime_features, *others],
        registry=RegistryResource(clock=clock),
        executor=dg.in_process_executor,
    )


@contextmanager
def watching(
    home: Path, project: ModuleType, monitoring: Monitoring, *others: dg.AssetsDefinition
) -> Iterator[Stage]:
    """A home, opened under the code location in which the model is watched."""
    with open_stage(home, location(project, watched(project, monitoring), *others)) as stage:
        yield stage


def arrive(
    stage: Stage, raw: pd.DataFrame, *, partition: str = APRIL, features: pd.DataFrame | None = None
) -> str:
    """Let flights be stored by hand, whatever they are like; give the digest of their features.

    Args:
        features: those made of other flights, where none can be made of these.
    """
    known = {each.partition: each for each in stage.registry.snapshots("planes")}[""]
    store = stage.registry.store_snapshot
    # Without a partition it is the model's of one table, whose rows are no asset here.
    rows, into = ("flights", "ontime_features") if partition else ("table", "all_features")
    flights = store(raw, asset=rows, partition=partition, run=PERSON)
    made = features if features is not None else made_of(raw)
    return store(
        made,
        asset=into,
        partition=partition,
        kind="features",
        parents=(Parent("input:flights", flights.digest), Parent("input:planes", known.digest)),
        facts={"kept": ["late", "origin", "key"], "inputs": ["flights", "planes"]},
        run=PERSON,
    ).digest


def made_of(raw: pd.DataFrame) -> pd.DataFrame:
    """The features of flights, with what is kept beside them."""
    seats = raw[["tailnum"]].merge(worlds.planes(), on="tailnum", how="left")["seats"]
    features = pd.DataFrame(
        {
            "hour": raw["sched_dep_time"].to_numpy() // 100,
            "distance": raw["distance"].to_numpy() / 1000.0,
            "seats": seats.fillna(0.0).to_numpy(),
        }
    )
    return pd.concat([features, raw[["late", "origin", "key"]].reset_index(drop=True)], axis=1)


def watch(stage: Stage, partition: str | None = APRIL) -> RunOutcome:
    """Launch the job that watches a partition, as a person does."""
    outcome = stage.daemon.run_job(NAMES.watch_job, partition_key=partition)
    assert outcome.success, outcome.failures
    return outcome


def shown(
    stage: Stage, key: dg.AssetKey, check: str, partition: str | None = APRIL
) -> Shown | None:
    """The newest result of a check on a partition; None where there is none."""
    found = next(stored_results(stage.instance, dg.AssetCheckKey(key, check), partition), None)
    if found is None:
        return None
    said = found.evaluation
    values = {name: each.value for name, each in said.metadata.items()}
    return Shown(said.passed, said.severity.value, str(said.description), values)


def metadata(stage: Stage, key: dg.AssetKey, partition: str | None = APRIL) -> dict[str, Any]:
    """What the newest materialization of a partition says, as plain values."""
    where = dg.AssetRecordsFilter(key, asset_partitions=[partition] if partition else None)
    (record,) = stage.instance.fetch_materializations(where, limit=1).records
    assert record.asset_materialization is not None
    return {name: each.value for name, each in record.asset_materialization.metadata.items()}


def rows_of(table: Any) -> list[dict[str, Any]]:
    """The rows of a table that is shown."""
    return [dict(record.data) for record in table]
