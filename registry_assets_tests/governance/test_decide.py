"""The decision fails closed, and says everything that is missing."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from registry_assets.catalog.evaluations import (
    Binding,
    EvaluationRecord,
    Finding,
    VerdictRecord,
)
from registry_assets.catalog.holds import HoldRecord
from registry_assets.catalog.marks import Mark, MarkRecord
from registry_assets.catalog.pointers import PointerRecord
from registry_assets.catalog.versions import VersionRecord
from registry_assets.governance.decide import Held, Ready, Standing, decide
from registry_assets.governance.policy import Policy, RequiredCheck
from registry_assets.recipe import Recipe

DIGEST, OTHER = "sha256:" + "1" * 64, "sha256:" + "2" * 64
BASELINE = "sha256:" + "3" * 64
EVALUATION = "sha256:" + "4" * 64
NOW = "2026-02-01T00:00:00.000000Z"

CHECKS = (
    RequiredCheck("loads", "rule-loads", "it loads"),
    RequiredCheck("good", "rule-good", "it is good"),
    RequiredCheck("no_worse", "rule-no-worse", "it is no worse", relative=True),
)
POLICY = Policy(
    "low", 0, (), CHECKS, suite_digest="suite", digest="policy", declared_digest="d", target="late"
)
POINTER = PointerRecord("m", "production", 1, BASELINE, 4, "2026-01-01T00:00:00.000000Z")


def version(number: int = 2, state: str = "committed") -> VersionRecord:
    """A version of `m`."""
    recipe = Recipe("m", "late", (), (), {}, "code", {}, {})
    digest = DIGEST if state == "committed" else None
    failure = "the sky fell" if state == "failed" else None
    return VersionRecord(
        "m", number, state, recipe, recipe.digest, "r", "manual", "a", "", digest, {}, failure,  # type: ignore[arg-type]
        None, "t", None,
    )  # fmt: skip


def verdict(check: RequiredCheck, outcome: str = "passed") -> VerdictRecord:
    """A fresh verdict under the rule in force."""
    binding = Binding("production", 4, BASELINE) if check.relative else None
    finding = Finding(check.name, check.digest, outcome, "because", binding=binding)
    return VerdictRecord("m", 2, DIGEST, 1, finding)


def standing() -> Standing:
    """A version that nothing holds."""
    metrics = {"roc_auc": {"value": 0.7}}
    evaluation = EvaluationRecord(1, "m", 2, EVALUATION, "suite", metrics, "run", NOW)
    verdicts = tuple(verdict(check) for check in CHECKS)
    return Standing(
        now=NOW,
        version=version(),
        evaluation=evaluation,
        verdicts=verdicts,
        approvals=(),
        pointer=POINTER,
        baseline=POINTER,
        held=frozenset({1}),
        hold=None,
        mark=None,
        tags={},
    )


def codes(policy: Policy, found: Standing) -> list[str]:
    """The codes of everything that holds it; none when it is ready."""
    answer = decide(policy, found)
    return [reason.code for reason in answer.reasons] if isinstance(answer, Held) else []


def with_verdict(name: str, change: Callable[[VerdictRecord], VerdictRecord]) -> Standing:
    """A standing in which one verdict is another."""
    base = standing()
    return replace(
        base,
        verdicts=tuple(change(v) if v.finding.gate == name else v for v in base.verdicts),
    )


def outcome(word: str) -> Callable[[VerdictRecord], VerdictRecord]:
    """Change a verdict's outcome."""
    return lambda found: replace(found, finding=replace(found.finding, outcome=word))


def test_a_version_that_nothing_holds_is_ready() -> None:
    assert isinstance(decide(POLICY, standing()), Ready)


@pytest.mark.parametrize("name", [check.name for check in CHECKS])
def test_a_missing_verdict_holds(name: str) -> None:
    found = standing()
    rest = tuple(v for v in found.verdicts if v.finding.gate != name)
    assert codes(POLICY, replace(found, verdicts=rest)) == ["check_missing"]


@pytest.mark.parametrize("name", [check.name for check in CHECKS])
@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("failed", "check_failed"),
        ("undecided", "check_undecided"),
        ("skipped", "check_skipped"),
        ("", "check_"),
    ],
)
def test_only_passed_passes(name: str, word: str, code: str) -> None:
    assert codes(POLICY, with_verdict(name, outcome(word))) == [code]


@pytest.mark.parametrize("name", [check.name for check in CHECKS])
def test_a_verdict_on_other_bytes_holds(name: str) -> None:
    found = with_verdict(name, lambda v: replace(v, version_digest=OTHER))
    assert codes(POLICY, found) == ["check_of_another"]


@pytest.mark.parametrize("name", [check.name for check in CHECKS])
def test_a_verdict_under_another_rule_holds(name: str) -> None:
    found = with_verdict(
        name, lambda v: replace(v, finding=replace(v.finding, gate_digest="rule-lenient"))
    )
    assert codes(POLICY, found) == ["check_changed"]


