"""Which data of a period came when, and the copy of it into the registry of a replay."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from registry_assets.catalog.snapshots import SnapshotRecord, current_snapshots, record_snapshot
from registry_assets.clock import parse_timestamp
from registry_assets.declaration import RegisteredModel
from registry_assets.declaration.model import FeatureSource
from registry_assets.errors import NotFound
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.replaying.values import Plan
from registry_assets.manifest import Manifest
from registry_assets.store.manifests import put_manifest, read_manifest

_FIRST = datetime(1970, 1, 2, tzinfo=UTC)
_LAST = datetime(2100, 1, 1, tzinfo=UTC)
_ORDERED = timedelta(days=1)
"""Between two partitions of no times, of which nothing but their order is known."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A partition, and when it came: at the end of the period that it is of.

    Args:
        snapshots: of the features, and of the labels where they are an asset of their own.
    """

    partition: str
    at: datetime
    snapshots: tuple[SnapshotRecord, ...]


def find_arrivals(
    connection: sa.Connection, model: RegisteredModel, plan: Plan
) -> tuple[tuple[Arrival, ...], tuple[Arrival, ...]]:
    """Give what came before a period, and what came in it, both in order.

    Raises:
        NotFound: the features have no such partition, or the period ends before it starts.
    """
    features = {each.partition: each for each in current_snapshots(connection, model.features.key)}
    for key in (plan.start, plan.end):
        if key not in features:
            there = ", ".join(features) or "none"
            raise NotFound(
                f"{model.features.key} has no partition {key!r}", hint=f"it has: {there}"
            )
    if plan.start > plan.end:
        raise NotFound(
            f"there is no period from {plan.start} to {plan.end}",
            hint=f"it would end before it starts: --from {plan.end} --to {plan.start}",
        )
    rule = model.monitoring.labels if model.monitoring else None
    labels = (
        {each.partition: each for each in current_snapshots(connection, rule.asset)} if rule else {}
    )
    keys = sorted(key for key in features if key <= plan.end)
    arrivals = [
        Arrival(
            key,
            at,
            tuple(each[key] for each in (features, labels) if key in each),
        )
        for key, at in zip(keys, _times(model.features, keys, features), strict=True)
    ]
    before = tuple(each for each in arrivals if each.partition < plan.start)
    return before, tuple(each for each in arrivals if each.partition >= plan.start)


def _times(
    features: FeatureSource, keys: list[str], records: dict[str, SnapshotRecord]
) -> Iterator[datetime]:
    if features.ended_partition(_LAST, days=0):
        yield from (_ended_at(features, key) for key in keys)
        return
    first = min(parse_timestamp(each.created_at) for each in records.values())
    yield from (first + number * _ORDERED for number in range(len(keys)))


def _ended_at(features: FeatureSource, partition: str) -> datetime:
    """Give the instant from which on a partition, or a later one, is the newest that ended."""
    # Halved until a second is left: a source says what has ended, and not when it did.
    low, high = 0, int((_LAST - _FIRST).total_seconds())
    while low < high:
        middle = (low + high) // 2
        if features.ended_partition(_FIRST + timedelta(seconds=middle), days=0) >= partition:
            high = middle
        else:
            low = middle + 1
    return _FIRST + timedelta(seconds=low)


def bring(source: Backends, scratch: Backends, record: SnapshotRecord, *, run: RunInfo) -> None:
    """Copy a snapshot, and all that it was made from, byte by byte under the same digests."""
    for digest, manifest in _with_parents(source, record.digest, {}).items():
        for file in manifest.files:
            if not scratch.store.has(file.sha256):
                _copy(source, scratch, file.sha256)
        put_manifest(scratch.store, manifest)
        record_snapshot(
            scratch.catalog,
            asset=str(manifest.facts["asset"]),
            partition=str(manifest.facts["partition"]),
            digest=digest,
            kind=manifest.kind,
            rows=int(str(manifest.facts["rows"])),
            size=sum(file.size for file in manifest.files),
            parents=manifest.parents,
            run_id=run.run_id,
            actor=run.actor,
            clock=scratch.clock,
        )


def _with_parents(source: Backends, digest: str, found: dict[str, Manifest]) -> dict[str, Manifest]:
    """Give a manifest and those that it was made from, parents first."""
    if digest not in found:
        manifest = read_manifest(source.store, digest)
        for parent in manifest.parents:
            _with_parents(source, parent.digest, found)
        found[digest] = manifest
    return found


def _copy(source: Backends, scratch: Backends, digest: str) -> None:
    with tempfile.TemporaryDirectory(prefix="registry-replay-") as folder:
        path = Path(folder) / "blob"
        source.store.copy_to(digest, path)
        scratch.store.put_file(path)
