"""What was recorded is given back: snapshots, evaluations, verdicts, promotions."""

import math

import pytest

from registry_assets.catalog.evaluations import (
    Binding,
    Finding,
    list_evaluations,
    newest_evaluation,
    read_verdicts,
    record_evaluation,
)
from registry_assets.catalog.pointers import list_promotions
from registry_assets.catalog.snapshots import current_snapshots, find_snapshots
from registry_assets.clock import timestamp
from registry_assets.errors import CatalogError, RegistryError
from registry_assets_tests.catalog.history import MODEL, History

DIGEST = "sha256:" + "e" * 64


def test_the_newest_content_of_a_partition_is_current(history: History) -> None:
    first = history.snapshot("2013-02")
    history.snapshot("2013-01")
    newer = history.snapshot("2013-02", content=1)
    with history.catalog.read() as connection:
        current = current_snapshots(connection, "flights")
        assert [snapshot.partition for snapshot in current] == ["2013-01", "2013-02"]
        assert current[1] == newer
        assert current_snapshots(connection, "weather") == ()
        # What was current once is still known.
        assert find_snapshots(connection, [first.digest]) == {first.digest: first}


def test_partitions_are_in_the_order_of_their_bytes_whatever_the_database(
    history: History,
) -> None:
    partitions = ["b", "A", "_", "ä", "a b", "ab", "2013-10", "2013-1", "\U0001f600", "\uffee"]
    for partition in partitions:
        history.snapshot(partition)
    with history.catalog.read() as connection:
        found = [snapshot.partition for snapshot in current_snapshots(connection, "flights")]
    assert found == sorted(partitions, key=str.encode)


def test_content_that_returns_is_current_again(history: History) -> None:
    first = history.snapshot("2013-01")
    history.snapshot("2013-01", content=1)
    assert history.snapshot("2013-01").digest == first.digest
    with history.catalog.read() as connection:
        assert current_snapshots(connection, "flights")[0].digest == first.digest
        # A digest is known by its first record.
        assert find_snapshots(connection, [first.digest])[first.digest] == first


def test_the_same_content_changes_nothing(history: History) -> None:
    first = history.snapshot("2013-01")
    assert history.snapshot("2013-01") == first
    assert first.ref.digest == first.digest


def test_the_newest_evaluation_under_a_suite_counts(history: History) -> None:
    history.version(1)
    under_the_old = history.registry.evaluations(MODEL)[-1]
    history.declare(gates={"good_enough": False})
    new = history.evaluate(1)
    newest = history.evaluate(1)
    with history.catalog.read() as connection:
        assert newest_evaluation(connection, MODEL, 1) == newest
        assert (
            newest_evaluation(connection, MODEL, 1, suite_digest=under_the_old.suite_digest)
            == under_the_old
        )
        assert newest_evaluation(connection, MODEL, 1, suite_digest="another") is None
        assert list_evaluations(connection, MODEL) == (under_the_old, new, newest)


def test_verdicts_belong_to_their_evaluation_or_to_the_commit(history: History) -> None:
    history.version(1)
    evaluation = history.evaluate(1, failing=["not_worse"])
    with history.catalog.read() as connection:
        judged = read_verdicts(connection, MODEL, 1, evaluation_id=evaluation.id)
        committed = read_verdicts(connection, MODEL, 1, evaluation_id=None)
    assert {v.finding.gate: v.finding.outcome for v in judged} == {
        "good_enough": "passed",
        "not_worse": "failed",
    }
    assert {v.finding.gate for v in committed} == {"metadata_complete", "loads_and_reproduces"}
    bindings = {v.finding.gate: v.finding.binding for v in judged}
    assert bindings == {"good_enough": None, "not_worse": Binding("production", 0, None)}


def evaluate_with(history: History, finding: Finding, version: int = 1) -> None:
    """Record an evaluation with one finding."""
    record_evaluation(
        history.catalog,
        model=MODEL,
        version=version,
        version_digest=DIGEST,
        digest=DIGEST,
        suite_digest="suite",
        metrics={},
        findings=[finding],
        parents=(),
        passed=lambda _connection: None,
        run_id="run",
        actor="ann",
        clock=history.clock,
    )


@pytest.mark.parametrize("bad", [math.inf, -math.inf])
@pytest.mark.parametrize("number", ["value", "low", "high", "threshold"])
def test_no_number_that_is_not_finite_is_stored(history: History, number: str, bad: float) -> None:
    history.version(1)
    before = history.registry.evaluations(MODEL)
    finding = Finding("good", "rule", "passed", "why", **{number: bad})  # type: ignore[arg-type]
    with pytest.raises(RegistryError):
        evaluate_with(history, finding)
    assert history.registry.evaluations(MODEL) == before


def test_a_verdict_on_nan_is_not_stored_as_passed(history: History) -> None:
    # SQLite stores NaN as NULL: read back, it would be a verdict that needs no number.
    history.version(1)
    with pytest.raises(RegistryError):
        evaluate_with(history, Finding("good", "rule", "passed", "why", value=math.nan))


def test_an_outcome_that_there_is_not_is_refused(history: History) -> None:
    history.version(1)
    with pytest.raises(CatalogError, match=r"(?i)check"):
        evaluate_with(history, Finding("good", "rule", "planned", "why"))


def test_an_evaluation_of_a_version_that_there_is_not_is_refused(history: History) -> None:
    with pytest.raises(CatalogError, match=r"(?i)foreign key"):
        evaluate_with(history, Finding("good", "rule", "passed", "why"), version=9)


def test_promotions_are_kept_with_what_they_were_decided_on(history: History) -> None:
    for seed in (1, 2):
        history.promote(history.version(seed))
    with history.catalog.read() as connection:
        first, second = list_promotions(connection, MODEL, "production")
        assert list_promotions(connection, MODEL) == (first, second)
        assert list_promotions(connection, MODEL, "canary") == ()
    assert (first.from_version, first.version, first.generation) == (None, 1, 1)
    assert (second.from_version, second.version, second.generation) == (1, 2, 2)
    assert (second.actor, second.reason, second.run_id) == ("ann", "it is better", "run-1")
    assert second.created_at == timestamp(history.clock.now)
    assert {verdict["gate"] for verdict in second.evidence["verdicts"]} == {
        *("metadata_complete", "loads_and_reproduces", "good_enough", "not_worse")
    }
    pointer = history.registry.pointer(MODEL)
    assert (pointer.version, pointer.generation, pointer.digest) == (2, 2, second.digest)
