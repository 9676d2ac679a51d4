"""What every step works on: a catalog, a store and a clock."""

import getpass
from dataclasses import dataclass
from pathlib import Path

from registry_assets.actors import self_named
from registry_assets.catalog.engine import Catalog
from registry_assets.clock import Clock
from registry_assets.store import Store

BY_HAND = "by hand"
"""The run of whoever acts in none."""


@dataclass(frozen=True, slots=True)
class Backends:
    """An open registry, as the steps of a version's life see it.

    Args:
        signing_key: where the private key of attestations is, if it is on this machine. It is
            opened by whoever signs, and by nobody else.
    """

    catalog: Catalog
    store: Store
    clock: Clock
    signing_key: Path | None = None


@dataclass(frozen=True, slots=True)
class RunInfo:
    """Who acts, and in which run: what a change is recorded under.

    Args:
        run_url: the run's page in the Dagster UI, or an experiment's.
    """

    actor: str
    run_id: str
    run_url: str | None = None

    @classmethod
    def by_hand(cls) -> "RunInfo":
        """The person at the keyboard, by account name; nothing is proven by it."""
        try:
            actor = getpass.getuser()
        except (KeyError, OSError):
            actor = "unknown"
        # By the environment, which says what its owner wants it to.
        return cls(actor=self_named(actor), run_id=BY_HAND)
