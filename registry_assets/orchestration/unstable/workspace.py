"""One code location loaded in this process, for the daemon's own code to work on.

Here: the objects that Dagster's daemon expects, and its sensor tick. When ticks happen, and
what becomes of the runs they submit, is decided in `registry_assets.orchestration.local`.
"""

import logging
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Self

import dagster as dg
from dagster._core.code_pointer import CodePointer, ModuleCodePointer
from dagster._core.definitions.assets.job.asset_job import IMPLICIT_ASSET_JOB_NAME
from dagster._core.definitions.executor_definition import execute_in_process_executor
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.definitions.reconstruct import ReconstructableRepository
from dagster._core.definitions.repository_definition import RepositoryDefinition
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.definitions.selector import JobSubsetSelector
from dagster._core.execution.api import execute_run
from dagster._core.origin import DEFAULT_DAGSTER_ENTRY_POINT
from dagster._core.remote_origin import CodeLocationOrigin, InProcessCodeLocationOrigin
from dagster._core.remote_representation.code_location import InProcessCodeLocation
from dagster._core.remote_representation.external import RemoteRepository, RemoteSensor
from dagster._core.remote_representation.external_data import RepositorySnap
from dagster._core.remote_representation.handle import RepositoryHandle
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorTick,
    SensorInstigatorData,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import IWorkspaceProcessContext, WorkspaceRequestContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._core.workspace.workspace import (
    CodeLocationEntry,
    CodeLocationLoadStatus,
    CurrentWorkspace,
    DefinitionsSource,
)
from dagster._daemon import sensor as sensor_daemon
from dagster._grpc.server import LoadedRepositories
from dagster._time import get_current_datetime, get_current_timestamp

from registry_assets.orchestration.unstable.launching import HandOver, handing_over
from registry_assets.orchestration.unstable.migrations import read_migrations_once

GLOBAL_ASSET_JOB = IMPLICIT_ASSET_JOB_NAME
"""The job in which Dagster materializes a selection of assets that no job of ours names."""

_IN_MEMORY = "in_memory"
_LOGGER = logging.getLogger(__name__)
# A failed tick is raised to the caller and stored with its traceback; no third copy on stderr.
_LOGGER.addHandler(logging.NullHandler())


class _Loaded(ReconstructableRepository):
    """A stored pointer to definitions that are already in memory, and are not loaded again."""

    _definitions: RepositoryDefinition

    @classmethod
    def of(cls, repository: RepositoryDefinition, pointer: CodePointer) -> Self:
        """`repository`, which other processes find under `pointer`."""
        loaded = cls(pointer)
        loaded._definitions = repository
        return loaded

    def get_definition(self) -> RepositoryDefinition:
        return self._definitions

    def with_repository_load_data(self, metadata: object) -> Self:
        return self

    # Dagster caches the last job by equality; two loads of one changed file are not equal.
    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


def _snapshot(repository: RepositoryDefinition) -> RepositorySnap:
    """What the code server tells of a repository; it reads a property deprecated by Dagster."""
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore",
            message=r"Property `ScheduleDefinition\.environment_vars` is deprecated",
            category=DeprecationWarning,
        )
        return RepositorySnap.from_def(repository)


class _Location(InProcessCodeLocation):
    """Definitions in this process that answer under the name they have in `dagster dev`.

    Runs, ticks and sensor states are stored with it. Under Dagster's own in-process origin the
    UI would show them as of an unknown code location, without links and without ticks.
    """

    def __init__(
        self,
        repository: RepositoryDefinition,
        *,
        origin: CodeLocationOrigin,
        pointer: CodePointer,
        instance: dg.DagsterInstance,
    ) -> None:
        self._location_origin = origin
        self._definitions = repository
        self._pointer = pointer
        self._reconstructable = _Loaded.of(repository, pointer)
        self._remote = RemoteRepository(
            _snapshot(repository),
            RepositoryHandle.from_location(repository.name, self),
            auto_materialize_use_sensors=instance.auto_materialize_use_sensors,
        )

    @property
    def origin(self) -> CodeLocationOrigin:  # type: ignore[override]
        return self._location_origin

    @property
    def executable_path(self) -> str | None:
        return None

    @property
    def container_image(self) -> str | None:
        return None

    @property
    def container_context(self) -> Mapping[str, Any] | None:
        return None

    @property
    def entry_point(self) -> Sequence[str]:
        return DEFAULT_DAGSTER_ENTRY_POINT

    @property
    def repository_code_pointer_dict(self) -> Mapping[str, CodePointer | None]:
        return {self._definitions.name: self._pointer}

    def get_repository(self, name: str) -> RemoteRepository:
        return self.get_repositories()[name]

    def has_repository(self, name: str) -> bool:
        return name in self.get_repositories()

    def get_repositories(self) -> Mapping[str, RemoteRepository]:
        return {self._definitions.name: self._remote}

    def _get_repo_def(self, name: str) -> RepositoryDefinition:
        return self._definitions

    def _get_reconstructable_repository(self, repository_name: str) -> ReconstructableRepository:
        return self._reconstructable


