"""A required asset check of the user's own holds until it has passed, and asks to be run."""

from dataclasses import replace

import pytest

from registry_assets.catalog.evaluations import VerdictRecord
from registry_assets.declaration import AssetCheck, AtLeast
from registry_assets.declaration.gates import gate_digest
from registry_assets.governance.decide import (
    Held,
    Ready,
    Standing,
    decide,
    gates_passed,
)
from registry_assets.governance.policy import Policy, RequiredCheck
from registry_assets.governance.values import RUN_CHECK
from registry_assets.lifecycle.reserving import declare_model
from registry_assets_tests.catalog.history import History
from registry_assets_tests.declaration.test_mistakes import declare
from registry_assets_tests.governance.test_decide import POLICY, codes, standing, verdict

ON_EVALUATION = RequiredCheck("few_late", "rule-few", "few are late", asset="evaluation")
ON_MODEL = RequiredCheck("small", "rule-small", "it is small", asset="model")
ASKED = replace(POLICY, checks=(*POLICY.checks, ON_EVALUATION, ON_MODEL))


def of_version(found: VerdictRecord) -> VerdictRecord:
    """A verdict on the version itself."""
    return replace(found, evaluation_id=None)


def checked(*more: VerdictRecord) -> Standing:
    """A version that every other gate lets through, with these verdicts besides."""
    found = standing()
    return replace(found, verdicts=(*found.verdicts, *more))


PASSED = (verdict(ON_EVALUATION), of_version(verdict(ON_MODEL)))


def test_both_passed_and_nothing_holds() -> None:
    assert isinstance(decide(ASKED, checked(*PASSED)), Ready)
    assert gates_passed(ASKED, checked(*PASSED)) is True


def test_a_check_that_never_ran_holds_and_says_where_to_run_it() -> None:
    answer = decide(ASKED, checked())
    assert isinstance(answer, Held)
    assert [(reason.code, reason.subject, reason.remedy) for reason in answer.reasons] == [
        ("check_missing", "few_late", RUN_CHECK),
        ("check_missing", "small", RUN_CHECK),
    ]
    few_late, small = (reason.sentence for reason in answer.reasons)
    has_to_run = "has no result yet: that asset check has to run on partition 2 of"
    assert few_late == f"few_late {has_to_run} m/evaluation, as it was evaluated last"
    assert small == f"small {has_to_run} m/model"


@pytest.mark.parametrize("given", [(), PASSED[:1], PASSED[1:]])
def test_a_check_that_never_ran_asks_for_no_evaluation_and_is_not_known(
    given: tuple[VerdictRecord, ...],
) -> None:
    answer = decide(ASKED, checked(*given))
    assert isinstance(answer, Held)
    assert not answer.needs_evaluation
    assert gates_passed(ASKED, checked(*given)) is None


def test_the_last_verdict_counts() -> None:
    failed = verdict(ON_EVALUATION, "failed")
    assert codes(ASKED, checked(*PASSED, failed)) == ["check_failed"]
    assert gates_passed(ASKED, checked(*PASSED, failed)) is False
    assert codes(ASKED, checked(failed, *PASSED)) == []


def test_a_verdict_under_another_rule_asks_for_the_check_and_not_for_an_evaluation() -> None:
    changed = replace(
        ASKED, checks=(*POLICY.checks, replace(ON_EVALUATION, digest="new"), ON_MODEL)
    )
    answer = decide(changed, checked(*PASSED))
    assert isinstance(answer, Held)
    assert [(reason.code, reason.remedy) for reason in answer.reasons] == [
        ("check_changed", RUN_CHECK)
    ]


def test_before_any_evaluation_only_the_check_on_the_model_is_asked_for() -> None:
    found = replace(checked(), evaluation=None, verdicts=())
    policy = replace(ASKED, checks=(ON_EVALUATION, ON_MODEL))
    assert codes(policy, found) == ["no_evaluation", "check_missing"]
    answer = decide(policy, found)
    assert isinstance(answer, Held)
    assert answer.needs_evaluation
    assert answer.reasons[1].subject == "small"


def test_the_policy_in_force_knows_what_each_check_is_on(history: History) -> None:
    gates = (AtLeast("roc_auc", 0.6), AssetCheck("few_late"), AssetCheck("small", on="model"))
    declare_model(history.registry.backends, declare(gates=gates), actor="ann")
    policy = Policy.of(history.registry.model("late"), None)
    assert {check.name: (check.asset, check.of_version) for check in policy.checks} == {
        "metadata_complete": ("", True),
        "loads_and_reproduces": ("", True),
        "roc_auc_at_least": ("", False),
        "few_late": ("evaluation", False),
        "small": ("model", True),
    }
    assert policy.checks[-1].digest == gate_digest(gates[-1])
