"""What people see of a deployment that lived two months: history, slices, pages, Evidently."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from registry_assets.declaration import Drift
from registry_assets.errors import NotFound
from registry_assets.evaluation.report.card import card_markdown
from registry_assets.lifecycle.monitoring.drifting import DRIFT_FILE, read_drift
from registry_assets.lifecycle.monitoring.reporting import EVIDENTLY_FILE
from registry_assets.monitoring.profile import profile_of
from registry_assets.monitoring.profile.grouping import groups_from_bytes
from registry_assets.monitoring.results.observed_drift import VersionDrift
from registry_assets.packaging.package import TRAINING_SLICES
from registry_assets_tests.lifecycle.monitoring.lived import (
    BAD,
    EVIDENTLY_ROWS,
    GOOD,
    MODEL,
    lived_model,
    lived_world,
    observe,
)
from registry_assets_tests.worlds import SENSOR, World, opened_world


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with lived_world(tmp_path_factory.mktemp("lived") / "project") as world:
        yield world


def drift_of(world: World, partition: str) -> VersionDrift:
    (record,) = world.registry.observations(MODEL, "drift", partition=partition)
    (found,) = read_drift(world.registry.read_file(record.digest, DRIFT_FILE))
    return found


def test_a_history_tells_promised_and_lived_of_each_partition(lived: World) -> None:
    history = lived.registry.history(MODEL)
    assert (history.pointer, history.metric) == ("production", "roc_auc")
    assert history.partitions == (GOOD, BAD)
    good, bad = history.rows
    evaluation = lived.registry.version(f"{MODEL}:1").evaluation
    assert evaluation is not None
    assert good.promised is not None
    assert good.lived is not None
    assert bad.lived is not None
    assert good.promised.value == evaluation.metrics["roc_auc"]["value"]
    assert good.promised == bad.promised
    assert good.lived.value > 0.6 > 0.5 > bad.lived.value
    assert (good.alerts, good.quality, good.drifted) == ((), "passed", 0)
    failed = {check for check, found in bad.findings.items() if found.outcome == "failed"}
    assert failed >= {"feature_drift", "prediction_drift", "performance_decay"}
    assert len(bad.alerts) == len(failed) == len(history.open_alerts)
    assert bad.worst[0].column == "hour"
    assert [(move.version, move.rollback) for move in history.moves] == [(1, False)]


def test_what_was_found_on_predictions_of_before_is_no_part_of_the_history(
    lived: World, tmp_path: Path
) -> None:
    lived.copy(tmp_path / "copy")
    with opened_world(tmp_path / "copy", now=lived.clock.now) as world:
        world.month(BAD)
        world.registry.observe_predictions(lived_model(world), BAD, run=SENSOR)
        _, again = world.registry.history(MODEL).rows
    assert again.rows == 400
    assert again.lived is None
    assert again.compared is None
    assert set(again.findings) == {"data_quality"}


def test_a_model_that_nobody_watched_has_no_history(lived: World) -> None:
    with pytest.raises(NotFound, match="no_such_model"):
        lived.registry.history("no_such_model")


def test_slices_of_features_and_of_keys_are_held_against_those_of_the_training(
    lived: World,
) -> None:
    slices = drift_of(lived, GOOD).slices
    by_hour = {each.value: each for each in slices if each.column == "hour"}
    assert len(by_hour) > 5
    results = [each.result for each in by_hour.values() if each.result is not None]
    assert results
    assert {column.column for column in results[0].columns} == {"hour", "distance", "seats"}
    # Every row has a key of its own.
    assert [each.reason for each in slices if each.column == "key"] == ["more than 50 values"]


def test_the_slices_that_a_version_keeps_are_those_of_its_training(lived: World) -> None:
    version = lived.registry.version(f"{MODEL}:1").version
    groups = groups_from_bytes(lived.registry.read_file(str(version.digest), TRAINING_SLICES))
    frames = [lived.registry.read_frame(ref.digest) for ref in version.recipe.train]
    hour = {value: profile.rows for value, profile in groups[0].profiles.items()}
    counted: dict[str, int] = {}
    for frame in frames:
        for value, rows in frame["hour"].value_counts().items():
            counted[str(value)] = counted.get(str(value), 0) + int(rows)
    assert hour == counted
    assert list(next(iter(groups[0].profiles.values())).columns) == ["hour", "distance", "seats"]


def test_slices_that_are_declared_after_the_training_are_made_from_its_snapshots(
    lived: World, tmp_path: Path
) -> None:
    lived.copy(tmp_path / "copy")
    with opened_world(tmp_path / "copy", now=lived.clock.now) as world:
        model = lived_model(world)
        assert model.monitoring is not None
        by_distance = Drift(watch=("hour",), slices=("seats", "nowhere"))
        model = replace(model, monitoring=replace(model.monitoring, drift=by_distance))
        observe(world, model, GOOD)
        found = drift_of(world, GOOD)
    assert {each.column for each in found.slices if each.result} == {"seats"}
    reasons = {each.column: each.reason for each in found.slices if not each.result}
    assert reasons["nowhere"] == "the table does not have it"
    assert found.evidently is None


def test_evidently_s_scores_of_samples_stand_beside_ours(lived: World) -> None:
    found = drift_of(lived, BAD).evidently
    assert found is not None
    assert (found.rows, found.reference_rows) == (EVIDENTLY_ROWS, EVIDENTLY_ROWS)
    assert found.rows_of > found.rows
    ours = drift_of(lived, BAD).features
    assert ours is not None
    hour, scored = ours.of("hour"), found.columns["hour"]
    assert hour is not None
    assert hour.value is not None
    assert scored.value == pytest.approx(hour.value, rel=0.25)
    page = lived.registry.observation_page(MODEL, "drift", BAD, evidently=True)
    assert b"No verdict rests on these samples" in page.html


def test_what_was_drawn_is_some_of_the_rows_that_were_scored(lived: World) -> None:
    from registry_assets.snapshots import decode_frame

    (record,) = lived.registry.observations(MODEL, "predictions", partition=BAD)
    drawn = decode_frame(lived.registry.read_file(record.digest, "sample.parquet"))
    snapshots = lived.registry.snapshots("flight_features")
    digest = next(each.digest for each in snapshots if each.partition == BAD)
    features = lived.registry.read_frame(digest)[["hour", "distance", "seats"]]
    assert len(drawn) == EVIDENTLY_ROWS
    both = drawn.merge(features.drop_duplicates(), how="left", indicator=True)
    assert (both["_merge"] == "both").all()
    assert profile_of(drawn).columns["hour"].mean == pytest.approx(features["hour"].mean(), abs=0.4)


def test_a_page_names_what_it_was_made_of_and_is_the_same_every_time(lived: World) -> None:
    registry, model = lived.registry, lived_model(lived)
    for kind in ("drift", "performance"):
        page = registry.observation_page(MODEL, kind, BAD)
        for parent in registry.manifest(page.digest).parents:
            assert parent.digest.encode() in page.html
    assert registry.observe_drift(model, BAD, run=SENSOR).recorded.again
    assert registry.observe_performance(model, BAD, run=SENSOR).recorded.again


def test_a_page_that_there_is_not_says_which_there_are(lived: World) -> None:
    with pytest.raises(NotFound, match="no drift of") as refused:
        lived.registry.observation_page(MODEL, "drift", "2013-09")
    assert f"{GOOD}, {BAD}" in str(refused.value.hint)
    with pytest.raises(NotFound, match=EVIDENTLY_FILE):
        lived.registry.observation_page(MODEL, "performance", BAD, evidently=True)


def test_a_card_says_what_was_lived_and_which_alerts_are_open(lived: World) -> None:
    card = card_markdown(lived.registry.card(f"{MODEL}:1"))
    section = card.partition("## In production")[2].partition("\n## ")[0]
    assert "performance decay, error" in section
    assert f"| {BAD} |" in section
    assert "https://grafana.example/d/x?v=1" in section
    # It is as of the last observation, not as of now: whoever makes it again gets the same.
    assert card == card_markdown(lived.registry.card(f"{MODEL}:1"))


def test_everything_that_was_kept_verifies(lived: World) -> None:
    assert lived.registry.verify(deep=True).clean
