"""A partition is scored as a deployment would, and bad rows are named, counted and recorded."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry_assets.declaration import PredictionLog
from registry_assets.errors import NotFound
from registry_assets.lifecycle.monitoring.due import find_due
from registry_assets.lifecycle.monitoring.recording import Observed
from registry_assets.lifecycle.monitoring.rows import partition_rows
from registry_assets.lifecycle.monitoring.scoring import score_partition
from registry_assets.lifecycle.monitoring.watched import watched_now
from registry_assets.lifecycle.publishing import Publication
from registry_assets.snapshots import decode_frame
from registry_assets_tests.lifecycle.monitoring.conftest import watched
from registry_assets_tests.worlds import PERSON, SENSOR, World, flights, planes


def test_every_row_is_predicted_by_the_version_that_the_pointer_holds(deployed: World) -> None:
    deployed.month("2013-04")
    registry, model = deployed.registry, watched(deployed)
    seen = registry.observe_predictions(model, "2013-04", run=SENSOR)
    stored = registry.read_frame(seen.digest)
    raw = registry.read_frame(registry.snapshots("flights")[-1].digest)
    version = registry.version("flight_delay@production").version
    expected = registry.load("flight_delay@production").predict_proba(
        raw.drop(columns="late"), planes=planes()
    )
    assert np.array_equal(stored[["probability_False", "probability_True"]], expected)
    assert stored["key"].tolist() == raw["key"].tolist()
    assert stored["row"].tolist() == list(range(len(raw)))
    assert set(stored["version"]) == {1}
    assert set(stored["digest"]) == {version.digest}


def test_its_manifest_names_the_version_and_the_rows_as_parents(deployed: World) -> None:
    deployed.month("2013-04")
    registry, model = deployed.registry, watched(deployed)
    seen = registry.observe_predictions(model, "2013-04", run=SENSOR)
    manifest = registry.manifest(seen.digest)
    features = registry.snapshots("flight_features")[-1]
    assert manifest.kind == "predictions"
    assert manifest.parents_of("version") == (registry.version("flight_delay:1").version.digest,)
    assert manifest.parents_of("features") == (features.digest,)
    assert registry.verify(deep=True).clean


def test_batches_give_what_all_rows_at_once_give(deployed: World) -> None:
    deployed.month("2013-04")
    backends, model = deployed.registry.backends, watched(deployed)
    with backends.catalog.read() as connection:
        version = watched_now(connection, "flight_delay", "production")
    assert version is not None
    ref = deployed.registry.snapshots("flight_features")[-1].ref
    made = [
        score_partition(
            backends,
            model,
            version,
            ref,
            publication=Publication.begin(backends),
            batch_rows=rows,
        )
        for rows in (7, 50_000)
    ]
    small, whole = made
    assert small.rows == whole.rows == 400
    assert small.features == whole.features
    first, second = (
        deployed.registry.backends.store.read(each.manifest.file("data.parquet").sha256)
        for each in made
    )
    # To the last digit they differ: a product of matrices adds up in an order of its own.
    pd.testing.assert_frame_equal(decode_frame(first), decode_frame(second), rtol=1e-12)


def test_rows_come_in_batches_of_the_size_asked_for(deployed: World) -> None:
    deployed.month("2013-04")
    ref = deployed.registry.snapshots("flight_features")[-1].ref
    with partition_rows(deployed.registry.backends, ref) as rows:
        batches = list(rows.batches(150))
    assert [len(batch.raw) for batch in batches] == [150, 150, 100]
    assert [batch.start for batch in batches] == [0, 150, 300]


def test_what_is_scored_again_is_recorded_once(deployed: World) -> None:
    deployed.month("2013-04")
    registry, model = deployed.registry, watched(deployed)
    first = registry.observe_predictions(model, "2013-04", run=SENSOR)
    events = len(registry.log("flight_delay"))
    again = registry.observe_predictions(model, "2013-04", run=PERSON)
    assert again.digest == first.digest
    assert again.recorded.again
    assert len(registry.log("flight_delay")) == events


def test_where_the_pointer_holds_nothing_there_is_nothing_to_predict_with(trained: World) -> None:
    trained.month("2013-04")
    with pytest.raises(NotFound, match="holds no version"):
        trained.registry.observe_predictions(watched(trained), "2013-04", run=SENSOR)


def features_of(rows: pd.DataFrame) -> pd.DataFrame:
    """What another release of the features' code made of these rows."""
    made = pd.DataFrame({"hour": 1, "distance": 1.0, "seats": 1.0}, index=rows.index)
    return pd.concat([made, rows[["late", "origin", "key"]]], axis=1)


