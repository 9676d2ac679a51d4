"""Gates judge what the suite computed: a number that is absent or not finite never passes."""

import math
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.canonical import canonical_json
from registry_assets.declaration import (
    AtLeast,
    AtMost,
    BetterThanProduction,
    CalibrationAtMost,
    FairnessAtLeast,
    FairnessAtMost,
    Gate,
    GateFunction,
    LatencyAtMost,
    LatencyNotWorse,
    NoLeakage,
    NotWorseThanProduction,
    SizeAtMost,
    SliceFloor,
    SliceGap,
)
from registry_assets.declaration.gates import Judgement, gate_digest
from registry_assets.evaluation.results import Comparison, Estimate, EvaluationResult
from registry_assets_tests.declaration.judged import (
    NEVER_HELD,
    UNDEFINED,
    compared,
    data,
    estimate,
    fair,
    measured,
    part,
    result,
    speed,
)

NUMBERS = st.floats(-10, 10)
ODDS, PARITY = "equalized_odds_difference", "demographic_parity_difference"
RATIO = "demographic_parity_ratio"

Make = Callable[[float], Gate]
Found = Callable[[Estimate | None], EvaluationResult]


def _at(name: str) -> Found:
    return lambda found: result({} if found is None else {name: found})


def _sliced(found: Estimate | None) -> EvaluationResult:
    return result(slices=(part("EWR", estimate(0.0, 0.0)), part("JFK", found)))


def _beside(name: str) -> Found:
    return lambda found: result(comparison=compared(found, name=name))


def _apart(found: Estimate | None) -> EvaluationResult:
    return result(fairness=(fair(found, measure=PARITY),))


def _alike(found: Estimate | None) -> EvaluationResult:
    if found is not None and found.defined:
        found = Estimate(found.value + 1, found.low + 1, found.high + 1, rows=found.rows)
    return result(fairness=(fair(found, measure=RATIO),))


def _ratio(found: Estimate | None) -> EvaluationResult:
    return result(speed=measured(speed(), found), comparison=compared(None))


