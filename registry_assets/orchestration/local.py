"""The work of Dagster's daemon, done in this process and on demand.

For the one-command run and for tests: a command that ends when its work is done cannot wait
for a daemon's clock. Real deployments run Dagster's own daemon (`dagster dev`, or
`dagster-daemon run`), and nothing here is on their path; a test holds the outcome of both
against each other.

How a tick is evaluated and stored, and what a run is made of, is in `unstable.workspace`,
which calls the daemon's own code. What the sensors look at is decided in the definitions.
"""

import fcntl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from uuid import uuid4

import dagster as dg

from registry_assets.errors import RegistryError
from registry_assets.orchestration.attempts import ALIVE
from registry_assets.orchestration.interrupts import Interrupts
from registry_assets.orchestration.unstable import runs
from registry_assets.orchestration.unstable.workspace import GLOBAL_ASSET_JOB, LocalWorkspace

# Dagster shows no tag of this prefix: it tells people nothing.
_PROCESS_TAG = ".dagster/registry_process"
_PARTITION_TAG = "dagster/partition"
# Whoever started this process sees the failure and repeats; a daemon started days later
# must not repeat it on its own.
_NO_RETRY = {"dagster/max_retries": "0"}


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """One run after its end; `failures` are messages for people, one for each failed step."""

    run_id: str
    job: str
    partition_key: str | None
    success: bool
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """One evaluation of a sensor and the runs it led to, each executed to its end.

    `repeated` are run keys it asked for again: a run with that key exists, so none was made.
    """

    sensor: str
    skip_reason: str | None
    runs: tuple[RunOutcome, ...]
    repeated: tuple[str, ...]


