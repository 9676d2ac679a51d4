"""What is predicted of a partition, how far it drifted and how good it was, as Dagster shows it."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from registry_assets.catalog.alerts import list_alerts
from registry_assets.declaration import Labels, Monitoring, PredictionLog
from registry_assets_tests import worlds
from registry_assets_tests.orchestration import stage as stages
from registry_assets_tests.orchestration.monitoring.conftest import PLAN
from registry_assets_tests.orchestration.monitoring.watched import (
    APRIL,
    DRIFT,
    NAMES,
    PERFORMANCE,
    PERSON,
    PREDICTIONS,
    arrive,
    location,
    made_of,
    metadata,
    of_one_table,
    rows_of,
    shown,
    watch,
    watched,
    watching,
)
from registry_assets_tests.orchestration.stage import Stage, copy_home

CHECKS = {
    PREDICTIONS: ("data_quality",),
    DRIFT: ("feature_drift", "prediction_drift"),
    PERFORMANCE: ("label_quality", "performance_decay"),
}


def all_shown(stage: Stage, partition: str | None = APRIL) -> dict[str, Any]:
    """What Dagster shows of a partition: data versions and results of checks."""
    made = {key.path[-1]: dict(stage.made(key)).get(partition) for key in CHECKS}
    checks = {
        name: shown(stage, key, name, partition) for key, names in CHECKS.items() for name in names
    }
    return {"made": made, **checks}


def test_a_partition_that_arrives_is_scored_by_the_version_in_production(deployed: Stage) -> None:
    stages.arrive(deployed, [APRIL])
    (run,) = deployed.daemon.tick(NAMES.monitor_sensor).runs
    assert (run.job, run.partition_key, run.failures) == (NAMES.watch_job, APRIL, ())

    registry = deployed.registry
    version = registry.version("ontime:1").version
    (record,) = registry.observations("ontime", "predictions")
    assert deployed.made(PREDICTIONS) == [(APRIL, record.digest)]
    rows = registry.read_frame(record.digest)
    assert len(rows) == worlds.ROWS
    assert set(rows["version"]) == {1}
    assert set(rows["digest"].astype(str)) == {version.digest}
    features = {each.partition: each.digest for each in registry.snapshots("ontime_features")}
    parents = {each.role: each.digest for each in registry.manifest(record.digest).parents}
    assert parents == {"version": version.digest, "features": features[APRIL]}

    said = metadata(deployed, PREDICTIONS)
    assert said["version"] == "1"
    assert said["dagster/row_count"] == worlds.ROWS
    assert str(version.digest) in said["version digest"]
    assert features[APRIL] in said["features"]
    assert said["dashboard: Grafana"] == "https://grafana.example/d?v=1&p=2013-04"
    lived = rows_of(metadata(deployed, PERFORMANCE)["metrics"].records)
    assert [row["metric"] for row in lived] == ["roc_auc"]
    assert lived[0]["promised"] != lived[0]["lived"]
    found = all_shown(deployed)
    assert {name: each.passed for name, each in found.items() if name != "made"} == {
        name: True for names in CHECKS.values() for name in names
    }


def test_what_was_watched_is_not_watched_again(deployed: Stage) -> None:
    stages.arrive(deployed, [APRIL])
    deployed.daemon.tick(NAMES.monitor_sensor)
    events, before = deployed.events(), all_shown(deployed)

    tick = deployed.daemon.tick(NAMES.monitor_sensor)
    assert (tick.runs, tick.skip_reason) == ((), "everything that came is watched: ontime")
    again = watch(deployed)
    assert deployed.events() == events
    assert all_shown(deployed) == before
    assert "nobody is told again" in deployed.said(again)


def test_what_had_arrived_before_the_first_promotion_is_not_watched(deployed: Stage) -> None:
    tick = deployed.daemon.tick(NAMES.monitor_sensor)
    assert (tick.runs, tick.skip_reason) == ((), "everything that came is watched: ontime")


def test_a_drifted_partition_fails_and_names_version_digest_partition_and_data(
    deployed: Stage,
) -> None:
    raw = worlds.flights(seed=4)
    digest = arrive(deployed, raw.assign(sched_dep_time=raw["sched_dep_time"] + 600))
    assert deployed.daemon.tick(NAMES.monitor_sensor).runs[0].success

    found = shown(deployed, DRIFT, "feature_drift")
    assert found is not None
    assert (found.passed, found.severity) == (False, "WARN")
    assert found.why.startswith("hour (Wasserstein ")
    version = deployed.registry.version("ontime:1").version
    said = found.metadata
    assert (said["version"], said["digest"]) == ("1", version.digest)
    assert (said["partition"], said["outcome"]) == (APRIL, "failed")
    assert said["value"] >= 1 / 3
    assert (said["threshold"], said["rows"]) == (0.5, worlds.ROWS)
    assert f"ontime_features[{APRIL}]: `{digest}`" in said["features"]
    assert f"flights[{APRIL}]: `sha256:" in said["datasets"]
    assert "ontime_features[2013-01]" in said["trained on"]
    page = metadata(deployed, DRIFT)
    columns = rows_of(page["columns"].records)
    assert (columns[0]["column"], columns[0]["finding"]) == ("hour", "drifted")
    assert columns[0]["p, corrected"] == "< 0.001"
    # Numbers alone, of which none was left out: nothing was seen for the first time.
    assert "never seen" not in columns[0]
    assert "threshold of the distance: 0.1" in page["about the columns"]
    assert "in standard deviations" in page["about the columns"]
    assert page["observation"] == said["observation"]
    assert "digest" not in page  # on the page of the check that is the version's

    with deployed.registry.backends.catalog.read() as connection:
        alerts = {each.check: each for each in list_alerts(connection, "ontime")}
    links = alerts["feature_drift"].body["links"]
    asset = f"http://127.0.0.1:3000/assets/ontime/drift?view=partitions&partition={APRIL}"
    assert links["asset"] == asset
    assert links["Grafana"] == "https://grafana.example/d?v=1&p=2013-04"
    assert links["run"].startswith("http://127.0.0.1:3000/runs/")


BAD: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "without rows": (lambda raw: raw.head(0), "ontime_features[2013-04] has no rows"),
    "without a column": (
        lambda raw: raw.drop(columns="distance"),
        "flights has no column distance, which the version needs",
    ),
    "of another type": (
        lambda raw: raw.assign(distance=raw["distance"].astype(str) + " miles"),
        "flights has another type in",
    ),
    "of no value": (
        lambda raw: raw.assign(distance=np.nan),
        "ontime:1 cannot score ontime_features[2013-04]: ValueError: Input X contains NaN",
    ),
    "that came twice": (
        lambda raw: pd.concat([raw, raw.head(40)], ignore_index=True),
        "40 of 440 rows repeat another one",
    ),
}


@pytest.mark.parametrize("case", list(BAD))
def test_rows_that_cannot_be_relied_on_are_a_named_failure_and_no_crash(
    deployed: Stage, case: str
) -> None:
    spoil, sentence = BAD[case]
    raw = worlds.flights(seed=4)
    spoilt = spoil(raw)
    features = made_of(raw).head(len(spoilt)) if len(spoilt) <= len(raw) else None
    arrive(deployed, spoilt, features=features)
    (run,) = deployed.daemon.tick(NAMES.monitor_sensor).runs
    assert run.failures == ()

    found = shown(deployed, PREDICTIONS, "data_quality")
    assert found is not None
    assert (found.passed, found.severity) == (False, "ERROR")
    assert sentence in found.why
    assert found.metadata["value"] >= 1
    problems = rows_of(metadata(deployed, PREDICTIONS)["what is wrong"].records)
    assert any(sentence in problem["sentence"] for problem in problems)
    drift = shown(deployed, DRIFT, "feature_drift")
    assert drift is not None
    if case != "that came twice":
        assert (drift.passed, drift.severity) == (False, "WARN")
        assert drift.why == "undecided: there are no rows"
    assert deployed.daemon.tick(NAMES.monitor_sensor).runs == ()


def test_where_the_pointer_holds_nothing_nothing_is_made_and_nothing_passes(
    project: ModuleType, trained_home: Path, tmp_path: Path
) -> None:
    home = copy_home(trained_home, tmp_path / "home")
    with watching(home, project, Monitoring()) as stage:
        tick = stage.daemon.tick(NAMES.monitor_sensor)
        why = "ontime@production holds no version"
        assert (tick.runs, tick.skip_reason) == ((), f"{why}: there is nothing to watch")
        run = watch(stage, "2013-03")
        assert f"{why} that could predict anything" in stage.said(run)
        assert [stage.made(key) for key in CHECKS] == [[], [], []]
        found = shown(stage, PREDICTIONS, "data_quality", "2013-03")
        assert found is not None
        assert (found.passed, found.severity) == (False, "WARN")
        assert found.why == f"undecided: {why} that could predict anything"


def test_a_partition_that_never_came_is_a_failure_that_says_what_to_do(deployed: Stage) -> None:
    outcome = deployed.daemon.run_job(NAMES.watch_job, partition_key="2013-07")
    assert not outcome.success
    assert "ontime_features[2013-07] has no snapshot" in outcome.failures[0]
    assert "Hint: materialize ontime_features for 2013-07 first" in outcome.failures[0]


def test_a_log_of_two_versions_is_judged_for_each_and_says_which_were_not_expected(
    project: ModuleType, rejected_home: Path, tmp_path: Path
) -> None:
    @dg.asset(partitions_def=project.months, io_manager_key="snapshots")
    def score_log() -> pd.DataFrame:
        raw = worlds.flights(90, seed=4)
        chance = np.linspace(0.01, 0.99, 90)
        return pd.DataFrame(
            {
                "key": raw["key"],
                "prediction": chance > 0.5,
                "probability_False": 1 - chance,
                "probability_True": chance,
                "version": [1] * 60 + [2] * 20 + [99] * 10,
            }
        )

    plan = Monitoring(predictions=PredictionLog(asset="score_log"), keys=("key",))
    home = copy_home(rejected_home, tmp_path / "home")
    with watching(home, project, plan, score_log) as stage:
        keys = [dg.AssetKey("score_log")]
        assert stage.daemon.materialize(keys, partition_key=APRIL).success
        (run,) = stage.daemon.tick(NAMES.monitor_sensor).runs
        assert run.failures == ()

        rows = stage.registry.observations("ontime", "predictions")
        assert [(each.version, each.rows) for each in rows] == [(1, 60), (2, 20)]
        found = shown(stage, PREDICTIONS, "data_quality")
        assert found is not None
        assert not found.passed
        assert found.why.startswith("versions 1 and 2: ")
        assert "10 of 90 rows are of version 99, which there is not" in found.why
        assert "20 of 90 rows are of version 2, which production never held" in found.why
        said = metadata(stage, PREDICTIONS)
        assert said["version"] == "1, 2"
        assert f"score_log[{APRIL}]: `sha256:" in said["log"]
        assert rows_of(said["rows by version"].records)[1] == {"version": 2, "rows": 20}
        drift = shown(stage, DRIFT, "feature_drift")
        assert drift is not None
        assert drift.why == "versions 1 and 2: undecided: there are no rows"


def test_labels_of_rows_that_were_never_predicted_are_named(
    project: ModuleType, promoted_home: Path, tmp_path: Path
) -> None:
    @dg.asset(partitions_def=project.months, io_manager_key="snapshots")
    def outcomes() -> pd.DataFrame:
        return pd.DataFrame()

    plan = Monitoring(keys=("key",), labels=Labels("outcomes", on=("key",), column="late"))
    home = copy_home(promoted_home, tmp_path / "home")
    with watching(home, project, plan, outcomes) as stage:
        raw = worlds.flights(seed=4)
        arrive(stage, raw)
        stage.daemon.tick(NAMES.monitor_sensor)
        early = shown(stage, PERFORMANCE, "label_quality")
        assert early is not None
        assert (early.passed, early.why) == (False, "undecided: no outcome is known yet")

        labels = raw[["key", "late"]].assign(key=["stranger", *raw["key"][1:]])
        stage.registry.store_snapshot(labels, asset="outcomes", partition=APRIL, run=PERSON)
        (run,) = stage.daemon.tick(NAMES.monitor_sensor).runs
        assert run.failures == ()
        late = shown(stage, PERFORMANCE, "label_quality")
        assert late is not None
        assert not late.passed
        assert "1 of 400 labels are of rows that nothing was predicted for" in late.why
        assert metadata(stage, PERFORMANCE)["labelled rows"] == worlds.ROWS - 1
        assert f"outcomes[{APRIL}]: `sha256:" in late.metadata["labels"]


def test_a_history_that_dagster_lost_comes_back(deployed: Stage) -> None:
    stages.arrive(deployed, [APRIL])
    deployed.daemon.tick(NAMES.monitor_sensor)
    deployed.report()
    before, said = all_shown(deployed), {key: metadata(deployed, key) for key in CHECKS}
    events = deployed.events()
    deployed.instance.wipe_assets(list(CHECKS))

    (run,) = deployed.report().runs
    assert run.failures == ()
    assert all_shown(deployed) == before
    assert {key: metadata(deployed, key).keys() for key in CHECKS} == {
        key: each.keys() for key, each in said.items()
    }
    assert deployed.report().runs == ()
    assert deployed.events() == events
    assert deployed.daemon.tick(NAMES.monitor_sensor).runs == ()


@pytest.mark.thorough
def test_one_table_is_watched_whenever_it_changes(
    project: ModuleType, arrived_home: Path, tmp_path: Path
) -> None:
    model = of_one_table(project, Monitoring())
    home = copy_home(arrived_home, tmp_path / "home")
    with stages.open_stage(home, location(project, model)) as stage:
        arrive(stage, worlds.flights(seed=1), partition="")
        assert stage.retrain().success
        for tick in (stage.train(), stage.promote()):
            assert [run.failures for run in tick.runs] == [()]
        assert stage.daemon.tick(NAMES.monitor_sensor).runs == ()

        for seen in (1, 2):
            arrive(stage, worlds.flights(seed=1 + seen), partition="")
            (run,) = stage.daemon.tick(NAMES.monitor_sensor).runs
            assert (run.partition_key, run.failures) == (None, ())
            assert len(stage.made(PREDICTIONS)) == seen
        assert stage.daemon.tick(NAMES.monitor_sensor).runs == ()
        before = all_shown(stage, None)
        assert before["data_quality"].passed

        stage.instance.wipe_assets(list(CHECKS))
        assert stage.report().runs[0].failures == ()
        assert all_shown(stage, None) == before
        assert stage.report().runs == ()


def test_what_was_observed_elsewhere_shows_up(deployed: Stage, project: ModuleType) -> None:
    stages.arrive(deployed, [APRIL])
    deployed.daemon.tick(NAMES.monitor_sensor)
    arrive(deployed, worlds.flights(seed=99))
    model = watched(project, PLAN)
    digest = deployed.registry.observe_predictions(model, APRIL, run=PERSON).digest
    assert deployed.report().runs[0].failures == ()
    assert deployed.made(PREDICTIONS)[-1] == (APRIL, digest)


def test_what_fails_again_and_again_is_left_to_a_person(deployed: Stage) -> None:
    digest = arrive(deployed, worlds.flights(seed=4))
    entry = deployed.registry.manifest(digest).file("data.parquet")
    deployed.registry.backends.store.discard(entry.sha256)

    for _ in range(3):
        (run,) = deployed.daemon.tick(NAMES.monitor_sensor).runs
        assert not run.success
    tick = deployed.daemon.tick(NAMES.monitor_sensor)
    assert tick.runs == ()
    assert tick.skip_reason == (
        "ontime[2013-04]: nothing was predicted of it, and watching it was given up after 3 failed"
        " runs; launch ontime__watch"
    )
