"""A declaration with a mistake fails where it is written, in one sentence that mends it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from registry_assets.declaration import (
    AtLeast,
    ByKey,
    Evaluation,
    LatestPartitions,
    NotWorseThanProduction,
    Params,
    Promotion,
    RegisteredModel,
    SliceFloor,
)
from registry_assets.declaration.pointers import RESERVED_ASSETS
from registry_assets.errors import DeclarationError
from registry_assets_tests.worlds import TAGS


def make_features(rows: Any) -> Any:
    """Row-wise, trivially."""
    return rows


def train(features: Any, target: Any, params: Any) -> Any:
    """Never called: declarations run nothing."""
    raise AssertionError("a declaration trained a model")


@dataclass(frozen=True)
class Source:
    """A features source without Dagster."""

    key: str = "rows_features"
    make_features: Callable[..., Any] = make_features
    keep: tuple[str, ...] = ("late", "id")
    partitioned: bool = True

    def ended_partition(self, now: datetime, *, days: float) -> str:
        """None: its partitions are of no times."""
        return ""


def declare(**changes: Any) -> RegisteredModel:
    """A good declaration, with changes."""
    good: dict[str, Any] = {
        "name": "late",
        "description": "Is it late?",
        "features": Source(),
        "target": "late",
        "task": "binary",
        "train": train,
        "params": Params(C=1.0),
        "holdout": LatestPartitions(1),
        "evaluation": Evaluation(metrics=("roc_auc", "log_loss"), slices=("origin",)),
        "gates": (AtLeast("roc_auc", 0.6), NotWorseThanProduction("roc_auc", margin=0.01)),
        "owners": ("team:ops",),
        "tags": TAGS,
    }
    return RegisteredModel(**{**good, **changes})


def without_tag(tag: str) -> dict[str, str]:
    """The required tags but one."""
    return {key: value for key, value in TAGS.items() if key != tag}


MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "a name Dagster would fold": (lambda: declare(name="late-flights"), "late-flights"),
    "an empty name": (lambda: declare(name=""), "name"),
    "no description": (lambda: declare(description="  "), "description is empty"),
    "an unknown task": (lambda: declare(task="binray"), "'binray' is not known"),
    "train is no function": (lambda: declare(train="train"), "train is not a function"),
    "features are no asset": (lambda: declare(features="features"), "features is a str"),
    "a target that is not kept": (lambda: declare(target="lat"), "'lat' is not known"),
    "an unknown metric": (lambda: Evaluation(metrics=("roc_acu",)), "'roc_acu' is not known"),
    "no metric": (lambda: Evaluation(metrics=()), "measures nothing"),
    "a metric twice": (lambda: Evaluation(metrics=("roc_auc", "roc_auc")), "declared twice"),
    "no gate at all": (lambda: declare(gates=()), "it has no gate"),
    "a limit that no model reaches": (
        lambda: declare(gates=(AtLeast("roc_auc", 5),)),
        "roc_auc is at most 1 and not 5",
    ),
    "a floor that no slice reaches": (
        lambda: declare(gates=(SliceFloor("roc_auc", by="origin", floor=1.5),)),
        "roc_auc is at most 1 and not 1.5",
    ),
    "too few resamples": (lambda: Evaluation(metrics=("roc_auc",), resamples=10), "resamples=10"),
    "a gate on what is not computed": (
        lambda: declare(gates=(AtLeast("average_precision", 0.5),)),
        "which the evaluation does not compute",
    ),
    "a floor by what is no slice": (
        lambda: declare(gates=(SliceFloor("roc_auc", by="carier", floor=0.5),)),
        "'carier' is not known",
    ),
    "a lower limit where less is better": (
        lambda: declare(gates=(AtLeast("log_loss", 0.5),)),
        "for which less is better",
    ),
    "the same gate twice": (
        lambda: declare(gates=(AtLeast("roc_auc", 0.5), AtLeast("roc_auc", 0.6))),
        "two gates are called roc_auc_at_least",
    ),
    "a threshold that is no number": (lambda: AtLeast("roc_auc", math.nan), "threshold is nan"),
    "a negative margin": (lambda: NotWorseThanProduction("roc_auc", margin=-0.1), "-0.1"),
    "nothing held out": (lambda: LatestPartitions(0), "holds nothing out"),
    "a share of one": (lambda: ByKey(columns=("id",), share=1.0), "between 0 and 1"),
    "a key that is not kept": (
        lambda: declare(holdout=ByKey(columns=("key",), share=0.3)),
        "'key' is not known",
    ),
    "partitions held out of a table without": (
        lambda: declare(features=Source(partitioned=False)),
        "has no partitions",
    ),
    "no owner": (lambda: declare(owners=()), "nobody owns it"),
    "an owner that is nobody": (lambda: declare(owners=("bob",)), "'bob'"),
    "a parameter that is no JSON": (lambda: Params(when=object()), "Params(when)"),  # type: ignore[arg-type]
    "no time to train": (lambda: declare(train_timeout=0), "train_timeout is 0 s"),
    "an unknown risk": (lambda: Promotion(risk="medium"), "'medium' is not known"),
    "high risk without approval": (lambda: Promotion(risk="high", approvals=0), "needs a person's"),
    "a tag that its own policy demands and nobody gave": (
        lambda: declare(promotion=Promotion(tags={"cost_center": ()})),
        "tag 'cost_center' is missing, and Promotion(tags=…) demands it",
    ),
    "a tag that its own policy does not allow": (
        lambda: declare(promotion=Promotion(tags={"team": ("risk", "audit")})),
        f"tag 'team' is {TAGS['team']!r}, which Promotion(tags=…) does not allow",
    ),
    "a text for the values of a tag": (
        lambda: Promotion(tags={"tier": "gold"}),  # type: ignore[dict-item]
        "is the text 'gold'",
    ),
    "a list for the tags": (lambda: Promotion(tags=["tier"]), "tags is a list"),  # type: ignore[arg-type]
    "a tag that nobody could set": (lambda: Promotion(tags={"Cost-Center": ()}), "no tag"),
    "a value twice": (lambda: Promotion(tags={"tier": ("gold", "gold")}), "declared twice"),
    "a blank value": (lambda: Promotion(tags={"tier": ("gold", " ")}), "allows a blank value"),
    "no production among the pointers": (
        lambda: declare(pointers=("canary",)),
        "production is not among the pointers canary",
    ),
    "no pointer": (lambda: declare(pointers=()), "production is not among the pointers"),
    "a text for the pointers": (lambda: declare(pointers="production"), "is the text 'production'"),
    "a pointer twice": (
        lambda: declare(pointers=("canary", "production", "canary")),
        "pointers declared twice: canary",
    ),
    "a pointer that Dagster would fold": (
        lambda: declare(pointers=("production-eu", "production")),
        "'production-eu' is no pointer name",
    ),
    "a pointer that fills the screen": (
        lambda: declare(pointers=("p" * 64, "production")),
        "63 characters at most",
    ),
    **{
        f"a pointer called {name}": (
            partial(declare, pointers=(name, "production")),
            f"a pointer cannot be called '{name}': late/{name} is another asset",
        )
        for name in RESERVED_ASSETS
    },
    "no policy by another word": (lambda: Promotion(policy=None), "Promotion(policy=None)"),  # type: ignore[arg-type]
    "half an approval": (lambda: Promotion(approvals=0.5), "approvals=0.5"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_with_what_would_be_right(mistake: str) -> None:
    make, said = MISTAKES[mistake]
    with pytest.raises(DeclarationError) as caught:
        make()
    assert said in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("tag", TAGS)
def test_a_missing_tag_is_named(tag: str) -> None:
    with pytest.raises(DeclarationError, match=f"tag '{tag}' is missing"):
        declare(tags=without_tag(tag))


def test_a_good_declaration_says_nothing_and_runs_nothing() -> None:
    assert declare().suite_digest == declare().suite_digest


def test_gates_and_plan_are_the_suite_and_tags_are_not() -> None:
    stricter = declare(gates=(AtLeast("roc_auc", 0.7),))
    renamed = declare(tags={**TAGS, "team": "other"})
    assert stricter.suite_digest != declare().suite_digest
    assert renamed.suite_digest == declare().suite_digest


def test_pointers_are_kept_in_their_order_and_are_no_part_of_the_suite() -> None:
    assert declare().pointers == ("production",)
    several = declare(pointers=["production_eu", "canary", "production"])
    assert several.pointers == ("production_eu", "canary", "production")
    assert several.suite_digest == declare().suite_digest
    assert declare(pointers=("p" * 63, "production")).pointers[0] == "p" * 63
