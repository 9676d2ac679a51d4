"""Evaluating a committed version: what counts, what proves nothing, what can be repeated."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry_assets.declaration import (
    AtMost,
    Evaluation,
    Evidently,
    Fairness,
    GateFunction,
    LatestPartitions,
)
from registry_assets.errors import (
    DataUnusable,
    NotFound,
    PromotionHeld,
    RegistryError,
    VersionFailed,
)
from registry_assets.governance.decide import Held
from registry_assets.lifecycle.data import require_columns
from registry_assets.lifecycle.evaluating import Evaluated
from registry_assets.lifecycle.reserving import declare_model
from registry_assets.manifest import Parent
from registry_assets_tests.lifecycle.changes import (
    DAMAGE,
    Damage,
    blob,
    estimator_of,
    mend,
    refused,
    remove,
    rewrite,
    unchanged,
)
from registry_assets_tests.worlds import FEATURES, SENSOR, World, flights, planes

RELATIVE = "roc_auc_not_worse_than_production"
FORGIVING = """
from sklearn.ensemble import HistGradientBoostingClassifier


def train(features, target, params):
    return HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(features, target)
"""
"""A training whose estimator takes infinite numbers."""


def why(evaluated: Evaluated, gate: str = RELATIVE) -> tuple[str, str]:
    (found,) = (finding for finding in evaluated.findings if finding.gate == gate)
    return found.outcome, found.why


def held_reasons(world: World, number: int) -> list[str]:
    decision = world.registry.decision("flight_delay", number)
    assert decision is not None
    assert isinstance(decision.answer, Held)
    return [f"{reason.code} {reason.subject}" for reason in decision.answer.reasons]


def test_evaluating_again_gives_the_same_figures_and_the_same_digest(trained: World) -> None:
    first = trained.registry.version("flight_delay:1").evaluation
    assert first is not None
    again = trained.registry.evaluate(trained.model(), 1, run=SENSOR)
    assert again.record.digest == first.digest
    assert again.record.metrics == first.metrics
    assert trained.registry.version("flight_delay:1").stage == "staging"
    assert trained.registry.verify().problems == ()


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (9, NotFound, ("flight_delay has no version 9", "it has 1 to 2")),
        (2, VersionFailed, ("flight_delay:2 is reserved", "not finished")),
    ],
)
def test_only_what_is_committed_is_evaluated(
    trained: World, number: int, kind: type[RegistryError], words: tuple[str, ...]
) -> None:
    trained.reserve(request="stronger", params={"C": 2.0})
    with unchanged(trained), refused(kind, *words):
        trained.registry.evaluate(trained.model(), number, run=SENSOR)


def test_a_holdout_that_production_was_trained_on_decides_nothing(succeeded: World) -> None:
    succeeded.registry.promote("flight_delay", 2, run=SENSOR)
    # Version 1 is judged on March; version 2, now in production, was trained on it.
    outcome, reason = why(succeeded.registry.evaluate(succeeded.model(), 1, run=SENSOR))
    assert outcome == "undecided"
    assert "flight_features[2013-03]" in reason
    assert "flight_delay:2" in reason
    assert f"check_undecided {RELATIVE}" in held_reasons(succeeded, 1)
    assert succeeded.registry.verify().problems == ()


def test_a_holdout_that_the_version_itself_was_trained_on_decides_nothing_at_all(
    arrived: World,
) -> None:
    registry = arrived.registry
    february = next(s for s in registry.snapshots("flight_features") if s.partition == "2013-02")
    manifest = registry.manifest(february.digest)
    registry.store_snapshot(
        registry.read_frame(february.digest),
        asset="flight_features",
        partition="2013-04",  # somebody delivered February once more
        kind="features",
        parents=manifest.parents,
        facts={name: manifest.facts[name] for name in ("kept", "inputs")},
        run=SENSOR,
    )
    number = arrived.reserve(request="leaky")
    registry.train(arrived.model(), number, run=SENSOR)
    evaluated = registry.evaluate(arrived.model(), number, run=SENSOR)
    assert {finding.outcome for finding in evaluated.findings} == {"undecided"}
    assert all("was in the training of" in finding.why for finding in evaluated.findings)
    assert registry.version_numbered("flight_delay", number).stage == "development"
    assert registry.verify().problems == ()


def test_production_that_tells_something_else_is_no_baseline(succeeded: World) -> None:
    registry, model = succeeded.registry, succeeded.model()
    keep = ("late", "origin", "key", "far")
    features = replace(succeeded._features(model), key="far_features", keep=keep)
    for month in ("2013-01", "2013-02", "2013-03"):
        rows = flights(seed=int(month[-2:]))
        far = rows.assign(far=rows["distance"] > 1500)
        succeeded._materialize(far, "far_flights", features, month)
    told = replace(model, features=features, target="far")
    number = succeeded.reserve(told, request="far")
    registry.train(told, number, run=SENSOR)
    outcome, reason = why(registry.evaluate(told, number, run=SENSOR))
    assert outcome == "undecided"
    assert "was trained to tell 'late'" in reason
    assert f"check_undecided {RELATIVE}" in held_reasons(succeeded, number)


def test_a_version_for_another_target_than_declared_is_held(trained: World) -> None:
    told = replace(trained.model(), target="key")
    declare_model(trained.registry.backends, told, actor="alice")
    (reason,) = held_reasons(trained, 1)
    assert reason.startswith("other_target")
    with refused(PromotionHeld, "was trained to tell 'late'", "declared to tell 'key'"):
        trained.registry.promote("flight_delay", 1, run=SENSOR)


def test_the_same_rows_under_another_features_asset_decide_nothing_either(
    succeeded: World,
) -> None:
    registry = succeeded.registry
    for held in registry.snapshots("flight_features"):
        manifest = registry.manifest(held.digest)
        registry.store_snapshot(
            registry.read_frame(held.digest),
            asset="other_features",
            partition=held.partition,
            kind="features",
            parents=manifest.parents,
            facts={name: manifest.facts[name] for name in ("kept", "inputs")},
            run=SENSOR,
        )
    model = succeeded.model()
    features = replace(succeeded._features(model), key="other_features")
    model = replace(model, features=features, holdout=LatestPartitions(3))
    number = succeeded.reserve(model, request="three months")
    registry.train(model, number, run=SENSOR)
    outcome, reason = why(registry.evaluate(model, number, run=SENSOR))
    assert outcome == "undecided"
    # Version 1, in production, was trained on January and February.
    assert "held-out other_features[2013-02] was in the training of flight_delay:1" in reason
    assert "2013-03" not in reason
    assert registry.verify().problems == ()


def test_a_production_version_that_cannot_score_decides_nothing(succeeded: World) -> None:
    estimator = estimator_of(succeeded, 1)
    path = blob(succeeded, estimator)
    content = path.read_bytes()
    remove(path)
    outcome, reason = why(succeeded.registry.evaluate(succeeded.model(), 2, run=SENSOR))
    assert outcome == "undecided"
    assert "flight_delay:1 cannot score these rows" in reason
    assert estimator in reason
    assert f"check_undecided {RELATIVE}" in held_reasons(succeeded, 2)
    mend(path, content)
    assert succeeded.registry.verify().problems == ()


def test_packaged_code_that_raises_on_the_holdout_is_named_with_its_line(trained: World) -> None:
    body = FEATURES.replace(
        "    known =",
        "    if (flights['distance'] > 5000).any():\n"
        "        raise ArithmeticError('too far')\n"
        "    known =",
    )
    registry = trained.registry
    raw = registry.store_snapshot(
        flights(seed=4).assign(distance=9000.0), asset="flights", partition="2013-04", run=SENSOR
    )
    known = registry.store_snapshot(planes(), asset="planes", run=SENSOR)
    (march,) = (s for s in registry.snapshots("flight_features") if s.partition == "2013-03")
    registry.store_snapshot(
        registry.read_frame(march.digest),
        asset="flight_features",
        partition="2013-04",
        kind="features",
        parents=(Parent("input:flights", raw.digest), Parent("input:planes", known.digest)),
        facts={"kept": ["late", "origin", "key"], "inputs": ["flights", "planes"]},
        run=SENSOR,
    )
    trained.code.write({"ontime/features.py": body})
    number = trained.reserve(request="may")
    registry.train(trained.model(), number, run=SENSOR)
    with (
        unchanged(trained),
        refused(
            DataUnusable,
            "flight_delay:2 cannot score flight_features[2013-04]",
            "ArithmeticError: too far",
            "ontime/features.py, line",
        ),
    ):
        registry.evaluate(trained.model(), number, run=SENSOR)
    assert registry.version("flight_delay:2").stage == "development"


def test_a_holdout_of_one_class_has_no_metrics_and_passes_nothing(arrived: World) -> None:
    rewrite(arrived, "2013-03", lambda frame: frame.assign(late=False))
    registry = arrived.registry
    number = arrived.version(request="one")
    summary = registry.version(f"flight_delay:{number}")
    assert summary.stage == "rejected"
    assert summary.evaluation is not None
    assert summary.evaluation.metrics["roc_auc"]["value"] is None
    assert "check_failed roc_auc_at_least" in held_reasons(arrived, number)
    assert registry.verify().problems == ()

    # The holdout is part of the recipe: a better one makes another version.
    rewrite(arrived, "2013-03", lambda frame: frame.drop(columns="late"))
    number = arrived.reserve(request="two")
    registry.train(arrived.model(), number, run=SENSOR)
    with (
        unchanged(arrived),
        refused(DataUnusable, "flight_features[2013-03] has no column 'late'"),
    ):
        registry.evaluate(arrived.model(), number, run=SENSOR)
    assert registry.version(f"flight_delay:{number}").stage == "development"


def test_a_version_that_cannot_score_its_holdout_is_evaluated_and_passes_nothing(
    trained: World,
) -> None:
    rows = flights(seed=4)
    rows.loc[7, "distance"] = np.inf
    model = trained.model()
    trained._materialize(rows, "flights", trained._features(model), "2013-04")
    model = replace(
        model,
        evaluation=replace(
            model.evaluation, fairness=Fairness(("origin",)), evidently=Evidently(rows=100)
        ),
        gates=(*model.gates, GateFunction(lambda found: True, name="whatever")),
    )
    number = trained.version(model, request="may")
    summary = trained.registry.version(f"flight_delay:{number}")
    assert summary.stage == "rejected"
    assert summary.evaluation is not None
    said = "cannot score flight_features[2013-04]: ValueError: Input X contains infinity"
    for metric in summary.evaluation.metrics.values():
        assert metric["value"] is None
        assert said in metric["reason"]
    gates = [each.finding for each in summary.verdicts if each.evaluation_id]
    assert {each.gate for each in gates} == {each.name for each in model.gates}
    assert {each.outcome for each in gates} == {"failed"}
    assert all(said in each.why for each in gates)
    assert trained.registry.verify().problems == ()


@pytest.mark.thorough
def test_production_that_cannot_score_the_rows_says_so(succeeded: World) -> None:
    rows = flights(seed=4)
    rows.loc[7, "distance"] = np.inf
    succeeded._materialize(rows, "flights", succeeded._features(succeeded.model()), "2013-05")
    succeeded.code.write({"ontime/training.py": FORGIVING})
    number = succeeded.reserve(request="june")
    succeeded.registry.train(succeeded.model(), number, run=SENSOR)
    evaluated = succeeded.registry.evaluate(succeeded.model(), number, run=SENSOR)
    assert why(evaluated, "roc_auc_at_least")[0] == "passed"
    outcome, reason = why(evaluated)
    assert outcome == "undecided"
    assert "flight_delay:1 cannot score flight_features[2013-05]" in reason


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        (
            {
                "task": "regression",
                "evaluation": Evaluation(metrics=("mean_absolute_error",), resamples=100),
                "gates": (AtMost("mean_absolute_error", 2.0),),
            },
            "the declaration asks for a number",
        ),
        ({"positive": "late"}, "the declaration asks for 'late' or another class"),
    ],
)
def test_a_version_that_tells_something_else_than_is_declared_is_not_evaluated(
    trained: World, told: dict[str, Any], asked: str
) -> None:
    model = replace(trained.model(), **told)
    said = "flight_delay:1 was trained to tell False or True"
    with refused(DataUnusable, said, asked, "retrain"):
        trained.registry.evaluate(model, 1, run=SENSOR)
    # What was found under the former declaration does not count either.
    assert "no_evaluation flight_delay:1" in held_reasons(trained, 1)
    with refused(PromotionHeld, "no complete evaluation under the suite in force"):
        trained.registry.promote("flight_delay", 1, run=SENSOR)


@DAMAGE
def test_a_damaged_version_is_not_evaluated(trained: World, damage: Damage) -> None:
    estimator = estimator_of(trained, 1)
    path = blob(trained, estimator)
    content = path.read_bytes()
    damage(path)
    events = trained.registry.log("flight_delay")
    with refused(damage.error, estimator, "backup"):
        trained.registry.evaluate(trained.model(), 1, run=SENSOR)
    assert trained.registry.log("flight_delay") == events
    mend(path, content)
    assert trained.registry.verify().problems == ()


def test_a_column_that_one_partition_lacks_is_not_filled_with_nothing() -> None:
    frame = pd.DataFrame({"carrier": ["UA"], "hour": [9]})
    require_columns(frame.columns, ["carrier"], where="features[2013-03]", what="to slice by")
    with refused(DataUnusable, "features[2013-03] has no column gate, seats to slice by", "hour"):
        require_columns(
            frame.columns, ["gate", "hour", "seats"], where="features[2013-03]", what="to slice by"
        )
