"""What Dagster lost, or never heard of, is reported to it again; the registry stays as it was."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import dagster as dg
import pytest

from registry_assets import AtLeast
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.lifecycle.reserving import Request
from registry_assets.orchestration.attempts import MAX_ATTEMPTS
from registry_assets.orchestration.reporting import NOTHING_MISSING, REPORT_JOB
from registry_assets_tests.orchestration.projects import MONTHS
from registry_assets_tests.orchestration.stage import (
    EVALUATION,
    FEATURES,
    MODEL,
    POOR,
    PRODUCTION,
    Stage,
    copy_home,
    open_stage,
)
from registry_assets_tests.sometimes import some

VERSIONS = "ontime/versions"
VERIFIES = dg.AssetCheckKey(PRODUCTION, "verifies")
PERSON = RunInfo(actor="alice", run_id="by hand")
ALL = (MODEL, EVALUATION, PRODUCTION, FEATURES, dg.AssetKey("flights"), dg.AssetKey("planes"))

# After the commit the catalog knows what Dagster does not; before it, neither does.
POINTS = some(["begin", "written", "committed"], always=["committed"])


def told(stage: Stage) -> dict[str, object]:
    """What Dagster shows of the model: partitions, data versions, verdicts, each once."""
    checks = {
        (key.to_user_string(), number): stage.checks(key, number)
        for key in (MODEL, EVALUATION)
        for number in stage.instance.get_dynamic_partitions(VERSIONS)
    }
    return {
        "partitions": sorted(stage.instance.get_dynamic_partitions(VERSIONS)),
        "made": {key.to_user_string(): sorted(set(stage.made(key)), key=str) for key in ALL},
        "checks": checks,
    }


def report(stage: Stage) -> None:
    """Let the sensor look, and find that the run it asked for reported everything."""
    tick = stage.report()
    assert tick.skip_reason is None
    assert [(run.job, run.failures) for run in tick.runs] == [(REPORT_JOB, ())]
    assert stage.report().skip_reason == NOTHING_MISSING


def generations(stage: Stage) -> list[object]:
    """The generations that Dagster shows of production, oldest first."""
    where = stage.instance.fetch_materializations(PRODUCTION, limit=100, ascending=True)
    events = [record.asset_materialization for record in where.records]
    return [event.metadata["generation"].value for event in events if event]


def verified(stage: Stage) -> list[object]:
    """The versions that the check on production was about, newest first."""
    graph = stage.instance.event_log_storage
    records = graph.get_asset_check_execution_history(VERIFIES, limit=100)
    assert all(record.evaluation and record.evaluation.passed for record in records)
    return [r.evaluation.metadata["version"].value for r in records if r.evaluation]


def test_nothing_is_reported_twice_and_nothing_that_is_there(rejected: Stage) -> None:
    assert [rejected.report().skip_reason for _ in range(3)] == [NOTHING_MISSING] * 3


def test_a_deleted_partition_comes_back(rejected: Stage) -> None:
    before, events = told(rejected), rejected.events()
    rejected.instance.delete_dynamic_partition(VERSIONS, "1")
    rejected.instance.delete_dynamic_partition(VERSIONS, "2")

    tick = rejected.report()
    assert tick.skip_reason == "added 2 partitions that Dagster was missing"
    assert tick.runs == ()
    assert told(rejected) == before
    assert rejected.report().skip_reason == NOTHING_MISSING
    assert rejected.events() == events


def test_a_wiped_history_comes_back_with_checks_and_data_versions_each_time(
    rejected: Stage,
) -> None:
    before, events = told(rejected), rejected.events()
    for _ in range(2):
        rejected.instance.wipe_assets(list(ALL))
        assert told(rejected) != before

        report(rejected)
        assert told(rejected) == before
    assert rejected.events() == events
    assert rejected.train().runs == ()
    assert rejected.promote().runs == ()


def test_what_deleted_runs_had_shown_comes_back(rejected: Stage) -> None:
    before, events = told(rejected), rejected.events()
    for run in rejected.instance.get_runs():
        rejected.instance.delete_run(run.run_id)

    report(rejected)
    assert told(rejected) == before
    assert rejected.events() == events
    assert rejected.train().runs == ()
    assert rejected.promote().runs == ()


def test_a_reported_version_looks_like_one_from_a_run(rejected: Stage) -> None:
    def shown(key: dg.AssetKey, partition: str | None) -> set[str]:
        where = dg.AssetRecordsFilter(key, asset_partitions=[partition] if partition else None)
        (record, *_) = rejected.instance.fetch_materializations(where, limit=1).records
        assert record.asset_materialization is not None
        return set(record.asset_materialization.metadata)

    places = [(MODEL, "2"), (EVALUATION, "2"), (PRODUCTION, None), (FEATURES, MONTHS[0])]
    by_run = [shown(key, partition) for key, partition in places]
    rejected.instance.wipe_assets([key for key, _ in places])
    report(rejected)
    assert [shown(key, partition) for key, partition in places] == by_run


def test_a_version_made_and_promoted_elsewhere_shows_up(
    arrived: Stage, project: ModuleType
) -> None:
    registry, declared = arrived.registry, project.ontime
    registry.reserve(declared, Request("notebook"), run=PERSON)
    registry.train(declared, 1, run=PERSON)
    registry.evaluate(declared, 1, run=PERSON)
    registry.promote("ontime", 1, run=PERSON)

    report(arrived)
    version = registry.version("ontime:1")
    assert version.evaluation is not None
    assert arrived.instance.get_dynamic_partitions(VERSIONS) == ["1"]
    assert arrived.made(MODEL) == [("1", version.version.digest)]
    assert arrived.made(EVALUATION) == [("1", version.evaluation.digest)]
    assert arrived.made(PRODUCTION) == [(None, version.version.digest)]
    checks = {**arrived.checks(MODEL, "1"), **arrived.checks(EVALUATION, "1")}
    assert len(checks) == 5
    assert all(check.passed for check in checks.values())
    assert arrived.promote().runs == ()


def test_a_version_committed_elsewhere_is_evaluated_and_promoted_by_the_sensors(
    arrived: Stage, project: ModuleType
) -> None:
    registry, declared = arrived.registry, project.ontime
    registry.reserve(declared, Request("notebook"), run=PERSON)
    registry.train(declared, 1, run=PERSON)

    # Before the report: the sensor adds the partition that its own request needs.
    (evaluated,) = arrived.promote().runs
    assert (evaluated.job, evaluated.success) == ("ontime__evaluate", True)
    (moved,) = arrived.promote().runs
    assert moved.success, moved.failures
    assert registry.pointer("ontime").version == 1
    report(arrived)
    assert arrived.made(MODEL) == [("1", registry.version("ontime:1").version.digest)]
    assert len(arrived.made(EVALUATION)) == 1


@pytest.mark.thorough
def test_an_evaluation_repeated_elsewhere_replaces_what_is_shown_each_time(
    promoted: Stage, project: ModuleType
) -> None:
    for threshold, passed in ((0.61, True), (0.999, False)):
        gates = (AtLeast("roc_auc", threshold), *project.ontime.gates[1:])
        promoted.registry.evaluate(replace(project.ontime, gates=gates), 1, run=PERSON)

        report(promoted)
        assert promoted.checks(EVALUATION, "1")["roc_auc_at_least"].passed == passed
        evaluation = promoted.registry.version("ontime:1").evaluation
        assert evaluation is not None
        assert promoted.made(EVALUATION)[-1] == ("1", evaluation.digest)


def test_a_result_of_a_check_that_a_person_reported_stops_nothing(
    promoted: Stage, project: ModuleType
) -> None:
    name = "roc_auc_at_least"
    planted = dg.AssetCheckEvaluation(
        asset_key=EVALUATION,
        check_name=name,
        passed=True,
        metadata={"digest": "planted"},
        partition="1",
    )
    promoted.instance.report_runless_asset_event(planted)
    assert promoted.checks(EVALUATION, "1")[name].digest == "planted"
    stricter = replace(project.ontime, gates=(AtLeast("roc_auc", 0.999), *project.ontime.gates[1:]))
    promoted.registry.evaluate(stricter, 1, run=PERSON)

    report(promoted)
    shown = promoted.checks(EVALUATION, "1")[name]
    assert not shown.passed
    assert shown.digest == promoted.registry.version("ontime:1").version.digest


def test_a_materialization_that_a_person_reported_stops_no_sensor(promoted: Stage) -> None:
    digest = promoted.registry.resolve("ontime@production").digest
    promoted.instance.report_runless_asset_event(dg.AssetMaterialization(PRODUCTION))

    report(promoted)
    assert [version for _, version in promoted.made(PRODUCTION)] == [digest, None, digest]
    assert verified(promoted) == ["1"]


@pytest.fixture
def moved_twice(promoted: Stage) -> Stage:
    """Version 2 followed version 1 into production."""
    promoted.retrain(params={"C": 0.5})
    for (run,) in (promoted.train().runs, promoted.promote().runs):
        assert run.success, run.failures
    return promoted


@pytest.mark.thorough
def test_every_promotion_of_a_wiped_pointer_comes_back_oldest_first(moved_twice: Stage) -> None:
    before = moved_twice.made(PRODUCTION)
    assert (generations(moved_twice), verified(moved_twice)) == ([1, 2], ["2", "1"])
    moved_twice.instance.wipe_assets([PRODUCTION])
    assert (generations(moved_twice), verified(moved_twice)) == ([], [])

    report(moved_twice)
    assert moved_twice.made(PRODUCTION) == before
    # What the check would have found of a version that is gone from production is not known.
    assert (generations(moved_twice), verified(moved_twice)) == ([1, 2], ["2"])


@pytest.mark.thorough
def test_an_earlier_promotion_comes_back_and_the_newest_stays_last(moved_twice: Stage) -> None:
    (_, first) = moved_twice.instance.get_runs(dg.RunsFilter(job_name="ontime__promote"))
    moved_twice.instance.delete_run(first.run_id)
    assert generations(moved_twice) == [2]

    report(moved_twice)
    assert generations(moved_twice) == [2, 1, 2]


def test_one_file_that_is_corrupt_keeps_nothing_else_from_being_reported(rejected: Stage) -> None:
    before, shown = told(rejected), rejected.registry.version("ontime:1").evaluation
    assert shown is not None
    name = shown.digest.removeprefix("sha256:")[2:]
    (file,) = Path(rejected.registry.home.store).rglob(name)
    away = file.rename(rejected.folder / "away")
    rejected.instance.wipe_assets(list(ALL))

    (run,) = rejected.report().runs
    assert run.failures[0].startswith("ontime/evaluation[1] cannot be reported: ")
    assert [partition for partition, _ in rejected.made(EVALUATION)] == ["2"]
    for _ in range(MAX_ATTEMPTS):
        (run,) = rejected.report().runs
        assert not run.success
    reason = rejected.report().skip_reason
    assert reason is not None
    given_up = f"was given up after {MAX_ATTEMPTS} failed runs; launch the job {REPORT_JOB}"
    assert reason == f"ontime/evaluation[1]: reporting {given_up} by hand to try again"

    away.rename(file)
    assert rejected.daemon.run_job(REPORT_JOB).success
    assert told(rejected) == before
    assert rejected.report().skip_reason == NOTHING_MISSING


def test_one_report_at_a_time(promoted: Stage) -> None:
    promoted.instance.wipe_assets([MODEL])
    run = dg.DagsterRun(job_name=REPORT_JOB, status=dg.DagsterRunStatus.STARTED)
    promoted.instance.add_run(run)
    assert promoted.report().skip_reason == f"a run of {REPORT_JOB} is under way"
    promoted.instance.delete_run(run.run_id)
    report(promoted)


@pytest.mark.parametrize("job", ["ontime__promote", "ontime__rollback"])
def test_a_move_is_not_reported_while_a_run_may_report_it_itself(promoted: Stage, job: str) -> None:
    promoted.instance.wipe_assets([PRODUCTION])
    run = dg.DagsterRun(job_name=job, status=dg.DagsterRunStatus.STARTED)  # as a person launches it
    promoted.instance.add_run(run)
    assert promoted.report().skip_reason == NOTHING_MISSING
    promoted.instance.delete_run(run.run_id)
    report(promoted)
    assert generations(promoted) == [1]


def test_a_pointer_file_that_was_lost_is_written_again(promoted: Stage) -> None:
    store = promoted.registry.backends.store
    held = store.read_pointer("ontime", "production")
    (file,) = Path(promoted.registry.home.store).rglob("production.json")
    for _ in range(2):
        file.chmod(0o600)
        file.unlink()
        (run,) = promoted.promote().runs
        assert run.success, run.failures
        assert store.read_pointer("ontime", "production") == held
    assert [p.generation for p in promoted.registry.promotions("ontime")] == [1]


KILLED = """
import sys
from pathlib import Path

