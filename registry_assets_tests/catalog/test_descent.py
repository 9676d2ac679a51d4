"""Following edges down: transitively, through cycles, within bounds, on each database."""

from collections.abc import Iterable

import pytest
import sqlalchemy as sa

from registry_assets.canonical import sha256_digest
from registry_assets.catalog.descent import (
    Descent,
    descend,
    manifest_named,
    snapshots_named,
    versions_of_commit,
)
from registry_assets.catalog.index_tables import indexed_versions
from registry_assets.catalog.indexing import add_edges
from registry_assets.manifest import Parent
from registry_assets.references import CommitName, SnapshotName
from registry_assets_tests.catalog.history import MODEL, History

Edge = tuple[str, str, str]
"""Child, role, parent."""


def connect(history: History, edges: Iterable[Edge]) -> None:
    with history.catalog.write() as connection:
        for child, role, parent in edges:
            add_edges(connection, child, [Parent(role, parent)])


def below(history: History, roots: sa.Select[tuple[str]], *, bound: int = 1000) -> Descent:
    with history.catalog.read() as connection:
        return descend(connection, roots, bound=bound)


def digest(name: str) -> str:
    return sha256_digest(name.encode())


@pytest.fixture
def made(history: History) -> History:
    """January's rows → features → version 1 → its evaluation; it was in production."""
    raw = history.snapshot("2013-01")
    history.promote(history.version(1))
    version = history.registry.version(f"{MODEL}:1")
    assert version.evaluation is not None
    connect(
        history,
        [
            (digest("features"), "input:flights", raw.digest),
            (str(version.version.digest), "train", digest("features")),
            (version.evaluation.digest, "version", str(version.version.digest)),
        ],
    )
    return history


def test_everything_on_a_partition_is_found_through_what_stands_between(made: History) -> None:
    for name in (SnapshotName("flights"), SnapshotName("flights", "2013-01")):
        found = below(made, snapshots_named(name))
        assert [snapshot.partition for snapshot in found.snapshots] == ["2013-01"]
        assert [(v.reference, v.stage) for v in found.versions] == [("late:1", "production")]
        assert [(e.reference, e.passed) for e in found.evaluations] == [("late:1", "yes")]
        assert [(h.pointer, h.generation, h.until) for h in found.pointers] == [
            ("production", 1, None)
        ]
        assert found.complete


def test_another_partition_has_nothing_standing_on_it(made: History) -> None:
    other = made.snapshot("2013-02")
    found = below(made, manifest_named(other.digest))
    assert (found.versions, found.evaluations, found.pointers) == ((), (), ())


def test_a_pointer_that_has_moved_on_is_in_the_answer_with_its_end(made: History) -> None:
    made.promote(made.version(2))
    (held,) = below(made, snapshots_named(SnapshotName("flights"))).pointers
    assert held.until == made.registry.promotions(MODEL)[1].created_at


def test_a_comparison_with_a_version_is_not_built_on_it(made: History) -> None:
    number = made.version(2)
    evaluation = made.registry.version(f"{MODEL}:{number}").evaluation
    assert evaluation is not None
    connect(made, [(evaluation.digest, "baseline", str(made.registry.resolve("late:1").digest))])
    found = below(made, snapshots_named(SnapshotName("flights")))
    assert {e.version for e in found.evaluations} == {1}


def test_a_cycle_that_somebody_wrote_ends(made: History) -> None:
    connect(made, [(digest("features"), "input:x", str(made.registry.resolve("late:1").digest))])
    found = below(made, manifest_named(digest("features")))
    assert [v.number for v in found.versions] == [1]


def test_a_descent_looks_at_no_more_than_its_bound_and_says_so(history: History) -> None:
    root = digest("root")
    connect(history, [(digest(f"child {n}"), "input:x", root) for n in range(20)])
    assert not below(history, manifest_named(root), bound=20).complete
    assert below(history, manifest_named(root), bound=21).complete


def test_a_commit_is_found_by_its_first_digits(made: History) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    with made.catalog.write() as connection:
        connection.execute(sa.update(indexed_versions).values(code_commit=commit))
    assert [v.number for v in below(made, versions_of_commit(CommitName("0123456"))).versions] == [
        1
    ]
    assert [v.number for v in below(made, versions_of_commit(CommitName(commit))).versions] == [1]
    assert below(made, versions_of_commit(CommitName("0123457"))).versions == ()
