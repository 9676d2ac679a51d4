"""Two versions side by side: what differs is named, what cannot be read is named too."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from registry_assets.canonical import Json
from registry_assets.errors import InvalidReference, NotFound
from registry_assets.lifecycle.comparing import Comparison
from registry_assets.lifecycle.comparing.changes import ABSENT, Changes, changes_between
from registry_assets_tests.lifecycle.changes import remove
from registry_assets_tests.worlds import FEATURES, SENSOR, TRAINING, World

MONTHS = ("flight_delay:1", "flight_delay:2")


def compared(world: World, a: str, b: str, *, diff_lines: int = 0) -> Comparison:
    """Compare, and see that nothing changed by it."""
    before = world.registry.log("flight_delay")
    found = world.registry.compare(a, b, diff_lines=diff_lines)
    assert world.registry.log("flight_delay") == before
    return found


def names(changes: Changes) -> dict[str, str]:
    return {change.name: change.kind for change in changes.changed}


def blob(world: World, digest: str) -> Path:
    """The file in the store that holds some bytes."""
    (found,) = Path(world.registry.home.store).rglob(digest.removeprefix("sha256:")[2:])
    return found


def test_another_month_is_named_with_its_rows(succeeded: World) -> None:
    data = compared(succeeded, *MONTHS).data
    assert {c.name: c.kind for c in data.train.changed} == {"flight_features[2013-03]": "added"}
    assert data.train.rows == (800, 1200)
    assert {c.name: c.kind for c in data.holdout.changed} == {
        "flight_features[2013-03]": "removed",
        "flight_features[2013-04]": "added",
    }
    assert {c.name: c.kind for c in data.datasets.changed} == {"flights[2013-04]": "added"}
    assert (data.columns.changed, len(data.columns.same)) == ((), 14)


def test_the_other_way_round_what_was_added_is_removed(succeeded: World) -> None:
    forth, back = compared(succeeded, *MONTHS), compared(succeeded, *reversed(MONTHS))
    assert [(c.name, c.before, c.after) for c in forth.data.train.snapshots] == [
        (c.name, c.after, c.before) for c in back.data.train.snapshots
    ]
    assert back.data.train.rows == (1200, 800)
    assert (back.a, back.b) == (forth.b, forth.a)


def test_figures_on_other_rows_are_shown_and_not_subtracted(succeeded: World) -> None:
    metrics = compared(succeeded, *MONTHS).metrics
    assert "different holdout rows: flight_features[2013-03] and flight_features[2013-04]" in (
        metrics.incomparable
    )
    assert [metric.name for metric in metrics.metrics] == ["roc_auc", "log_loss"]
    assert all(metric.before and metric.after for metric in metrics.metrics)
    assert {metric.difference for metric in metrics.metrics} == {None}
    assert {part.difference for part in metrics.slices} == {None}
    # Version 2 was evaluated beside version 1: that difference is on the same rows.
    assert metrics.paired is not None
    assert (metrics.paired.candidate, metrics.paired.baseline) == tuple(reversed(MONTHS))
    assert metrics.paired.differences["roc_auc"].defined


@pytest.fixture
def rewritten(trained: World) -> World:
    """Version 2 on the data of version 1: other code, and a parameter more and one changed."""
    trained.code.write(
        {
            "ontime/features.py": FEATURES.replace("/ 1000.0", "/ 500.0"),
            "ontime/training.py": "from ontime.words import said\n" + TRAINING,
            "ontime/words.py": "said = 1\n",
        }
    )
    # The features of before were made by other code: they are made again.
    for month in ("2013-01", "2013-02", "2013-03"):
        trained.month(month)
    trained.version(trained.model(params={"C": 2.0, "extra": None}), request="rewritten")
    return trained


def test_code_parameters_and_sizes_are_compared_by_name(rewritten: World) -> None:
    found = compared(rewritten, *MONTHS)
    assert {(f.path, f.kind, f.part) for f in found.code.changed} == {
        ("ontime/features.py", "changed", "features"),
        ("ontime/training.py", "changed", "training"),
        ("ontime/words.py", "added", "imported"),
    }
    assert names(found.params) == {"C": "changed", "extra": "added"}
    (extra,) = (change for change in found.params.changed if change.name == "extra")
    assert (extra.before, extra.after) == (ABSENT, None)
    assert names(found.sizes)["code/ontime/words.py"] == "added"
    before, after = found.total_sizes
    assert before is not None
    assert after is not None
    assert after > before
    assert (found.environment.changed, found.gaps) == ((), ())
    assert len(found.environment.same) > 10
    assert names(found.metadata) == {"code_dirty": "changed"}
    # The partitions are the same ones, made anew.
    assert {c.kind for c in found.data.train.changed} == {"changed"}
    assert "with other content" in found.metrics.incomparable


def test_lines_of_code_are_given_if_asked_for_and_never_without_end(rewritten: World) -> None:
    assert all(file.lines == () for file in compared(rewritten, *MONTHS).code.changed)
    found = {f.path: f for f in compared(rewritten, *MONTHS, diff_lines=100).code.changed}
    lines = found["ontime/features.py"].lines
    assert '-            "distance": flights["distance"].to_numpy() / 1000.0,' in lines
    assert '+            "distance": flights["distance"].to_numpy() / 500.0,' in lines
    short = {f.path: f for f in compared(rewritten, *MONTHS, diff_lines=3).code.changed}
    assert short["ontime/features.py"].lines == lines[:3]
    assert short["ontime/features.py"].more_lines == len(lines) - 3
    assert found["ontime/words.py"].lines == ("@@ -0,0 +1 @@", "+said = 1")


def test_on_the_same_rows_figures_are_subtracted(succeeded: World) -> None:
    number = succeeded.version(request="upside down", params={"sense": False})
    metrics = compared(succeeded, "flight_delay:2", f"flight_delay:{number}").metrics
    assert metrics.incomparable == ""
    for metric in metrics.metrics:
        assert metric.before is not None
        assert metric.after is not None
        assert metric.difference == metric.after.value - metric.before.value
    assert {part.label for part in metrics.slices} == {"origin EWR", "origin JFK"}
    assert all(part.difference is not None and part.difference < 0 for part in metrics.slices)
    assert metrics.paired is None  # both were evaluated beside version 1


def test_a_version_beside_itself_differs_in_nothing(succeeded: World) -> None:
    found = compared(succeeded, "flight_delay@production", "flight_delay:1")
    assert found.a == found.b
    for changes in (found.params, found.recipe, found.environment, found.metadata, found.sizes):
        assert changes.changed == ()
        assert changes.same
    assert (found.code.changed, found.data.train.changed) == ((), ())
    assert {metric.difference for metric in found.metrics.metrics} == {0.0}


def test_versions_of_two_models_can_be_compared(trained: World) -> None:
    trained.table()
    trained.version(trained.high_risk_model(), request="first")
    found = compared(trained, "flight_delay:1", "seat_credit:1")
    assert not found.of_one_model
    assert names(found.recipe)["split.holdout"] == "changed"
    assert names(found.metadata) == {"description": "changed"}
    assert names(found.data.columns)["seat_features.hour"] == "added"


def test_a_version_without_a_package_is_compared_as_far_as_it_goes(succeeded: World) -> None:
    number = succeeded.reserve(request="more", params={"C": 3.0})
    found = compared(succeeded, "flight_delay:2", f"flight_delay:{number}")
    assert names(found.params) == {"C": "changed"}
    assert found.data.train.changed == ()
    assert not any(
        part.compared for part in (found.code, found.sizes, found.environment, found.metadata)
    )
    (gap,) = found.gaps
    assert (gap.what, gap.why) == (
        "the package of flight_delay:3",
        "it is reserved (its training is not finished)",
    )
    assert found.metrics.incomparable == "not both were evaluated"


def missing_digests(world: World) -> Mapping[str, str]:
    """Blobs of version 2, by what goes missing with each."""
    registry = world.registry
    version = registry.version("flight_delay:2")
    assert version.evaluation is not None
    package = registry.manifest(str(version.version.digest))
    evaluation = registry.manifest(version.evaluation.digest)
    recipe = version.version.recipe
    return {
        "environment.json of flight_delay:2": package.file("environment.json").sha256,
        "the package of flight_delay:2": package.digest,
        "evaluation.json of evaluation of flight_delay:2": evaluation.file(
            "evaluation.json"
        ).sha256,
        "flight_features[2013-04]": recipe.holdout[0].digest,
    }


@pytest.mark.parametrize(
    "what",
    [
        "environment.json of flight_delay:2",
        "the package of flight_delay:2",
        "evaluation.json of evaluation of flight_delay:2",
        "flight_features[2013-04]",
    ],
)
def test_a_blob_that_is_missing_is_a_gap_and_the_rest_is_compared(
    what: str, succeeded: World
) -> None:
    whole = compared(succeeded, *MONTHS)
    remove(blob(succeeded, missing_digests(succeeded)[what]))
    found = compared(succeeded, *MONTHS)
    # Both versions may have the same bytes in a file: then they miss it together.
    assert {gap.what.replace(":1", ":2") for gap in found.gaps} == {what}
    assert found.params == whole.params
    assert found.data.train == whole.data.train
    # What a gap keeps from being compared is not said to be removed.
    assert not names(found.sizes).keys() - names(whole.sizes).keys()
    assert not names(found.environment)
    assert [m.name for m in found.metrics.metrics if m.after] != []


def test_what_is_not_there_is_an_error(trained: World) -> None:
    with pytest.raises(NotFound, match="no version 9"):
        trained.registry.compare("flight_delay:1", "flight_delay:9")
    with pytest.raises(InvalidReference, match="not one of its versions"):
        trained.registry.compare("flight_delay", "flight_delay:1")


def test_one_is_not_true_and_no_integer_is_a_float() -> None:
    same: dict[str, Json] = {"a": 1, "b": [1, {"c": 2.0}], "d": None}
    assert changes_between(same, same).changed == ()
    others: list[dict[str, Json]] = [{"a": 1.0}, {"a": True}, {"b": [1, {"c": 2}]}]
    for other in others:
        assert len(changes_between(same, {**same, **other}).changed) == 1
    assert names(changes_between({"a": None}, {})) == {"a": "removed"}


def test_a_promotion_does_not_change_what_is_compared(succeeded: World) -> None:
    before = succeeded.registry.compare(*MONTHS)
    succeeded.registry.promote("flight_delay", 2, run=SENSOR)
    after = succeeded.registry.compare(*MONTHS)
    assert (after.data, after.code, after.metrics) == (before.data, before.code, before.metrics)
    assert (before.b.stage, after.b.stage) == ("staging", "production")
