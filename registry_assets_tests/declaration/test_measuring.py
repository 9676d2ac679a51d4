"""What is measured and demanded: every wrong argument is one clear mistake where it is written."""

import functools
import math
from collections.abc import Callable
from typing import Any

import pytest
from sklearn.metrics import make_scorer, roc_auc_score

from registry_assets.canonical import canonical_json
from registry_assets.declaration import (
    AtLeast,
    AtMost,
    BetterThanProduction,
    Bins,
    CalibrationAtMost,
    Evaluation,
    Fairness,
    FairnessAtMost,
    Gate,
    GateFunction,
    Latency,
    LatencyAtMost,
    LatencyNotWorse,
    MetricFunction,
    NoLeakage,
    NotWorseThanProduction,
    SizeAtMost,
    SliceFloor,
    SliceGap,
    Where,
)
from registry_assets.declaration.gates import check_gates
from registry_assets.declaration.slicing import Column
from registry_assets.errors import DeclarationError

AUC = ("roc_auc",)
ODDS = "equalized_odds_difference"
wrong: Any = ...  # what a person without a type checker passes


def late(frame: Any) -> Any:
    """Rows after ten at night."""
    return frame["hour"] >= 22


def cost(y_true: Any, y_pred: Any) -> float:
    """What mistakes cost."""
    return 0.0


def plan(**changes: Any) -> Evaluation:
    """A plan that measures a bit of everything."""
    good: dict[str, Any] = {
        "metrics": ("roc_auc", "log_loss", "calibration_error", cost),
        "slices": ("origin", Bins("distance", (500,)), Where("night", late)),
        "fairness": Fairness("race"),  # type: ignore[arg-type]
        "latency": Latency(),
    }
    return Evaluation(**{**good, **changes})


def checked(gate: Any, **changes: Any) -> None:
    """Hold a gate against the plan."""
    check_gates((gate,), plan(**changes))


Mistake = tuple[Callable[[], object], str]

