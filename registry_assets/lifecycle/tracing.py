"""Lineage both ways: what something was made from, and what was built on it.

The way up is read from the manifests themselves, each verified. The way down is asked of the
index of their edges, for no manifest knows what came after it.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog.descent import (
    BASELINE,
    BuiltEvaluation,
    BuiltObservation,
    BuiltVersion,
    Descent,
    Held,
    descend,
    manifest_named,
    snapshots_named,
    versions_of_commit,
)
from registry_assets.catalog.evaluations import newest_evaluation
from registry_assets.catalog.models import get_model, near_names
from registry_assets.catalog.recalls import RecallRecord, list_recalls
from registry_assets.catalog.snapshots import SnapshotRecord
from registry_assets.catalog.tables import (
    registered_models,
    snapshots,
)
from registry_assets.errors import InvalidReference, NotFound
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.deploying import resolve
from registry_assets.lifecycle.reading import manifest_name
from registry_assets.manifest import Manifest, Parent
from registry_assets.references import (
    CommitName,
    ManifestName,
    Reference,
    SnapshotName,
    Subject,
)
from registry_assets.store.manifests import read_manifest

LIMIT = 50
"""Of each kind, how many are listed unless asked otherwise."""

_NEARBY = 200
"""Names of assets that are looked at for one that was meant."""


@dataclass(frozen=True, slots=True)
class Node:
    """One manifest: what it is called, how much it holds, what it was made from.

    Args:
        recalled: whether its own data was found to be wrong; not that of what it was made from.
    """

    digest: str
    kind: str
    name: str
    rows: int | None
    parents: tuple[Parent, ...]
    recalled: bool = False


@dataclass(frozen=True, slots=True)
class Ancestors:
    """A manifest or two and all that they were made from, each once, by digest.

    A baseline is named but not followed: it has a lineage of its own.

    Args:
        of: what was asked about: a version and its newest evaluation, or one snapshot.
    """

    of: tuple[Node, ...]
    nodes: Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class Descendants:
    """What was built on something; of each kind the newest, and how many there are.

    Args:
        subject: what was asked about, `flights[2013-03]` or `commit 1f2e3d4`.
        origins: the snapshots that this names, newest first; none for a version or commit.
        recalls: those in force about any of the snapshots.
        totals: by kind, and `origins`: how many there are, listed or not.
        complete: False where there is more than was looked at; the totals are at least so many.
    """

    subject: str
    origins: tuple[SnapshotRecord, ...]
    snapshots: tuple[SnapshotRecord, ...]
    versions: tuple[BuiltVersion, ...]
    evaluations: tuple[BuiltEvaluation, ...]
    observations: tuple[BuiltObservation, ...]
    pointers: tuple[Held, ...]
    recalls: tuple[RecallRecord, ...]
    totals: Mapping[str, int]
    complete: bool

    def more(self, kind: str) -> int:
        """How many of a kind are not listed."""
        return self.totals[kind] - len(getattr(self, kind))

    def first(self, limit: int) -> "Descendants":
        """Give the same with fewer of each kind listed."""
        listed = {kind: getattr(self, kind)[:limit] for kind in self.totals}
        return replace(self, **listed)


def read_ancestors(backends: Backends, digests: Sequence[str]) -> Ancestors:
    """Read these manifests and everything that they were made from.

    Raises:
        BlobMissing, BlobCorrupt: one of them cannot be read.
    """
    pending, nodes = list(digests), dict[str, Node]()
    while pending:
        digest = pending.pop(0)
        if digest in nodes:
            continue
        node = _node(digest, read_manifest(backends.store, digest))
        nodes[digest] = node
        pending += [parent.digest for parent in node.parents if parent.role != BASELINE]
    for node in list(nodes.values()):
        for parent in node.parents:
            if parent.digest not in nodes:
                baseline = _node(parent.digest, read_manifest(backends.store, parent.digest))
                nodes[parent.digest] = replace(baseline, rows=None, parents=())
    with backends.catalog.read() as connection:
        wrong = {recall.digest for recall in list_recalls(connection, in_force=True)}
    for digest in wrong & nodes.keys():
        nodes[digest] = replace(nodes[digest], recalled=True)
    return Ancestors(tuple(nodes[digest] for digest in digests), nodes)


def ancestors(backends: Backends, subject: Subject) -> Ancestors:
    """Read what a version and its newest evaluation, or one snapshot, was made from.

    Raises:
        NotFound: there is nothing of that name.
        InvalidReference: it names more than one thing.
        BlobMissing, BlobCorrupt: a manifest cannot be read.
    """
    digests: list[str] = []
    with backends.catalog.read() as connection:
        match settle(connection, subject):
            case ManifestName(digest):
                digests = [digest]
            case SnapshotName() as name:
                digests = [_one_snapshot(connection, name)]
            case Reference() as reference:
                version = resolve(connection, reference)
                suite = get_model(connection, version.model).suite_digest
                found = newest_evaluation(
                    connection, version.model, version.number, suite_digest=suite
                )
                digests = [str(version.digest)] + ([found.digest] if found else [])
            case CommitName() as commit:
                raise InvalidReference(
                    f"{commit} was made from no data", hint="ask what was built on it"
                )
    return read_ancestors(backends, digests)


def descendants(connection: sa.Connection, subject: Subject, *, limit: int = LIMIT) -> Descendants:
    """Find every snapshot, version, evaluation, observation and tenure built on something.

    Args:
        limit: of each kind, how many to list; all are counted.

    Raises:
        NotFound: there is nothing of that name.
        InvalidReference: it names a model, or could be a model or an asset.
    """
    settled = settle(connection, subject)
    roots = _roots(connection, settled)
    found = descend(connection, roots)
    asked = set(connection.execute(roots).scalars())
    if not asked:
        raise nothing_named(connection, settled)
    origins = tuple(s for s in found.snapshots if s.digest in asked)
    kinds: dict[str, tuple[Any, ...]] = {
        "origins": origins,
        "snapshots": tuple(s for s in found.snapshots if s.digest not in asked),
        "versions": _below(found, settled, asked),
        "evaluations": tuple(e for e in found.evaluations if e.digest not in asked),
        "observations": tuple(o for o in found.observations if o.digest not in asked),
        "pointers": found.pointers,
    }
    data = {snapshot.digest for snapshot in found.snapshots}
    in_force = list_recalls(connection, in_force=True)
    every = Descendants(
        subject=str(settled),
        **kinds,
        recalls=tuple(recall for recall in in_force if recall.digest in data),
        totals={kind: len(rows) for kind, rows in kinds.items()},
        complete=found.complete,
    )
    return every.first(limit)


def settle(connection: sa.Connection, subject: Subject) -> Subject:
    """Tell whether a bare name is that of an asset, which is read as a model's.

    Raises:
        InvalidReference: there is a model and an asset of that name.
    """
    bare = isinstance(subject, Reference) and str(subject) == subject.model
    if not isinstance(subject, Reference) or not bare:
        return subject
    name = subject.model
    asset = _there_is(connection, snapshots.c.asset == name)
    model = _there_is(connection, registered_models.c.name == name)
    if asset and model:
        raise InvalidReference(
            f"{name!r} is both a registered model and an asset",
            hint=f"for the asset, give it as --asset {name} or SnapshotName({name!r}), or with a"
            f" partition, {name}[…]; for the model, name a version, {name}:1",
        )
    if not asset and not model:
        raise NotFound(
            f"no registered model and no asset is called {name!r}",
            hint=_meant(connection, name, also=near_names(connection, name)),
        )
    return SnapshotName(name) if asset else subject


def _roots(connection: sa.Connection, subject: Subject) -> sa.Select[Any]:
    match subject:
        case SnapshotName():
            return snapshots_named(subject)
        case CommitName():
            return versions_of_commit(subject)
        case ManifestName(digest):
            return manifest_named(digest)
        case Reference():
            return manifest_named(str(resolve(connection, subject).digest))


def _below(found: Descent, subject: Subject, asked: set[str]) -> tuple[BuiltVersion, ...]:
    # Versions are what a commit gave; a version is not built on itself.
    is_commit = isinstance(subject, CommitName)
    return tuple(v for v in found.versions if is_commit or v.digest not in asked)


def nothing_named(connection: sa.Connection, subject: Subject) -> NotFound:
    """Give the error that says there is nothing of that name, and what there is."""
    if isinstance(subject, CommitName):
        return NotFound(
            f"no version was trained on {subject}",
            hint="`registry show REF` gives the commit of a version",
        )
    if not isinstance(subject, SnapshotName):
        return NotFound(
            f"no snapshot, version, evaluation or observation has the digest {subject}",
            hint="`registry show REF --json` gives whole digests",
        )
    if subject.partition is None:
        return NotFound(
            f"no asset is called {subject.asset!r}", hint=_meant(connection, subject.asset)
        )
    keys = snapshots.c.partition
    query = sa.select(sa.func.min(keys), sa.func.max(keys)).where(
        snapshots.c.asset == subject.asset
    )
    first, last = connection.execute(query).one()
    if first is None:
        return NotFound(
            f"no asset is called {subject.asset!r}", hint=_meant(connection, subject.asset)
        )
    there = f"it has {first} to {last}" if last else "it has no partitions: leave the brackets out"
    return NotFound(f"{subject.asset} has no partition {subject.partition!r}", hint=there)


def _meant(connection: sa.Connection, wanted: str, *, also: Sequence[str] = ()) -> str:
    """Give the asset that was meant, or one of these other names; else say which there are."""
    names = sa.select(snapshots.c.asset).distinct().order_by(snapshots.c.asset).limit(_NEARBY)
    known = list(connection.execute(names).scalars())
    near = difflib.get_close_matches(wanted, [*known, *also], n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"assets with snapshots: {', '.join(known[:20])}" if known else "no data has arrived"


def _one_snapshot(connection: sa.Connection, name: SnapshotName) -> str:
    """Give the snapshot that an asset's partition holds now.

    Raises:
        InvalidReference: the asset has several partitions, and none is named.
    """
    rows = connection.execute(
        sa.select(snapshots.c.partition, snapshots.c.digest)
        .where(snapshots.c.id.in_(_newest(name)))
        .order_by(snapshots.c.partition)
        .limit(2)
    ).all()
    if not rows:
        raise nothing_named(connection, name)
    if len(rows) > 1:
        raise InvalidReference(
            f"{name.asset} has several partitions, each made from something else",
            hint=f"name one: {name.asset}[{rows[0].partition}]",
        )
    return str(rows[0].digest)


def _newest(name: SnapshotName) -> sa.Select[Any]:
    table = snapshots
    query = sa.select(sa.func.max(table.c.id)).where(table.c.asset == name.asset)
    if name.partition is not None:
        query = query.where(table.c.partition == name.partition)
    return query.group_by(table.c.partition)


def _there_is(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> bool:
    query = sa.select(sa.literal(1)).where(condition).limit(1)
    return connection.execute(query).scalar() is not None


def _node(digest: str, manifest: Manifest) -> Node:
    rows = manifest.facts.get("rows")
    return Node(
        digest=digest,
        kind=manifest.kind,
        name=manifest_name(manifest),
        rows=rows if isinstance(rows, int) else None,
        parents=manifest.parents,
    )
