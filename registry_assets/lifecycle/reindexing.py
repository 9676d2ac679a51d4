"""Make the index anew, from the rows that the ledger vouches for and the manifests they name.

For a catalog of an earlier release, and for one whose index is not what it should be.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog import indexing
from registry_assets.catalog.evaluations import EvaluationRecord, list_evaluations, read_verdicts
from registry_assets.catalog.index_tables import (
    INDEX,
    indexed_evaluations,
    indexed_models,
    indexed_versions,
    number_terms,
    text_terms,
)
from registry_assets.catalog.models import ModelRecord, list_models
from registry_assets.catalog.monitoring_tables import observations
from registry_assets.catalog.tables import settings, snapshots, versions
from registry_assets.errors import RegistryError
from registry_assets.governance.decide import gates_passed
from registry_assets.governance.policy import Policy
from registry_assets.governance.standing import NEVER, read_standing
from registry_assets.lifecycle.backends import Backends
from registry_assets.manifest import Manifest, Parent
from registry_assets.store.manifests import read_manifest

RELEASE = "1"
"""Raised with whatever the index holds; an index of another release is made anew."""


@dataclass(frozen=True, slots=True)
class Reindexed:
    """What was indexed, and the manifests that could not be read: their edges are missing."""

    models: int
    versions: int
    evaluations: int
    unreadable: tuple[str, ...]


def is_indexed(connection: sa.Connection) -> bool:
    """Tell whether this release made the index."""
    found = connection.execute(sa.select(settings.c.value).where(settings.c.name == "indexed"))
    return found.scalar() == RELEASE


ReadManifest = Callable[[str], Manifest | None]


def reindex(backends: Backends) -> Reindexed:
    """Make the index anew, in one transaction: a reader sees the old one or the new one."""
    unreadable: list[str] = []
    with backends.catalog.write() as connection:
        found = index_all(connection, lambda digest: _manifest(backends, digest, unreadable))
    return replace(found, unreadable=tuple(unreadable))


def index_all(connection: sa.Connection, read: ReadManifest) -> Reindexed:
    """Make the index anew, inside the caller's transaction.

    Args:
        read: gives a manifest, or None of one that cannot be read.
    """
    numbers = evaluated = 0
    for table in INDEX:
        connection.execute(sa.delete(table))
    models = list_models(connection)
    for table in (snapshots, observations):
        for digest in connection.execute(sa.select(table.c.digest).distinct()).scalars().all():
            indexing.add_edges(connection, digest, _parents(read(digest)))
    for model in models:
        counted = index_history(connection, model, read)
        numbers, evaluated = numbers + counted[0], evaluated + counted[1]
    connection.execute(sa.delete(settings).where(settings.c.name == "indexed"))
    connection.execute(sa.insert(settings).values(name="indexed", value=RELEASE))
    return Reindexed(len(models), numbers, evaluated, ())


def index_history(
    connection: sa.Connection, model: ModelRecord, read: ReadManifest
) -> tuple[int, int]:
    """Index a model of which nothing is indexed; give how many versions and evaluations it has."""
    indexing.refresh(connection, [("registered_models", {"name": model.name})])
    numbers = list(_numbers(connection, model.name))
    for number, digest in numbers:
        indexing.index_version(connection, model.name, number)
        if digest:
            indexing.add_edges(connection, digest, _parents(read(digest)))
    evaluated = list_evaluations(connection, model.name)
    for evaluation in evaluated:
        manifest = read(evaluation.digest)
        indexing.add_evaluation(
            connection,
            evaluation.id,
            passed=_passed(connection, model, evaluation, manifest),
            parents=_parents(manifest),
        )
    return len(numbers), len(evaluated)


def read_manifests(backends: Backends, model: str, number: int) -> ReadManifest:
    """Read the manifests of a version's evaluations, before the lock that others wait for."""
    with backends.catalog.read() as connection:
        found = list_evaluations(connection, model, version=number)
    unreadable: list[str] = []
    manifests = {each.digest: _manifest(backends, each.digest, unreadable) for each in found}
    return manifests.get


def judge_again(
    connection: sa.Connection, model: ModelRecord, number: int, read: ReadManifest
) -> None:
    """Index anew whether each evaluation of a version passed, inside the caller's transaction."""
    for evaluation in list_evaluations(connection, model.name, version=number):
        passed = _passed(connection, model, evaluation, read(evaluation.digest))
        indexing.judge_again(connection, evaluation.id, passed=passed)


def forget(connection: sa.Connection, model: str) -> None:
    """Take a model out of the index, but for its edges, which never change."""
    entities: tuple[tuple[indexing.Entity, sa.Table], ...] = (
        ("model", indexed_models),
        ("version", indexed_versions),
        ("evaluation", indexed_evaluations),
    )
    for entity, table in entities:
        of_model = (table.c.name if entity == "model" else table.c.model) == model
        ids = sa.select(table.c.id).where(of_model)
        for terms in (text_terms, number_terms):
            connection.execute(
                sa.delete(terms).where(terms.c.entity == entity, terms.c.id.in_(ids))
            )
        connection.execute(sa.delete(table).where(of_model))


def _passed(
    connection: sa.Connection,
    model: ModelRecord,
    evaluation: EvaluationRecord,
    manifest: Manifest | None,
) -> bool | None:
    """Judge an evaluation by the suite that it was made under, which its manifest holds."""
    suite: Any = manifest.facts.get("suite") if manifest else None
    if not isinstance(suite, dict):
        if evaluation.suite_digest != model.suite_digest:
            return None
        suite = model.suite
    policy = Policy.of(replace(model, suite=suite, suite_digest=evaluation.suite_digest), None)
    # No gate asks what time it is, nor who has signed.
    today = Policy.of(model, None)
    now = read_standing(connection, today, model, evaluation.version, now=NEVER)
    found = read_verdicts(connection, model.name, evaluation.version, evaluation_id=None)
    found += read_verdicts(connection, model.name, evaluation.version, evaluation_id=evaluation.id)
    return gates_passed(policy, replace(now, evaluation=evaluation, verdicts=found))


def _numbers(connection: sa.Connection, model: str) -> Iterator[tuple[int, str | None]]:
    rows = connection.execute(
        sa.select(versions.c.number, versions.c.digest)
        .where(versions.c.model == model)
        .order_by(versions.c.number)
    )
    yield from (tuple(row) for row in rows.all())


def _manifest(backends: Backends, digest: str, unreadable: list[str]) -> Manifest | None:
    try:
        return read_manifest(backends.store, digest)
    except RegistryError:
        # An index must not wait for a blob to be restored; `registry verify` names the blob.
        unreadable.append(digest)
        return None


def _parents(manifest: Manifest | None) -> tuple[Parent, ...]:
    return manifest.parents if manifest else ()
