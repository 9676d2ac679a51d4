"""Attempts as Dagster's run history tells of them."""

from collections.abc import Iterator

import dagster as dg
import pytest

from registry_assets.orchestration import attempts
from registry_assets.orchestration.attempts import Attempts, read_attempts
from registry_assets.orchestration.keys import Names

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