PLANS: dict[str, Mistake] = {
    "a scorer in place of a function": (
        lambda: Evaluation(metrics=(make_scorer(roc_auc_score),)),
        "takes an estimator, as a scikit-learn scorer does",
    ),
    "a function of no name": (
        lambda: Evaluation(metrics=(lambda y, p: 0.0,)),
        "metric name",
    ),
    "a partial of no name": (
        lambda: Evaluation(metrics=(functools.partial(cost),)),
        "metric name",
    ),
    "a metric that is a number": (lambda: Evaluation(metrics=(3,)), "a metric is 3"),  # type: ignore[arg-type]
    "a function and a metric of one name": (
        lambda: Evaluation(metrics=(MetricFunction(cost, name="roc_auc"),)),
        "is called roc_auc, and so is one that is built in",
    ),
    "two functions of one name": (
        lambda: Evaluation(metrics=(cost, MetricFunction(late, name="cost"))),
        "metric declared twice: cost",
    ),
    "a metric function that is none": (lambda: MetricFunction(wrong), "a metric is Ellipsis"),
    "a metric function's bad name": (lambda: MetricFunction(cost, name="My Cost"), "My Cost"),
    "a need that there is not": (
        lambda: MetricFunction(cost, needs="score"),  # type: ignore[arg-type]
        "'score' is not known",
    ),
    "a best that is no number": (lambda: MetricFunction(cost, best=math.inf), "best is inf"),
    "a direction that is no yes or no": (
        lambda: MetricFunction(cost, greater_is_better="no"),  # type: ignore[arg-type]
        "greater_is_better='no'",
    ),
    "a slice that is a number": (
        lambda: Evaluation(metrics=AUC, slices=(3,)),  # type: ignore[arg-type]
        "slices=…) holds 3",
    ),
    "slices that are no list": (lambda: Evaluation(metrics=AUC, slices=wrong), "is Ellipsis"),
    "a slice and bins of one name": (
        lambda: Evaluation(metrics=AUC, slices=("km", Bins("km", 3))),
        "slice declared twice: km",
    ),
    "a condition of a column's name": (
        lambda: Evaluation(metrics=AUC, slices=("km", Where("km", "km > 3"))),
        "slice declared twice: km",
    ),
    "an empty column": (lambda: Evaluation(metrics=AUC, slices=("",)), "a slice is by ''"),
    "a weight that is a list": (
        lambda: Evaluation(metrics=AUC, weight=["w"]),  # type: ignore[arg-type]
        "weight=['w']",
    ),
    "an empty weight": (lambda: Evaluation(metrics=AUC, weight=""), "weight=''"),
    "fairness as a text": (
        lambda: Evaluation(metrics=AUC, fairness="race"),  # type: ignore[arg-type]
        "Evaluation(fairness=…) is a str",
    ),
    "latency as a number": (
        lambda: Evaluation(metrics=AUC, latency=3),  # type: ignore[arg-type]
        "Evaluation(latency=…) is a int",
    ),
    "too many weak slices": (lambda: Evaluation(metrics=AUC, weak_slices=101), "weak_slices=101"),
    "weak slices as a yes": (lambda: Evaluation(metrics=AUC, weak_slices=True), "weak_slices=True"),
    "examples below nought": (lambda: Evaluation(metrics=AUC, examples=-1), "examples=-1"),
    "half a resample": (
        lambda: Evaluation(metrics=AUC, resamples=1000.5),  # type: ignore[arg-type]
        "resamples=1000.5",
    ),
    "slices of no row": (lambda: Evaluation(metrics=AUC, min_slice_rows=0), "min_slice_rows=0"),
    "a seed too large": (lambda: Evaluation(metrics=AUC, seed=2**32), f"seed={2**32}"),
    "no sensitive column": (lambda: Fairness(()), "compares nobody"),
    "a sensitive column twice": (lambda: Fairness(("a", "a")), "sensitive column declared twice"),
    "a sensitive column that is a number": (lambda: Fairness((3,)), "holds 3"),  # type: ignore[arg-type]
    "sensitive columns that are no list": (lambda: Fairness(wrong), "is Ellipsis"),
    "groups of no row": (lambda: Fairness(("a",), min_group_rows=0), "min_group_rows=0"),
}
SLICES: dict[str, Mistake] = {
    "one bin": (lambda: Bins("km", 1), "Bins('km', 1)"),
    "too many bins": (lambda: Bins("km", 101), "Bins('km', 101)"),
    "bins as a yes": (lambda: Bins("km", True), "Bins('km', True)"),
    "no edge": (lambda: Bins("km", []), "Bins('km', [])"),  # type: ignore[arg-type]
    "edges that descend": (lambda: Bins("km", [2, 1]), "Bins('km', [2.0, 1.0])"),  # type: ignore[arg-type]
    "an edge twice": (lambda: Bins("km", [1, 1]), "Bins('km', [1.0, 1.0])"),  # type: ignore[arg-type]
    "an edge that is no number": (
        lambda: Bins("km", [1, math.nan]),  # type: ignore[arg-type]
        "an edge of Bins('km', …) is nan",
    ),
    "an edge that is a text": (lambda: Bins("km", ["1"]), "is '1'"),  # type: ignore[arg-type]
    "edges as a text": (lambda: Bins("km", "500"), "Bins('km', '500')"),  # type: ignore[arg-type]
    "edges as a fraction": (lambda: Bins("km", 2.5), "Bins('km', 2.5)"),  # type: ignore[arg-type]
    "bins of no column": (lambda: Bins("", 3), "Bins is by ''"),
    "bins of a number": (lambda: Bins(7, 3), "Bins is by 7"),  # type: ignore[arg-type]
    "a name of bins that is a number": (lambda: Bins("km", 3, name=7), "name=7"),  # type: ignore[arg-type]
    "a condition without a name": (lambda: Where("", "km > 3"), "Where('', …) has no name"),
    "a name that is none": (lambda: Where(wrong, "km > 3"), "has no name"),
    "a condition that is empty": (lambda: Where("far", "  "), "has no condition"),
    "a condition that is a number": (lambda: Where("far", 3), "Where('far', 3) has no condition"),  # type: ignore[arg-type]
}
GATES: dict[str, Mistake] = {
    "AtLeast a text": (lambda: AtLeast("roc_auc", "high"), "threshold is 'high'"),  # type: ignore[arg-type]
    "AtLeast of an upper bound": (
        lambda: AtLeast("roc_auc", 0.5, bound="high"),  # type: ignore[arg-type]
        "AtLeast's bound 'high' is not known",
    ),
    "AtLeast of a loss": (lambda: checked(AtLeast("log_loss", 0.5)), "for which less is better"),
    "AtLeast what none reaches": (lambda: checked(AtLeast("roc_auc", 1.1)), "no model can pass"),
    "AtLeast what is not computed": (lambda: checked(AtLeast("f1", 0.5)), "does not compute"),
    "AtMost nothing": (lambda: AtMost("log_loss", math.inf), "threshold is inf"),
    "AtMost of a lower bound": (
        lambda: AtMost("log_loss", 0.5, bound="low"),  # type: ignore[arg-type]
        "AtMost's bound 'low' is not known",
    ),
    "AtMost of a score": (lambda: checked(AtMost("roc_auc", 0.5)), "for which more is better"),
    "AtMost what none reaches": (lambda: checked(AtMost("log_loss", -0.1)), "no model can pass"),
    "CalibrationAtMost everything": (lambda: CalibrationAtMost(1.0), "CalibrationAtMost(1)"),
    "CalibrationAtMost below nought": (lambda: CalibrationAtMost(-0.1), "CalibrationAtMost(-0.1)"),
    "CalibrationAtMost without the metric": (
        lambda: checked(CalibrationAtMost(0.1), metrics=AUC),
        "reads calibration_error",
    ),
    "NotWorse by a text": (
        lambda: NotWorseThanProduction("roc_auc", margin="0.1"),  # type: ignore[arg-type]
        "margin is '0.1'",
    ),
    "NotWorse at first": (
        lambda: NotWorseThanProduction("roc_auc", margin=0, first="fail"),  # type: ignore[arg-type]
        "first 'fail' is not known",
    ),
    "NotWorse in what is not computed": (
        lambda: checked(NotWorseThanProduction("f1", margin=0.1)),
        "does not compute",
    ),
    "Better by less than nothing": (lambda: BetterThanProduction("roc_auc", by=-1), "by=-1"),
    "Better by NaN": (lambda: BetterThanProduction("roc_auc", by=math.nan), "better is nan"),
    "Better in what is not computed": (lambda: checked(BetterThanProduction("f1")), "not compute"),
    "SliceFloor by no slice": (
        lambda: checked(SliceFloor("roc_auc", by="orign", floor=0.5)),
        "slice 'orign' is not known",
    ),
    "SliceFloor of a loss": (
        lambda: checked(SliceFloor("log_loss", by="origin", floor=0.5)),
        "for which less is better",
    ),
    "SliceGap below nought": (
        lambda: SliceGap("roc_auc", by="origin", limit=-0.1),
        "SliceGap(limit=-0.1)",
    ),
    "SliceGap by no slice": (
        lambda: checked(SliceGap("roc_auc", by="carrier", limit=0.1)),
        "slice 'carrier' is not known",
    ),
    "SliceGap in what is not computed": (
        lambda: checked(SliceGap("f1", by="origin", limit=0.1)),
        "does not compute",
    ),
    "Fairness by a ratio": (
        lambda: FairnessAtMost("equalized_odds_ratio", by="race", limit=0.1),
        "the larger a ratio the more alike the groups are",
    ),
    "Fairness of everything": (lambda: FairnessAtMost(ODDS, by="race", limit=1), "limit=1"),
    "Fairness by no such column": (
        lambda: checked(FairnessAtMost(ODDS, by="sex", limit=0.1)),
        "sensitive column 'sex' is not known",
    ),
    "Fairness that is not compared": (
        lambda: checked(FairnessAtMost(ODDS, by="race", limit=0.1), fairness=None),
        "which the evaluation does not compare",
    ),
    "a percentile that there is not": (
        lambda: LatencyAtMost("p90", 5),  # type: ignore[arg-type]
        "percentile 'p90' is not known",
    ),
    "no time at all": (lambda: LatencyAtMost("p95", 0), "milliseconds=0"),
    "latency that is not measured": (
        lambda: checked(LatencyAtMost("p95", 5), latency=None),
        "does not measure",
    ),
    "faster than production": (lambda: LatencyNotWorse("p95", margin=-0.1), "margin=-0.1"),
    "latency beside production that is not measured": (
        lambda: checked(LatencyNotWorse("p95", margin=0.1), latency=None),
        "does not measure",
    ),
    "no size": (lambda: SizeAtMost(0), "SizeAtMost(0)"),
    "size that is not measured": (lambda: checked(SizeAtMost(5), latency=None), "does not measure"),
    "all rows leaked": (lambda: NoLeakage(shared=1), "NoLeakage(shared=1)"),
    "a share of NaN": (lambda: NoLeakage(shared=math.nan), "NoLeakage(shared=nan)"),
    "a share as a yes": (lambda: NoLeakage(shared=True), "NoLeakage(shared=True)"),
    "a rule that is a text": (lambda: GateFunction("rows > 3"), "GateFunction('rows > 3')"),  # type: ignore[arg-type]
    "a rule without a name": (lambda: GateFunction(lambda found: True), "gate name"),
    "a function for a gate": (lambda: checked(cost), "gates hold a function"),
}
MISTAKES = {**PLANS, **SLICES, **GATES}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_with_what_would_be_right(mistake: str) -> None:
    make, said = MISTAKES[mistake]
    with pytest.raises(DeclarationError) as caught:
        make()
    assert said in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("task", "more", "said"),
    [
        ("regression", {"metrics": AUC}, "roc_auc does not measure regression models"),
        ("multiclass", {"metrics": ("log_loss", "f1")}, "f1 does not measure multiclass"),
        ("binary", {"metrics": ("r2",)}, "r2 does not measure binary"),
        ("multiclass", {"metrics": ("log_loss",)}, "a multiclass model has none of"),
        ("regression", {"metrics": (cost,)}, "a regression model has none of"),
    ],
)
def test_what_a_task_has_not_cannot_be_measured(task: Any, more: Any, said: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        plan(**more).check_task(task)
    assert said in caught.value.message
    assert caught.value.hint


GOOD: tuple[Gate, ...] = (
    AtLeast("roc_auc", 0.6),
    AtLeast("cost", -1e9),
    AtMost("log_loss", 0.6, bound="high"),
    CalibrationAtMost(0.1),
    NotWorseThanProduction("roc_auc", margin=0.01, first="hold"),
    BetterThanProduction("log_loss"),
    SliceFloor("roc_auc", by="night", floor=0.5),
    SliceGap("log_loss", by="distance", limit=0.1),
    FairnessAtMost(ODDS, by="race", limit=0.1),
    LatencyAtMost("p99", 50),
    LatencyNotWorse("p95", margin=0.2),
    SizeAtMost(100),
    NoLeakage(),
    GateFunction(lambda found: True, name="rule"),
)


def test_every_kind_of_gate_may_be_asked_for_at_once() -> None:
    check_gates(GOOD, plan())
    plan().check_task("binary")
    assert len({canonical_json(gate.definition()) for gate in GOOD}) == len(GOOD)


def test_the_definition_of_a_plan_holds_whatever_decides_a_figure() -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"metrics": ("log_loss", "roc_auc", "calibration_error", cost)},
        {"slices": ("origin",)},
        {"slices": ("origin", Bins("distance", (501,)), Where("night", late))},
        {"slices": ("origin", Bins("distance", (500,), name="far"), Where("night", late))},
        {"slices": ("origin", Bins("distance", (500,)), Where("night", "hour >= 22"))},
        {"weight": "w"},
        {"fairness": None},
        {"fairness": Fairness(("race",), min_group_rows=31)},
        {"latency": None},
        {"latency": Latency(calls=201)},
        {"weak_slices": 3},
        {"examples": 3},
        {"resamples": 999},
        {"min_slice_rows": 3},
        {"seed": 3},
    ]
    definitions = {canonical_json(plan(**change).definition()) for change in changes}
    assert len(definitions) == len(changes)
    assert plan().definition() == plan().definition()


def test_a_plan_knows_its_columns_once_each() -> None:
    found = plan(slices=("race", Bins("km", 3, name="far"), Where("x", late)), weight="w")
    assert found.columns == ("race", "km", "w")
    assert found.slice_names == ("race", "far", "x")
    assert found.slicings[0] == Column("race")
