"""What was built on what: the edges of the index, followed from parents to children.

In one recursive query, which ends in a cycle as anywhere, and looks at no more than `BOUND`
manifests. An evaluation that only compares with a version (its `baseline`) is not built on
it, just as the way up does not go on behind a baseline.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog.index_tables import edges, indexed_evaluations, indexed_versions
from registry_assets.catalog.indexing import Stage
from registry_assets.catalog.monitoring_tables import observations
from registry_assets.catalog.snapshots import SnapshotRecord
from registry_assets.catalog.tables import promotions, snapshots
from registry_assets.references import CommitName, SnapshotName

BASELINE = "baseline"
BOUND = 50_000
"""Manifests that a descent looks at, at most: a few seconds of work."""

_following = sa.alias(promotions, "following")


@dataclass(frozen=True, slots=True)
class BuiltVersion:
    """A committed version, as the index has it."""

    model: str
    number: int
    digest: str
    stage: Stage
    code_commit: str | None
    created_at: str

    @property
    def reference(self) -> str:
        """`flight_delay:12`."""
        return f"{self.model}:{self.number}"


@dataclass(frozen=True, slots=True)
class BuiltEvaluation:
    """An evaluation, as the index has it; `passed` is `yes`, `no` or `unknown`."""

    model: str
    version: int
    digest: str
    passed: str
    created_at: str

    @property
    def reference(self) -> str:
        """The version that was evaluated, `flight_delay:12`."""
        return f"{self.model}:{self.version}"


@dataclass(frozen=True, slots=True)
class BuiltObservation:
    """A manifest of what was observed of a deployment; `versions` are those that occur in it."""

    model: str
    kind: str
    partition: str
    versions: tuple[int, ...]
    digest: str
    created_at: str

    @property
    def name(self) -> str:
        """`drift of flight_delay[2013-05]`."""
        where = f"[{self.partition}]" if self.partition else ""
        return f"{self.kind} of {self.model}{where}"


@dataclass(frozen=True, slots=True)
class Held:
    """A time in which a pointer held a version; `until` is None while it does."""

    model: str
    pointer: str
    generation: int
    version: int
    since: str
    until: str | None

    @property
    def reference(self) -> str:
        """The version that was held, `flight_delay:12`."""
        return f"{self.model}:{self.version}"


@dataclass(frozen=True, slots=True)
class Descent:
    """Everything that was built on some manifests, each kind newest first.

    Args:
        snapshots: each as an asset's partition held it first.
        complete: False where there are more manifests than a descent looks at.
    """

    snapshots: tuple[SnapshotRecord, ...]
    versions: tuple[BuiltVersion, ...]
    evaluations: tuple[BuiltEvaluation, ...]
    observations: tuple[BuiltObservation, ...]
    pointers: tuple[Held, ...]
    complete: bool


def snapshots_named(name: SnapshotName) -> sa.Select[Any]:
    """Select the digests of an asset's snapshots, of one partition or of all, ever."""
    query = sa.select(snapshots.c.digest).where(snapshots.c.asset == name.asset)
    return query if name.partition is None else query.where(snapshots.c.partition == name.partition)


def versions_of_commit(commit: CommitName) -> sa.Select[Any]:
    """Select the digests of the versions whose code is of a commit."""
    # A range, and no LIKE: both databases find a range by the index. No digit is above f.
    column = indexed_versions.c.code_commit
    return sa.select(indexed_versions.c.digest).where(
        column >= commit.prefix,
        column < f"{commit.prefix}g",
        indexed_versions.c.digest.is_not(None),
    )


def manifest_named(digest: str) -> sa.Select[Any]:
    """Select one digest, if anything is known of it."""
    # From the columns, and not as a text: PostgreSQL wants it of their collation.
    columns = (
        snapshots.c.digest,
        indexed_versions.c.digest,
        indexed_evaluations.c.digest,
        observations.c.digest,
        edges.c.parent,
    )
    known = sa.union(
        *(sa.select(column.label("digest")).where(column == digest) for column in columns)
    ).subquery("known")
    return sa.select(known.c.digest)


