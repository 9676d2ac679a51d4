"""What a log or labels hold that nobody meant: named, counted and recorded, and never a crash."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from registry_assets.catalog.observations import ResultRecord
from registry_assets.declaration import Labels, PredictionLog
from registry_assets.errors import BlobCorrupt, RegistryError
from registry_assets.monitoring.results.observed_drift import read_drift
from registry_assets.packaging.package import TRAINING_PROFILE
from registry_assets.store.manifests import read_manifest
from registry_assets_tests.lifecycle.monitoring.conftest import watched
from registry_assets_tests.lifecycle.monitoring.test_predicting import logged, observed_log
from registry_assets_tests.worlds import SENSOR, World, flights

APRIL = "2013-04"
GOOD = logged(version=1)
FIRST, REST = GOOD.head(200), GOOD.tail(200)


def some(column: str, value: Any, count: int = 7) -> pd.DataFrame:
    """The log, of which so many rows hold something else in a column."""
    return GOOD.assign(**{column: [value] * count + GOOD[column].tolist()[count:]})


def objects(value: object) -> "pd.Series[Any]":
    """A column that holds one object again and again."""
    return pd.Series([value] * 400, dtype="object")


UNREADABLE: dict[str, tuple[object, str, str]] = {
    "predictions of another type later": (
        [FIRST, REST.assign(prediction="late")],
        "unreadable",
        "the rows do not have the same columns in all parts",
    ),
    "keys of another type later": (
        [FIRST, REST.assign(key=range(200))],
        "unreadable",
        "the rows do not have the same columns in all parts",
    ),
    "a column less later": (
        [FIRST, REST.drop(columns="probability_True")],
        "unreadable",
        "probability_True",
    ),
    "a column more later": (
        [FIRST, REST.assign(probability_Maybe=0.0)],
        "unreadable",
        "probability_Maybe",
    ),
    "a key less later": ([FIRST, REST.drop(columns="key")], "missing_column", "no column key"),
    "probabilities that are texts": (
        GOOD.assign(probability_True="much"),
        "changed_type",
        "probability_True is of another type than numbers",
    ),
    "keys that are lists": (
        GOOD.assign(key=objects(["a"])),
        "changed_type",
        "key holds values of another type than one",
    ),
    "predictions that are records": (
        GOOD.assign(prediction=objects({"a": 1})),
        "changed_type",
        "prediction holds values of another type than one",
    ),
    "two columns of one name": (
        pa.table(
            [["a"], [True], [False], [1]], names=["key", "prediction", "prediction", "version"]
        ),
        "unreadable",
        "several columns of one name: prediction",
    ),
    "half a character": (
        GOOD.assign(key=pd.Series([f"\ud800{n}" for n in range(400)], dtype="object")),
        "unreadable",
        "cannot be read",
    ),
    "a text": ("key,prediction", "unreadable", "gave a str"),
    "nothing": (None, "unreadable", "gave a NoneType"),
}


@pytest.mark.parametrize("bad", UNREADABLE)
def test_a_log_that_is_none_is_a_failed_check_without_rows(deployed: World, bad: str) -> None:
    given, kind, sentence = UNREADABLE[bad]
    seen = observed_log(deployed, given)  # type: ignore[arg-type]
    (observation,) = seen.recorded.observations
    (result,) = seen.recorded.results
    assert (result.finding.check, result.finding.outcome) == ("data_quality", "failed")
    assert sentence in result.finding.why
    assert observation.summary["problems"] == [kind]
    assert observation.rows == len(deployed.registry.read_frame(seen.digest)) == 0
    assert after(deployed, given) == ("undecided", "undecided")
    assert deployed.registry.verify(deep=True).clean


def after(world: World, given: object, **changes: Any) -> tuple[str, str]:
    """What the steps after it find of predictions, and of performance."""
    model = watched(world, predictions=PredictionLog(read=lambda partition: given), **changes)
    drift = world.registry.observe_drift(model, APRIL, run=SENSOR).recorded.results
    lived = world.registry.observe_performance(model, APRIL, run=SENSOR).recorded.results
    outcomes = {each.finding.check: each.finding.outcome for each in (*drift, *lived)}
    return outcomes["prediction_drift"], outcomes["performance_decay"]


COUNTED: dict[str, tuple[pd.DataFrame, str, int]] = {
    "a probability is missing": (some("probability_True", np.nan), "no_probabilities", 7),
    "a probability is infinite": (some("probability_True", np.inf), "no_probabilities", 7),
    "a probability is negative": (some("probability_True", -0.4), "no_probabilities", 7),
    "they are more than 1": (GOOD.assign(probability_True=0.9), "no_probabilities", 400),
    "predictions are no classes": (
        GOOD.assign(prediction=GOOD["prediction"].map(str)),
        "unknown_class",
        400,
    ),
    "predictions are numbers": (GOOD.assign(prediction=np.inf), "unknown_class", 400),
    "predictions are dates": (
        GOOD.assign(prediction=pd.Timestamp("2013-04-01", tz="UTC")),
        "unknown_class",
        400,
    ),
    "a prediction is missing": (some("prediction", None), "no_prediction", 7),
    "digests are lists": (GOOD.assign(digest=objects(["a"])), "unknown_version", 400),
    "versions are lists": (GOOD.assign(version=objects([1])), "unknown_version", 400),
    "a version is missing": (some("version", None), "unknown_version", 7),
    "a version is infinite": (GOOD.assign(version=np.inf), "unknown_version", 400),
}


@pytest.mark.parametrize("bad", COUNTED)
def test_rows_that_no_model_can_have_said_are_counted(deployed: World, bad: str) -> None:
    given, kind, count = COUNTED[bad]
    seen = observed_log(deployed, given)
    (observation,) = seen.recorded.observations
    (result,) = seen.recorded.results
    assert result.finding.outcome == "failed"
    assert f"{count} of 400 rows" in result.finding.why
    assert observation.summary["problems"] == [kind]
    after(deployed, given)
    assert deployed.registry.verify(deep=True).clean


@pytest.mark.parametrize(
    "good",
    [
        # As JSON and databases give them; of two classes one probability says it all.
        GOOD.assign(probability_True=1, probability_False=0),
        GOOD.assign(probability_True=objects(Decimal("0.5")), probability_False=0.5),
        GOOD.drop(columns="probability_False"),
        GOOD.drop(columns=["probability_True", "probability_False"]),
        GOOD.assign(version="1"),
        GOOD.assign(prediction=GOOD["prediction"].map(lambda late: Decimal(int(late)))),
        GOOD.assign(prediction=GOOD["prediction"].astype("category")),
        GOOD.assign(key=[f"{'k' * 100_000 if n < 3 else ''}{n}" for n in range(400)]),
    ],
    ids=[
        "whole",
        "decimal",
        "one of two",
        "none",
        "a text for a version",
        "numbers for classes",
        "categories",
        "long keys",
    ],
)
def test_what_is_only_unusual_is_taken_as_it_is(deployed: World, good: pd.DataFrame) -> None:
    seen = observed_log(deployed, good)
    assert seen.recorded.results[0].finding.outcome == "passed"
    assert seen.recorded.observations[0].rows == 400


def test_a_prediction_of_no_class_says_what_was_expected(deployed: World) -> None:
    (result,) = observed_log(deployed, GOOD.assign(prediction="perhaps")).recorded.results
    assert result.finding.why.endswith("such as 'perhaps'; expected False, True")


def test_parts_may_differ_in_the_order_of_columns_and_in_kinds_of_numbers(deployed: World) -> None:
    given = [FIRST.assign(probability_True=1, probability_False=0), REST[REST.columns[::-1]]]
    seen = observed_log(deployed, given)  # type: ignore[arg-type]
    assert seen.recorded.results[0].finding.outcome == "passed"
    stored = deployed.registry.read_frame(seen.digest)
    assert stored["probability_True"].tolist()[200:] == REST["probability_True"].tolist()


def test_of_a_column_of_nonsense_a_few_versions_are_named(deployed: World) -> None:
    given = GOOD.assign(version=[f"{'9' * 5_000}{n}" if n % 2 else f"v{n}" for n in range(400)])
    (result,) = observed_log(deployed, given).recorded.results
    assert "of versions of still other names" in result.finding.why
    assert len(result.finding.why) < 3_000


BAD_LABELS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "another class": lambda rows: rows.assign(late="perhaps"),
    "some of another class": lambda rows: rows.assign(
        late=[*rows["late"].map(str)[:390], *["perhaps"] * 10]
    ),
    "numbers": lambda rows: rows.assign(late=3.5),
    "infinite": lambda rows: rows.assign(late=np.inf),
    "long texts": lambda rows: rows.assign(late="x" * 100_000),
}


@pytest.mark.parametrize("bad", BAD_LABELS)
def test_labels_of_no_class_of_the_model_fail_their_check(deployed: World, bad: str) -> None:
    deployed.arrive(APRIL, flights(seed=4))
    registry = deployed.registry
    labels = BAD_LABELS[bad](flights(seed=4)[["key", "late"]])
    registry.store_snapshot(labels, asset="outcomes", partition=APRIL, run=SENSOR)
    model = watched(deployed, labels=Labels("outcomes", on=("key",)))
    registry.observe_predictions(model, APRIL, run=SENSOR)
    results: Sequence[ResultRecord] = registry.observe_performance(
        model, APRIL, run=SENSOR
    ).recorded.results
    found = {each.finding.check: each.finding for each in results}
    assert found["label_quality"].outcome == "failed"
    assert found["label_quality"].why.startswith("none of 400 labels can be used: 'late' holds")
    assert len(found["label_quality"].why) < 1_000
    assert found["performance_decay"].outcome == "undecided"
    assert [each.check for each in registry.alerts("flight_delay")] == ["label_quality"]


def test_a_damaged_profile_of_the_training_stops_the_step_and_records_nothing(
    deployed: World,
) -> None:
    deployed.month(APRIL)
    registry, model = deployed.registry, watched(deployed)
    registry.observe_predictions(model, APRIL, run=SENSOR)
    digest = str(registry.version("flight_delay:1").version.digest)
    entry = read_manifest(registry.backends.store, digest).file(TRAINING_PROFILE)
    hexadecimal = entry.sha256.removeprefix("sha256:")
    (blob,) = registry.home.folder.glob(f".registry/**/{hexadecimal[:2]}*/*{hexadecimal[4:]}")
    whole = blob.read_bytes()
    blob.chmod(0o644)
    blob.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    before = len(registry.log("flight_delay"))
    for step in (registry.observe_drift, registry.observe_predictions):
        with pytest.raises(BlobCorrupt) as caught:
            step(model, APRIL, run=SENSOR)
        assert caught.value.hint
    assert len(registry.log("flight_delay")) == before
    assert registry.observations("flight_delay", "drift") == ()
    blob.write_bytes(whole)
    registry.observe_drift(model, APRIL, run=SENSOR)
    assert registry.verify(deep=True).clean


def test_a_drift_of_a_newer_release_says_what_to_do() -> None:
    with pytest.raises(RegistryError, match=r"the format of a drift is .*/2'") as e:
        read_drift(b'{"format": "registry_assets/observed_drift/2", "versions": []}')
    assert "upgrade" in e.value.hint
