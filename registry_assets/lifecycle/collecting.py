"""Collect: move what nothing names to the trash, and empty the trash of what lay there long.

In two phases, each of which shows before it acts. What is young stays: its publisher may not
have come to the row that names it. One that was stopped for longer finds its bytes again
when it goes on: it looks, and they are brought back from the trash (`publishing`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from registry_assets.catalog.imported_tables import imported_versions
from registry_assets.catalog.ledger import REGISTRY, append
from registry_assets.catalog.monitoring_tables import observations
from registry_assets.catalog.tables import attestations, evaluations, settings, snapshots, versions
from registry_assets.clock import system_clock, timestamp
from registry_assets.errors import RegistryError, StoreError
from registry_assets.faults import reached
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.publishing import COLLECTIONS, collections
from registry_assets.lifecycle.retention import count_retained
from registry_assets.store.manifests import read_manifest

OLDER_THAN = timedelta(days=7)
PURGE_AFTER = timedelta(days=30)
_VERBS = ("discarded", "purged", "restored")
UNFINISHED = timedelta(days=1)
"""After which a file under tmp/ is a crash's, and not a writer's."""


@dataclass(frozen=True, slots=True)
class CollectedBlob:
    """One blob that was, or would be, moved."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection did or, where it did not act, would do.

    Args:
        discarded: named by nothing, and moved to the trash.
        purged: in the trash for long enough, and gone.
        restored: in the trash, though something names it.
        young: named by nothing, and too young to be moved.
        retained: versions whose retention is not over. What a row names is never moved, whether
            it is over or not: see `retention`.
    """

    acted: bool
    named: int
    discarded: tuple[CollectedBlob, ...]
    purged: tuple[CollectedBlob, ...]
    restored: tuple[CollectedBlob, ...]
    young: int
    retained: int

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.discarded or self.purged or self.restored)


def collect(
    backends: Backends,
    *,
    act: bool,
    run: RunInfo,
    reason: str = "",
    older_than: timedelta = OLDER_THAN,
    purge_after: timedelta = PURGE_AFTER,
) -> Collected:
    """Find what nothing names and, to act, move it to the trash or out of it.

    Writers wait while blobs are moved; readers do not.

    Raises:
        StoreError: a manifest that a row names cannot be read, so that what it names is not
            known; nothing was moved.
    """
    with backends.catalog.read() as connection:
        roots = _roots(connection)
        retained = count_retained(connection, now=timestamp(backends.clock()))
        died_on_the_way = collections(connection) % 2 == 1
    named = _closure(backends, roots)
    found = _find(
        backends, named, retained=retained, older_than=older_than, purge_after=purge_after
    )
    if not act or (found.nothing and not died_on_the_way):
        return found
    _count(backends)
    reached("collect.begun")
    with backends.catalog.write() as connection:
        # What was named since is looked at again under the lock, and it is little.
        named |= _closure(backends, _roots(connection) - roots)
        done = _move(backends, found, named)
        reached("collect.moved")
        _set(connection, collections(connection) + 1)
        append(
            connection,
            chain=REGISTRY,
            kind="blobs_collected",
            body={
                "actor": run.actor,
                "reason": reason,
                "sentence": f"{len(done.discarded)} blobs that nothing names were moved to the"
                f" trash, {len(done.purged)} were removed from it",
                "effective_at": timestamp(backends.clock()),
                "recorded_at": timestamp(system_clock()),
                "facts": {verb: len(getattr(done, verb)) for verb in _VERBS},
                "rows": [],
            },
        )
    backends.store.clean_tmp(older_than_seconds=UNFINISHED.total_seconds())
    return done


def _roots(connection: sa.Connection) -> set[str]:
    """Give every manifest that a row names."""
    query = sa.union(
        sa.select(snapshots.c.digest),
        sa.select(versions.c.digest).where(versions.c.digest.is_not(None)),
        sa.select(evaluations.c.digest),
        sa.select(attestations.c.digest),
        sa.select(observations.c.digest),
        sa.select(imported_versions.c.digest),
    )
    return set(connection.execute(query).scalars())


def _closure(backends: Backends, roots: Iterable[str]) -> set[str]:
    """Give the digests of these manifests and of everything that they name."""
    named: set[str] = set()
    pending = list(roots)
    while pending:
        digest = pending.pop()
        if digest in named:
            continue
        named.add(digest)
        try:
            manifest = read_manifest(backends.store, digest)
        except RegistryError as error:
            raise StoreError(
                f"nothing was collected: what {digest} names is not known: {error.message}",
                hint="`registry verify` names what is broken; restore it first",
            ) from error
        named.update(file.sha256 for file in manifest.files)
        pending += [parent.digest for parent in manifest.parents]
    return named


def _find(
    backends: Backends,
    named: set[str],
    *,
    retained: int,
    older_than: timedelta,
    purge_after: timedelta,
) -> Collected:
    now = system_clock()  # and not the registry's: the store's times are the machine's, too
    unnamed = [blob for blob in backends.store.entries() if blob.digest not in named]
    old = [blob for blob in unnamed if now - blob.modified > older_than]
    trashed = list(backends.store.trashed())
    return Collected(
        acted=False,
        named=len(named),
        discarded=tuple(CollectedBlob(blob.digest, blob.size) for blob in old),
        purged=tuple(
            CollectedBlob(blob.digest, blob.size)
            for blob in trashed
            if blob.digest not in named and now - blob.discarded_at > purge_after
        ),
        restored=tuple(
            CollectedBlob(blob.digest, blob.size) for blob in trashed if blob.digest in named
        ),
        young=len(unnamed) - len(old),
        retained=retained,
    )


def _move(backends: Backends, found: Collected, named: set[str]) -> Collected:
    discarded = tuple(blob for blob in found.discarded if blob.digest not in named)
    purged = tuple(blob for blob in found.purged if blob.digest not in named)
    needed = tuple(blob for blob in found.purged if blob.digest in named)
    for blob in discarded:
        backends.store.discard(blob.digest)
        reached("collect.discarded")
    restored = tuple(
        blob for blob in (*found.restored, *needed) if backends.store.restore(blob.digest)
    )
    for blob in purged:
        backends.store.purge(blob.digest)
    return Collected(True, len(named), discarded, purged, restored, found.young, found.retained)


def _count(backends: Backends) -> None:
    """Make the count odd: from here until it is even again every publisher looks twice.

    In a transaction of its own, for a kill half-way through the moving must not take it back.
    """
    with backends.catalog.write() as connection:
        now = collections(connection)
        _set(connection, now + 1 if now % 2 == 0 else now)


def _set(connection: sa.Connection, count: int) -> None:
    where = settings.c.name == COLLECTIONS
    values = {"value": str(count)}
    if not connection.execute(sa.update(settings).where(where).values(**values)).rowcount:
        connection.execute(sa.insert(settings).values(name=COLLECTIONS, **values))
