"""The team's code location as it was committed last, run by the local daemon.

Dagster's own daemon would load it in a process of its own after each change; here the modules
are imported anew, and nothing of the commit before is left.
"""

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from registry_assets.models.driving import finished, look, train_reserved
from registry_assets.models.governance.cast import Person
from registry_assets.models.governance.repository import PACKAGE
from registry_assets.orchestration.instance import open_instance
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.local import LocalDaemon, Tick
from registry_assets.registry import Registry

MODEL = "loan_approval"
NAMES = Names(MODEL)
LOANS, FEATURES = dg.AssetKey("loans"), dg.AssetKey("loan_features")


class Location:
    """The loaded code: what people launch from it, and what its sensors do."""

    def __init__(self, daemon: LocalDaemon, registry: Registry) -> None:
        self._daemon = daemon
        self._registry = registry

    def materialize(self, *assets: dg.AssetKey) -> None:
        """Materialize assets."""
        finished(self._daemon.materialize(assets))

    def retrain(
        self, person: Person, *, reason: str, params: Mapping[str, float] | None = None
    ) -> None:
        """Ask for a version as somebody, and let the version sensor have it trained."""
        config = {"reason": reason, "params": dict(params or {})}
        self._launch(NAMES.retrain_job, person, {"ops": {NAMES.reserve_op: {"config": config}}})
        train_reserved(self._daemon, self._registry, NAMES)

    def evaluate(self, person: Person, version: int) -> None:
        """Evaluate a version again."""
        self._launch(NAMES.evaluate_job, person, {}, partition_key=str(version))

    def promote(self) -> Tick:
        """Let the promotion sensor look once."""
        return look(self._daemon, NAMES.promotion_sensor)

    def _launch(
        self,
        job: str,
        person: Person,
        config: Mapping[str, object],
        *,
        partition_key: str | None = None,
    ) -> None:
        # By this tag a run says who asked for it; nothing is proven by it.
        tags = {"dagster/user": person.name}
        finished(
            self._daemon.run_job(job, run_config=config, tags=tags, partition_key=partition_key)
        )


@contextmanager
def loaded(folder: Path, registry: Registry) -> Iterator[Location]:
    """Load the code location of a project's folder, as its files are now."""
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
    importlib.invalidate_caches()
    # Two commits within a second may leave files of one size and one time: to Python the
    # bytecode of the first would be that of the second.
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        with (
            open_instance(folder) as instance,
            LocalDaemon(instance=instance, workspace=folder / "workspace.yaml") as daemon,
        ):
            yield Location(daemon, registry)
    finally:
        sys.dont_write_bytecode = before
