"""The daemon's work in this process: ticks, runs, their traces, and what a crash leaves."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import dagster as dg
import pytest

from registry_assets.errors import DataUnusable, RegistryError
from registry_assets.orchestration.attempts import ALIVE
from registry_assets.orchestration.local import LocalDaemon
from registry_assets_tests.orchestration import pipeline
from registry_assets_tests.orchestration.homes import copy_home, make_home


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("homes") / "template")


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    return copy_home(template, tmp_path / "home")


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


@pytest.fixture
def daemon(home: Path, instance: dg.DagsterInstance) -> Iterator[LocalDaemon]:
    with LocalDaemon(instance=instance, workspace=home / "workspace.yaml") as daemon:
        yield daemon


def _data_version(instance: dg.DagsterInstance, key: dg.AssetKey) -> dict[str | None, str]:
    """Data versions by partition, the newest of each."""
    found: dict[str | None, str] = {}
    for record in instance.fetch_materializations(key, limit=100).records:
        made = record.asset_materialization
        assert made is not None
        assert made.tags is not None
        found.setdefault(made.partition, made.tags["dagster/data_version"])
    return found


def test_a_tick_adds_the_partition_and_executes_its_run(
    daemon: LocalDaemon, instance: dg.DagsterInstance
) -> None:
    tick = daemon.tick("versions")

    (run,) = tick.runs
    assert (run.job, run.partition_key, run.success, run.failures) == (
        "demo__train",
        "1",
        True,
        (),
    )
    assert instance.get_dynamic_partitions("demo/versions") == ["1"]
    assert _data_version(instance, pipeline.MODEL) == {"1": pipeline.digest("model", "1")}


def test_a_run_has_the_tags_that_the_daemon_gives(
    daemon: LocalDaemon, instance: dg.DagsterInstance
) -> None:
    (outcome,) = daemon.tick("versions").runs

    run = instance.get_run_by_id(outcome.run_id)
    assert run is not None
    assert run.tags["dagster/run_key"] == "demo/1/1"
    assert run.tags["dagster/sensor_name"] == "versions"
    assert run.tags["dagster/partition"] == "1"
    assert run.tags["dagster/code_location"] == "demo"
    assert run.tags["asked_by"] == "versions"
    assert "dagster/tick" in run.tags


def test_a_failed_check_fails_no_run_and_is_stored_with_its_partition(
    daemon: LocalDaemon, instance: dg.DagsterInstance
) -> None:
    daemon.tick("versions")
    (run,) = daemon.tick("versions").runs

    assert run.success
    passed = {}
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
        result = entry.get_dagster_event().asset_check_evaluation_data
        passed[result.check_name, result.partition] = result.passed
    assert passed == {("loads", "2"): True, ("good", "2"): False}


def test_events_of_a_tick_are_reported_without_a_run(
    daemon: LocalDaemon, instance: dg.DagsterInstance
) -> None:
    third = [daemon.tick("versions") for _ in range(3)][2]

    assert third.runs == ()
    assert _data_version(instance, pipeline.MODEL)["3"] == pipeline.digest("model", "3")
    assert instance.get_materialized_partitions(pipeline.MODEL) == {"1", "2", "3"}


def test_a_known_run_key_makes_no_second_run(
    daemon: LocalDaemon, instance: dg.DagsterInstance
) -> None:
    ticks = [daemon.tick("versions") for _ in range(4)]

    assert (ticks[3].runs, ticks[3].repeated) == ((), ("demo/1/1",))
    assert instance.get_runs_count() == 2


def test_the_cursor_outlives_the_process_and_the_skip_reason_comes_back(
    home: Path, instance: dg.DagsterInstance
) -> None:
    ticks = []
    for _ in range(5):
        with LocalDaemon(instance=instance, workspace=home / "workspace.yaml") as daemon:
            ticks.append(daemon.tick("versions"))

    partitions = [[run.partition_key for run in tick.runs] for tick in ticks]
    assert partitions == [["1"], ["2"], [], [], []]
    assert ticks[-1].skip_reason == "no reserved version waits for training"


def test_a_run_request_brings_its_config(daemon: LocalDaemon, instance: dg.DagsterInstance) -> None:
    assert daemon.tick("promotion").skip_reason == "no version is evaluated"
    daemon.tick("versions")
    (run,) = daemon.tick("promotion").runs

    assert (run.job, run.success) == ("demo__promote", True)
    assert _data_version(instance, pipeline.PRODUCTION) == {None: pipeline.digest("model", "1")}


def test_a_sensor_that_is_off_is_not_evaluated(daemon: LocalDaemon) -> None:
    tick = daemon.tick("switched_off")

    assert tick.skip_reason == (
        "The sensor switched_off is off. Start it in the Dagster UI, under Automation."
    )


def test_a_job_without_config_may_materialize_nothing(
    daemon: LocalDaemon, instance: dg.DagsterInstance
) -> None:
    outcome = daemon.run_job("demo__promote")

    assert outcome.success
    assert _data_version(instance, pipeline.PRODUCTION) == {}


def test_a_failure_is_told_in_the_words_it_was_raised_with(daemon: LocalDaemon) -> None:
    config = {"ops": {"demo__production": {"config": {"version": 2}}}}
    outcome = daemon.run_job("demo__promote", run_config=config)

    assert not outcome.success
    assert outcome.failures == ("version 2 is held",)


def test_config_that_does_not_fit_launches_nothing(
    daemon: LocalDaemon, instance: dg.DagsterInstance
) -> None:
    config = {"ops": {"demo__production": {"config": {"verison": 2}}}}
    with pytest.raises(RegistryError, match='unexpected config entry "verison"'):
        daemon.run_job("demo__promote", run_config=config)

    assert instance.get_runs_count() == 0


def test_materialize_takes_a_partition_and_any_selection(
    daemon: LocalDaemon, instance: dg.DagsterInstance
) -> None:
    instance.add_dynamic_partitions("demo/versions", ["1"])
    outcome = daemon.materialize([pipeline.EVALUATION], partition_key="1")

    assert outcome.success
    assert instance.get_materialized_partitions(pipeline.EVALUATION) == {"1"}
    assert instance.get_materialized_partitions(pipeline.MODEL) == set()


def test_a_partition_that_nobody_added_fails_its_run(daemon: LocalDaemon) -> None:
    outcome = daemon.materialize([pipeline.EVALUATION], partition_key="77")

    assert not outcome.success
    assert "77" in outcome.failures[0]


def test_run_events_stay_off_the_terminal(
    daemon: LocalDaemon, instance: dg.DagsterInstance, capfd: pytest.CaptureFixture[str]
) -> None:
    outcome = daemon.run_job("demo__promote")

    assert capfd.readouterr() == ("", "")
    logged = [entry.user_message for entry in instance.all_logs(outcome.run_id)]
    assert "Nothing to promote." in logged


def _broken() -> dg.Definitions:
    @dg.asset
    def refused() -> None:
        raise DataUnusable("the partition 2013-05 is empty.", hint="materialize it again.")

    @dg.asset
    def crashed() -> None:
        raise KeyError("tailnum")

    @dg.asset
    def interrupted() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(10)

    def sensor(name: str, target: list[dg.AssetsDefinition], fails: bool) -> dg.SensorDefinition:
        @dg.sensor(name=name, target=target, default_status=dg.DefaultSensorStatus.RUNNING)
        def evaluate() -> list[dg.RunRequest]:
            if fails:
                raise DataUnusable("the catalog is away.")
            return [
                dg.RunRequest(run_key=asset.key.to_user_string(), asset_selection=[asset.key])
                for asset in target
            ]

        return evaluate

    return dg.Definitions(
        assets=[refused, crashed, interrupted],
        sensors=[
            sensor("failing", [refused], fails=True),
            sensor("interrupting", [interrupted, crashed], fails=False),
        ],
    )


def test_every_failed_step_says_its_own_error(instance: dg.DagsterInstance) -> None:
    with LocalDaemon(instance=instance, definitions=_broken()) as daemon:
        outcome = daemon.materialize([dg.AssetKey("refused"), dg.AssetKey("crashed")])

    assert sorted(outcome.failures) == [
        "KeyError: 'tailnum'",
        "the partition 2013-05 is empty.\nHint: materialize it again.",
    ]


def test_a_failing_sensor_raises_what_it_said(instance: dg.DagsterInstance) -> None:
    with (
        LocalDaemon(instance=instance, definitions=_broken()) as daemon,
        pytest.raises(RegistryError, match=r"sensor failing failed: the catalog is away\."),
    ):
        daemon.tick("failing")


def test_an_interrupt_stops_this_run_and_those_that_wait(instance: dg.DagsterInstance) -> None:
    with LocalDaemon(instance=instance, definitions=_broken()) as daemon:
        with pytest.raises(KeyboardInterrupt):
            daemon.tick("interrupting")
        runs = instance.get_runs()
        again = daemon.tick("interrupting")

    assert [run.status for run in runs] == [dg.DagsterRunStatus.FAILURE] * 2
    assert again.runs == ()
    assert again.repeated == ("interrupted", "crashed")


@pytest.mark.parametrize("swallowed", [BaseException, ZeroDivisionError])
def test_an_interrupt_of_a_tick_is_not_lost(
    instance: dg.DagsterInstance, swallowed: type[BaseException]
) -> None:
    @dg.asset
    def nothing() -> None:
        pass

    @dg.sensor(target=[nothing], default_status=dg.DefaultSensorStatus.RUNNING)
    def interrupted() -> dg.RunRequest:
        with suppress(swallowed):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(10)
        return dg.RunRequest(run_key="once")

    definitions = dg.Definitions(assets=[nothing], sensors=[interrupted])
    with LocalDaemon(instance=instance, definitions=definitions) as daemon:
        with pytest.raises(KeyboardInterrupt):
            daemon.tick("interrupted")
        assert daemon.materialize([nothing.key]).success

    statuses = {run.status for run in instance.get_runs()}
    assert not statuses & set(ALIVE)


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_was_submitted_and_never_began_is_marked_as_failed(
    home: Path, instance: dg.DagsterInstance, ending: signal.Signals
) -> None:
    script = f"""
