"""What the UI is given to show: short tables, and texts where a curve would mean nothing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import ModuleType
from typing import Any

import dagster as dg
import pytest

from registry_assets import Latency, RegisteredModel, SizeAtMost, SliceFloor, registry_definitions
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.results.speed import SpeedResult
from registry_assets.orchestration.presentation import evaluation_metadata, promotion_metadata
from registry_assets_tests.evaluation.report.samples import (
    DIGEST,
    binary,
    multiclass,
    regression,
)
from registry_assets_tests.orchestration.stage import EVALUATION, MODEL, Stage, open_stage

FLOOR = SliceFloor("roc_auc", by="origin", floor=0.1)
SIZE = SizeAtMost(5)


def shown(stage: Stage, result: EvaluationResult) -> dict[str, Any]:
    """The metadata of an evaluation, as that of version 1."""
    return evaluation_metadata(stage.registry.version("ontime:1").version, DIGEST, result)


def rows_of(table: dg.TableMetadataValue) -> list[Mapping[str, Any]]:
    """The rows of a table, cells by column."""
    return [record.data for record in table.records]


def checked(stage: Stage, key: dg.AssetKey, name: str) -> dict[str, dg.MetadataValue[Any]]:
    """The metadata of the newest result of a check."""
    check = dg.AssetCheckKey(key, name)
    record = stage.instance.get_latest_asset_check_evaluation_record(check)
    assert record is not None
    assert record.event is not None
    assert record.event.dagster_event is not None
    return dict(record.event.dagster_event.asset_check_evaluation_data.metadata)


@contextmanager
def judged(trained: Stage, project: ModuleType) -> Iterator[Stage]:
    """The home, with gates on a slice and on a size, by which version 1 is judged again."""
    plan = replace(project.ontime.evaluation, latency=Latency(calls=5, rounds=5, seconds=1))
    model: RegisteredModel = replace(project.ontime, evaluation=plan, gates=(FLOOR, SIZE))
    data = [project.flights, project.planes, project.ontime_features]
    definitions = registry_definitions(models=[model], assets=data, executor=dg.in_process_executor)
    with open_stage(trained.folder, definitions) as stage:
        outcome = stage.daemon.materialize([EVALUATION], partition_key="1")
        assert outcome.success, outcome.failures
        yield stage


def test_a_check_says_what_its_numbers_are_of_also_when_it_is_reported_again(
    trained: Stage, project: ModuleType
) -> None:
    with judged(trained, project) as stage:
        floor = checked(stage, EVALUATION, FLOOR.name)
        assert floor["slice"].value in ("origin EWR", "origin JFK")
        assert "unit" not in floor
        size = checked(stage, EVALUATION, SIZE.name)
        assert (size["unit"].value, size["threshold"].value) == ("MB", 5.0)
        stage.instance.wipe_assets([EVALUATION])
        assert [run.success for run in stage.report().runs] == [True]
        assert checked(stage, EVALUATION, FLOOR.name) == floor
        assert checked(stage, EVALUATION, SIZE.name) == size


def test_no_check_draws_a_curve_of_version_numbers(promoted: Stage) -> None:
    production = dg.AssetKey(["ontime", "production"])
    for key, name in (
        (MODEL, "metadata_complete"),
        (EVALUATION, "roc_auc_at_least"),
        (production, "verifies"),
    ):
        assert checked(promoted, key, name)["version"] == dg.MetadataValue.text("1")


def test_production_stands_before_the_pictures_and_the_page_is_named(promoted: Stage) -> None:
    metadata = shown(promoted, binary())
    assert metadata["page"] == "registry report ontime:1 --open"
    assert metadata["compared with"].value == "version 1, which production held"
    names = list(metadata)
    assert names.index("against production") < names.index("roc") < names.index("slices by value")
    compared = rows_of(metadata["against production"])
    assert list(compared[0]) == ["metric", "difference", "95 % interval", "verdict"]
    assert list(rows_of(metadata["slices by value"])[0]) == [
        "slice", "rows", "positives", "roc_auc", "95 % interval",
    ]  # fmt: skip
    first, second, *_ = metadata["changed decisions"].value.splitlines()
    assert first == "- 30 of 400 rows (7.5%) are decided otherwise"
    assert second == "- 20 for the better, 10 for the worse"


def test_speed_stands_beside_production_only_where_that_was_measured(promoted: Stage) -> None:
    beside = rows_of(shown(promoted, binary())["speed"])
    assert {row["measured"]: row["this version"] for row in beside}[
        "Many rows at once"
    ] == "90,000 rows/s"
    assert {row["measured"]: row["95 % interval"] for row in beside}[
        "Loading, imports and all"
    ] == "measured once"
    speed = binary().speed
    assert speed is not None
    alone = replace(speed, baseline=None, baseline_reason="it does not load")
    metadata = shown(promoted, replace(binary(), speed=alone))
    assert list(rows_of(metadata["speed"])[0]) == ["measured", "this version"]
    assert metadata["speed of production"].value == "not measured: it does not load"
    unheld = shown(promoted, replace(binary(), speed=alone, comparison=None))
    assert "speed of production" not in unheld
    neither = shown(promoted, replace(binary(), speed=SpeedResult(None, None, reason="killed")))
    assert neither["speed"].value == "not measured: killed"
    assert "speed of production" not in neither


@pytest.mark.parametrize("result", [multiclass(), regression()])
def test_every_kind_of_evaluation_can_be_shown(result: EvaluationResult, promoted: Stage) -> None:
    made = dg.AssetMaterialization("shown", metadata=shown(promoted, result))
    assert made.metadata["rows"].value == result.rows


def test_a_promotion_is_of_a_minute(promoted: Stage) -> None:
    promotion = promoted.registry.promotion("ontime", "production", 1)
    assert promotion is not None
    at = promotion.created_at
    assert promotion_metadata(promotion)["promoted at"] == f"{at[:10]} {at[11:16]} UTC"