@pytest.mark.parametrize(
    ("binding", "code"),
    [
        (None, "check_unbound"),
        (Binding("canary", 4, BASELINE), "check_unbound"),
        (Binding("production", 3, BASELINE), "check_stale"),
        (Binding("production", 4, OTHER), "check_stale"),
    ],
)
def test_a_relative_verdict_holds_for_one_state_of_one_pointer(
    binding: Binding | None, code: str
) -> None:
    found = with_verdict(
        "no_worse", lambda v: replace(v, finding=replace(v.finding, binding=binding))
    )
    answer = decide(POLICY, found)
    assert isinstance(answer, Held)
    assert [reason.code for reason in answer.reasons] == [code]
    assert answer.needs_evaluation


def test_no_baseline_passes_only_where_the_gate_says_so() -> None:
    first = with_verdict("no_worse", outcome("no_baseline"))
    strict = replace(POLICY, checks=(*CHECKS[:2], replace(CHECKS[2], first="hold")))
    assert codes(POLICY, first) == []
    assert codes(strict, first) == ["check_no_baseline"]
    assert codes(POLICY, with_verdict("good", outcome("no_baseline"))) == ["check_no_baseline"]


def test_without_an_evaluation_it_asks_for_one_once() -> None:
    found = replace(standing(), evaluation=None, verdicts=(verdict(CHECKS[0]),))
    assert codes(POLICY, found) == ["no_evaluation"]


def test_an_evaluation_without_metrics_holds() -> None:
    found = standing()
    assert found.evaluation is not None
    empty = replace(found, evaluation=replace(found.evaluation, metrics={}))
    assert codes(POLICY, empty) == ["no_metrics"]


@pytest.mark.parametrize("state", ["reserved", "failed"])
def test_what_was_never_committed_is_held(state: str) -> None:
    found = replace(standing(), version=version(state=state))
    assert codes(POLICY, found) == ["not_committed"]


def test_going_back_is_no_promotion() -> None:
    passed_over = replace(standing(), held=frozenset({1, 5}))
    was_there = replace(standing(), held=frozenset({1, 2, 5}))
    for found, said in (
        (passed_over, "5 already; m:2 is older, and a promotion only moves forward"),
        (was_there, "5; going back to m:2 is a rollback, not a promotion"),
    ):
        assert codes(POLICY, found) == ["not_forward"]
        answer = decide(POLICY, found)
        assert isinstance(answer, Held)
        assert answer.sentence == f"production has held version {said}"
    held = replace(standing(), pointer=replace(POINTER, version=2))
    assert "already_held" in codes(POLICY, held)


@pytest.mark.parametrize(
    ("tags", "code", "said"),
    [
        ({}, "tag_missing", "m:2 has no tag tier; the policy asks for gold, silver"),
        ({"tier": " "}, "tag_missing", "m:2 has no tag tier; the policy asks for gold, silver"),
        (
            {"tier": "bronze"},
            "tag_not_allowed",
            "m:2 has the tag tier=bronze; the policy asks for gold, silver",
        ),
    ],
)
def test_a_tag_that_the_policy_asks_for_holds(tags: dict[str, str], code: str, said: str) -> None:
    policy = replace(POLICY, tags={"tier": ("gold", "silver"), "desk": ()})
    found = replace(standing(), tags={**tags, "desk": "7"})
    assert codes(policy, found) == [code]
    answer = decide(policy, found)
    assert isinstance(answer, Held)
    assert (answer.sentence, answer.reasons[0].subject) == (said, "tags.tier")
    assert codes(policy, replace(found, tags={"tier": "silver", "desk": "8"})) == []
    assert codes(policy, replace(found, tags={"tier": "gold"})) == ["tag_missing"]


@pytest.mark.parametrize("mark", ["archived", "rejected"])
def test_a_version_that_a_person_set_aside_is_held_by_that(mark: Mark) -> None:
    said = MarkRecord("m", 2, mark, "it is biased", "ada", "2026-03-01T00:00:00.000000Z")
    found = replace(standing(), mark=said)
    assert codes(POLICY, found) == [mark]
    answer = decide(POLICY, found)
    assert isinstance(answer, Held)
    assert answer.sentence == f"m:2 was {mark} by ada on 2026-03-01: it is biased"


def test_what_a_pointer_was_rolled_back_from_is_held_until_it_is_released() -> None:
    went_back = replace(POINTER, version=1)
    hold = HoldRecord("m", "production", 2, "held", "it is slow", "ada", NOW)
    found = replace(standing(), pointer=went_back, held=frozenset({2}), hold=hold)
    assert codes(POLICY, found) == ["rolled_back"]
    answer = decide(POLICY, found)
    assert isinstance(answer, Held)
    assert answer.sentence == (
        "production was rolled back from version 2 by ada on 2026-02-01: it is slow"
    )
    assert answer.reasons[0].remedy == "release"
    # Released, it may come back although the pointer has held it.
    released = replace(found, hold=replace(hold, state="released"))
    assert decide(POLICY, released) == Ready()
    assert codes(POLICY, replace(released, hold=None)) == ["not_forward"]


def test_every_reason_is_listed_not_the_first() -> None:
    found = with_verdict("good", outcome("failed"))
    found = replace(found, verdicts=found.verdicts[1:], held=frozenset({7}))
    policy = replace(POLICY, approvals=2, risk="high")
    assert codes(policy, found) == [
        "not_forward",
        "check_missing",
        "check_failed",
        "approval_missing",
    ]