# Each kind: a gate of a limit (the greater the more lenient) and what it reads.
KINDS: Mapping[str, tuple[Make, Found]] = {
    "at least": (lambda limit: AtLeast("roc_auc", -limit), _at("roc_auc")),
    "at least, low": (lambda limit: AtLeast("roc_auc", -limit, bound="low"), _at("roc_auc")),
    "at most": (lambda limit: AtMost("log_loss", limit), _at("log_loss")),
    "at most, high": (lambda limit: AtMost("log_loss", limit, bound="high"), _at("log_loss")),
    "calibration": (
        lambda limit: CalibrationAtMost((limit + 10) / 20.1),
        _at("calibration_error"),
    ),
    "calibration, high": (
        lambda limit: CalibrationAtMost((limit + 10) / 20.1, bound="high"),
        _at("calibration_error"),
    ),
    "not worse": (
        lambda limit: NotWorseThanProduction("roc_auc", margin=limit + 10),
        _beside("roc_auc"),
    ),
    "not worse, less is better": (
        lambda limit: NotWorseThanProduction("log_loss", margin=limit + 10),
        _beside("log_loss"),
    ),
    "better": (lambda limit: BetterThanProduction("roc_auc", by=10 - limit), _beside("roc_auc")),
    "better, less is better": (
        lambda limit: BetterThanProduction("log_loss", by=10 - limit),
        _beside("log_loss"),
    ),
    "floor": (lambda limit: SliceFloor("roc_auc", by="origin", floor=-limit), _sliced),
    "floor, low": (
        lambda limit: SliceFloor("roc_auc", by="origin", floor=-limit, bound="low"),
        _sliced,
    ),
    "gap": (lambda limit: SliceGap("roc_auc", by="origin", limit=limit + 10), _sliced),
    "gap, high": (
        lambda limit: SliceGap("roc_auc", by="origin", limit=limit + 10, bound="high"),
        _sliced,
    ),
    "fairness": (lambda limit: FairnessAtMost(PARITY, by="race", limit=(limit + 10) / 21), _apart),
    "fairness, high": (
        lambda limit: FairnessAtMost(PARITY, by="race", limit=(limit + 10) / 21, bound="high"),
        _apart,
    ),
    "at least, of groups": (
        lambda limit: FairnessAtLeast(RATIO, by="race", floor=(10.05 - limit) / 21),
        _alike,
    ),
    "at least, of groups, low": (
        lambda limit: FairnessAtLeast(RATIO, by="race", floor=(10.05 - limit) / 21, bound="low"),
        _alike,
    ),
    "latency beside production": (
        lambda limit: LatencyNotWorse("p95", margin=limit + 10),
        _ratio,
    ),
    "latency beside production, high": (
        lambda limit: LatencyNotWorse("p95", margin=limit + 10, bound="high"),
        _ratio,
    ),
    "latency": (
        lambda limit: LatencyAtMost("p95", limit + 10.01),
        lambda found: result(
            speed=measured(None if found is None else speed(p95_ms=found.value + 10))
        ),
    ),
    "size": (
        lambda limit: SizeAtMost(limit + 10.01),
        lambda found: result(
            speed=measured(
                None
                if found is None or not found.defined
                else speed(size=int((found.value + 10) * 1e6))
            )
        ),
    ),
    "leakage": (
        lambda limit: NoLeakage(shared=(limit + 10) / 21),
        lambda found: result(
            data=data(None if found is None or not found.defined else (found.value + 10) / 21)
        ),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@given(value=NUMBERS, width=st.floats(0, 3), limits=st.tuples(NUMBERS, NUMBERS))
def test_a_stricter_limit_never_lets_more_through(
    kind: str, value: float, width: float, limits: tuple[float, float]
) -> None:
    make, found = KINDS[kind]
    strict, lenient = sorted(limits)
    evaluation = found(estimate(value, width))
    if make(strict).judge(evaluation).outcome == "passed":
        assert make(lenient).judge(evaluation).outcome == "passed"


@pytest.mark.parametrize("kind", KINDS)
@given(value=NUMBERS, width=st.floats(0, 3), limit=NUMBERS)
def test_the_bound_of_an_interval_is_never_more_lenient_than_the_value(
    kind: str, value: float, width: float, limit: float
) -> None:
    make, found = KINDS[kind]
    plain, _ = KINDS[kind.removesuffix(", low").removesuffix(", high")]
    evaluation = found(estimate(value, width))
    if make(limit).judge(evaluation).outcome == "passed":
        assert plain(limit).judge(evaluation).outcome == "passed"


@pytest.mark.parametrize("missing", [None, UNDEFINED], ids=["absent", "undefined"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_not_measured_passes_at_no_limit(kind: str, missing: Estimate | None) -> None:
    make, found = KINDS[kind]
    judged = make(9.9).judge(found(missing))
    assert judged.outcome in ("failed", "undecided")
    assert judged.value is None
    assert judged.why


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_pass_and_can_fail(kind: str) -> None:
    make, found = KINDS[kind]
    assert make(9.9).judge(found(estimate(0.0, 0.01))).outcome == "passed" or "better" in kind
    if "better" in kind:
        good = 5.0 if "less" not in kind else -5.0
        assert make(9.9).judge(found(estimate(good))).outcome == "passed"
    worst = -9.9 if kind.startswith(("at least", "floor", "not worse", "better")) else 9.9
    if "less" in kind:
        worst = -worst
    failed = make(-9.9).judge(found(estimate(worst)))
    assert failed.outcome == "failed"
    assert failed.threshold is not None


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_passes_an_evaluation_of_nothing(kind: str) -> None:
    judged = KINDS[kind][0](9.9).judge(result())
    assert judged.outcome == "failed"
    assert judged.why


@pytest.mark.parametrize("kind", KINDS)
def test_the_definition_of_a_gate_changes_with_its_limit(kind: str) -> None:
    make, _ = KINDS[kind]
    assert gate_digest(make(1)) == gate_digest(make(1.0)) != gate_digest(make(1.5))
    assert isinstance(make(1), Gate)
    assert make(1).sentence
    assert make(1).relative == ("production" in make(1).sentence)


@pytest.mark.parametrize(
    ("value", "outcome"), [(0.7, "passed"), (0.6, "passed"), (0.599, "failed")]
)
def test_a_metric_passes_at_its_threshold_and_above(value: float, outcome: str) -> None:
    found = AtLeast("roc_auc", 0.6).judge(result({"roc_auc": estimate(value)}))
    assert found.outcome == outcome
    assert (found.value, found.threshold, found.rows) == (value, 0.6, 100)
    assert "roc_auc" in found.why


@pytest.mark.parametrize(
    ("value", "outcome"), [(0.5, "passed"), (0.6, "passed"), (0.601, "failed")]
)
def test_a_loss_passes_at_its_threshold_and_below(value: float, outcome: str) -> None:
    found = AtMost("log_loss", 0.6).judge(result({"log_loss": estimate(value)}))
    assert (found.outcome, found.value, found.threshold) == (outcome, value, 0.6)


@pytest.mark.parametrize(
    ("name", "difference", "outcome", "threshold"),
    [
        ("roc_auc", 0.05, "passed", -0.03),
        ("roc_auc", -0.01, "passed", -0.03),
        ("roc_auc", -0.02, "failed", -0.03),
        ("log_loss", -0.05, "passed", 0.03),
        ("log_loss", 0.01, "passed", 0.03),
        ("log_loss", 0.02, "failed", 0.03),
    ],
)
def test_not_worse_is_judged_on_the_worse_end_of_the_difference(
    name: str, difference: float, outcome: str, threshold: float
) -> None:
    found = NotWorseThanProduction(name, margin=0.03).judge(
        result(comparison=compared(estimate(difference, width=0.015), name=name))
    )
    assert found.outcome == outcome
    assert (found.value, found.threshold) == (difference, threshold)
    assert "production version 3" in found.why


@pytest.mark.parametrize(
    ("name", "difference", "by", "outcome"),
    [
        ("roc_auc", 0.021, 0.0, "passed"),
        ("roc_auc", 0.02, 0.0, "failed"),
        ("roc_auc", 0.05, 0.025, "passed"),
        ("roc_auc", 0.05, 0.031, "failed"),
        ("log_loss", -0.021, 0.0, "passed"),
        ("log_loss", -0.02, 0.0, "failed"),
        ("log_loss", 0.05, 0.0, "failed"),
    ],
)
def test_better_is_better_by_the_whole_interval(
    name: str, difference: float, by: float, outcome: str
) -> None:
    found = BetterThanProduction(name, by=by).judge(
        result(comparison=compared(estimate(difference, width=0.02), name=name))
    )
    assert found.outcome == outcome
    assert found.threshold == (by if name == "roc_auc" else 0 - by)


RELATIVE: tuple[Gate, ...] = (
    NotWorseThanProduction("roc_auc", margin=0.0),
    NotWorseThanProduction("log_loss", margin=0.0),
    BetterThanProduction("roc_auc"),
    BetterThanProduction("log_loss"),
    LatencyNotWorse("p95", margin=0.0),
)


@pytest.mark.parametrize("gate", RELATIVE, ids=lambda gate: gate.name)
def test_the_first_version_has_nothing_to_be_compared_with(gate: Gate) -> None:
    metrics = {"roc_auc": estimate(0.7), "log_loss": estimate(0.6)}
    found = gate.judge(result(metrics, comparison=NEVER_HELD, speed=measured(speed())))
    assert found.outcome == "no_baseline"
    assert "never held a version" in found.why
    assert math.copysign(1, found.threshold or 0.0) == 1


@pytest.mark.parametrize("gate", RELATIVE[:-1], ids=lambda gate: gate.name)
def test_the_first_version_does_not_pass_without_a_number_of_its_own(gate: Gate) -> None:
    metrics = {"roc_auc": UNDEFINED, "log_loss": UNDEFINED}
    found = gate.judge(result(metrics, comparison=NEVER_HELD))
    assert found.outcome == "failed"
    assert "is not defined on this holdout: one class only" in found.why
    found = gate.judge(result(comparison=NEVER_HELD))
    assert found.outcome == "failed"
    assert "was not computed" in found.why


@pytest.mark.parametrize(
    ("comparison", "said"),
    [
        (compared(estimate(0.1), undecided="held-out 2013-04 was trained on"), "2013-04"),
        (compared(UNDEFINED), "not defined on this holdout: one class only"),
        (compared(None), "not defined"),
        (Comparison("production", 0, None, None, 9, undecided="it saw 2013-04"), "2013-04"),
    ],
)
def test_figures_that_prove_nothing_leave_it_undecided(comparison: Comparison, said: str) -> None:
    for gate in (NotWorseThanProduction("roc_auc", margin=1.0), BetterThanProduction("roc_auc")):
        found = gate.judge(result(comparison=comparison))
        assert found.outcome == "undecided"
        assert said in found.why


@pytest.mark.parametrize("number", ["value", "low", "high", "threshold"])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_no_kind_of_gate_passes_on_a_number_that_is_not_finite(number: str, bad: float) -> None:
    found = Judgement("passed", "they said so", **{number: bad})  # type: ignore[arg-type]
    assert found.outcome == "failed"
    assert getattr(found, number) is None
    assert number in found.why


@pytest.mark.parametrize("outcome", ["failed", "undecided", "no_baseline"])
def test_an_outcome_that_does_not_pass_stays_what_it_is(outcome: Any) -> None:
    assert Judgement(outcome, "why", value=math.nan).outcome == outcome


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"outcome": "ok"}, "outcome is 'ok': expected passed, failed, undecided, no_baseline"),
        ({"outcome": True}, "outcome is True"),
        ({"outcome": np.array(["passed", "failed"])}, "outcome is array"),
        ({"why": None}, "why is None: expected a text"),
        ({"why": ["a", "b"]}, "why is ['a', 'b']"),
        ({"value": "0.9"}, "value is '0.9': expected a number, or None"),
        ({"value": True}, "value is True"),
        ({"low": 1 + 2j}, "low is (1+2j)"),
        ({"high": np.ones(2)}, "high is array"),
        ({"rows": 2.5}, "rows is 2.5: expected how many there are, or None"),
        ({"rows": math.nan}, "rows is nan"),
        ({"rows": True}, "rows is True"),
        ({"rows": -1}, "rows is -1"),
        ({"rows": 2**80}, "rows is 1208925819614629174706176"),
    ],
)
def test_a_judgement_of_something_else_is_refused_and_does_not_pass(
    given: Mapping[str, Any], said: str
) -> None:
    values: dict[str, Any] = {"outcome": "passed", "why": "so", **given}
    with pytest.raises(ValueError, match="a Judgement's"):
        Judgement(**values)
    found = GateFunction(lambda _: Judgement(**values), name="rule").judge(result())
    assert found.outcome == "failed"
    assert f"rule raised ValueError: a Judgement's {said}" in found.why


