"""What the decision is read from, in real catalogs: candidates, stages, and who waits for whom."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from registry_assets.errors import NotFound, PromotionHeld
from registry_assets.governance.standing import find_candidate
from registry_assets_tests.catalog.history import MODEL, PERSON, History, fail_training


def candidate(history: History) -> int | None:
    """The one version that the sensor may promote."""
    with history.catalog.read() as connection:
        return find_candidate(connection, MODEL, "production")


def codes(history: History, number: int) -> list[str]:
    """Why a version is held; nothing where it is ready."""
    decision = history.registry.decision(MODEL, number)
    assert decision is not None
    return [reason.code for reason in getattr(decision.answer, "reasons", ())]


def stages(history: History) -> dict[int, str]:
    """The stage of every version."""
    return {summary.version.number: summary.stage for summary in history.registry.versions(MODEL)}


def test_a_version_that_passed_everything_is_ready(history: History) -> None:
    number = history.version(1)
    assert codes(history, number) == []
    assert stages(history) == {1: "staging"}


def test_nothing_committed_is_no_candidate(history: History) -> None:
    assert candidate(history) is None
    history.reserve("one")
    assert candidate(history) is None
    fail_training(history, 1)
    assert candidate(history) is None
    assert history.registry.decision(MODEL) is None


def test_the_candidate_is_the_highest_committed_number(history: History) -> None:
    history.version(1)
    history.version(2)
    history.reserve("three", seed=3)
    assert candidate(history) == 2


def test_the_candidate_is_above_every_version_ever_held(history: History) -> None:
    for seed in (1, 2, 3):
        history.version(seed)
    history.evaluate(2)
    history.promote(2)
    assert candidate(history) == 3
    history.evaluate(3)
    history.promote(3)
    assert candidate(history) is None
    # What is below was passed over, and stays so.
    history.evaluate(1)
    assert codes(history, 1) == ["not_forward"]
    assert history.version(4) == candidate(history) == 4


def test_a_rejected_candidate_is_not_passed_over_for_an_older_one(history: History) -> None:
    history.version(1)
    history.version(2, failing=["good_enough"])
    assert candidate(history) == 2
    assert codes(history, 2) == ["check_failed"]


def test_a_candidate_that_a_person_set_aside_is_passed_over_for_the_next_below(
    history: History,
) -> None:
    for seed in (1, 2, 3, 4):
        history.version(seed)
    history.promote(1)
    history.registry.archive(f"{MODEL}:4", run=PERSON)
    assert candidate(history) == 3
    history.registry.reject(f"{MODEL}:3", run=PERSON, reason="it learned from the label")
    assert candidate(history) == 2
    history.registry.archive(f"{MODEL}:2", run=PERSON)
    assert candidate(history) is None  # and not 1, which is held
    history.registry.unarchive(f"{MODEL}:2", run=PERSON)
    history.evaluate(2)
    history.promote(2)
    history.registry.unarchive(f"{MODEL}:4", run=PERSON)
    assert candidate(history) == 4


def test_the_candidate_is_found_by_the_index_without_a_sort(history: History) -> None:
    said: list[str] = []
    with history.catalog.read() as connection:

        @sa.event.listens_for(connection, "before_cursor_execute")
        def explain(
            _connection: object, cursor: Any, text: str, parameters: Any, *_rest: object
        ) -> None:
            cursor.execute(f"EXPLAIN QUERY PLAN {text}", parameters)
            said.extend(row[-1] for row in cursor.fetchall())

        find_candidate(connection, MODEL, "production")
    steps = [step for step in said if "versions" in step or "marks" in step]
    assert steps[0].startswith("SEARCH versions USING")
    assert "(model=? AND state=? AND number>?)" in steps[0]
    assert any(step.startswith("SEARCH marks USING") for step in steps)
    assert not [step for step in said if "SCAN" in step or "TEMP B-TREE" in step]


def test_an_unknown_pointer_has_no_candidate(history: History) -> None:
    with history.catalog.read() as connection, pytest.raises(NotFound, match="'canary'"):
        find_candidate(connection, MODEL, "canary")


def test_a_pointer_that_moves_makes_relative_verdicts_stale(history: History) -> None:
    history.version(1)
    history.version(2)
    history.promote(1)
    assert codes(history, 2) == ["check_stale"]
    history.evaluate(2)
    assert codes(history, 2) == []


def test_a_changed_suite_asks_for_an_evaluation_under_it(history: History) -> None:
    history.version(1)
    history.declare(gates={"good_enough": False, "fair_enough": False})
    assert codes(history, 1) == ["no_evaluation"]
    assert stages(history) == {1: "development"}
    history.evaluate(1)
    assert codes(history, 1) == []


def test_the_stage_of_each_version_follows_from_what_happened(history: History) -> None:
    for seed in (1, 2):
        history.promote(history.version(seed))
    history.version(3)
    history.version(4, failing=["not_worse"])
    history.commit(history.reserve("five", seed=5).version.number)
    history.reserve("six", seed=6)
    fail_training(history, history.reserve("seven", seed=7).version.number)
    assert stages(history) == {
        1: "archived",
        2: "production",
        3: "staging",
        4: "rejected",
        5: "development",
        6: "development",
        7: "failed",
    }


def test_a_stage_that_was_earned_outlasts_the_move_of_the_pointer(history: History) -> None:
    for seed in (1, 2, 3):
        history.version(seed)
    history.promote(1)
    assert stages(history) == {1: "production", 2: "staging", 3: "staging"}


def raise_the_risk(history: History) -> None:
    """Ask for an approval of every promotion."""
    history.declare(approvals=1)


@pytest.mark.parametrize(
    "try_it",
    [
        lambda h: h.promote(1),
        lambda h: h.registry.promote(MODEL, 1, run=PERSON, reason="approved by the board"),
    ],
)
def test_high_risk_waits_for_an_approval_that_nobody_can_give_yet(
    history: History, try_it: Callable[[History], None]
) -> None:
    raise_the_risk(history)
    history.version(1)
    assert codes(history, 1) == ["approval_missing"]
    assert stages(history) == {1: "staging"}
    with pytest.raises(PromotionHeld, match="waits for 1 approval") as caught:
        try_it(history)
    assert [reason.code for reason in caught.value.reasons] == ["approval_missing"]
    assert history.registry.pointer(MODEL).version is None
    assert history.registry.promotions(MODEL) == ()
    assert history.registry.verify().clean


def test_neither_evaluating_nor_declaring_again_stands_for_an_approval(history: History) -> None:
    raise_the_risk(history)
    history.version(1)
    history.evaluate(1)
    history.declare(approvals=1, description="Is it very late?")
    history.commit(1, content=9)
    assert codes(history, 1) == ["approval_missing"]


def test_a_declaration_made_weaker_lets_nothing_through(history: History) -> None:
    raise_the_risk(history)
    history.version(1)
    history.declare(approvals=0)
    history.evaluate(1)
    assert codes(history, 1) == ["declaration_weaker", "approval_missing"]
    with pytest.raises(PromotionHeld, match="asks for less than the policy in force"):
        history.promote(1)
    raise_the_risk(history)
    assert codes(history, 1) == ["approval_missing"]


def test_a_held_promotion_lists_all_reasons_and_changes_nothing(history: History) -> None:
    raise_the_risk(history)
    history.version(1, failing=["good_enough", "not_worse"])
    before = history.registry.log(MODEL)
    with pytest.raises(PromotionHeld) as caught:
        history.promote(1)
    assert [reason.code for reason in caught.value.reasons] == [
        "check_failed",
        "check_failed",
        "approval_missing",
    ]
    for gate in ("good_enough", "not_worse"):
        assert gate in str(caught.value)
    assert history.registry.log(MODEL) == before


def test_promoting_what_is_there_already_gives_the_promotion_back(history: History) -> None:
    history.version(1)
    history.promote(1)
    before = history.registry.log(MODEL)
    again = history.registry.promote(MODEL, 1, run=PERSON)
    assert (again.moved, again.promotion.generation) == (False, 1)
    assert history.registry.log(MODEL) == before