class _Job(InMemoryJob):
    """A job that runs all its steps in this process, and still knows its repository."""

    def __init__(self, job: dg.JobDefinition, repository: RepositoryDefinition) -> None:
        super().__init__(job.with_executor_def(execute_in_process_executor))
        self._repository = repository

    def get_repository_definition(self) -> RepositoryDefinition:
        return self._repository

    def get_subset(
        self,
        *,
        op_selection: Iterable[str] | None = None,
        asset_selection: AbstractSet[dg.AssetKey] | None = None,
        asset_check_selection: AbstractSet[dg.AssetCheckKey] | None = None,
    ) -> "_Job":
        subset = self.get_definition().get_subset(
            op_selection=op_selection,
            asset_selection=asset_selection,
            asset_check_selection=asset_check_selection,
        )
        return _Job(subset, self._repository)


class LocalWorkspace(IWorkspaceProcessContext[WorkspaceRequestContext]):
    """What the daemon calls a workspace, holding one code location loaded in this process.

    Args:
        tags: What each run that is created here carries beside its own.
    """

    def __init__(
        self,
        repository: RepositoryDefinition,
        *,
        origin: CodeLocationOrigin,
        pointer: CodePointer,
        instance: dg.DagsterInstance,
        tags: Mapping[str, str],
    ) -> None:
        read_migrations_once()
        self._instance = handing_over(instance, tags=tags)
        self._definitions = repository
        self._location = _Location(
            repository, origin=origin, pointer=pointer, instance=self._instance
        )
        self._remote = self._location.get_repository(repository.name)

    @classmethod
    def of_definitions(
        cls, definitions: dg.Definitions, instance: dg.DagsterInstance, *, tags: Mapping[str, str]
    ) -> Self:
        """A workspace of definitions that no file names; no other process finds its code."""
        target = LoadableTargetOrigin(executable_path=sys.executable, module_name=_IN_MEMORY)
        return cls(
            definitions.get_repository_def(),
            origin=InProcessCodeLocationOrigin(target, location_name=_IN_MEMORY),
            pointer=ModuleCodePointer(_IN_MEMORY, "defs"),
            instance=instance,
            tags=tags,
        )

    @classmethod
    def of_file(
        cls, workspace: Path, instance: dg.DagsterInstance, *, tags: Mapping[str, str]
    ) -> Self:
        """A workspace of the one code location that a `workspace.yaml` names.

        Raises:
            ValueError: The file names none or several, or the one holds several Definitions.
        """
        (origin,) = WorkspaceFileTarget([str(workspace)]).create_origins()
        loaded = LoadedRepositories(
            origin.loadable_target_origin,
            container_image=None,
            entry_point=DEFAULT_DAGSTER_ENTRY_POINT,
            container_context=None,
            code_location_name=origin.location_name,
        )
        ((name, repository),) = loaded.definitions_by_name.items()
        pointer = loaded.code_pointers_by_repo_name[name]
        return cls(repository, origin=origin, pointer=pointer, instance=instance, tags=tags)

    @property
    def instance(self) -> dg.DagsterInstance:
        return self._instance

    @property
    def version(self) -> str:
        return dg.__version__

    def create_request_context(self, source: Any | None = None) -> WorkspaceRequestContext:
        entry = CodeLocationEntry(
            origin=self._location.origin,
            code_location=self._location,
            load_error=None,
            load_status=CodeLocationLoadStatus.LOADED,
            display_metadata={},
            update_timestamp=get_current_timestamp(),
            version_key="",
            definitions_source=DefinitionsSource.CODE_SERVER,
        )
        return WorkspaceRequestContext(
            instance=self._instance,
            current_workspace=CurrentWorkspace({self._location.name: entry}),
            process_context=self,
            version=self.version,
            source=source,
            read_only=False,
        )

    def reload_code_location(self, name: str) -> None:
        """Nothing: a process cannot load its own modules anew."""

    def reload_workspace(self) -> None:
        """Nothing, as above."""

    def refresh_workspace(self) -> None:
        """Nothing, as above."""

    def tick(self, sensor_name: str) -> InstigatorTick | None:
        """Let the daemon's own code evaluate a sensor once; None if the sensor is off.

        The daemon's entry point drops a tick that comes sooner than the sensor's minimum
        interval, so the steps inside it are called here one by one, in its order.
        """
        sensor = self._remote.get_sensor(sensor_name)
        state = self._running_state(sensor)
        if state is None:
            return None
        now = get_current_datetime()
        sensor_daemon.mark_sensor_state_for_tick(self._instance, sensor, state, now)
        data = state.instigator_data
        assert isinstance(data, SensorInstigatorData)
        tick = sensor_daemon._get_evaluation_tick(  # noqa: SLF001
            self._instance, sensor, data, now.timestamp(), _LOGGER
        )
        retention = self._instance.get_tick_retention_settings(InstigatorType.SENSOR)
        launch = sensor_daemon.SensorLaunchContext(sensor, tick, self._instance, _LOGGER, retention)
        with launch, partition_loading_context(dynamic_partitions_store=self._instance):
            launch.add_log_key(launch.log_key)
            if tick.unsubmitted_run_ids_with_requests:
                steps = sensor_daemon._resume_tick(  # noqa: SLF001
                    self, launch, tick, sensor, None
                )
            else:
                steps = sensor_daemon._evaluate_sensor(  # noqa: SLF001
                    self, launch, sensor, state, None
                )
            for _ in steps:
                pass
        return launch.tick

    def _running_state(self, sensor: RemoteSensor) -> InstigatorState | None:
        stored = self._instance.get_instigator_state(
            sensor.get_remote_origin_id(), sensor.selector_id
        )
        state = sensor.get_current_instigator_state(stored)
        if not state.is_running:
            return None
        if stored is None:
            self._instance.add_instigator_state(state)
        return state

    def submit(
        self,
        job: str,
        *,
        run_config: Mapping[str, Any],
        tags: Mapping[str, str],
        assets: AbstractSet[dg.AssetKey] | None,
    ) -> None:
        """Create and submit a run with all that the UI's launchpad gives it.

        `execute_in_process` would leave out the origin, and with it every link in the UI from
        the run to its job and code location.
        """
        selector = JobSubsetSelector(
            location_name=self._location.name,
            repository_name=self._definitions.name,
            job_name=job,
            op_selection=None,
            asset_selection=assets,
        )
        remote = self._location.get_job(selector)
        plan = self._location.get_execution_plan(remote, run_config, None, None, self._instance)
        run = self._instance.create_run(
            job_name=job,
            run_id=None,
            run_config=run_config,
            status=dg.DagsterRunStatus.NOT_STARTED,
            tags={**remote.tags, **tags},
            root_run_id=None,
            parent_run_id=None,
            step_keys_to_execute=None,
            execution_plan_snapshot=plan.execution_plan_snapshot,
            job_snapshot=remote.job_snapshot,
            parent_job_snapshot=remote.parent_job_snapshot,
            asset_selection=assets,
            asset_check_selection=None,
            resolved_op_selection=None,
            op_selection=None,
            remote_job_origin=remote.get_remote_origin(),
            job_code_origin=remote.get_python_origin(),
            asset_graph=self._remote.asset_graph,
        )
        self._instance.submit_run(run.run_id, self.create_request_context())

    def submitted(self) -> tuple[str, ...]:
        """The ids of the runs submitted since the last call; they await `execute`."""
        launcher = self._instance.run_launcher
        assert isinstance(launcher, HandOver)
        return launcher.take()

    def execute(self, run_id: str) -> None:
        """Execute a submitted run here, to its end; a failure is in its events, not raised."""
        run = self._instance.get_run_by_id(run_id)
        assert run is not None
        job = _Job(self._definitions.get_job(run.job_name), self._definitions)
        execute_run(job, run, self._instance)
