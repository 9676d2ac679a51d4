"""The jobs of a watched model: one watches a partition, one looks at the clock."""

from dataclasses import dataclass
from typing import Any

import dagster as dg

from registry_assets.declaration import RegisteredModel
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.monitoring.freshness import freshness_key
from registry_assets.orchestration.monitoring.views import KINDS

_SECONDS = 4 * 3600


@dataclass(frozen=True, slots=True, eq=False)
class WatchJobs:
    """Jobs of assets and checks, which Dagster resolves later.

    Args:
        freshness: None where nobody asks for it.
    """

    watch: Any
    freshness: Any

    def all(self) -> list[Any]:
        """Give every one of them."""
        return [job for job in (self.watch, self.freshness) if job is not None]


def watch_jobs(declared: RegisteredModel) -> WatchJobs:
    """Make the jobs of one watched model."""
    names, plan = Names(declared.name), declared.monitoring
    assert plan is not None
    limit = {"dagster/max_runtime": str(_SECONDS)}
    watch = dg.define_asset_job(
        names.watch_job,
        selection=dg.AssetSelection.assets(*map(names.observation_key, KINDS)),
        description=f"Scores a partition by what {declared.name}@{plan.pointer} holds, and compares"
        " it with the training and with what happened. Launched by the sensor"
        f" {names.monitor_sensor}; safe to launch by hand: what is on record is not made again.",
        # A run of a dead host ends here: the next look asks for another.
        tags=limit,
    )
    freshness = dg.define_asset_job(
        names.freshness_job,
        selection=dg.AssetSelection.checks(freshness_key(declared.name)),
        description="Looks whether the partition that should be scored by now has been. Launched"
        f" by the sensor {names.monitor_sensor} whenever that becomes another answer.",
        tags=limit,
    )
    return WatchJobs(watch, freshness if plan.freshness else None)
