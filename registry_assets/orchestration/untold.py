"""A result of an asset check that is other than what Dagster shows, since no run changed it."""

from dataclasses import dataclass

import dagster as dg

from registry_assets.orchestration.io_manager import asset_name


@dataclass(frozen=True, slots=True, eq=False)
class Untold:
    """A result that Dagster should show, and does not.

    Args:
        state: what tells it from every other result of that check there.
    """

    result: dg.AssetCheckResult
    partition: str | None
    state: str

    @property
    def asset(self) -> dg.AssetKey:
        """The asset that the check is on."""
        assert self.result.asset_key is not None
        return self.result.asset_key

    @property
    def sentence(self) -> str:
        """What it is about, for people."""
        where = f"[{self.partition}]" if self.partition else ""
        return f"{self.result.check_name} of {asset_name(self.asset)}{where}"
