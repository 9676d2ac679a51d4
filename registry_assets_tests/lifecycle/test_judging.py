"""A gate is the user's own code: what it does is in its verdict, and nowhere else."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog.pointers import PointerRecord
from registry_assets.declaration import AtLeast, FairnessAtMost, Gate, GateFunction, Judgement
from registry_assets.lifecycle.evaluating.figures import Figures
from registry_assets.lifecycle.evaluating.judging import judge
from registry_assets_tests.declaration.judged import compared, estimate, fair, result

POINTER = PointerRecord("flight_delay", "production", 3, "sha256:" + "3" * 64, 7, None)
PARITY = "demographic_parity_difference"
FINE: Any = "fine"


@dataclass(frozen=True)
class Own:
    """A kind of gate that a user wrote."""

    does: Callable[[Any], Any]
    relative: ClassVar[bool] = False
    name: ClassVar[str] = "own"
    sentence: ClassVar[str] = "it is as I say"

    def definition(self) -> dict[str, Json]:
        return {"gate": "own", "rule": 1}

    def check_plan(self, plan: Any) -> None: ...

    def judge(self, evaluation: Any) -> Any:
        return self.does(evaluation)


class Lax(Judgement):
    """A judgement that checks nothing."""

    def __post_init__(self) -> None: ...


class Unspeakable(Exception):
    """An error that cannot be told."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


def _raise(error: BaseException) -> Any:
    raise error


ODD: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "raises": (lambda found: 1 / 0, "own raised ZeroDivisionError: division by zero"),
    "leaves": (lambda found: sys.exit(3), "own raised SystemExit: 3"),
    "an error without words": (lambda found: _raise(Unspeakable()), "own raised Unspeakable"),
    "nothing": (lambda found: None, "own gave a NoneType: expected a Judgement"),
    "True": (lambda found: True, "own gave a bool: expected a Judgement"),
    "a lax judgement": (lambda found: Lax(FINE, "so"), "a Judgement's outcome is 'fine'"),
    "a lax number": (lambda found: Lax("passed", "so", float("nan")), "its value is nan: so"),
}


@pytest.mark.parametrize("case", ODD)
def test_a_gate_of_one_s_own_that_does_something_odd_has_not_passed(case: str) -> None:
    does, said = ODD[case]
    found = judge(Own(does), Figures(result(), None), POINTER)
    assert found.outcome == "failed"
    assert said in found.why
    assert canonical_json(found.why)


def test_a_gate_of_one_s_own_can_pass() -> None:
    found = judge(Own(lambda found: Judgement("passed", "fine")), Figures(result(), None), POINTER)
    assert (found.outcome, found.why) == ("passed", "fine")


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit])
@pytest.mark.parametrize("own", [Own, lambda does: GateFunction(does, name="own")])
def test_an_interrupt_is_no_verdict(own: Callable[[Any], Gate], error: type[BaseException]) -> None:
    with pytest.raises(error):
        judge(own(lambda found: _raise(error())), Figures(result(), None), POINTER)


def _spoil(found: Any) -> bool:
    found.metrics.pop("roc_auc")
    object.__setattr__(found.fairness[0].disparities[PARITY], "value", 0.0)
    return True


@pytest.mark.parametrize("own", [Own, lambda does: GateFunction(does, name="own")])
def test_what_one_gate_changes_no_other_sees(own: Callable[[Any], Gate]) -> None:
    figures = Figures(
        result({"roc_auc": estimate(0.7)}, fairness=(fair(estimate(0.5), measure=PARITY),)), None
    )
    before = canonical_json(figures.result.to_json())
    judge(own(_spoil), figures, POINTER)
    assert canonical_json(figures.result.to_json()) == before
    assert judge(AtLeast("roc_auc", 0.6), figures, POINTER).outcome == "passed"
    fairness = FairnessAtMost(PARITY, by="race", limit=0.1)
    assert judge(fairness, figures, POINTER).outcome == "failed"


def test_no_gate_passes_a_version_that_cannot_score() -> None:
    figures = Figures(result({"roc_auc": estimate(0.7)}), None, "it cannot score")
    for gate in (AtLeast("roc_auc", 0.6), GateFunction(lambda found: True, name="fine")):
        found = judge(gate, figures, POINTER)
        assert (found.outcome, found.why) == ("failed", "it cannot score")


def test_rows_of_its_own_training_leave_every_gate_undecided() -> None:
    figures = Figures(result({"roc_auc": estimate(0.7)}, comparison=compared(None)), "it saw them")
    found = judge(AtLeast("roc_auc", 0.6), figures, POINTER)
    assert (found.outcome, found.why) == ("undecided", "it saw them")
