"""A team whose model has a mirror: its code location, run by the local daemon.

One instance for a whole story. What its sensors launch, and what Dagster's check of the mirror
says, is told here; what the story is about is its own.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from registry_assets.errors import RegistryError
from registry_assets.models.driving import finished, headline, look, train_reserved
from registry_assets.orchestration.instance import open_instance
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.local import LocalDaemon, RunOutcome
from registry_assets.orchestration.mirrors.checks import in_step_key
from registry_assets.orchestration.unstable.check_results import stored_results
from registry_assets.registry import Registry

_MOST_LOOKS = 5
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Team:
    """The loaded code: what people launch from it, and what its sensors do.

    Args:
        model: that the story is about.
        mirror: what its mirror is called.
    """

    instance: dg.DagsterInstance
    daemon: LocalDaemon
    registry: Registry
    model: str
    mirror: str

    @property
    def names(self) -> Names:
        """What Dagster calls what belongs to the model."""
        return Names(self.model)

    def materialize(self, *assets: dg.AssetKey) -> None:
        """Materialize assets."""
        finished(self.daemon.materialize(assets))

    def retrain(self, person: str, *, reason: str, params: Mapping[str, Any] | None = None) -> None:
        """Ask for a version as somebody, and let the version sensor have it trained.

        Args:
            params: those of the declaration that are to be others.
        """
        names = self.names
        asked: dict[str, Any] = {"reason": reason, **({"params": dict(params)} if params else {})}
        config = {"ops": {names.reserve_op: {"config": asked}}}
        # By this tag a run says who asked for it; nothing is proven by it.
        tags = {"dagster/user": person}
        finished(self.daemon.run_job(names.retrain_job, run_config=config, tags=tags))
        train_reserved(self.daemon, self.registry, names)

    def promote(
        self,
        say: Say,
        person: str,
        *,
        reason: str,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        """Let a version be trained as somebody asked, and promoted by the sensor.

        Raises:
            RegistryError: production holds what it held.
        """
        before = self.registry.pointer(self.model).version
        self.retrain(person, reason=reason, params=params)
        self.tell_launched(say, self.names.promotion_sensor)
        number = self.registry.pointer(self.model).version
        if number is None or number == before:
            held = before or "nothing"
            raise RegistryError(
                f"{self.model}@production still holds {held}: its gates did not pass",
                hint="the story and the registry do not agree: mend either",
            )
        version = f"{self.model}:{number}"
        say(
            f"Dagster has trained and evaluated {version}{headline(self.registry, version)}; every"
            " gate passed, and production holds it."
        )

    def let_look(self, sensor: str) -> list[RunOutcome]:
        """Let a sensor look until it launches nothing more; give what it launched.

        Raises:
            RegistryError: it launches for ever, or a run failed.
        """
        launched: list[RunOutcome] = []
        for _ in range(_MOST_LOOKS):
            tick = look(self.daemon, sensor)
            if not tick.runs:
                return launched
            launched += tick.runs
        raise RegistryError(
            f"the sensor {sensor} still launches runs after {_MOST_LOOKS} looks",
            hint="the story and the sensor do not agree: mend either",
        )

    def in_step(self) -> dg.AssetCheckEvaluation:
        """Give the newest result of the check of the mirror, as Dagster shows it."""
        key = in_step_key(self.model, self.mirror)
        return next(stored_results(self.instance, key, None)).evaluation

    def tell_launched(self, say: Say, sensor: str) -> None:
        """Let a sensor look, and tell what it launched."""
        jobs = [run.job for run in self.let_look(sensor)]
        say(f"The sensor {sensor} launches {', '.join(jobs) or 'nothing'}.")

    def tell_check(self, say: Say, *, passes: bool) -> None:
        """Tell what Dagster's check of the mirror says.

        Raises:
            RegistryError: it says otherwise than belongs to the story.
        """
        found = self.in_step()
        colour = "green" if found.passed else "red"
        red = found.severity is dg.AssetCheckSeverity.ERROR
        called = f"{found.check_name} of {self.model}/{self.mirror}"
        if found.passed is not passes or (not passes and not red):
            raise RegistryError(
                f"the check {called} is {colour}: {found.description}",
                hint="the story and the registry do not agree: mend either",
            )
        say(f"The check {called} is {colour} in Dagster: {found.description}.")
        remedy = found.metadata.get("put right by")
        if remedy is not None:
            say(f"Put right by: {remedy.value}")


@contextmanager
def loaded(folder: Path, *, model: str, mirror: str) -> Iterator[Team]:
    """Load the code location of the project's folder."""
    with (
        open_instance(folder) as instance,
        LocalDaemon(instance=instance, workspace=folder / "workspace.yaml") as daemon,
    ):
        yield Team(instance, daemon, Registry.open(folder), model, mirror)