import dagster as dg
from ontime.definitions import defs
from registry_assets.orchestration.local import LocalDaemon

home, sensor = sys.argv[1:]
with LocalDaemon(instance=dg.DagsterInstance.from_config(home), definitions=defs) as daemon:
    daemon.tick(sensor)
"""


def killed(home: Path, project: ModuleType, *, at: str, sensor: str) -> None:
    """Let a sensor act in a process that dies at a named point."""
    folder = Path(str(project.__file__)).parents[1]
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLED, str(home), sensor],
        env={
            **os.environ,
            "REGISTRY_FAULT": at,
            "REGISTRY_HOME": str(home),
            "PYTHONPATH": str(folder),
        },
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_around_the_commit_ends_in_one_version_shown_once(
    point: str, arrived_home: Path, project: ModuleType, tmp_path: Path
) -> None:
    home = copy_home(arrived_home, tmp_path / "home")
    with open_stage(home, project.defs) as stage:
        stage.retrain()
    killed(home, project, at=f"version_committed.{point}", sensor="ontime__versions")

    with open_stage(home, project.defs) as stage:
        committed = stage.registry.version_numbered("ontime", 1).version.state == "committed"
        assert committed == (point == "committed")
        runs = [run for _ in range(2) for run in stage.train().runs]
        assert [run.success for run in runs] == ([] if committed else [True])
        stage.report()
        moved = [run for _ in range(3) for run in stage.promote().runs]
        assert all(run.success for run in moved)
        version = stage.registry.version("ontime@production").version
        assert stage.made(MODEL) == [("1", version.digest)]
        assert len(stage.made(EVALUATION)) == 1
        assert stage.made(PRODUCTION) == [(None, version.digest)]
        assert all(check.passed for check in stage.checks(MODEL, "1").values())
        assert stage.events().count("version_committed") == 1
        assert stage.registry.verify().clean
        assert stage.report().skip_reason == NOTHING_MISSING


@pytest.mark.thorough
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_around_an_evaluation_ends_in_one_evaluation(
    point: str, arrived_home: Path, project: ModuleType, tmp_path: Path
) -> None:
    home = copy_home(arrived_home, tmp_path / "home")
    with open_stage(home, project.defs) as stage:
        stage.retrain(params=POOR)
    killed(home, project, at=f"version_evaluated.{point}", sensor="ontime__versions")

    with open_stage(home, project.defs) as stage:
        recorded = len(stage.registry.evaluations("ontime"))
        assert recorded == (point == "committed")
        assert stage.train().runs == ()
        runs = [run for _ in range(2) for run in stage.promote().runs]
        assert [(run.job, run.success) for run in runs] == (
            [] if recorded else [("ontime__evaluate", True)]
        )
        stage.report()
        summary = stage.registry.version("ontime:1")
        assert summary.stage == "rejected"
        assert summary.evaluation is not None
        assert stage.made(EVALUATION) == [("1", summary.evaluation.digest)]
        assert not stage.checks(EVALUATION, "1")["roc_auc_at_least"].passed
        assert stage.registry.verify().clean


@pytest.mark.parametrize(
    "at",
    some(
        ["pointer_moved.written", "pointer_moved.committed", "pointer_file.renamed"],
        always=["pointer_moved.committed"],
    ),
)
def test_a_kill_around_a_promotion_ends_in_one_move_shown_once(
    at: str, trained_home: Path, project: ModuleType, tmp_path: Path
) -> None:
    home = copy_home(trained_home, tmp_path / "home")
    killed(home, project, at=at, sensor="ontime__promotion")

    with open_stage(home, project.defs) as stage:
        runs = [run for _ in range(2) for run in stage.promote().runs]
        assert all(run.success for run in runs), runs
        stage.report()
        version = stage.registry.version("ontime@production").version
        assert stage.made(PRODUCTION) == [(None, version.digest)]
        assert [p.generation for p in stage.registry.promotions("ontime")] == [1]
        assert stage.registry.backends.store.read_pointer("ontime", "production") is not None
        assert stage.registry.verify().clean
        assert stage.report().skip_reason == NOTHING_MISSING
        assert stage.promote().runs == ()
