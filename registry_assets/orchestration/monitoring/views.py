"""One observation as it is shown: the rows of the catalog, and the data behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from registry_assets.catalog.observations import Kind, ObservationRecord, ResultRecord
from registry_assets.declaration import RegisteredModel
from registry_assets.lifecycle.data import INPUT
from registry_assets.recipe import SnapshotRef
from registry_assets.registry import Registry

KINDS: tuple[Kind, ...] = ("predictions", "drift", "performance")
"""In the order in which they are made."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One observation.

    Args:
        digest: of its manifest.
        records: one for each version that occurs in it, at least one.
        results: what its checks found of each.
        data: the snapshots behind it, by what they are: `features`, `log`, `labels`, `datasets`.
        trained: the snapshots that each version was trained on.
    """

    kind: Kind
    digest: str
    partition: str
    records: tuple[ObservationRecord, ...]
    results: tuple[ResultRecord, ...]
    data: Mapping[str, tuple[SnapshotRef, ...]]
    trained: Mapping[int, tuple[SnapshotRef, ...]]


def read_view(
    registry: Registry,
    declared: RegisteredModel,
    records: Sequence[ObservationRecord],
    results: Sequence[ResultRecord],
) -> View:
    """Read what stands behind an observation.

    Raises:
        BlobMissing, BlobCorrupt: bytes are not what their digest says.
    """
    first = records[0]
    versions = [registry.version_numbered(first.model, each.version).version for each in records]
    return View(
        kind=first.kind,
        digest=first.digest,
        partition=first.partition,
        records=tuple(records),
        results=tuple(results),
        data=_data(registry, declared, first),
        trained={version.number: version.recipe.train for version in versions},
    )


def _data(
    registry: Registry, declared: RegisteredModel, record: ObservationRecord
) -> dict[str, tuple[SnapshotRef, ...]]:
    own = registry.manifest(record.digest)
    predicted = own
    if record.kind != "predictions":
        predicted = registry.manifest(str(record.summary["predictions"]))
    features = predicted.parents_of("features")
    datasets = [
        parent.digest
        for digest in features
        for parent in registry.manifest(digest).parents
        if parent.role.startswith(INPUT)
    ]
    named = {
        "log": predicted.parents_of("log"),
        "labels": own.parents_of("labels"),
        "datasets": tuple(dict.fromkeys(datasets)),
    }
    known = registry.find_snapshots([digest for digests in named.values() for digest in digests])
    found = {
        # Two partitions may hold the same rows: this one's is known without asking.
        "features": tuple(
            SnapshotRef(declared.features.key, record.partition, digest) for digest in features
        ),
        **{
            name: tuple(known[digest].ref for digest in digests if digest in known)
            for name, digests in named.items()
        },
    }
    return {name: refs for name, refs in found.items() if refs}
