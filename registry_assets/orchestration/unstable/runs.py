"""What runs say: their console output, their end, their failures, their event log.

Which runs there are is decided in `workspace`; what is told of them, by `local.py`.
"""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

import dagster as dg
from dagster._core.errors import DagsterUserCodeProcessError
from dagster._core.events import RunFailureReason
from dagster._core.execution import compute_logs, context_creation_job
from dagster._core.storage.tags import RUN_FAILURE_REASON_TAG, RUN_KEY_TAG
from dagster._daemon.auto_run_reexecution.event_log_consumer import (
    DAGSTER_EVENT_TYPES,
    _create_cursor_key,
)
from dagster._loggers import default_system_loggers
from dagster_shared.error import SerializableErrorInfo

SensorFailed = DagsterUserCodeProcessError
"""Raised when a sensor's own code raises, or asks for a run that cannot be."""

_DEFAULT_LOGGERS = "default_system_loggers"
_SUBPROCESS = "subprocess"
_WRAPPERS = frozenset(
    {
        "DagsterExecutionHandleOutputError",
        "DagsterExecutionLoadInputError",
        "DagsterExecutionStepExecutionError",
        "DagsterResourceFunctionError",
        "SensorExecutionError",
    }
)


@contextmanager
def quiet_console() -> Iterator[None]:
    """Keep run events off the terminal inside the block; the event log still gets them all.

    Without a logger in its config a run writes every event, at DEBUG, to stderr. The instance
    setting that lowers this also drops what users' code logs from the log that the UI shows.
    """

    def quiet(instance: dg.DagsterInstance | None) -> Sequence[tuple[Any, dict[str, object]]]:
        return [
            (logger, {**config, "log_level": "CRITICAL"})
            for logger, config in default_system_loggers(instance)
        ]

    setattr(context_creation_job, _DEFAULT_LOGGERS, quiet)
    try:
        yield
    finally:
        setattr(context_creation_job, _DEFAULT_LOGGERS, default_system_loggers)


@contextmanager
def detached_log_helpers() -> Iterator[None]:
    """Start what copies a step's output in a session of its own, inside the block.

    In the terminal's group those processes get its Ctrl-C too, and print tracebacks of their
    own into the answer. They end with the step, or when this process is gone.
    """
    own = partial(subprocess.Popen, start_new_session=True)
    setattr(compute_logs, _SUBPROCESS, SimpleNamespace(**{**vars(subprocess), "Popen": own}))
    try:
        yield
    finally:
        setattr(compute_logs, _SUBPROCESS, subprocess)


def start_event_log(instance: dg.DagsterInstance) -> None:
    """Let a daemon that never ran here begin with the newest event, as it would by itself.

    Without a cursor it says so in a warning for each kind of event: nothing that whoever
    reads it could do anything about.
    """
    storage = instance.daemon_cursor_storage
    keys = {_create_cursor_key(kind) for kind in DAGSTER_EVENT_TYPES}
    missing = keys - set(storage.get_cursor_values(keys))
    if missing:  # Dagster makes a statement that no database takes of no value at all
        newest = instance.event_log_storage.get_maximum_record_id() or 0
        storage.set_cursor_values({key: str(newest) for key in missing})


def run_key(run: dg.DagsterRun) -> str | None:
    """The key under which a sensor asked for the run, if one did."""
    return run.tags.get(RUN_KEY_TAG)


def was_interrupted(run: dg.DagsterRun) -> bool:
    """True if an interrupt ended the run; Dagster records that and swallows the interrupt."""
    reason = run.tags.get(RUN_FAILURE_REASON_TAG)
    return reason == RunFailureReason.UNEXPECTED_TERMINATION.value


def sensor_message(error: SensorFailed) -> str:
    """What the sensor's own code raised, without the layers that Dagster put around it."""
    return _message(error.user_code_process_error_infos[-1])


def failure_messages(instance: dg.DagsterInstance, run_id: str) -> tuple[str, ...]:
    """What failed in a run: one message for each failed step, else one for the run itself."""
    failures = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    steps, runs = [], []
    for entry in instance.all_logs(run_id, of_type=failures):
        event = entry.get_dagster_event()
        if event.is_step_failure:
            step = event.step_failure_data
            said = step.user_failure_data.description if step.user_failure_data else None
            steps.append(said or (_message(step.error) if step.error else str(event.message)))
        else:
            error = event.job_failure_data.error if event.event_specific_data else None
            runs.append(_message(error) if error else str(event.message))
    return tuple(steps or runs)


def _message(error: SerializableErrorInfo) -> str:
    """The message of the user's error: the cause of Dagster's wrapper, not the wrapper."""
    inner = error.cause if error.cls_name in _WRAPPERS and error.cause else error
    text = inner.message.strip()
    module, _, message = text.partition(f".{inner.cls_name}: ")
    # Our own errors and Dagster's are written for people; of others the class says the most.
    return message if message and module.startswith(("registry_assets", "dagster")) else text