class LocalDaemon:
    """Evaluates sensors and executes runs, one after the other, here and now.

    Use it as a context manager. On entering, runs whose process was killed are marked as
    failed: nobody else would, and a run that seems alive stands in the way of its repeat.

    Args:
        instance: A persistent instance; the runs and ticks are stored there.
        workspace: A `workspace.yaml` with one code location. Runs, ticks and cursors are
            stored under its name, so that `dagster dev -w` shows them and carries on.
        definitions: For tests, instead: definitions of no file, which no other process finds.
    """

    def __init__(
        self,
        *,
        instance: dg.DagsterInstance,
        workspace: Path | None = None,
        definitions: dg.Definitions | None = None,
    ) -> None:
        self._lock = Path(instance.root_directory).resolve() / "local_daemons" / uuid4().hex
        self._held: IO[str] | None = None
        self._interrupts = Interrupts()
        self._watching = ExitStack()
        tags = {_PROCESS_TAG: self._lock.name, **_NO_RETRY}
        if workspace is not None and definitions is None:
            self._workspace = LocalWorkspace.of_file(workspace, instance, tags=tags)
        elif definitions is not None and workspace is None:
            self._workspace = LocalWorkspace.of_definitions(definitions, instance, tags=tags)
        else:
            raise TypeError("expected one of workspace and definitions")
        self._instance = self._workspace.instance

    def __enter__(self) -> Self:
        folder = self._lock.parent
        folder.mkdir(exist_ok=True)
        # One at a time, or a lock could be taken for an orphan between its making and locking.
        with folder.with_suffix(".lock").open("w") as entrance:
            fcntl.flock(entrance, fcntl.LOCK_EX)
            self._fail_runs_of_the_dead()
            # The kernel drops this lock with the process, however that ends.
            self._held = self._lock.open("w")
            fcntl.flock(self._held, fcntl.LOCK_EX)
        self._watching.enter_context(self._interrupts.watch())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._watching.close()
        if self._held is not None:
            self._lock.unlink(missing_ok=True)
            self._held.close()
        self._instance.dispose()
        if error is None:
            self._interrupts.check()

    def tick(self, sensor: str) -> Tick:
        """Evaluate a sensor once, as the daemon would, and execute the runs it asks for.

        In the daemon's order: the sensor with its stored cursor, its asset events, its
        partitions, its runs unless their key is known, cursor and tick record; then the runs
        are executed. A sensor that is off, by default or by hand in the UI, is not evaluated.

        Raises:
            RegistryError: The sensor's own code failed; the tick is recorded as failed.
        """
        with self._nothing_left_alive():
            try:
                record = self._workspace.tick(sensor)
            except runs.SensorFailed as error:
                raise RegistryError(
                    f"The sensor {sensor} failed: {runs.sensor_message(error)}",
                    hint="the traceback is in the Dagster UI, under Automation.",
                ) from error
            if record is None:
                off = f"The sensor {sensor} is off. Start it in the Dagster UI, under Automation."
                return Tick(sensor, off, (), ())
            submitted = [self._run(run_id) for run_id in self._workspace.submitted()]
            new = {runs.run_key(run) for run in submitted}
            return Tick(
                sensor,
                record.skip_reason,
                runs=tuple([self._execute(run) for run in submitted]),
                repeated=tuple(key for key in record.run_keys if key not in new),
            )

    def run_job(
        self,
        job: str,
        *,
        run_config: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        partition_key: str | None = None,
        asset_selection: Sequence[dg.AssetKey] | None = None,
    ) -> RunOutcome:
        """Launch a job as the UI does, and execute it to its end.

        Raises:
            RegistryError: No run was made, for instance for a config that does not fit.
        """
        partition = {} if partition_key is None else {_PARTITION_TAG: partition_key}
        with self._nothing_left_alive():
            try:
                self._workspace.submit(
                    job,
                    run_config=run_config or {},
                    tags={**(tags or {}), **partition},
                    assets=None if asset_selection is None else frozenset(asset_selection),
                )
            except dg.DagsterError as error:
                raise RegistryError(
                    f"Dagster does not launch {job}: {error}",
                    hint="the Dagster UI shows what the job accepts, in its Launchpad.",
                ) from error
            (run_id,) = self._workspace.submitted()
            return self._execute(self._run(run_id))

    def materialize(
        self, assets: Sequence[dg.AssetKey], *, partition_key: str | None = None
    ) -> RunOutcome:
        """Materialize assets in Dagster's implicit job, as "Materialize" in the UI does."""
        return self.run_job(GLOBAL_ASSET_JOB, partition_key=partition_key, asset_selection=assets)

    def _run(self, run_id: str) -> dg.DagsterRun:
        run = self._instance.get_run_by_id(run_id)
        assert run is not None
        return run

    @contextmanager
    def _nothing_left_alive(self) -> Iterator[None]:
        """Fail, after the block, what was submitted in it and has not ended; lose no Ctrl-C."""
        self._interrupts.check()
        try:
            yield
        except BaseException as error:
            # Dagster raises an error of its own for it, or lets the run or the tick fail.
            if self._interrupts.forget():
                raise KeyboardInterrupt from error
            raise
        finally:
            self._workspace.submitted()
            self._fail_runs_of(
                self._lock.name, "The process that executes this run was interrupted."
            )
        self._interrupts.check()

    def _execute(self, run: dg.DagsterRun) -> RunOutcome:
        with runs.quiet_console(), runs.detached_log_helpers():
            self._workspace.execute(run.run_id)
        ended = self._run(run.run_id)
        self._interrupts.check()
        if runs.was_interrupted(ended):
            raise KeyboardInterrupt
        return RunOutcome(
            run_id=run.run_id,
            job=run.job_name,
            partition_key=run.tags.get(_PARTITION_TAG),
            success=ended.is_success,
            failures=runs.failure_messages(self._instance, run.run_id),
        )

    def _fail_runs_of(self, process: str, why: str) -> None:
        ours = dg.RunsFilter(tags={_PROCESS_TAG: process}, statuses=ALIVE)
        for run in self._instance.get_runs(ours):
            self._instance.report_run_failed(run, why)

    def _fail_runs_of_the_dead(self) -> None:
        """A lock that can be had belongs to a process that is gone."""
        for lock in sorted(self._lock.parent.iterdir()):
            with lock.open("w") as handle:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                self._fail_runs_of(lock.name, "The process that executed this run was killed.")
                lock.unlink(missing_ok=True)
