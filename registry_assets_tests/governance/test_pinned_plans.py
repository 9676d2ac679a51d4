"""A gate is worth the rows that it looks at: attacks on how versions are judged."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry_assets.declaration import (
    Backtest,
    Bins,
    ByKey,
    Evaluation,
    Fairness,
    Latency,
    LatestPartitions,
    MetricFunction,
    Where,
)
from registry_assets.errors import PolicyInvalid
from registry_assets.governance.document import ModelRules, PointerRules
from registry_assets.governance.plans import holdout_differing, plan_differing, plan_of
from registry_assets.lifecycle.reserving import declare_model
from registry_assets_tests.catalog.history import MODEL, History, recipe
from registry_assets_tests.governance.people import Governed, governed
from registry_assets_tests.governance.test_pinning import GATES, declared, reasons, take_up


def cost(y_true: Any, y_pred: Any) -> float:
    """What mistakes cost."""
    return float((y_true != y_pred).mean())


COST = MetricFunction(cost, greater_is_better=False)
PLAN = Evaluation(
    metrics=("roc_auc", "average_precision", COST),
    slices=("origin", "carrier", Bins("distance", (500, 1000)), Where("night", "hour >= 22")),
    fairness=Fairness(("race",)),
    latency=Latency(),
    backtest=Backtest(folds=3),
)
SPLIT = recipe().split
RULES = PointerRules()


def pinned(**changed: Any) -> Mapping[str, ModelRules]:
    """What a policy pins of the model, with its plan."""
    plan = {**plan_of(declared(evaluation=PLAN).suite(), SPLIT), **changed}
    gates = {gate.name: gate.definition() for gate in GATES}
    return {MODEL: ModelRules(tier="low", gates=gates, plan=plan)}


@pytest.fixture
def world(history: History, tmp_path: Path) -> Governed:
    """The plan of a model is pinned as it is declared, and version 1 has passed its gates."""
    made = governed(history, tmp_path / "keys")
    declare_model(history.registry.backends, declared(evaluation=PLAN), actor="ann")
    history.version(1, authors=["ann@example.com"])
    made.activate(made.document(RULES, models=pinned()))
    return made


def said(plan: Evaluation, **changed: Any) -> list[str]:
    """In what a plan differs from the one that is pinned."""
    suite = declared(evaluation=plan, **changed).suite()
    return list(plan_differing(pinned()[MODEL].plan, suite))


def test_a_plan_as_it_is_pinned_lets_a_version_through(world: Governed) -> None:
    assert reasons(world) == {}
    world.history.promote(1)


PINS = ", and the policy in force pins"
ATTACKS: dict[str, tuple[dict[str, Any], str]] = {
    "small slices support a floor": (
        {"min_slice_rows": 1},
        f"min_slice_rows is 1{PINS} 200",
    ),
    "large slices support none": (
        {"min_slice_rows": 10**6},
        f"min_slice_rows is 1000000{PINS} 200",
    ),
    "another seed, until the interval suits": ({"seed": 7}, f"seed is 7{PINS} 0"),
    "more draws, until the interval suits": (
        {"resamples": 1001},
        f"resamples is 1001{PINS} 1000",
    ),
    "rows that weigh what they should not": (
        {"weight": "age"},
        f"weight is age{PINS} left out",
    ),
    "a slice that is gone": (
        {"slices": (PLAN.slices[0], *PLAN.slices[2:])},
        "the slice carrier is left out",
    ),
    "bins that hide where it is weak": (
        {"slices": ("origin", "carrier", Bins("distance", (1,)), PLAN.slices[3])},
        f"edges of the slice distance is [1]{PINS} [500,1000]",
    ),
    "a condition under the name of another": (
        {"slices": (*PLAN.slices[:3], Where("night", "hour >= 26"))},
        f"condition of the slice night is hour >= 26{PINS} hour >= 22",
    ),
    "a column that is bins now": (
        {"slices": (Bins("origin", (3,)), *PLAN.slices[1:])},
        f"edges of the slice origin is [3]{PINS} left out",
    ),
    "a metric that is gone": ({"metrics": ("roc_auc", COST)}, "the metric average_precision"),
    "a metric that gives what suits": (
        {
            "metrics": (
                *PLAN.metrics[:2],
                MetricFunction(lambda y_true, y_pred: 0.0, greater_is_better=False, name="cost"),
            )
        },
        "source of the metric cost is ",
    ),
    "a metric of which more is better now": (
        {"metrics": (*PLAN.metrics[:2], MetricFunction(cost))},
        f"greater_is_better of the metric cost is true{PINS} false",
    ),
    "nobody is compared": ({"fairness": None}, "fairness is left out"),
    "another group is compared": (
        {"fairness": Fairness(("sex",))},
        "the sensitive column race is left out",
    ),
    "groups too small to differ": (
        {"fairness": Fairness(("race",), min_group_rows=10**6)},
        f"fairness.min_group_rows is 1000000{PINS} 30",
    ),
    "speed is not measured": ({"latency": None}, "latency is left out"),
    "speed on other batches": (
        {"latency": Latency(batch_rows=1)},
        f"latency.batch_rows is 1{PINS} 1000",
    ),
    "fewer calls": ({"latency": Latency(calls=20)}, f"latency.calls is 20{PINS} 200"),
    "a shorter past": ({"backtest": Backtest(folds=1)}, f"backtest.folds is 1{PINS} 3"),
    "no example to look at": ({"examples": 0}, f"examples is 0{PINS} 5"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_plan_that_judges_by_less_says_in_what(attack: str) -> None:
    changed, expected = ATTACKS[attack]
    (found,) = said(replace(PLAN, **changed))
    assert found.startswith(expected)


def test_a_plan_that_judges_by_less_holds_until_it_is_put_back(world: Governed) -> None:
    take_up(world, declared(evaluation=replace(PLAN, min_slice_rows=1)))
    assert reasons(world) == {"plan_differs": f"the evaluation plan: min_slice_rows is 1{PINS} 200"}
    take_up(world, declared(evaluation=PLAN))
    assert reasons(world) == {}


def test_a_model_that_tells_something_else_under_its_name_holds() -> None:
    assert said(PLAN, positive=1) == [f"positive is 1{PINS} true"]
    plan = {**pinned()[MODEL].plan, "target": "cancelled", "task": "regression"}
    assert list(plan_differing(plan, declared(evaluation=PLAN).suite())) == [
        f"target is late{PINS} cancelled",
        f"task is binary{PINS} regression",
    ]


def test_what_measures_more_is_heeded(world: Governed) -> None:
    more = replace(
        PLAN,
        metrics=(*PLAN.metrics, "log_loss"),
        slices=(*PLAN.slices, "dest"),
        fairness=Fairness(("race", "sex")),
        latency=Latency(calls=400, rounds=40, seconds=20),
        backtest=Backtest(folds=5),
        weak_slices=20,
    )
    assert said(more) == []
    take_up(world, declared(evaluation=more))
    assert reasons(world) == {}


def test_where_a_plan_pins_that_there_is_none_one_may_be_added() -> None:
    bare = Evaluation(metrics=("roc_auc",))
    full = replace(PLAN, metrics=("roc_auc",))
    assert list(plan_differing(plan_of({"evaluation": bare.definition()}, None),
                               {"evaluation": full.definition()})) == []  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (LatestPartitions(2), [f"count is 2{PINS} 1"]),
        (
            ByKey(("tailnum",), 0.3),
            [
                f'columns is ["tailnum"]{PINS} left out',
                f"count is left out{PINS} 1",
                f"holdout is by_key{PINS} latest_partitions",
                f"seed is 0{PINS} left out",
                f"share is 0.3{PINS} left out",
            ],
        ),
    ],
)
def test_rows_that_were_held_out_otherwise_are_told_field_by_field(
    rule: LatestPartitions | ByKey, expected: list[str]
) -> None:
    asked = LatestPartitions(1).definition()
    assert list(holdout_differing(asked, rule.definition())) == expected
    assert list(holdout_differing(asked, asked)) == []
    assert list(holdout_differing({}, rule.definition())) == []


def test_a_version_that_easier_rows_judge_is_held_whatever_is_declared_later(
    world: Governed,
) -> None:
    # The rule is the version's own: put back in the declaration, the rows are still those.
    rules = pinned(holdout=ByKey(("tailnum",), 0.3).definition())
    world.activate(world.document(RULES, models=rules))
    found = reasons(world)
    assert set(found) == {"holdout_differs"}
    assert found["holdout_differs"].startswith(
        f"the rows that judge {MODEL}:1 were held out by another rule: columns is left out{PINS}"
    )
    take_up(world, declared(evaluation=PLAN))
    assert set(reasons(world)) == {"holdout_differs"}


def test_an_approval_of_before_a_plan_was_pinned_counts_no_more(world: Governed) -> None:
    rules = PointerRules(approvals=1, roles=("risk",))
    without = {MODEL: replace(pinned()[MODEL], plan={})}
    world.activate(world.document(rules, models=without))
    world.approve(1, "bob")
    assert reasons(world) == {}
    world.activate(world.document(rules, models=pinned()))
    assert set(reasons(world)) == {"approval_missing", "approval_stale"}


def test_a_policy_without_a_plan_is_the_policy_that_it_was(world: Governed) -> None:
    gates = {gate.name: gate.definition() for gate in GATES}
    document = world.document(RULES, models={MODEL: ModelRules(tier="low", gates=gates)})
    assert document.to_json()["models"] == {MODEL: {"tier": "low", "gates": gates}}
    world.activate(document)
    take_up(world, declared(evaluation=replace(PLAN, min_slice_rows=1, seed=9, latency=None)))
    assert reasons(world) == {}


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({"holdouts": {}}, "plan.holdouts is not known: did you mean holdout?"),
        ({"holdout": {"count": 1}}, "plan.holdout.holdout is missing"),
        ({"holdout": "latest"}, "plan.holdout.holdout is missing"),
        ({"evaluation": ["roc_auc"]}, "plan.evaluation is ['roc_auc']; expected names"),
        (
            {"evaluation": {"min_slice_row": 200}},
            "plan.evaluation.min_slice_row is not known: did you mean min_slice_rows?",
        ),
        ({"evaluation": {"metrics": "roc_auc"}}, "plan.evaluation.metrics is 'roc_auc'; expected"),
        ({"evaluation": {"slices": [{"column": "a"}]}}, "plan.evaluation.slices is "),
        ({"evaluation": {"latency": 200}}, "plan.evaluation.latency is 200; expected names"),
        ({"evaluation": {"seed": [1]}}, "plan.evaluation.seed is [1]; expected a single value"),
        ({"target": 3}, "plan.target is 3; expected a text"),
        ({"positive": 0.5}, "plan.positive is 0.5; expected a value of the target"),
    ],
)
def test_a_plan_that_would_pin_nothing_is_a_mistake(
    world: Governed, plan: dict[str, Any], expected: str
) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        world.document(RULES, models={MODEL: ModelRules(tier="low", plan=plan)})
    assert f"models.{MODEL}.{expected}" in str(refused.value)
