"""A rule says all that its gate does: attacks by gates that pass for others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from registry_assets.canonical import Json
from registry_assets.declaration import (
    AssetCheck,
    AtLeast,
    Evaluation,
    GateFunction,
    SliceFloor,
)
from registry_assets.declaration.gates import KINDS, gate_digest, gate_rule
from registry_assets.declaration.gates.judging import Gate, Judgement
from registry_assets.declaration.metrics import METRICS, Metric
from registry_assets.errors import DeclarationError
from registry_assets.governance.strictness import LIMITS, gates_differing
from registry_assets_tests.declaration.judged import estimate, result
from registry_assets_tests.declaration.test_mistakes import declare

POOR = result({"roc_auc": estimate(0.5)})
FINE = Judgement("passed", "all is well")
HONEST = AtLeast("roc_auc", 0.6)
PINNED: Mapping[str, Any] = {HONEST.name: HONEST.definition()}


class Lenient(AtLeast):
    """A built-in gate, but for what it judges."""

    def judge(self, evaluation: Any) -> Judgement:
        return Judgement("passed", "all is well")


@dataclass(frozen=True)
class Alike:
    """A class that says of itself that it is a built-in gate."""

    metric: str = "roc_auc"
    threshold: float = 0.6
    bound: str = "value"
    name: str = "roc_auc_at_least"
    relative: ClassVar[bool] = False
    sentence: ClassVar[str] = "roc_auc on the holdout is at least 0.6"

    def definition(self) -> dict[str, Json]:
        return HONEST.definition()

    def check_plan(self, plan: Any) -> None: ...

    def judge(self, evaluation: Any) -> Judgement:
        return FINE


def is_fine(evaluation: Any) -> bool:
    """Whether there are rows."""
    return bool(evaluation.rows)


@dataclass(frozen=True)
class Own:
    """A kind of gate of a user's own, honest about that."""

    least: float = 0.6
    held: Any = None
    name: str = "own"
    relative: ClassVar[bool] = False
    limit: ClassVar[float] = 1.0

    @property
    def sentence(self) -> str:
        return "it is as I say"

    def definition(self) -> dict[str, Json]:
        return {"gate": "own"}

    def check_plan(self, plan: Any) -> None: ...

    def judge(self, evaluation: Any) -> Judgement:
        found = evaluation.metrics["roc_auc"].value
        return Judgement("passed" if found >= self.least else "failed", "I looked")


@pytest.fixture
def patch() -> Iterator[pytest.MonkeyPatch]:
    """Puts back whatever a test changed, and the gates are as shipped again."""
    with pytest.MonkeyPatch.context() as made:
        yield made
    assert "code" not in gate_rule(HONEST)


@pytest.mark.parametrize("gate", [Lenient("roc_auc", 0.6), Alike()])
def test_a_gate_that_passes_for_a_built_in_one_is_refused(gate: Gate) -> None:
    assert gate.definition() == HONEST.definition()
    assert gate.judge(POOR).outcome == "passed"
    assert HONEST.judge(POOR).outcome == "failed"
    with pytest.raises(DeclarationError, match="says that it is a at_least, which is AtLeast"):
        declare(gates=(gate,))
    # Nor does it meet a policy that pins the honest one, or reach verdicts under its rule.
    assert gate_digest(gate) != gate_digest(HONEST)
    (said,) = gates_differing(PINNED, {gate.name: gate_rule(gate)})
    assert said.startswith("roc_auc_at_least: code is sha256:")


def test_a_built_in_gate_whose_method_was_put_in_its_place_is_refused(
    patch: pytest.MonkeyPatch,
) -> None:
    before = gate_digest(HONEST)
    patch.setattr(AtLeast, "judge", Lenient.judge)
    assert HONEST.judge(POOR).outcome == "passed"
    with pytest.raises(DeclarationError, match="that class was changed: judge"):
        declare(gates=(HONEST,))
    assert gate_digest(HONEST) != before
    assert list(gates_differing(PINNED, {HONEST.name: gate_rule(HONEST)})) != []


