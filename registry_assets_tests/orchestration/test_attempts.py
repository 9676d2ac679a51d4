"""Attempts as Dagster's run history tells of them."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from registry_assets.orchestration import attempts
from registry_assets.orchestration.attempts import (
    Attempts,
    is_job_alive,
    read_attempts,
    read_job_attempts,
    versions_alive,
)
from registry_assets.orchestration.keys import Names
from registry_assets_tests.orchestration.runs import left_behind

TAGS = {**Names("ontime").tags(1, "train"), "dagster/run_key": "ontime:1:train:1"}


@dg.job
def ontime__train() -> None:
    """Stands for the job that was launched."""


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def _failed_run(instance: dg.DagsterInstance, **tags: str) -> str:
    told = {f"dagster/{name}": value for name, value in tags.items()}
    run = instance.create_run_for_job(ontime__train, tags={**TAGS, **told})
    instance.report_run_failed(run)
    return run.run_id


def _read(instance: dg.DagsterInstance) -> Attempts:
    return read_attempts(instance, model="ontime", version=1, purpose="train")


def test_a_failed_run_leaves_room_for_the_next_attempt(instance: dg.DagsterInstance) -> None:
    _failed_run(instance, will_retry="false")

    assert _read(instance) == Attempts(alive=False, failed=1, last=1)


def test_a_run_that_dagster_will_retry_is_alive_until_the_retry_is_there(
    instance: dg.DagsterInstance,
) -> None:
    lost = _failed_run(instance, will_retry="true")
    assert _read(instance).alive

    instance.add_run_tags(lost, {"dagster/auto_retry_run_id": "another"})
    assert not _read(instance).alive


def test_a_retry_that_never_comes_is_not_waited_for(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    _failed_run(instance, will_retry="true")
    monkeypatch.setattr(attempts, "_RETRY_COMES_WITHIN", 0.0)

    assert not _read(instance).alive


def test_a_run_that_is_past_its_limit_was_lost_and_counts_as_failed(
    instance: dg.DagsterInstance,
) -> None:
    tags = {**TAGS, "dagster/max_runtime": "3600"}
    young = left_behind(instance, "ontime__train", tags, seconds=3600)
    assert _read(instance) == Attempts(alive=True, failed=0)
    assert versions_alive(instance, model="ontime") == {1}
    assert is_job_alive(instance, "ontime__train")

    instance.delete_run(young)
    left_behind(instance, "ontime__train", tags, seconds=3600 + 601)
    assert _read(instance) == Attempts(alive=False, failed=1, last=1, lost=1)
    assert versions_alive(instance, model="ontime") == set()
    assert not is_job_alive(instance, "ontime__train")
    by_job = read_job_attempts(instance, job="ontime__train", state="ontime:1:train:")
    assert by_job == Attempts(alive=False, failed=1, last=1, lost=1)


def test_a_run_that_was_lost_about_something_else_is_no_attempt(
    instance: dg.DagsterInstance,
) -> None:
    tags = {**Names("ontime").tags(1, "promote", "canary"), "dagster/max_runtime": "60"}
    left_behind(instance, "ontime__promote", tags, seconds=3600)
    assert _read(instance) == Attempts(alive=False, failed=0)


@pytest.mark.parametrize("limit", [None, "", "soon", "nan", "inf", "0"])
def test_a_run_without_a_limit_is_lost_after_a_day(
    instance: dg.DagsterInstance, limit: str | None
) -> None:
    tags = TAGS if limit is None else {**TAGS, "dagster/max_runtime": limit}
    young = left_behind(instance, "ontime__train", tags, seconds=86_000)
    assert _read(instance).alive
    instance.delete_run(young)
    left_behind(instance, "ontime__train", tags, seconds=87_100)
    assert not _read(instance).alive


def test_the_instances_own_limit_holds_for_runs_without_one(tmp_path: Path) -> None:
    settings = "run_monitoring: {enabled: true, max_runtime_seconds: 1200}\n"
    (tmp_path / "dagster.yaml").write_text(settings)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        left_behind(instance, "ontime__train", TAGS, seconds=1200)
        assert _read(instance).alive
        left_behind(instance, "ontime__train", TAGS, seconds=1900)
        assert (_read(instance).alive, _read(instance).lost) == (True, 1)