def nothing(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.head(0)


def without_distance(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop(columns="distance")


def texts(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(distance="far")


def all_null(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(tailnum=pd.Series([None] * len(rows), dtype="str"))


def no_numbers(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(distance=np.nan)


def endless(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(distance=[np.inf] * 7 + rows["distance"].tolist()[7:])


def twice(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([rows, rows.head(5)], ignore_index=True)


BAD: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str, int]] = {
    "no rows": (nothing, "no_rows", 0),
    "a column is gone": (without_distance, "missing_column", 0),
    "a column is of another type": (texts, "changed_type", 0),
    "a column is empty": (no_numbers, "all_missing", 0),
    "some numbers are infinite": (endless, "infinite_values", 0),
    "rows occur twice": (twice, "duplicate_rows", 405),
}


@pytest.mark.parametrize("bad", BAD)
def test_bad_rows_are_a_named_problem_with_a_count_and_no_crash(deployed: World, bad: str) -> None:
    change, kind, rows = BAD[bad]
    given = change(flights(seed=4))
    deployed.arrive("2013-04", given, features=features_of(given))
    registry, model = deployed.registry, watched(deployed)
    seen = registry.observe_predictions(model, "2013-04", run=SENSOR)
    (observation,) = seen.recorded.observations
    (result,) = seen.recorded.results
    assert result.finding.check == "data_quality"
    assert result.finding.outcome == "failed"
    assert kind in observation.summary["problems"]
    assert observation.rows == rows
    assert len(registry.read_frame(seen.digest)) == rows
    assert registry.verify(deep=True).clean
    # The steps after it take what there is.
    registry.observe_drift(model, "2013-04", run=SENSOR)
    registry.observe_performance(model, "2013-04", run=SENSOR)
    assert registry.due(model) == ()


def test_a_key_that_was_not_kept_is_a_missing_column(deployed: World) -> None:
    rows = flights(seed=4)
    deployed.arrive("2013-04", rows, features=features_of(rows).drop(columns="key"))
    seen = deployed.registry.observe_predictions(watched(deployed), "2013-04", run=SENSOR)
    assert seen.recorded.observations[0].summary["problems"] == ["missing_column"]
    assert "has no column key" in seen.recorded.results[0].finding.why


def logged(**columns: Any) -> pd.DataFrame:
    """Rows as a service of somebody's own logs them."""
    rows = flights(seed=4)
    said = pd.DataFrame({"key": rows["key"], "prediction": rows["late"]})
    said["probability_True"] = np.where(rows["late"], 0.8, 0.2)
    said["probability_False"] = 1 - said["probability_True"]
    return said.assign(**columns)


def observed_log(world: World, frame: pd.DataFrame) -> Observed:
    model = watched(world, predictions=PredictionLog(read=lambda partition: frame))
    world.month("2013-04")
    return world.registry.observe_predictions(model, "2013-04", run=SENSOR)


def test_a_log_of_the_version_in_production_is_taken_as_it_is(deployed: World) -> None:
    seen = observed_log(deployed, logged(version=1))
    (result,) = seen.recorded.results
    assert result.finding.outcome == "passed", result.finding.why
    stored = deployed.registry.read_frame(seen.digest)
    digest = deployed.registry.version("flight_delay:1").version.digest
    assert set(stored["digest"]) == {digest}
    assert seen.recorded.observations[0].rows == 400


def test_a_log_may_name_versions_by_their_digest(deployed: World) -> None:
    digest = str(deployed.registry.version("flight_delay:1").version.digest)
    seen = observed_log(deployed, logged(digest=digest))
    assert seen.recorded.observations[0].version == 1
    assert seen.recorded.results[0].finding.outcome == "passed"


def test_rows_of_a_version_that_there_is_not_are_counted_and_nobodys(deployed: World) -> None:
    version = np.where(np.arange(400) < 30, 99, 1)
    seen = observed_log(deployed, logged(version=version))
    (result,) = seen.recorded.results
    assert result.finding.outcome == "failed"
    assert "30 of 400 rows are of version 99, which there is not" in result.finding.why
    assert seen.recorded.observations[0].rows == 370


def test_rows_whose_version_and_digest_differ_are_nobodys(deployed: World) -> None:
    good = str(deployed.registry.version("flight_delay:1").version.digest)
    digests = ["sha256:" + "0" * 64] * 3 + [good] * 397
    seen = observed_log(deployed, logged(version=1, digest=digests))
    assert seen.recorded.results[0].finding.outcome == "failed"
    assert seen.recorded.observations[0].rows == 397


def test_rows_of_a_version_that_was_replaced_before_are_named(succeeded: World) -> None:
    registry = succeeded.registry
    registry.promote("flight_delay", 2, run=SENSOR)
    succeeded.month("2013-05")
    frame = logged(version=2)
    model = watched(succeeded, predictions=PredictionLog(read=lambda partition: frame))
    registry.observe_predictions(model, "2013-05", run=SENSOR)
    succeeded.clock.now = succeeded.clock.now.replace(month=7)
    succeeded.month("2013-06")
    old = logged(version=np.where(np.arange(400) < 10, 1, 2))
    model = watched(succeeded, predictions=PredictionLog(read=lambda partition: old))
    seen = registry.observe_predictions(model, "2013-06", run=SENSOR)
    why = {each.version: each.finding.why for each in seen.recorded.results}
    assert "10 of 400 rows are of version 1, which production has not held since" in why[1]
    assert [each.rows for each in seen.recorded.observations] == [10, 390]


@pytest.mark.parametrize("missing", ["key", "prediction", "version"])
def test_a_log_without_a_column_says_which(deployed: World, missing: str) -> None:
    seen = observed_log(deployed, logged(version=1).drop(columns=missing))
    (result,) = seen.recorded.results
    assert result.finding.outcome == "failed"
    assert missing in result.finding.why
    assert seen.recorded.observations[0].rows == 0


def test_a_log_that_cannot_be_read_is_a_failed_check(deployed: World) -> None:
    def read(partition: str) -> object:
        raise OSError("the bucket is gone")

    deployed.month("2013-04")
    model = watched(deployed, predictions=PredictionLog(read=read))
    seen = deployed.registry.observe_predictions(model, "2013-04", run=SENSOR)
    assert "the bucket is gone" in seen.recorded.results[0].finding.why


def test_an_empty_log_is_a_failed_check(deployed: World) -> None:
    seen = observed_log(deployed, logged(version=1).head(0))
    assert "has no rows" in seen.recorded.results[0].finding.why


def test_what_had_arrived_before_anything_was_deployed_is_not_due(deployed: World) -> None:
    model = watched(deployed)
    assert deployed.registry.due(model) == ()
    deployed.month("2013-04")
    (due,) = deployed.registry.due(model)
    assert (due.partition, due.why) == ("2013-04", "nothing was predicted of it")


def test_a_partition_is_due_again_when_its_rows_change(deployed: World) -> None:
    registry, model = deployed.registry, watched(deployed)
    deployed.month("2013-04")
    states = set()
    for seed in (4, 5):
        deployed.arrive("2013-04", flights(seed=seed))
        (due,) = registry.due(model)
        states.add(due.state)
        registry.observe_predictions(model, "2013-04", run=SENSOR)
        assert registry.due(model)[0].why == "its drift is not known"
        registry.observe_drift(model, "2013-04", run=SENSOR)
        assert registry.due(model)[0].why == "its performance is not known"
        registry.observe_performance(model, "2013-04", run=SENSOR)
        assert registry.due(model) == ()
    assert len(states) == 2


def test_a_promotion_does_not_make_old_partitions_due(succeeded: World) -> None:
    registry, model = succeeded.registry, watched(succeeded)
    succeeded.clock.now = succeeded.clock.now.replace(month=6)
    succeeded.month("2013-05")
    for step in (
        registry.observe_predictions,
        registry.observe_drift,
        registry.observe_performance,
    ):
        step(model, "2013-05", run=SENSOR)
    registry.promote("flight_delay", 2, run=SENSOR)
    with registry.backends.catalog.read() as connection:
        assert find_due(connection, model) == ()