import os
from registry_assets.orchestration.unstable.launching import HandOver
HandOver.launch_run = lambda self, context: os.kill(os.getpid(), {ending.value})
{_KILLED}"""
    done = subprocess.run(
        [sys.executable, "-c", script, home, "waiting"], check=False, capture_output=True
    )
    assert done.returncode == -ending
    assert b"waiting" not in done.stdout

    with LocalDaemon(instance=instance, definitions=dg.Definitions()):
        (run,) = instance.get_runs()

    assert run.status is dg.DagsterRunStatus.FAILURE


_KILLED = """
import os, signal, sys
from pathlib import Path
import dagster as dg
from registry_assets.orchestration.attempts import ALIVE
from registry_assets.orchestration.local import LocalDaemon

@dg.asset
def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)

@dg.asset
def waiting() -> None:
    print("waiting", flush=True)
    sys.stdin.read()

home, asset = sys.argv[1:]
instance = dg.DagsterInstance.from_config(home)
with LocalDaemon(instance=instance, definitions=dg.Definitions(assets=[killed, waiting])) as daemon:
    daemon.materialize([dg.AssetKey(asset)])
"""


def test_a_run_whose_process_was_killed_is_marked_as_failed(
    home: Path, instance: dg.DagsterInstance
) -> None:
    ended = subprocess.run([sys.executable, "-c", _KILLED, home, "killed"], check=False)
    assert ended.returncode == -signal.SIGKILL
    (left,) = instance.get_runs()
    assert left.status is dg.DagsterRunStatus.STARTED

    with LocalDaemon(instance=instance, definitions=dg.Definitions()):
        (run,) = instance.get_runs()

    assert run.status is dg.DagsterRunStatus.FAILURE


def test_a_run_of_a_living_process_is_left_alone(home: Path, instance: dg.DagsterInstance) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", _KILLED, home, "waiting"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "waiting\n"
        with LocalDaemon(instance=instance, definitions=dg.Definitions()):
            (during,) = instance.get_runs()
        other.communicate("go on")
    (after,) = instance.get_runs()

    assert during.status is dg.DagsterRunStatus.STARTED
    assert after.status is dg.DagsterRunStatus.SUCCESS
