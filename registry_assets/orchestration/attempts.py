"""What Dagster's run history says: runs alive, and attempts that ended or were lost.

A `run_key` never runs twice, whatever became of its run, so the attempt is part of the key.
A sensor only reads, so attempts are counted from the runs themselves.

A run whose host died stays started until run monitoring ends it, and where that is off for ever.
So a run is alive only as long as it may run: past that it was lost, and counts as failed.
"""

import time
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

import dagster as dg

from registry_assets.orchestration.keys import MODEL_TAG, PURPOSE_TAG, VERSION_TAG
from registry_assets.orchestration.unstable import runtime_limit

MAX_ATTEMPTS = 3
PARTITION_TAG = "dagster/partition"

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
_MONITORING_TAKES = 600.0
"""Seconds in which run monitoring, where it is on, ends a run that is past its limit."""
_DAY = 86_400.0
"""Seconds after which a run was lost that has no limit, or waits in the queue: a queue is long
where others train, and its runs come to their turn by themselves."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """The runs about one thing: whether one is alive, and how those of a purpose ended.

    Args:
        failed: those that were lost among them.
        last: the highest number that one of their run keys ends with.
        lost: how many never ended, and show no sign of life.
        newest: the id of the last that ended or was lost; empty where there is none.
    """

    alive: bool
    failed: int
    succeeded: int = 0
    last: int = 0
    lost: int = 0
    newest: str = field(default="", compare=False)

    @property
    def made(self) -> int:
        """How many there were."""
        return self.failed + self.succeeded

    @property
    def exhausted(self) -> bool:
        """Whether trying again needs a person."""
        # A success that is asked for again did not bring about what it should have.
        return max(self.failed, self.succeeded) >= MAX_ATTEMPTS

    @property
    def sentence(self) -> str:
        """How the attempts ended."""
        if self.failed >= MAX_ATTEMPTS:
            never_ended = f", {self.lost} of which never ended" if self.lost else ""
            return f"was given up after {self.failed} failed runs{never_ended}"
        return f"ended {self.succeeded} times, and is still asked for"

    @property
    def next(self) -> int:
        """The number of the next attempt, from 1."""
        # Of runs that were deleted in the UI nothing counts, and the later keys are still taken.
        return max(self.made, self.last) + 1


def read_attempts(
    instance: dg.DagsterInstance, *, model: str, version: int, purpose: str, state: str = ""
) -> Attempts:
    """Read the runs about a version.

    Args:
        state: what the attempts must have been about, beside the version: a run key's stem.
    """
    tags = {MODEL_TAG: model, VERSION_TAG: str(version)}
    unended = instance.get_run_records(dg.RunsFilter(tags=tags, statuses=ALIVE))
    about = {**tags, PURPOSE_TAG: purpose}
    ended = instance.get_run_records(dg.RunsFilter(tags=about, statuses=_ENDED))
    alive, lost = _divided(instance, unended)
    ours = [record for record in lost if record.dagster_run.tags.get(PURPOSE_TAG) == purpose]
    return _attempts(ended, ours, state, alive=bool(alive))


def read_job_attempts(
    instance: dg.DagsterInstance, *, job: str, state: str, partition: str = ""
) -> Attempts:
    """Read the runs of a job that is about no single version.

    Args:
        state: what the attempts must have been about: a run key's stem.
        partition: only its runs, where the job has partitions.
    """
    tags = {PARTITION_TAG: partition} if partition else {}
    unended = instance.get_run_records(dg.RunsFilter(job_name=job, tags=tags, statuses=ALIVE))
    ended = instance.get_run_records(dg.RunsFilter(job_name=job, tags=tags, statuses=_ENDED))
    alive, lost = _divided(instance, unended)
    return _attempts(ended, lost, state, alive=bool(alive))


def versions_alive(instance: dg.DagsterInstance, *, model: str) -> set[int]:
    """Give the versions of a model that some run is about at this moment."""
    unended = instance.get_run_records(dg.RunsFilter(tags={MODEL_TAG: model}, statuses=ALIVE))
    alive, _ = _divided(instance, unended)
    tags = [record.dagster_run.tags for record in alive]
    return {int(found[VERSION_TAG]) for found in tags if VERSION_TAG in found}


def partitions_alive(instance: dg.DagsterInstance, *, job: str) -> set[str]:
    """Give the partitions that some run of a job is about now; "" for one without."""
    unended = instance.get_run_records(dg.RunsFilter(job_name=job, statuses=ALIVE))
    alive, _ = _divided(instance, unended)
    return {record.dagster_run.tags.get(PARTITION_TAG, "") for record in alive}


def is_job_alive(instance: dg.DagsterInstance, job: str) -> bool:
    """Tell whether some run of a job is under way."""
    unended = instance.get_run_records(dg.RunsFilter(job_name=job, statuses=ALIVE))
    return bool(_divided(instance, unended)[0])


def _attempts(
    ended: Sequence[dg.RunRecord], lost: Sequence[dg.RunRecord], state: str, *, alive: bool
) -> Attempts:
    def about(records: Sequence[dg.RunRecord]) -> list[dg.DagsterRun]:
        runs = [record.dagster_run for record in records]
        return [run for run in runs if _key(run).startswith(state)]

    over, never_ended = about(ended), about(lost)
    failed = sum(run.status in _FAILED for run in over)
    numbers = [_key(run).rpartition(":")[2] for run in (*over, *never_ended)]
    return Attempts(
        alive=alive or any(map(_is_tried_again, ended)),
        failed=failed + len(never_ended),
        succeeded=len(over) - failed,
        last=max((int(number) for number in numbers if number.isdecimal()), default=0),
        lost=len(never_ended),
        newest=_newest([*ended, *lost], {run.run_id for run in (*over, *never_ended)}),
    )


def _newest(records: Sequence[dg.RunRecord], about: Container[str]) -> str:
    found = [record for record in records if record.dagster_run.run_id in about]
    newest = max(found, key=lambda record: record.create_timestamp, default=None)
    return newest.dagster_run.run_id if newest is not None else ""


def _key(run: dg.DagsterRun) -> str:
    return run.tags.get("dagster/run_key", "")


def _divided(
    instance: dg.DagsterInstance, unended: Sequence[dg.RunRecord]
) -> tuple[list[dg.RunRecord], list[dg.RunRecord]]:
    """Divide runs that have not ended into those that may still, and those that were lost."""
    alive: list[dg.RunRecord] = []
    lost: list[dg.RunRecord] = []
    for record in unended:
        (lost if _is_lost(instance, record) else alive).append(record)
    return alive, lost


def _is_lost(instance: dg.DagsterInstance, record: dg.RunRecord) -> bool:
    """Tell a run that is past what it may take, since its status changed last."""
    run = record.dagster_run
    limit = runtime_limit(instance, run) or _DAY
    if run.status is dg.DagsterRunStatus.QUEUED:
        limit = max(limit, _DAY)
    return time.time() - record.update_timestamp.timestamp() > limit + _MONITORING_TAKES


def _is_tried_again(record: dg.RunRecord) -> bool:
    """Tell a run whose worker was lost, and whose retry Dagster's daemon is about to launch.

    In those seconds another attempt would train the same version beside the retry.
    """
    tags = record.dagster_run.tags
    coming = tags.get("dagster/will_retry") == "true" and "dagster/auto_retry_run_id" not in tags
    # A daemon that never comes to it must not keep the version waiting for ever.
    return coming and time.time() - (record.end_time or 0.0) < _RETRY_COMES_WITHIN
