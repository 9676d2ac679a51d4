"""A gate that is an asset check: it says which, and a mistake is refused where it is written."""

from collections.abc import Callable

import pytest

from registry_assets.declaration import AssetCheck, AtLeast, Gate, GateFunction
from registry_assets.declaration.gates import gate_digest
from registry_assets.errors import DeclarationError
from registry_assets.evaluation.results import EvaluationResult
from registry_assets_tests.declaration.test_mistakes import declare


def few_late(evaluation: EvaluationResult) -> bool:
    """Few are late."""
    return evaluation.rows > 0


def test_it_names_the_asset_that_is_checked() -> None:
    assert AssetCheck("few_late").asset("flight_delay") == "flight_delay/evaluation"
    assert AssetCheck("few_late", on="model").asset("flight_delay") == "flight_delay/model"


def test_it_is_a_gate_that_no_evaluation_passes() -> None:
    gate = AssetCheck("few_late")
    assert isinstance(gate, Gate)
    found = gate.judge(EvaluationResult("binary", 100, 0, 1000, {}))
    assert (found.outcome, found.why) == ("undecided", "only the asset check few_late can tell")


def test_words_make_no_other_rule_and_another_asset_does() -> None:
    gate = AssetCheck("few_late")
    assert gate.sentence == "the asset check few_late passes"
    worded = AssetCheck("few_late", sentence="few flights are late")
    assert worded.sentence == "few flights are late"
    assert gate_digest(worded) == gate_digest(gate)
    assert gate_digest(AssetCheck("few_late", on="model")) != gate_digest(gate)
    assert gate_digest(AssetCheck("many_late")) != gate_digest(gate)


def test_a_model_tells_its_own_checks_from_the_other_gates() -> None:
    own = AssetCheck("few_late")
    assert declare(gates=(AtLeast("roc_auc", 0.6), own)).own_checks == (own,)
    assert declare().own_checks == ()


MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "a name that Dagster would fold": (lambda: AssetCheck("few-late"), "few-late"),
    "no name": (lambda: AssetCheck(""), "gate name"),
    "an asset that there is not": (
        lambda: AssetCheck("few_late", on="evaluations"),  # type: ignore[arg-type]
        "AssetCheck's on 'evaluations' is not known",
    ),
    "a name that a gate has": (
        lambda: declare(gates=(AtLeast("roc_auc", 0.6), AssetCheck("roc_auc_at_least"))),
        "two gates are called roc_auc_at_least",
    ),
    "a name that a function of one's own has": (
        lambda: declare(gates=(AssetCheck("few_late"), GateFunction(few_late))),
        "two gates are called few_late",
    ),
    "a name that every model's check has": (
        lambda: declare(gates=(AssetCheck("loads_and_reproduces", on="model"),)),
        "loads_and_reproduces is taken",
    ),
    "one check on both assets": (
        lambda: declare(gates=(AssetCheck("few_late"), AssetCheck("few_late", on="model"))),
        "two gates are called few_late",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_with_what_would_be_right(mistake: str) -> None:
    make, said = MISTAKES[mistake]
    with pytest.raises(DeclarationError) as caught:
        make()
    assert said in caught.value.message
    assert caught.value.hint


def test_two_gates_of_one_name_are_told_apart_from_two_of_a_kind() -> None:
    with pytest.raises(DeclarationError, match="two gates are called") as caught:
        declare(gates=(AtLeast("roc_auc", 0.6), AssetCheck("roc_auc_at_least")))
    assert "rename the asset check" in str(caught.value.hint)
