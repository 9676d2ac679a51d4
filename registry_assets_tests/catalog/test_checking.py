"""What users' own asset checks found becomes a verdict, once, on each database.

Of `lifecycle.checking`; here because these registries are on both databases.
"""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from registry_assets.catalog.evaluations import VerdictRecord
from registry_assets.declaration import AssetCheck, AtLeast
from registry_assets.errors import NotFound
from registry_assets.governance.decide import Held
from registry_assets.lifecycle.checking import CheckResult
from registry_assets.lifecycle.reindexing import reindex
from registry_assets.lifecycle.reserving import declare_model
from registry_assets_tests.catalog.history import MODEL, PERSON, History
from registry_assets_tests.catalog.test_indexing import content
from registry_assets_tests.declaration.test_mistakes import declare

NOON = datetime(2013, 4, 1, 12, tzinfo=UTC)


@pytest.fixture
def asked(history: History) -> History:
    """Version 1 passed its gate; two asset checks are asked for, and neither has run."""
    gates = (AtLeast("roc_auc", 0.6), AssetCheck("few_late"), AssetCheck("small", on="model"))
    declare_model(history.registry.backends, declare(gates=gates), actor="ann")
    history.version(1)
    return history


def result(
    history: History, check: str, *, passed: bool = True, run: str = "run-7", number: int = 1
) -> CheckResult:
    """A result about the version, or about its newest evaluation."""
    found = history.registry.version_numbered(MODEL, number)
    assert found.evaluation is not None
    examined = found.version.digest if check == "small" else found.evaluation.digest
    said = "few are late" if passed else "0.4 are late"
    return CheckResult(check, str(examined), passed, said, 0.25, run, NOON)


def record(history: History, found: CheckResult, *, number: int = 1) -> VerdictRecord | None:
    """Record a result, as the job does."""
    return history.registry.record_check(MODEL, number, found, run=PERSON)


def held_by(history: History, number: int = 1) -> list[tuple[str, str]]:
    """Code and subject of what holds a version."""
    decision = history.registry.decision(MODEL, number)
    assert decision is not None
    reasons = decision.answer.reasons if isinstance(decision.answer, Held) else ()
    return [(reason.code, reason.subject) for reason in reasons]


def stage(history: History, number: int = 1) -> str:
    """The stage of a version, by the index and by the rows alike."""
    one = history.registry.version_numbered(MODEL, number).stage
    (listed,) = [v for v in history.registry.versions(MODEL) if v.version.number == number]
    assert one == listed.stage
    return one


def test_a_check_without_a_verdict_has_not_passed(asked: History) -> None:
    assert held_by(asked) == [("check_missing", "few_late"), ("check_missing", "small")]
    assert stage(asked) == "development"


def test_both_results_make_it_ready(asked: History) -> None:
    for check in ("few_late", "small"):
        assert record(asked, result(asked, check)) is not None
    assert held_by(asked) == []
    assert stage(asked) == "staging"
    asked.promote(1)
    assert asked.registry.pointer(MODEL).version == 1
    assert asked.registry.verify().clean


def test_a_result_is_one_event_that_says_what_was_checked(asked: History) -> None:
    found = result(asked, "few_late")
    verdict = record(asked, found)
    event = asked.registry.log(MODEL)[-1]
    assert event.kind == "check_recorded"
    assert event.sentence == "the asset check few_late on the evaluation of version 1 passed"
    assert event.facts == {
        "version": 1,
        "check": "few_late",
        "examined": found.examined,
        "outcome": "passed",
        "run": "run-7",
        "checked_at": "2013-04-01T12:00:00.000000Z",
    }
    assert [row["table"] for row in event.body["rows"]] == ["verdicts"]
    assert verdict is not None
    assert verdict.finding.why == "few are late (run run-7, 2013-04-01T12:00:00.000000Z)"
    assert verdict.finding.value == 0.25
    assert verdict in asked.registry.version_numbered(MODEL, 1).verdicts


def test_the_same_result_is_recorded_once(asked: History) -> None:
    record(asked, result(asked, "few_late"))
    before = asked.registry.log(MODEL)
    for _ in range(3):
        assert record(asked, result(asked, "few_late")) is None
    assert asked.registry.log(MODEL) == before


def test_a_later_result_takes_the_place_of_the_one_before(asked: History) -> None:
    record(asked, result(asked, "small"))
    record(asked, result(asked, "few_late"))
    record(asked, result(asked, "few_late", passed=False, run="run-8"))
    assert held_by(asked) == [("check_failed", "few_late")]
    assert stage(asked) == "rejected"
    # What was recorded before does not come back, whatever Dagster still shows of it.
    assert record(asked, result(asked, "few_late")) is None
    assert held_by(asked) == [("check_failed", "few_late")]
    record(asked, result(asked, "few_late", run="run-9"))
    assert held_by(asked) == []
    assert stage(asked) == "staging"


def test_evaluated_again_it_must_be_checked_again(asked: History) -> None:
    for check in ("few_late", "small"):
        record(asked, result(asked, check))
    old = result(asked, "few_late", run="run-8")
    asked.promote(1)
    asked.version(2)
    asked.evaluate(1)  # beside what is in production now: another evaluation
    assert ("check_missing", "few_late") in held_by(asked)
    assert ("check_missing", "small") not in held_by(asked)
    assert record(asked, old) is None
    assert record(asked, result(asked, "few_late", run="run-9")) is not None
    assert ("check_missing", "few_late") not in held_by(asked)


def test_a_result_about_other_bytes_is_not_recorded(asked: History) -> None:
    asked.version(2)
    before = asked.registry.log(MODEL)
    for check in ("few_late", "small"):
        of_another = result(asked, check, number=2)
        assert record(asked, of_another) is None
        assert record(asked, replace(of_another, examined="sha256:" + "0" * 64)) is None
    # Of the version for the evaluation, and the other way round.
    version, evaluation = result(asked, "small"), result(asked, "few_late")
    assert record(asked, replace(evaluation, examined=version.examined)) is None
    assert record(asked, replace(version, examined=evaluation.examined)) is None
    assert asked.registry.log(MODEL) == before


def test_a_check_that_no_gate_asks_for_is_refused(asked: History) -> None:
    for name in ("many_late", "roc_auc_at_least", "loads_and_reproduces"):
        with pytest.raises(NotFound, match="no gate of late is an asset check called"):
            record(asked, replace(result(asked, "few_late"), check=name))


def test_a_number_that_is_not_finite_is_left_out_and_text_is_made_fit(asked: History) -> None:
    odd = replace(result(asked, "few_late"), value=float("nan"), description=" a\0b\n\nc ")
    verdict = record(asked, odd)
    assert verdict is not None
    assert verdict.finding.value is None
    assert verdict.finding.why.startswith("a\ufffdb c (run ")
    assert record(asked, odd) is None


def test_the_index_is_what_would_be_made_anew(asked: History) -> None:
    record(asked, result(asked, "small"))
    record(asked, result(asked, "few_late", passed=False))
    record(asked, result(asked, "few_late", run="run-8"))
    kept = content(asked.catalog)
    search = asked.registry.search
    assert len(search("gates.few_late = 'passed'", entity="evaluations").items) == 1
    assert not search("gates.few_late = 'failed'", entity="evaluations").items
    reindex(asked.registry.backends)
    assert content(asked.catalog) == kept
    assert asked.registry.verify().clean
