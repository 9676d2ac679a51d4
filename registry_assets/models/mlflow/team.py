"""The team's code location, run by the local daemon: one instance for the whole story."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from registry_assets.errors import RegistryError
from registry_assets.models.driving import finished, look, train_reserved
from registry_assets.models.mlflow.cast import Person
from registry_assets.orchestration.instance import open_instance
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.local import LocalDaemon, RunOutcome
from registry_assets.orchestration.mirrors.checks import in_step_key
from registry_assets.orchestration.unstable.check_results import stored_results
from registry_assets.registry import Registry

MODEL, MIRROR = "wine_origin", "mlflow"
NAMES = Names(MODEL)
BOTTLES, FEATURES = dg.AssetKey("bottles"), dg.AssetKey("bottle_features")
_MOST_LOOKS = 5


@dataclass(frozen=True, slots=True)
class Team:
    """The loaded code: what people launch from it, and what its sensors do."""

    instance: dg.DagsterInstance
    daemon: LocalDaemon
    registry: Registry

    def materialize(self, *assets: dg.AssetKey) -> None:
        """Materialize assets."""
        finished(self.daemon.materialize(assets))

    def retrain(self, person: Person, *, reason: str) -> None:
        """Ask for a version as somebody, and let the version sensor have it trained."""
        config = {"ops": {NAMES.reserve_op: {"config": {"reason": reason}}}}
        # By this tag a run says who asked for it; nothing is proven by it.
        tags = {"dagster/user": person.name}
        finished(self.daemon.run_job(NAMES.retrain_job, run_config=config, tags=tags))
        train_reserved(self.daemon, self.registry, NAMES)

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
        return next(stored_results(self.instance, in_step_key(MODEL, MIRROR), None)).evaluation


@contextmanager
def loaded(folder: Path) -> Iterator[Team]:
    """Load the code location of the project's folder."""
    with (
        open_instance(folder) as instance,
        LocalDaemon(instance=instance, workspace=folder / "workspace.yaml") as daemon,
    ):
        yield Team(instance, daemon, Registry.open(folder))
