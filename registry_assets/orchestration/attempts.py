"""What Dagster's run history says: runs alive, and attempts that ended.

A `run_key` never runs twice, whatever became of its run, so the attempt is part of the key.
A sensor only reads, so attempts are counted from the runs themselves.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from registry_assets.orchestration.keys import MODEL_TAG, PURPOSE_TAG, VERSION_TAG

MAX_ATTEMPTS = 3

ALIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_FAILED = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_ENDED = [dg.DagsterRunStatus.SUCCESS, *_FAILED]
_RETRY_COMES_WITHIN = 600.0
"""Seconds that Dagster's daemon has for a retry that a failed run was marked for."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """The runs about one thing: whether one is alive, and how those of a purpose ended.

    Args:
        last: the highest number that one of their run keys ends with.
    """

    alive: bool
    failed: int
    succeeded: int = 0
    last: int = 0

    @property
    def exhausted(self) -> bool:
        """Whether trying again needs a person."""
        # A success that is asked for again did not bring about what it should have.
        return max(self.failed, self.succeeded) >= MAX_ATTEMPTS

    @property
    def sentence(self) -> str:
        """How the attempts ended."""
        if self.failed >= MAX_ATTEMPTS:
            return f"was given up after {self.failed} failed runs"
        return f"ended {self.succeeded} times, and is still asked for"

    @property
    def next(self) -> int:
        """The number of the next attempt, from 1."""
        # Of runs that were deleted in the UI nothing counts, and the later keys are still taken.
        return max(self.failed + self.succeeded, self.last) + 1


def read_attempts(
    instance: dg.DagsterInstance, *, model: str, version: int, purpose: str, state: str = ""
) -> Attempts:
    """Read the runs about a version.

    Args:
        state: what the attempts must have been about, beside the version: a run key's stem.
    """
    tags = {MODEL_TAG: model, VERSION_TAG: str(version)}
    alive = instance.get_runs(dg.RunsFilter(tags=tags, statuses=ALIVE), limit=1)
    about = {**tags, PURPOSE_TAG: purpose}
    ended = instance.get_run_records(dg.RunsFilter(tags=about, statuses=_ENDED))
    return _attempts(alive, ended, state)


def read_job_attempts(instance: dg.DagsterInstance, *, job: str, state: str) -> Attempts:
    """Read the runs of a job that is about no single version.

    Args:
        state: what the attempts must have been about: a run key's stem.
    """
    alive = instance.get_runs(dg.RunsFilter(job_name=job, statuses=ALIVE), limit=1)
    ended = instance.get_run_records(dg.RunsFilter(job_name=job, statuses=_ENDED))
    return _attempts(alive, ended, state)


def versions_alive(instance: dg.DagsterInstance, *, model: str) -> set[int]:
    """Give the versions of a model that some run is about at this moment."""
    runs = instance.get_runs(dg.RunsFilter(tags={MODEL_TAG: model}, statuses=ALIVE))
    return {int(run.tags[VERSION_TAG]) for run in runs if VERSION_TAG in run.tags}


def _attempts(
    alive: Sequence[dg.DagsterRun], ended: Sequence[dg.RunRecord], state: str
) -> Attempts:
    runs = [record.dagster_run for record in ended]
    keys = {run.run_id: run.tags.get("dagster/run_key", "") for run in runs}
    about = [run for run in runs if keys[run.run_id].startswith(state)]
    failed = sum(run.status in _FAILED for run in about)
    numbers = [keys[run.run_id].rpartition(":")[2] for run in about]
    return Attempts(
        alive=bool(alive) or any(map(_is_tried_again, ended)),
        failed=failed,
        succeeded=len(about) - failed,
        last=max((int(number) for number in numbers if number.isdecimal()), default=0),
    )


def _is_tried_again(record: dg.RunRecord) -> bool:
    """Tell a run whose worker was lost, and whose retry Dagster's daemon is about to launch.

    In those seconds another attempt would train the same version beside the retry.
    """
    tags = record.dagster_run.tags
    coming = tags.get("dagster/will_retry") == "true" and "dagster/auto_retry_run_id" not in tags
    # A daemon that never comes to it must not keep the version waiting for ever.
    return coming and time.time() - (record.end_time or 0.0) < _RETRY_COMES_WITHIN
