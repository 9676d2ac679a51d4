"""A home whose model has a mirror, and what Dagster shows of it. Not a test."""

from dataclasses import dataclass
from typing import Any

import dagster as dg

from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.local import RunOutcome
from registry_assets.orchestration.mirrors.checks import in_step_key
from registry_assets.orchestration.unstable.check_results import stored_results
from registry_assets_tests.orchestration.stage import Stage

NAMES = Names("ontime")


@dataclass(frozen=True, slots=True)
class Seen:
    """A home whose model is published by one mirror.

    Args:
        mirror: its name, such as `mlflow`.
    """

    stage: Stage
    mirror: str

    def look(self) -> list[RunOutcome]:
        """Let the sensor look once; give the runs that it launched."""
        return list(self.stage.daemon.tick(NAMES.mirrors_sensor).runs)

    def settle(self) -> list[RunOutcome]:
        """Let the sensor look until it has nothing to launch."""
        runs: list[RunOutcome] = []
        for _ in range(5):
            launched = self.look()
            runs += launched
            if not launched:
                return runs
        raise AssertionError(f"it launches for ever: {[run.job for run in runs]}")

    def shown(self) -> dg.AssetCheckEvaluation:
        """The newest result of the check."""
        key = in_step_key("ontime", self.mirror)
        return next(stored_results(self.stage.instance, key, None)).evaluation

    def metadata(self) -> dict[str, Any]:
        """What the newest materialization says."""
        asset = NAMES.mirror_key(self.mirror)
        (record,) = self.stage.instance.fetch_materializations(asset, limit=1).records
        assert record.asset_materialization is not None
        return {name: each.value for name, each in record.asset_materialization.metadata.items()}
