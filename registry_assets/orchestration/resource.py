"""The registry as Dagster's steps and sensors see it, and who acts in them."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import dagster as dg

from registry_assets.actors import self_named, unverified
from registry_assets.clock import Clock, system_clock
from registry_assets.errors import DeclarationError, StoreError
from registry_assets.home import find_home, is_url
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.orchestration.unstable.ticks import TICK_TAG, is_launched_by_tick
from registry_assets.registry import Registry

if TYPE_CHECKING:
    from dagster_aws.s3 import S3Resource

UI_URL = "REGISTRY_UI_URL"
"""Environment variable: where people reach the Dagster UI; run links begin with it."""

_TICK_IS_WRITTEN_WITHIN = 10.0
"""Seconds: the daemon notes what a schedule launched only after it has launched it."""

# Dagster shows the configuration of a resource to everyone who reaches its UI.
_CREDENTIALS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")


@dataclass(slots=True)
class RegistryResource:
    """Opens the registry anew for each step: a connection must not outlive a fork.

    Args:
        home: the project's folder; by default found upwards, or by REGISTRY_HOME.
        clock: the time that rules go by; a replay sets its own.
        s3: how a store in a bucket is reached: region, endpoint, profile, attempts. By default
            as AWS's own settings say, from which the credentials come in any case.

    Raises:
        DeclarationError: credentials stand in `s3`.
    """

    home: Path | None = None
    clock: Clock = system_clock
    s3: "S3Resource | None" = None
    _made: tuple[int, Any] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse credentials before Dagster shows them to anybody."""
        given = [name for name in _CREDENTIALS if self.s3 is not None and getattr(self.s3, name)]
        if given:
            raise DeclarationError(
                f"the S3Resource of the registry is given {', '.join(given)}",
                hint="leave them out: credentials come by the usual AWS means (a role,"
                " AWS_PROFILE, AWS_ACCESS_KEY_ID in the environment)",
            )

    def open(self) -> Registry:
        """Open the registry.

        Raises:
            NoRegistry: there is none; says what to run.
            StoreError: the store is in a bucket, and dagster-aws is not installed.
        """
        store = find_home(self.home).store
        client = self._client() if is_url(store) else None
        return Registry.open(self.home, clock=self.clock, s3_client=client)

    def _client(self) -> Any:
        """Give the client of this process: making one takes as long as fifty requests."""
        if self._made is None or self._made[0] != os.getpid():
            self._made = (os.getpid(), self._new_client())
        return self._made[1]

    def _new_client(self) -> Any:
        try:
            from dagster_aws.s3 import S3Resource
        except ImportError as error:
            raise StoreError(
                f"a store in a bucket needs dagster-aws where Dagster runs: {error}",
                hint='pip install "registry_assets[aws]"',
            ) from error
        # What is given as dg.EnvVar is looked up here, where it is used.
        return (self.s3 or S3Resource()).process_config_and_initialize().get_client()


def run_info(
    instance: dg.DagsterInstance, run: dg.DagsterRun, *, run_id: str | None = None
) -> RunInfo:
    """Tell who acts in a run: a schedule, a sensor, or the account that launched it.

    Args:
        run_id: under which what is done is recorded; the run's own unless said otherwise.
    """
    run_id = run_id or run.run_id
    url = f"{_ui_base()}/runs/{run_id}"
    return RunInfo(actor=_actor(instance, run), run_id=run_id, run_url=url)


def asset_page(key: dg.AssetKey, partition: str = "") -> str:
    """Give the address of an asset, or of one partition of it, in the Dagster UI."""
    path = "/".join(quote(part, safe="") for part in key.path)
    which = f"?view=partitions&partition={quote(partition, safe='')}" if partition else ""
    return f"{_ui_base()}/assets/{path}{which}"


def _ui_base() -> str:
    return os.environ.get(UI_URL, "http://127.0.0.1:3000").rstrip("/")


def _actor(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """Give who acts; a schedule or sensor only if its tick confirms that, for tags can be forged.

    A run that says so and is not confirmed was asked for by somebody who is not known.
    """
    tags = run.tags
    kinds = {kind: tags.get(f"dagster/{kind}_name") for kind in ("schedule", "sensor")}
    kind, name = next(((k, n) for k, n in kinds.items() if n), ("", ""))
    if name and _is_confirmed(instance, run, name):
        return f"{kind}:{name}"
    named = tags.get("dagster/user") or tags.get("user")
    if named:
        return self_named(named)
    return unverified(f"{kind}:{name}") if name else RunInfo.by_hand().actor


def _is_confirmed(instance: dg.DagsterInstance, run: dg.DagsterRun, name: str) -> bool:
    waits = TICK_TAG in run.tags and run.parent_run_id is None
    until = time.monotonic() + (_TICK_IS_WRITTEN_WITHIN if waits else 0)
    while not is_launched_by_tick(instance, run, name):
        if time.monotonic() >= until:
            return False
        time.sleep(0.2)
    return True


def refuse(error: Exception) -> dg.Failure:
    """Give the failure that ends a step for a reason that trying again does not mend."""
    return dg.Failure(description=str(error), allow_retries=bool(getattr(error, "transient", 0)))