def test_a_judgement_holds_plain_numbers() -> None:
    found = Judgement("passed", "so", value=np.float32(0.5), low=0, rows=np.int64(3))  # type: ignore[arg-type]
    assert [type(each) for each in (found.value, found.low, found.rows)] == [float, float, int]


def test_of_a_reason_without_end_the_beginning_is_kept() -> None:
    found = Judgement("failed", "x" * 200_000)
    assert found.why.startswith("xxx")
    assert found.why.endswith("… (200,000 characters)")
    assert len(found.why) < 1100

    def long(evaluation: EvaluationResult) -> bool:
        raise ValueError("x" * 200_000)

    assert len(GateFunction(long).judge(result()).why) < 1100


def enough_rows(evaluation: EvaluationResult) -> bool:
    """The holdout has 50 rows or more.

    What comes after the first line is not its sentence.
    """
    return evaluation.rows >= 50


@pytest.mark.parametrize(
    ("function", "outcome", "said"),
    [
        (enough_rows, "passed", "The holdout has 50 rows or more"),
        (lambda found: found.rows > 1000, "failed", "not so: rule"),
        (lambda found: np.bool_(True), "passed", "rule"),
        (lambda found: Judgement("undecided", "who knows"), "undecided", "who knows"),
        (lambda found: Judgement("passed", "good", value=math.nan), "failed", "its value is nan"),
        (lambda found: 1 / 0, "failed", "rule raised ZeroDivisionError"),
        (lambda found: found.metrics["r2"], "failed", "rule raised KeyError"),
        (lambda found: sys.exit("no"), "failed", "rule raised SystemExit: no"),
        (lambda found: float("\udcff"), "failed", "rule raised ValueError: could not convert"),
        (lambda found: Judgement("passed", "\udcff\0"), "passed", "\\udcff\\x00"),
        (lambda found: None, "failed", "rule gave a NoneType, neither a bool nor a Judgement"),
        (lambda found: 1, "failed", "rule gave a int"),
        (lambda: True, "failed", "rule raised TypeError"),
    ],
)
def test_a_rule_of_one_s_own_passes_only_by_saying_so(
    function: Any, outcome: str, said: str
) -> None:
    name = "" if function is enough_rows else "rule"
    found = GateFunction(function, name=name).judge(result())
    assert found.outcome == outcome
    assert said in found.why
    assert canonical_json(found.why)


def test_another_source_of_a_rule_is_another_gate() -> None:
    first = GateFunction(enough_rows, name="rule")
    other = GateFunction(lambda found: found.rows >= 51, name="rule")
    assert gate_digest(first) != gate_digest(other)
    assert gate_digest(first) == gate_digest(GateFunction(enough_rows, name="rule"))
    assert GateFunction(enough_rows).name == "enough_rows"
    assert GateFunction(enough_rows, sentence="Many rows").sentence == "Many rows"
