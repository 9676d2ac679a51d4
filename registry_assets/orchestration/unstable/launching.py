"""A run launcher that starts nothing, and an instance that hands its runs to it."""

from collections.abc import Mapping
from typing import Any, Self

import dagster as dg
from dagster._core.launcher import LaunchRunContext, RunLauncher
from dagster._core.run_coordinator import sync_in_memory_run_coordinator as at_once
from dagster._serdes import ConfigurableClass, ConfigurableClassData


class HandOver(RunLauncher[dg.DagsterInstance], ConfigurableClass):
    """A run launcher that starts nothing: it keeps the ids of runs for its owner to execute."""

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        self._inst_data = inst_data
        self._run_ids: list[str] = []

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]
    ) -> Self:
        return cls(inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        self._run_ids.append(context.dagster_run.run_id)

    def terminate(self, run_id: str) -> bool:
        return False

    def take(self) -> tuple[str, ...]:
        """The runs handed over since the last call, in order."""
        taken, self._run_ids = tuple(self._run_ids), []
        return taken


def handing_over(instance: dg.DagsterInstance, *, tags: Mapping[str, str]) -> dg.DagsterInstance:
    """The storage of `instance`, with submitted runs going straight to a `HandOver`.

    Ticks, runs and events land where every other process of this home reads them. The run
    queue is left out: a daemon that happens to run would take our runs from it.

    Args:
        tags: given to each run as it is created: a process that ends between a run's creation
            and its tags would leave a run that nobody executes and nobody may fail.
    """
    coordinator = at_once.SyncInMemoryRunCoordinator
    handed = dg.DagsterInstance.from_ref(
        instance.get_ref()._replace(
            run_launcher_data=ConfigurableClassData(__name__, HandOver.__name__, "{}\n"),
            run_coordinator_data=ConfigurableClassData(
                coordinator.__module__, coordinator.__name__, "{}\n"
            ),
        )
    )
    create = handed.create_run
    ours = dict(tags)

    def create_tagged(*, tags: Mapping[str, str] | None, **rest: Any) -> dg.DagsterRun:
        return create(tags={**(tags or {}), **ours}, **rest)

    setattr(handed, "create_run", create_tagged)  # noqa: B010 (a method, to the type checker)
    return handed