def test_a_built_in_gate_whose_method_has_other_code_is_refused(
    patch: pytest.MonkeyPatch,
) -> None:
    patch.setattr(AtLeast.judge, "__code__", Lenient.judge.__code__)
    assert HONEST.judge(POOR).outcome == "passed"
    with pytest.raises(DeclarationError, match="that class was changed: judge"):
        declare(gates=(HONEST,))


@pytest.mark.parametrize("name", ["__getattribute__", "helper"])
def test_a_built_in_gate_that_was_given_more_is_refused(
    patch: pytest.MonkeyPatch, name: str
) -> None:
    patch.setattr(AtLeast, name, object.__getattribute__, raising=False)
    with pytest.raises(DeclarationError, match=f"that class was changed: {name}"):
        declare(gates=(HONEST,))


def test_a_gate_of_one_s_own_is_the_rule_that_its_code_and_its_fields_make(
    patch: pytest.MonkeyPatch,
) -> None:
    declare(gates=(Own(),))
    before = gate_digest(Own())
    assert gate_digest(Own()) == before
    assert gate_rule(Own())["gate"] == "own"
    # A field that its definition does not name.
    assert gate_digest(Own(least=0.1)) != before
    assert gate_digest(Own(held=is_fine)) != gate_digest(Own(held=lambda found: True))
    digests = {before}
    for name, other in (
        ("judge", lambda self, evaluation: FINE),
        ("limit", 0.0),
        ("relative", True),
        ("sentence", property(lambda self: "it is better than it is")),
        ("__getattribute__", lambda self, name: super(Own, self).__getattribute__(name)),
    ):
        with patch.context() as changed:
            changed.setattr(Own, name, other, raising=False)
            digests.add(gate_digest(Own()))
    assert len(digests) == 6
    assert gate_digest(Own()) == before


def test_a_method_put_upon_one_gate_alone_is_in_its_rule() -> None:
    gate = Own()
    object.__setattr__(gate, "judge", lambda evaluation: FINE)
    assert gate.judge(POOR).outcome == "passed"
    assert gate_digest(gate) != gate_digest(Own())


def test_a_gate_that_holds_what_cannot_be_told_is_refused_where_it_is_declared() -> None:
    with pytest.raises(DeclarationError, match="gate own captured a "):
        declare(gates=(Own(held=(sign for sign in "ab")),))


def test_a_gate_of_one_s_own_that_a_policy_pinned_before_its_code_counted_still_meets_it() -> None:
    assert list(gates_differing({"own": {"gate": "own"}}, {"own": gate_rule(Own())})) == []
    pinned = gate_rule(Own())
    assert list(gates_differing({"own": pinned}, {"own": gate_rule(Own())})) == []
    (said,) = gates_differing({"own": pinned}, {"own": gate_rule(Own(least=0.0))})
    assert said.startswith("own: code is sha256:")


MADE: Mapping[str, Gate] = {
    "at_least": HONEST,
    "slice_floor": SliceFloor("roc_auc", "origin", 0.5),
    "function": GateFunction(is_fine),
    "asset_check": AssetCheck("few"),
}


@pytest.mark.parametrize("kind", MADE)
def test_the_rule_of_a_built_in_gate_is_its_definition_in_every_release(kind: str) -> None:
    gate = MADE[kind]
    assert KINDS[kind] is type(gate)
    assert gate_rule(gate) == gate.definition()


def test_every_kind_with_a_limit_is_one_that_is_built_in() -> None:
    assert set(LIMITS) <= set(KINDS)


def test_a_metric_that_passes_for_a_built_in_one_is_refused() -> None:
    known = METRICS["roc_auc"]
    alike = Metric("roc_auc", known.title, False, known.tasks, "prediction", None)
    with pytest.raises(DeclarationError, match="is not the one that is built in"):
        declare(evaluation=Evaluation(metrics=(alike,)))


@dataclass(frozen=True)
class Mutable(Own):
    """Remembers what it has judged, as no gate should."""

    seen: list[str] = field(default_factory=list)

    def judge(self, evaluation: Any) -> Judgement:
        self.seen.append("one")
        return FINE


def test_a_gate_that_changes_while_it_judges_is_another_rule_afterwards() -> None:
    gate = Mutable()
    before = gate_digest(gate)
    gate.judge(POOR)
    assert gate_digest(gate) != before
