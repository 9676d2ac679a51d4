"""The registry as Dagster's steps and sensors see it, and who acts in them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from registry_assets.clock import Clock, system_clock
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.registry import Registry

UI_URL = "REGISTRY_UI_URL"
"""Environment variable: where people reach the Dagster UI; run links begin with it."""


@dataclass(slots=True)
class RegistryResource:
    """Opens the registry anew for each step: a connection must not outlive a fork.

    Args:
        home: the project's folder; by default found upwards, or by REGISTRY_HOME.
        clock: the time that rules go by; a replay sets its own.
    """

    home: Path | None = None
    clock: Clock = system_clock

    def open(self) -> Registry:
        """Open the registry.

        Raises:
            NoRegistry: there is none; says what to run.
        """
        return Registry.open(self.home, clock=self.clock)


def run_info(run_id: str, tags: Mapping[str, str]) -> RunInfo:
    """Tell who acts in a run: a schedule, a sensor, or the account that launched it."""
    base = os.environ.get(UI_URL, "http://127.0.0.1:3000").rstrip("/")
    return RunInfo(actor=_actor(tags), run_id=run_id, run_url=f"{base}/runs/{run_id}")


def _actor(tags: Mapping[str, str]) -> str:
    for kind in ("schedule", "sensor"):
        name = tags.get(f"dagster/{kind}_name")
        if name:
            return f"{kind}:{name}"
    named = tags.get("dagster/user") or tags.get("user")
    return named or RunInfo.by_hand().actor


def refuse(error: Exception) -> dg.Failure:
    """Give the failure that ends a step for a reason that trying again does not mend."""
    return dg.Failure(description=str(error), allow_retries=bool(getattr(error, "transient", 0)))
