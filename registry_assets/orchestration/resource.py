"""The registry as Dagster's steps and sensors see it, and who acts in them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from registry_assets.clock import Clock, system_clock
from registry_assets.errors import DeclarationError, StoreError
from registry_assets.home import find_home, is_url
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.registry import Registry

if TYPE_CHECKING:
    from dagster_aws.s3 import S3Resource

UI_URL = "REGISTRY_UI_URL"
"""Environment variable: where people reach the Dagster UI; run links begin with it."""

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
