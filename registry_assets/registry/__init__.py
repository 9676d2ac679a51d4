"""`Registry`: the façade over catalog, store and the steps of a version's life.

Everything that people, the command line and Dagster do goes through here. It holds no
logic of its own: each method is one reading of the catalog, or one step of `lifecycle`.
Its methods stand in the parts beside this file, by what they are for.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_assets.catalog.engine import Catalog, has_history, shown_location
from registry_assets.clock import Clock, system_clock
from registry_assets.errors import CatalogBehind
from registry_assets.home import Home, find_home
from registry_assets.lifecycle import reindexing
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.checkpoints import identify
from registry_assets.lifecycle.registry_keys import KEY_ADDED, begin_keys
from registry_assets.registry.alerts import Alerts
from registry_assets.registry.answers import Answers, VersionSummary
from registry_assets.registry.care import Care
from registry_assets.registry.contents import Contents
from registry_assets.registry.deciding import Deciding
from registry_assets.registry.deployment import Deployment
from registry_assets.registry.evidence import Evidence
from registry_assets.registry.exits import Exits
from registry_assets.registry.governing import Governing
from registry_assets.registry.keys import Keys
from registry_assets.registry.lineage_events import LineageEvents
from registry_assets.registry.migrating import Migrating
from registry_assets.registry.mirrors import Mirrors
from registry_assets.registry.monitoring import Monitoring
from registry_assets.registry.recalls import Recalls
from registry_assets.registry.searching import Searching
from registry_assets.registry.steps import Steps
from registry_assets.registry.transfer import Transfer
from registry_assets.registry.words import Words
from registry_assets.store import Store, create_store, open_store
from registry_assets.transfer.progress import Progress, silent

if TYPE_CHECKING:
    from registry_assets.signing.keys import PublicKey
    from registry_assets.transfer.restoring import Restored

__all__ = ["Registry", "VersionSummary"]

_WITHOUT_BYTES = (KEY_ADDED, "policy_activated")
"""Kinds of events that nothing in the store belongs to."""


class Registry(
    Answers,
    Contents,
    Searching,
    Steps,
    Deciding,
    Recalls,
    Words,
    Governing,
    Keys,
    Deployment,
    Care,
    Transfer,
    Evidence,
    Exits,
    Monitoring,
    Alerts,
    Mirrors,
    Migrating,
    LineageEvents,
):
    """An open registry.

    Examples:
        >>> registry = Registry.open()  # doctest: +SKIP
        >>> registry.load("flight_delay@production").predict(rows)  # doctest: +SKIP
    """

    def __init__(self, home: Home, backends: Backends) -> None:
        self.home = home
        self.backends = backends

    @classmethod
    def open(
        cls, start: Path | str | None = None, *, clock: Clock = system_clock, s3_client: Any = None
    ) -> "Registry":
        """Open the registry of this folder, of one above it, or at REGISTRY_HOME.

        Args:
            s3_client: a boto3 client for a store in a bucket, instead of one made by the usual
                AWS means.

        Raises:
            NoRegistry: there is none; says where it looked.
            CatalogTooNew, CatalogTooOld: another release wrote it.
        """
        home = find_home(None if start is None else Path(start))
        catalog = Catalog.open(home.catalog)
        store = open_store(home.store, s3_client=s3_client)
        return cls(home, Backends(catalog, store, clock, home.signing_key))

    @classmethod
    def init(
        cls,
        folder: Path | str,
        *,
        clock: Clock = system_clock,
        owner_key: "PublicKey | None" = None,
        run: RunInfo | None = None,
    ) -> "Registry":
        """Create a registry in a folder, or open and migrate the one that is there.

        A new one gets the key that it signs promotions with: see `lifecycle.registry_keys`.

        Args:
            owner_key: with which the first policy is activated.

        Raises:
            PolicyRefused: the registry has another owner, or a policy in force.
            KeyUnusable: what is in the private key's place is none.
            StoreUnwritable: the folder cannot be written.
            CatalogTooNew: a newer release wrote the catalog.
            CatalogBehind: one of catalog and store is gone, the other full of history.
            StoreError: the store is another registry's.
        """
        home = Home(Path(folder).absolute())
        home.make()
        store = create_store(home.store)
        _refuse_half_a_registry(home, store)
        backends = Backends(Catalog.create(home.catalog), store, clock, home.signing_key)
        with backends.catalog.read() as connection:
            indexed = reindexing.is_indexed(connection)
        store.claim(identify(backends.catalog, claimed=store.identity()))
        if not indexed:
            reindexing.reindex(backends)
        begin_keys(backends, owner=owner_key, run=run or RunInfo.by_hand())
        return cls(home, backends)

    @classmethod
    def restore(
        cls,
        source: Path | str,
        folder: Path | str,
        *,
        clock: Clock = system_clock,
        run: RunInfo | None = None,
        progress: Progress = silent,
    ) -> tuple["Registry", "Restored"]:
        """Put a backup back, as the registry of a folder that has none, under its own identity.

        Raises:
            ExportUnreadable: the backup is damaged, incomplete or changed.
            ImportRefused: it is no backup, or there is a history already.
            CatalogBehind: the store is newer than the backup.
        """
        from registry_assets.transfer import restoring

        home = Home(Path(folder).absolute())
        home.make()
        restored, backends = restoring.restore_backup(
            Path(source),
            store=create_store(home.store),
            catalog=home.catalog,
            clock=clock,
            run=run or RunInfo.by_hand(),
            progress=progress,
        )
        return cls(home, replace(backends, signing_key=home.signing_key)), restored


def _refuse_half_a_registry(home: Home, store: Store) -> None:
    """A volume that was not mounted must not be made up for by an empty one."""
    stored = next(store.digests(), None) is not None
    recorded = has_history(home.catalog, but_for=_WITHOUT_BYTES)
    catalog = shown_location(home.catalog)
    if stored and recorded is None:
        raise CatalogBehind(
            f"{home.store} holds the bytes of a registry, and its catalog {catalog} is gone",
            hint="put the catalog back (`registry backup restore`); a new one would give"
            " the same numbers out again. To begin anew, move the store away first",
        )
    if recorded and not stored:
        raise CatalogBehind(
            f"{catalog} tells of a history, and the store {home.store} is empty",
            hint="put the store back (is its volume mounted?); nothing was changed",
        )
