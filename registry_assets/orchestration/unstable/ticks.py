"""Whether Dagster's daemon launched a run by itself, as the run's tags say.

Whoever reaches the webserver launches runs with any tags they like. They cannot choose a run's
id, and have no way to write a tick: that is the daemon's record of what it launched.
"""

import re

import dagster as dg

TICK_TAG = "dagster/tick"
_RETRIED_BY = "dagster/auto_retry_run_id"

# A schedule takes a run that bears its tags already for its own. One that somebody made before
# the tick is not; clocks of database and daemon may differ by so many seconds.
_CLOCKS_DIFFER = 5.0


def is_launched_by_tick(instance: dg.DagsterInstance, run: dg.DagsterRun, name: str) -> bool:
    """Tell whether a tick of the schedule or sensor of that name launched a run.

    Or launched the run of which this is a retry, by the daemon and by nobody else.
    """
    parent = instance.get_run_by_id(run.parent_run_id) if run.parent_run_id else None
    if parent is not None:
        # On a run that is over only the daemon writes a tag.
        retried = parent.tags.get(_RETRIED_BY) == run.run_id
        return retried and is_launched_by_tick(instance, parent, name)
    number, storage = run.tags.get(TICK_TAG, ""), instance._schedule_storage  # noqa: SLF001
    if storage is None or not re.fullmatch("[0-9]{1,18}", number):
        return False
    record = instance.get_run_record_by_id(run.run_id)
    for tick in storage.get_ticks_by_ids([int(number)]):
        reserved = [run_id for run_id, _ in tick.reserved_run_ids_with_requests]
        if record is None or tick.instigator_name != name:
            continue
        made = record.create_timestamp.timestamp() + _CLOCKS_DIFFER
        return run.run_id in (*tick.run_ids, *reserved) and made >= tick.timestamp
    return False
