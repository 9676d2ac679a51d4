"""Drift, and what was predicted beside what happened: judged, recorded and told."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from registry_assets.catalog.alerts import list_alerts
from registry_assets.catalog.observations import ResultRecord
from registry_assets.catalog.outbox import list_letters
from registry_assets.declaration import Decay, Labels, RegisteredModel
from registry_assets.errors import NotFound
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.lifecycle.monitoring.performing import PERFORMANCE_FILE, worse_metrics
from registry_assets.lifecycle.monitoring.telling import alert_of
from registry_assets.monitoring.results.performance import Lived, PerformanceResult
from registry_assets_tests.lifecycle.monitoring.conftest import watched
from registry_assets_tests.worlds import SENSOR, World, flights


def observed(world: World, model: RegisteredModel, partition: str) -> dict[str, ResultRecord]:
    """Watch a partition; give what each check found."""
    registry = world.registry
    steps = (
        registry.observe_predictions,
        registry.observe_drift,
        registry.observe_performance,
    )
    results = [r for step in steps for r in step(model, partition, run=SENSOR).recorded.results]
    return {result.finding.check: result for result in results}


def late_evenings(seed: int) -> pd.DataFrame:
    """Flights of the evening alone."""
    rows = flights(2000, seed=seed)
    return rows[rows["sched_dep_time"] >= 1900].reset_index(drop=True)


def upside_down(seed: int) -> pd.DataFrame:
    """Flights of which the early ones are late."""
    rows = flights(seed=seed)
    return rows.assign(late=~rows["late"])


def test_a_month_like_those_before_is_well(deployed: World) -> None:
    deployed.month("2013-04")
    found = observed(deployed, watched(deployed), "2013-04")
    assert {check: result.finding.outcome for check, result in found.items()} == {
        "data_quality": "passed",
        "feature_drift": "passed",
        "prediction_drift": "passed",
        "label_quality": "passed",
        "performance_decay": "passed",
    }


def test_a_watched_column_that_drifted_fails_the_check_and_opens_an_alert(
    deployed: World,
) -> None:
    deployed.arrive("2013-04", late_evenings(4))
    found = observed(deployed, watched(deployed), "2013-04")
    assert found["feature_drift"].finding.outcome == "failed"
    assert found["prediction_drift"].finding.outcome == "failed"
    with deployed.registry.backends.catalog.read() as connection:
        alerts = {each.check: each for each in list_alerts(connection, "flight_delay")}
    alert = alert_of(alerts["feature_drift"], registry="here")
    version = deployed.registry.version("flight_delay:1").version
    assert (alert.version, alert.digest, alert.partition) == (1, version.digest, "2013-04")
    assert alert.moved[0].name == "hour"
    assert [str(ref) for ref in alert.lineage.features] == [
        "flight_features[2013-01]",
        "flight_features[2013-02]",
    ]
    assert [str(ref) for ref in alert.lineage.datasets] == [
        "flights[2013-01]",
        "flights[2013-02]",
        "planes",
    ]
    assert alert.lineage.code_commit == version.metadata["code_commit"]
    assert alert.lineage.code_dirty is version.metadata["code_dirty"]


def test_what_was_lived_is_measured_and_held_against_what_was_promised(deployed: World) -> None:
    deployed.month("2013-04")
    model = watched(deployed)
    registry = deployed.registry
    registry.observe_predictions(model, "2013-04", run=SENSOR)
    seen = registry.observe_performance(model, "2013-04", run=SENSOR)
    manifest = registry.manifest(seen.digest)
    document = registry.backends.store.read(manifest.file(PERFORMANCE_FILE).sha256)
    result = PerformanceResult.from_json(json.loads(document))
    lived = result.of(1)
    evaluation = registry.version("flight_delay:1").evaluation
    assert lived is not None
    assert evaluation is not None
    assert lived.evaluation == evaluation.digest
    assert lived.promised["roc_auc"].value == evaluation.metrics["roc_auc"]["value"]
    assert lived.labelled == lived.rows == 400
    assert [each.value for each in lived.slices] == ["EWR", "JFK"]
    from sklearn.metrics import roc_auc_score

    (predictions,) = registry.observations("flight_delay", "predictions")
    frame = registry.read_frame(predictions.digest)
    truth = registry.read_frame(registry.snapshots("flights")[-1].digest)["late"]
    assert lived.metrics["roc_auc"].value == pytest.approx(
        roc_auc_score(truth, frame["probability_True"])
    )


def test_a_version_that_does_worse_than_promised_decays_and_recovers(deployed: World) -> None:
    deployed.arrive("2013-04", upside_down(4))
    model = watched(deployed)
    found = observed(deployed, model, "2013-04")
    assert found["performance_decay"].finding.outcome == "failed"
    assert "surely below" in found["performance_decay"].finding.why
    catalog = deployed.registry.backends.catalog
    with catalog.read() as connection:
        (alert,) = list_alerts(connection, "flight_delay", check="performance_decay")
    assert alert.severity == "error"
    deployed.month("2013-05")
    observed(deployed, model, "2013-05")
    with catalog.read() as connection:
        assert list_alerts(connection, "flight_delay", check="performance_decay") == ()
        letters = list_letters(connection, "flight_delay", alert.number)
    assert [letter.occasion for letter in letters] == ["opened", "resolved"]


def test_an_alert_tells_of_what_became_worse_alone_the_furthest_beyond_its_margin_first() -> None:
    def all_at(value: float) -> dict[str, Estimate]:
        names = ("roc_auc", "average_precision", "log_loss", "brier_score")
        return {name: Estimate(value, value, value, rows=9) for name in names}

    now = {**all_at(0.5), "log_loss": Estimate(0.7, 0.7, 0.7, rows=9)}
    lived = Lived(1, "", "", 9, 9, metrics=now, promised=all_at(0.6))
    rules = tuple(Decay(name, 0.02) for name in now)
    rules = (replace(rules[0], margin=0.09), *rules[1:], Decay("never measured", 0.1))
    moved = worse_metrics(rules, lived, less_is_better=("log_loss", "brier_score"))
    assert [each.name for each in moved] == ["average_precision", "log_loss", "roc_auc"]
    told = moved[1]
    assert (told.before, told.after, told.threshold) == (0.6, 0.7, 0.02)
    assert told.measure == "worse than promised by"
    assert told.value == pytest.approx(0.1)


def test_what_goes_on_is_one_alert_with_a_count(deployed: World) -> None:
    model = watched(deployed)
    for month in ("2013-04", "2013-05", "2013-06"):
        deployed.arrive(month, upside_down(int(month[-2:])))
        observed(deployed, model, month)
    with deployed.registry.backends.catalog.read() as connection:
        (alert,) = list_alerts(connection, "flight_delay", check="performance_decay")
        letters = list_letters(connection, "flight_delay", alert.number)
    assert (alert.count, alert.partition) == (3, "2013-06")
    # Of the third time nobody needs to hear.
    assert [letter.occasion for letter in letters] == ["opened", "repeated"]


def test_a_margin_that_is_not_shown_decides_by_the_value_alone(deployed: World) -> None:
    deployed.month("2013-04")
    strict = watched(deployed, decay=(Decay("roc_auc", 0.0, shown=False),))
    deployed.registry.observe_predictions(strict, "2013-04", run=SENSOR)
    seen = deployed.registry.observe_performance(strict, "2013-04", run=SENSOR)
    finding = next(
        r.finding for r in seen.recorded.results if r.finding.check == "performance_decay"
    )
    assert finding.value is not None
    assert finding.threshold is not None
    assert (finding.outcome == "failed") == (finding.value < finding.threshold)


def with_labels(world: World, table: pd.DataFrame | None) -> RegisteredModel:
    """Watch a model whose outcomes come from an asset of their own."""
    model = watched(world, labels=Labels("outcomes", on=("key",)))
    if table is not None:
        world.registry.store_snapshot(table, asset="outcomes", partition="2013-04", run=SENSOR)
    return model


def outcomes(rows: int = 400) -> pd.DataFrame:
    return flights(seed=201304)[["key", "late"]].head(rows)


def test_before_labels_come_nothing_is_judged_and_nothing_is_wrong(deployed: World) -> None:
    deployed.month("2013-04")
    found = observed(deployed, with_labels(deployed, None), "2013-04")
    assert found["performance_decay"].finding.outcome == "undecided"
    assert "label_quality" not in found


def test_labels_that_come_later_are_joined_and_make_the_partition_due_again(
    deployed: World,
) -> None:
    deployed.month("2013-04")
    model = with_labels(deployed, None)
    observed(deployed, model, "2013-04")
    assert deployed.registry.due(model) == ()
    shuffled = outcomes().sample(frac=1, random_state=0, ignore_index=True)
    with_labels(deployed, shuffled)
    assert deployed.registry.due(model)[0].why == "its labels have changed"
    found = observed(deployed, model, "2013-04")
    assert found["performance_decay"].finding.outcome == "passed"
    assert deployed.registry.due(model) == ()
    own = observed(deployed, watched(deployed), "2013-04")
    assert own["performance_decay"].finding.value == found["performance_decay"].finding.value


def test_labels_of_rows_that_nobody_predicted_are_counted(deployed: World) -> None:
    deployed.month("2013-04")
    strangers = pd.DataFrame({"key": ["x", "y", "z"], "late": True})
    table = pd.concat([outcomes(), strangers], ignore_index=True)
    found = observed(deployed, with_labels(deployed, table), "2013-04")
    finding = found["label_quality"].finding
    assert finding.outcome == "failed"
    assert "3 of 403 labels are of rows that nothing was predicted for" in finding.why


def test_several_labels_of_one_row_are_counted(deployed: World) -> None:
    deployed.month("2013-04")
    table = pd.concat([outcomes(), outcomes(2)], ignore_index=True)
    found = observed(deployed, with_labels(deployed, table), "2013-04")
    assert "4 of 402 labels are of a row that has several" in found["label_quality"].finding.why


def test_too_many_predictions_without_a_label_are_counted(deployed: World) -> None:
    deployed.month("2013-04")
    found = observed(deployed, with_labels(deployed, outcomes(100)), "2013-04")
    assert "300 of 400 predictions have no label" in found["label_quality"].finding.why


def test_labels_of_one_class_give_a_reason_and_no_number(deployed: World) -> None:
    deployed.month("2013-04")
    model = with_labels(deployed, outcomes().assign(late=True))
    found = observed(deployed, model, "2013-04")
    assert found["performance_decay"].finding.outcome == "undecided"
    assert found["performance_decay"].finding.value is None


def test_nothing_can_be_said_of_what_was_not_predicted(deployed: World) -> None:
    deployed.month("2013-04")
    model = watched(deployed)
    with pytest.raises(NotFound, match="nothing was predicted"):
        deployed.registry.observe_drift(model, "2013-04", run=SENSOR)
    with pytest.raises(NotFound, match="nothing was predicted"):
        deployed.registry.observe_performance(model, "2013-04", run=SENSOR)


def test_a_version_of_before_profiles_is_held_against_its_training_all_the_same(
    deployed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from registry_assets.lifecycle.monitoring import reference

    deployed.month("2013-04")
    model = watched(deployed)
    deployed.registry.observe_predictions(model, "2013-04", run=SENSOR)
    kept = deployed.registry.observe_drift(model, "2013-04", run=SENSOR)
    # As an earlier release wrote its packages.
    monkeypatch.setattr(reference, "TRAINING_PROFILE", "monitoring/other.profile")
    made = deployed.registry.observe_drift(model, "2013-04", run=SENSOR)
    first, second = (
        next(r.finding for r in each.recorded.results if r.finding.check == "feature_drift")
        for each in (kept, made)
    )
    assert "made anew" in second.why
    assert replace(second, why="") == replace(first, why="")


def test_numbers_survive_being_written_down(deployed: World) -> None:
    deployed.arrive("2013-04", late_evenings(4))
    found = observed(deployed, watched(deployed), "2013-04")
    values = [result.finding.value for result in found.values()]
    assert all(value is None or np.isfinite(value) for value in values)
    assert deployed.registry.verify(deep=True).clean