def descend(connection: sa.Connection, roots: sa.Select[Any], *, bound: int = BOUND) -> Descent:
    """Follow the edges down from the digests that a query selects, which are in the answer."""
    built = roots.cte("built", recursive=True)
    step = (
        sa.select(edges.c.child)
        .select_from(edges.join(built, edges.c.parent == built.c.digest))
        .where(edges.c.role != BASELINE)
    )
    every = built.union(step)
    found = sa.select(every.c.digest).limit(bound + 1).cte("found")
    seen = connection.execute(sa.select(sa.func.count()).select_from(found)).scalar_one()
    return Descent(
        snapshots=tuple(_snapshots(connection, found)),
        versions=tuple(_versions(connection, found)),
        evaluations=tuple(_evaluations(connection, found)),
        observations=tuple(_observations(connection, found)),
        pointers=tuple(_held(connection, found)),
        complete=seen <= bound,
    )


def _among(column: "sa.Column[Any]", found: sa.CTE) -> sa.ColumnElement[bool]:
    # Not a join: SQLite would read the whole table and look each row up among the few found.
    return column.in_(sa.select(found.c.digest))


def _snapshots(connection: sa.Connection, found: sa.CTE) -> Iterator[SnapshotRecord]:
    table = snapshots
    first = (
        sa.select(sa.func.min(table.c.id))
        .where(_among(table.c.digest, found))
        .group_by(table.c.asset, table.c.partition, table.c.digest)
    )
    query = sa.select(table).where(table.c.id.in_(first))
    for row in connection.execute(query.order_by(table.c.created_at.desc(), table.c.id.desc())):
        fields = row._asdict()
        fields.pop("id")
        yield SnapshotRecord(**fields)


def _versions(connection: sa.Connection, found: sa.CTE) -> Iterator[BuiltVersion]:
    table = indexed_versions
    columns = ("model", "number", "digest", "stage", "code_commit", "created_at")
    query = sa.select(*(table.c[name] for name in columns)).where(_among(table.c.digest, found))
    order = (table.c.created_at.desc(), table.c.model, table.c.number.desc())
    for row in connection.execute(query.order_by(*order)):
        yield BuiltVersion(*row)


def _evaluations(connection: sa.Connection, found: sa.CTE) -> Iterator[BuiltEvaluation]:
    """Give each manifest once, as it was recorded last: repeating one may give it again."""
    table = indexed_evaluations
    columns = ("model", "version", "digest", "passed", "created_at")
    last = (
        sa.select(sa.func.max(table.c.id))
        .where(_among(table.c.digest, found))
        .group_by(table.c.digest)
    )
    query = sa.select(*(table.c[name] for name in columns)).where(table.c.id.in_(last))
    for row in connection.execute(query.order_by(table.c.created_at.desc(), table.c.id.desc())):
        yield BuiltEvaluation(*row)


def _observations(connection: sa.Connection, found: sa.CTE) -> Iterator[BuiltObservation]:
    """Give each manifest once, as it was recorded last."""
    table = observations
    query = sa.select(table).where(_among(table.c.digest, found))
    rows: dict[str, list[sa.Row[Any]]] = {}
    order = (table.c.created_at.desc(), table.c.id.desc())
    for row in connection.execute(query.order_by(*order)):
        rows.setdefault(row.digest, []).append(row)
    for digest, (last, *others) in rows.items():
        numbers = {row.version for row in (last, *others)}
        yield BuiltObservation(
            last.model,
            last.kind,
            last.partition,
            tuple(sorted(numbers)),
            digest,
            last.created_at,
        )


def _held(connection: sa.Connection, found: sa.CTE) -> Iterator[Held]:
    version, moved, following = indexed_versions, promotions, _following
    query = (
        sa.select(
            moved.c.model,
            moved.c.pointer,
            moved.c.generation,
            moved.c.version,
            moved.c.created_at,
            following.c.created_at,
        )
        .select_from(
            version.join(
                moved,
                sa.and_(moved.c.model == version.c.model, moved.c.version == version.c.number),
            ).outerjoin(
                following,
                sa.and_(
                    following.c.model == moved.c.model,
                    following.c.pointer == moved.c.pointer,
                    following.c.generation == moved.c.generation + 1,
                ),
            )
        )
        .where(_among(version.c.digest, found))
        .order_by(moved.c.model, moved.c.pointer, moved.c.generation.desc())
    )
    for row in connection.execute(query):
        yield Held(*row)
