"""Laws of the decision: nothing may be missing, and nothing that is not finite counts."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.catalog.evaluations import Finding, VerdictRecord
from registry_assets.governance.decide import (
    Held,
    Ready,
    Standing,
    decide,
    gates_passed,
)
from registry_assets.governance.policy import COMMIT_CHECKS, RequiredCheck, commit_check_digest
from registry_assets.governance.values import RE_EVALUATE
from registry_assets_tests.governance.test_decide import (
    OTHER,
    POLICY,
    codes,
    standing,
    verdict,
    version,
)

EVERY_CHECK = (
    *(RequiredCheck(name, commit_check_digest(name), rule) for name, rule in COMMIT_CHECKS.items()),
    RequiredCheck("good", "rule-good", "it is good"),
    RequiredCheck("no_worse", "rule-no-worse", "it is no worse", relative=True),
)
STRICT = replace(POLICY, checks=EVERY_CHECK)
NAMES = [check.name for check in EVERY_CHECK]
OUTCOMES = ["passed", "failed", "undecided", "no_baseline", "planned", ""]
BAD_NUMBERS = st.sampled_from([math.nan, math.inf, -math.inf])


def ready() -> Standing:
    """A version that nothing holds."""
    return replace(standing(), verdicts=tuple(verdict(check) for check in EVERY_CHECK))


def changed(found: VerdictRecord, **finding: object) -> VerdictRecord:
    """The same verdict with another finding."""
    return replace(found, finding=replace(found.finding, **finding))  # type: ignore[arg-type]


def test_the_standing_that_is_damaged_below_is_ready() -> None:
    assert decide(STRICT, ready()) == Ready()


@given(st.sets(st.sampled_from(NAMES), min_size=1))
def test_a_ready_version_is_held_for_each_verdict_that_is_removed(gone: set[str]) -> None:
    found = ready()
    rest = tuple(v for v in found.verdicts if v.finding.gate not in gone)
    answer = decide(STRICT, replace(found, verdicts=rest))
    assert isinstance(answer, Held)
    assert {reason.subject for reason in answer.reasons} == gone
    assert {reason.code for reason in answer.reasons} == {"check_missing"}


@given(st.permutations(NAMES))
def test_the_order_of_verdicts_decides_nothing(order: list[str]) -> None:
    found = ready()
    by_name = {v.finding.gate: v for v in found.verdicts}
    assert decide(STRICT, replace(found, verdicts=tuple(map(by_name.__getitem__, order)))) == (
        Ready()
    )


@given(
    st.sampled_from(NAMES),
    st.sampled_from(["value", "low", "high", "threshold"]),
    BAD_NUMBERS,
    st.sampled_from(OUTCOMES),
)
def test_a_number_that_is_not_finite_never_passes(
    name: str, number: str, bad: float, outcome: str
) -> None:
    found = ready()
    verdicts = tuple(
        changed(v, **{number: bad}, outcome=outcome) if v.finding.gate == name else v
        for v in found.verdicts
    )
    answer = decide(STRICT, replace(found, verdicts=verdicts))
    assert isinstance(answer, Held)
    assert [(reason.code, reason.subject) for reason in answer.reasons] == [("check_failed", name)]
    assert "not finite" in answer.sentence


@given(
    st.lists(st.sampled_from(OUTCOMES), min_size=len(NAMES), max_size=len(NAMES)),
    st.lists(st.booleans(), min_size=len(NAMES), max_size=len(NAMES)),
    st.booleans(),
    st.sets(st.integers(1, 4)),
    st.integers(0, 2),
)
def test_only_what_holds_everything_is_ready(
    outcomes: list[str], same_bytes: list[bool], evaluated: bool, held: set[int], approvals: int
) -> None:
    base = ready()
    verdicts = tuple(
        replace(changed(v, outcome=outcome), version_digest=v.version_digest if same else OTHER)
        for v, outcome, same in zip(base.verdicts, outcomes, same_bytes, strict=True)
    )
    found = replace(
        base,
        verdicts=verdicts,
        evaluation=base.evaluation if evaluated else None,
        held=frozenset(held),
    )
    policy = replace(STRICT, approvals=approvals)
    passing = [
        outcome == "passed" or (outcome == "no_baseline" and check.relative)
        for outcome, check in zip(outcomes, EVERY_CHECK, strict=True)
    ]
    everything = (
        all(passing)
        and all(same_bytes)
        and evaluated
        and max(held, default=0) < found.version.number
        and approvals == 0
    )
    assert isinstance(decide(policy, found), Ready) == everything


def test_without_evaluation_what_the_commit_left_out_is_said_too() -> None:
    found = replace(ready(), evaluation=None, verdicts=())
    assert codes(STRICT, found) == ["no_evaluation", "check_missing", "check_missing"]


def test_evaluating_again_is_asked_for_only_where_it_can_help() -> None:
    def remedies(gone: str) -> list[str]:
        found = ready()
        rest = tuple(v for v in found.verdicts if v.finding.gate != gone)
        answer = decide(STRICT, replace(found, verdicts=rest))
        assert isinstance(answer, Held)
        assert answer.needs_evaluation == (answer.reasons[0].remedy == RE_EVALUATE)
        return [reason.remedy for reason in answer.reasons]

    assert remedies("good") == ["re-evaluate"]
    assert remedies("metadata_complete") == ["retrain"]


@pytest.mark.parametrize("metrics", [{}, {"roc_auc": {"value": None}}, {"roc_auc": {}}])
def test_an_evaluation_that_measured_nothing_holds_even_without_gates(
    metrics: dict[str, dict[str, object]],
) -> None:
    found = ready()
    assert found.evaluation is not None
    empty = replace(found, evaluation=replace(found.evaluation, metrics=metrics))
    lenient = replace(POLICY, checks=())
    assert codes(lenient, found) == []
    assert codes(lenient, empty) == ["no_metrics"]
    assert gates_passed(lenient, empty) is None


def test_a_verdict_that_went_stale_was_earned_all_the_same() -> None:
    moved = replace(ready(), baseline=replace(standing().pointer, generation=9))
    assert codes(STRICT, moved) == ["check_stale"]
    assert gates_passed(STRICT, moved) is True


@pytest.mark.parametrize(
    ("outcomes", "passed"),
    [
        (("passed", "undecided"), None),
        (("failed", "undecided"), False),
        (("undecided", "failed"), False),
        (("passed", "passed"), True),
    ],
)
def test_what_could_not_be_decided_neither_passed_nor_failed(
    outcomes: tuple[str, str], passed: bool | None
) -> None:
    found = ready()
    *others, first, second = found.verdicts
    judged = [changed(v, outcome=o) for v, o in zip((first, second), outcomes, strict=True)]
    assert gates_passed(STRICT, replace(found, verdicts=(*others, *judged))) is passed


def test_a_check_without_a_verdict_neither_passed_nor_failed() -> None:
    found = ready()
    assert gates_passed(STRICT, replace(found, verdicts=found.verdicts[:-1])) is None


def test_nothing_was_earned_before_an_evaluation() -> None:
    assert gates_passed(STRICT, replace(ready(), evaluation=None)) is None
    assert gates_passed(STRICT, replace(ready(), version=version(state="reserved"))) is None


def test_a_later_verdict_of_one_gate_replaces_the_earlier() -> None:
    found = ready()
    failed = changed(verdict(EVERY_CHECK[2]), outcome="failed")
    assert codes(STRICT, replace(found, verdicts=(*found.verdicts, failed))) == ["check_failed"]


def test_a_failed_version_says_why() -> None:
    answer = decide(STRICT, replace(ready(), version=version(state="failed")))
    assert isinstance(answer, Held)
    assert answer.sentence == "m:2 is failed: the sky fell"
    assert answer.reasons[0].remedy == "retrain"


def test_a_verdict_nobody_asked_for_lets_nothing_through() -> None:
    found = ready()
    extra = VerdictRecord(
        "m", 2, found.verdicts[0].version_digest, 1, Finding("x", "y", "passed", "")
    )
    rest = (*found.verdicts[1:], extra)
    assert codes(STRICT, replace(found, verdicts=rest)) == ["check_missing"]
