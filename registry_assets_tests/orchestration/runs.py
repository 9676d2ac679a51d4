"""Runs as a dead host leaves them in Dagster's storage. Not a test."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import sqlalchemy as sa


def left_behind(
    instance: dg.DagsterInstance,
    job: str,
    tags: dict[str, str],
    *,
    status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED,
    seconds: float = 0.0,
    like: str = "",
) -> str:
    """Leave a run in a status that it took so many seconds ago; give its id.

    Args:
        like: another run of the same code location, which a queued run must know.
    """
    other = instance.get_run_by_id(like) if like else None
    origin = other.remote_job_origin if other else None
    run = dg.DagsterRun(job_name=job, tags=tags, status=status, remote_job_origin=origin)
    instance.add_run(run)
    then = datetime.now(UTC) - timedelta(seconds=seconds)
    aged = sa.text("UPDATE runs SET update_timestamp = :then WHERE run_id = :id")
    storage: Any = instance.run_storage  # of whatever database
    with storage.connect() as connection:
        connection.execute(aged, {"then": f"{then:%Y-%m-%d %H:%M:%S.%f}", "id": run.run_id})
    return run.run_id
