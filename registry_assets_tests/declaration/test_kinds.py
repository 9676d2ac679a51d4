"""A value of the wrong kind is named where it is written, not where it would first be used."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from registry_assets.declaration import (
    AtLeast,
    ByKey,
    Evaluation,
    LatestPartitions,
    Params,
    Promotion,
    Schedule,
    SliceFloor,
)
from registry_assets.declaration.slicing import Column
from registry_assets.errors import DeclarationError
from registry_assets_tests.declaration.test_mistakes import declare
from registry_assets_tests.worlds import TAGS

wrong: Any = ...  # what a person without a type checker passes

MISTAKES: Mapping[str, tuple[Callable[[], object], str]] = {
    "one metric as a text": (lambda: Evaluation(metrics="roc_auc"), "the text 'roc_auc'"),  # type: ignore[arg-type]
    "one slice as a text": (
        lambda: Evaluation(metrics=("roc_auc",), slices="carrier"),  # type: ignore[arg-type]
        "the text 'carrier'",
    ),
    "a metric that is no text": (lambda: Evaluation(metrics=(wrong,)), "a metric is Ellipsis"),
    "one metric that is no list": (lambda: Evaluation(metrics=wrong), "is Ellipsis"),
    "a slice twice": (
        lambda: Evaluation(metrics=("roc_auc",), slices=("origin", "origin")),
        "slice declared twice: origin",
    ),
    "a slice size that is no number": (
        lambda: Evaluation(metrics=("roc_auc",), min_slice_rows=True),
        "min_slice_rows=True",
    ),
    "a seed below nought": (lambda: Evaluation(metrics=("roc_auc",), seed=-1), "seed=-1"),
    "a seed of the split that is no number": (
        lambda: ByKey(columns=("id",), share=0.3, seed="x"),  # type: ignore[arg-type]
        "ByKey(seed='x')",
    ),
    "one key column as a text": (lambda: ByKey(columns="id", share=0.3), "the text 'id'"),  # type: ignore[arg-type]
    "a key column twice": (lambda: ByKey(columns=("id", "id"), share=0.3), "declared twice: id"),
    "no key column": (lambda: ByKey(columns=(), share=0.3), "has no key"),
    "a share that is no number": (lambda: ByKey(columns=("id",), share=wrong), "is Ellipsis"),
    "a yes where a number belongs": (lambda: LatestPartitions(True), "LatestPartitions(True)"),
    "a floor that is no number": (
        lambda: SliceFloor("roc_auc", by="origin", floor=wrong),
        "floor is Ellipsis",
    ),
    "a bound that there is not": (
        lambda: AtLeast("roc_auc", 0.6, bound="lower"),  # type: ignore[arg-type]
        "bound 'lower' is not known",
    ),
    "no cron line": (lambda: Schedule("every day"), "is no cron line"),
    "a cron line with seconds": (lambda: Schedule("0 0 6 1 * *"), "is no cron line"),
    "a time zone that there is not": (
        lambda: Schedule("0 6 1 * *", timezone="Mars/Olympus"),
        "'Mars/Olympus' is not known",
    ),
    "roles whose approval nobody asks for": (
        lambda: Promotion(risk="low", roles=("risk",)),
        "asks for no approval",
    ),
    "one role as a text": (lambda: Promotion(risk="high", roles="risk"), "the text 'risk'"),  # type: ignore[arg-type]
    "a plan that is a list": (lambda: declare(evaluation=["roc_auc"]), "evaluation is a list"),
    "parameters as a dict": (lambda: declare(params={"C": 1}), "params is a dict"),
    "a gate that is a text": (lambda: declare(gates=("roc_auc",)), "gates hold a str"),
    "one gate and no list": (lambda: declare(gates=AtLeast("roc_auc", 0.6)), "gates is a AtLeast"),
    "a promotion that is a text": (lambda: declare(promotion="low"), "promotion is a str"),
    "a retraining that is a text": (lambda: declare(retrain="0 6 1 * *"), "retrain is a str"),
    "one owner as a text": (lambda: declare(owners="team:ops"), "the text 'team:ops'"),
    "an owner with a space": (lambda: declare(owners=("ann lee@example.com",)), "'ann lee@"),
    "an owner that is no text": (lambda: declare(owners=(7,)), "owners holds 7"),
    "tags as a list": (lambda: declare(tags=["use_case"]), "tags is a list"),
    "a tag that is no text": (lambda: declare(tags={**TAGS, "team": 7}), "team"),
    "a tag that Dagster would fold": (lambda: declare(tags={**TAGS, "a-b": "c"}), "a-b"),
    "a property that is no JSON": (lambda: declare(properties={"when": wrong}), "$.when"),
    "a holdout that is a number": (lambda: declare(holdout=0.3), "holdout is a float"),
    "a time limit that is no number": (lambda: declare(train_timeout="1 h"), "'1 h'"),
    "a description that turns the line": (
        lambda: declare(description="fine\u202eenif"),
        "U+202E",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_value_of_the_wrong_kind_is_refused_with_what_would_be_right(mistake: str) -> None:
    make, said = MISTAKES[mistake]
    with pytest.raises(DeclarationError) as caught:
        make()
    assert said in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint


def test_a_mistake_names_the_model_it_is_in() -> None:
    with pytest.raises(DeclarationError, match="RegisteredModel 'late': nobody owns it"):
        declare(owners=())


def test_lists_are_taken_as_they_are_written() -> None:
    plan = Evaluation(metrics=["roc_auc"], slices=["origin"])  # type: ignore[arg-type]
    assert (plan.metric_names, plan.slices) == (("roc_auc",), (Column("origin"),))
    assert declare(owners=["ann@example.com"]).owners == ("ann@example.com",)


@pytest.mark.parametrize("cron", ["0 6 1 * *", "*/5 * * * *", "0 0 * * MON-FRI", "0 0 L * *"])
def test_a_cron_line_and_a_time_zone_make_a_schedule(cron: str) -> None:
    assert Schedule(cron, timezone="America/New_York").cron == cron


def test_high_risk_asks_for_one_approval_unless_more_are_declared() -> None:
    assert Promotion(risk="high").required_approvals == 1
    assert Promotion(risk="high", approvals=2).required_approvals == 2
    assert Promotion(risk="low").required_approvals == 0


def test_parameters_are_a_mapping_in_the_order_they_were_written() -> None:
    params = Params(depth=3, leaves=[1, 2])
    assert dict(params) == {"depth": 3, "leaves": [1, 2]}
    assert len(params) == 2
