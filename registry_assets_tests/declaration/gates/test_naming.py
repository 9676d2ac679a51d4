"""A gate is called what its declaration says, or after what it judges; never two alike."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.declaration import (
    AtLeast,
    AtMost,
    BetterThanProduction,
    Bins,
    CalibrationAtMost,
    Evaluation,
    Fairness,
    FairnessAtLeast,
    FairnessAtMost,
    Gate,
    GateFunction,
    Latency,
    LatencyNotWorse,
    MetricFunction,
    NoLeakage,
    NotWorseThanProduction,
    SliceFloor,
    SliceGap,
    Where,
)
from registry_assets.declaration.gates import check_gates, gate_digest
from registry_assets.errors import DeclarationError
from registry_assets.references import check_name
from registry_assets_tests.declaration.test_mistakes import declare

ODDS = "equalized_odds_difference"
FOUR_FIFTHS = "demographic_parity_ratio"
COLUMNS = st.text(min_size=1, max_size=80)


def cost(y_true: Any, y_pred: Any) -> float:
    """What mistakes cost."""
    return 0.0


def rule(found: Any) -> bool:
    """Everything is fine."""
    return True


def floor(by: str, **more: Any) -> SliceFloor:
    """A floor by something."""
    return SliceFloor("roc_auc", by=by, floor=0.5, **more)


@given(by=COLUMNS)
def test_any_column_can_be_gated_on(by: str) -> None:
    for gate in (
        floor(by),
        SliceGap("roc_auc", by=by, limit=0.5),
        FairnessAtMost(ODDS, by=by, limit=0.5),
        FairnessAtLeast(FOUR_FIFTHS, by=by, floor=0.5),
    ):
        assert check_name(gate.name) == gate.name
    plan = Evaluation(metrics=("roc_auc",), slices=(by,))
    assert declare(evaluation=plan, gates=(floor(by),)).gates[0].name == floor(by).name


@given(columns=st.lists(COLUMNS, min_size=2, max_size=2, unique=True))
def test_columns_that_differ_in_more_than_signs_and_case_have_gates_of_different_names(
    columns: list[str],
) -> None:
    def plain(by: str) -> str:
        return re.sub(r"[^a-z0-9]", "_", by.lower()).strip("_")

    one, other = columns
    if plain(one) != plain(other):
        assert floor(one).name != floor(other).name


@pytest.mark.parametrize(
    ("one", "other"),
    [("é", "è"), ("é", "e"), ("%", "$"), ("%", "_"), ("größe", "große"), ("a" * 70, "a" * 71),
     ("年齢", "年収")],
)  # fmt: skip
def test_what_ascii_cannot_say_is_told_apart(one: str, other: str) -> None:
    assert floor(one).name != floor(other).name
    assert not floor(one).name.endswith("_")


GIVEN: dict[str, Callable[..., Gate]] = {
    "roc_auc_at_least": lambda **name: AtLeast("roc_auc", 0.5, **name),
    "log_loss_at_most": lambda **name: AtMost("log_loss", 0.5, **name),
    "calibration_at_most": lambda **name: CalibrationAtMost(0.5, **name),
    "roc_auc_floor_by_origin": lambda **name: floor("origin", **name),
    "roc_auc_gap_by_origin": lambda **name: SliceGap("roc_auc", by="origin", limit=1, **name),
    f"{ODDS}_by_race": lambda **name: FairnessAtMost(ODDS, by="race", limit=0.5, **name),
    f"{FOUR_FIFTHS}_by_race": lambda **name: FairnessAtLeast(
        FOUR_FIFTHS, by="race", floor=0.8, **name
    ),
    "latency_p95_not_worse": lambda **name: LatencyNotWorse("p95", margin=0.5, **name),
}


@pytest.mark.parametrize("usual", GIVEN)
def test_a_gate_may_be_given_a_name_and_stays_the_rule_it_is(usual: str) -> None:
    plain, named = GIVEN[usual](), GIVEN[usual](name="mine")
    assert (plain.name, named.name) == (usual, "mine")
    assert plain.definition() == named.definition()
    assert gate_digest(plain) == gate_digest(named)
    assert "name" not in plain.definition()
    with pytest.raises(DeclarationError, match="'My gate' is no gate name"):
        GIVEN[usual](name="My gate")
    with pytest.raises(DeclarationError, match="name is 3"):
        GIVEN[usual](name=3)


def test_value_and_bound_of_one_metric_can_both_be_gated_on() -> None:
    gates = (AtLeast("roc_auc", 0.6), AtLeast("roc_auc", 0.5, bound="low", name="roc_auc_low"))
    assert [gate.name for gate in declare(gates=gates).gates] == ["roc_auc_at_least", "roc_auc_low"]


PLAN = Evaluation(
    metrics=("roc_auc", "log_loss"),
    slices=("a b", "a_b", Bins("km", 3, name="distance"), Where("night", "hour > 22")),
    fairness=Fairness(("race",)),
    latency=Latency(),
)
wrong: Any = ...
MISTAKES: dict[str, tuple[Callable[[], object], str, str]] = {
    "two functions of one name": (
        lambda: check_gates([GateFunction(rule), GateFunction(lambda e: True, name="rule")], PLAN),
        "two gates are called rule",
        "give one of them another name: GateFunction(…, name='…')",
    ),
    "two columns of one name": (
        lambda: check_gates([floor("a b"), floor("a_b")], PLAN),
        "two gates are called roc_auc_floor_by_a_b",
        "give one of them another name: SliceFloor(…, name='…')",
    ),
    "two limits on one metric": (
        lambda: check_gates([AtLeast("roc_auc", 0.5), AtLeast("roc_auc", 0.4)], PLAN),
        "two gates are called roc_auc_at_least",
        "keep the stricter, or give one of them another name: AtLeast(…, name='…')",
    ),
    "two of what has no other name": (
        lambda: check_gates([NoLeakage(), NoLeakage(shared=0.1)], PLAN),
        "two gates are called no_leakage",
        "keep the stricter",
    ),
    "a class that takes nothing": (
        lambda: check_gates([wrong_class(NoLeakage)], PLAN),
        "gates hold the class NoLeakage",
        "write NoLeakage()",
    ),
    "a class that takes something": (
        lambda: check_gates([wrong_class(AtLeast)], PLAN),
        "gates hold the class AtLeast",
        "write AtLeast(…)",
    ),
    "a function for a metric": (
        lambda: AtLeast(cost, 0.5),  # type: ignore[arg-type]
        "AtLeast's metric is a function",
        "give its name: 'cost'",
    ),
    "a lambda for a metric": (
        lambda: AtMost(lambda y, p: 0.0, 0.5),  # type: ignore[arg-type]
        "AtMost's metric is a function",
        "give a name such as 'log_loss'",
    ),
    "a metric for a metric": (
        lambda: NotWorseThanProduction(MetricFunction(cost), margin=0),  # type: ignore[arg-type]
        "NotWorseThanProduction's metric is a MetricFunction",
        "give its name: 'cost'",
    ),
    "a list for a metric": (
        lambda: BetterThanProduction(["roc_auc"]),  # type: ignore[arg-type]
        "BetterThanProduction's metric is ['roc_auc']",
        "give its name: 'roc_auc'",
    ),
    "a function for the metric of slices": (
        lambda: SliceGap(cost, by="km", limit=1),  # type: ignore[arg-type]
        "SliceGap's metric is a function",
        "give its name: 'cost'",
    ),
    "a number for a column": (
        lambda: floor(3),  # type: ignore[arg-type]
        "SliceFloor's by is 3",
        "give a name such as 'carrier'",
    ),
    "bins for a column": (
        lambda: floor(Bins("km", 3, name="distance")),  # type: ignore[arg-type]
        "SliceFloor's by is a Bins",
        "give its name: 'distance'",
    ),
    "nothing for a sensitive column": (
        lambda: FairnessAtMost(ODDS, by="", limit=0.1),
        "FairnessAtMost's by is ''",
        "give a name such as 'race'",
    ),
    "a column for a ratio that is none": (
        lambda: FairnessAtLeast(FOUR_FIFTHS, by=wrong, floor=0.8),
        "FairnessAtLeast's by is Ellipsis",
        "give a name such as 'race'",
    ),
    "slices that nobody makes": (
        lambda: check_gates([floor("km")], Evaluation(metrics=("roc_auc",))),
        "gate roc_auc_floor_by_km reads slices, which the evaluation does not make",
        "add Evaluation(slices=['km'])",
    ),
    "a gap in one slice": (
        lambda: check_gates([SliceGap("roc_auc", by="night", limit=0.1)], PLAN),
        (
            "gate roc_auc_gap_by_night: no model can pass it, as a condition makes one slice"
            " and a gap needs two"
        ),
        "use SliceFloor('roc_auc', by='night', …), or slice by a column",
    ),
    "a lambda without a name": (
        lambda: GateFunction(lambda found: True),
        (
            "'<lambda>' is no gate name: expected a small letter, then small letters, digits"
            " and _, 63 characters at most."
        ),
        "GateFunction(function, name='enough_rows') gives it one",
    ),
}


def wrong_class(kind: Any) -> Any:
    """What a person without a type checker passes."""
    return kind


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_says_what_to_write_instead(mistake: str) -> None:
    make, said, hint = MISTAKES[mistake]
    with pytest.raises(DeclarationError) as caught:
        make()
    assert (caught.value.message, caught.value.hint) == (said, hint)


@pytest.mark.parametrize("number", [np.float32(0.5), np.float64(0.5), np.int64(1), 1, 0.5])
def test_any_real_number_will_do_and_is_kept_as_a_plain_one(number: Any) -> None:
    for kept, plain in (
        (AtLeast("roc_auc", number).threshold, float(number)),
        (floor("km").floor, 0.5),
        (NoLeakage(shared=number / 2).shared, float(number) / 2),
        (Bins("km", [0, number]).edges, (0.0, float(number))),  # type: ignore[arg-type]
        (Bins("km", np.array([0, number])).edges, (0.0, float(number))),  # type: ignore[arg-type]
        (Bins("km", np.int64(3)).edges, 3),  # type: ignore[arg-type]
    ):
        assert kept == plain
        assert type(kept) is type(plain)
    assert gate_digest(AtLeast("roc_auc", number)) == gate_digest(AtLeast("roc_auc", float(number)))


@pytest.mark.parametrize("number", [True, np.bool_(True), "0.5", 10**400, np.float32("nan"), 1j])
def test_what_is_no_number_is_none(number: Any) -> None:
    with pytest.raises(DeclarationError, match="roc_auc's threshold is"):
        AtLeast("roc_auc", number)
    with pytest.raises(DeclarationError, match="an edge of Bins"):
        Bins("km", [number])  # type: ignore[arg-type]
