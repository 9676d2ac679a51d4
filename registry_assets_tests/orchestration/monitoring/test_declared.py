"""What a watched model adds to a code location, and what it cannot be watched with."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from registry_assets import features_asset
from registry_assets.declaration import (
    Decay,
    Drift,
    Freshness,
    Labels,
    Monitoring,
    PredictionLog,
    Quality,
)
from registry_assets.errors import DeclarationError
from registry_assets_tests import worlds
from registry_assets_tests.orchestration.monitoring.watched import (
    DRIFT,
    NAMES,
    PERFORMANCE,
    PREDICTIONS,
    location,
    of_one_table,
    watched,
)

QUARTERS = dg.StaticPartitionsDefinition(["q1", "q2"])


def test_a_model_that_is_not_watched_has_nothing_of_it(project: ModuleType) -> None:
    graph = location(project, project.ontime).resolve_asset_graph()
    assert not {PREDICTIONS, DRIFT, PERFORMANCE} & graph.get_all_asset_keys()


def test_the_three_assets_have_the_partitions_of_the_features_and_stand_in_line(
    project: ModuleType,
) -> None:
    defs = location(project, watched(project, Monitoring(drift=Drift(predictions=None))))
    graph = defs.resolve_asset_graph()
    assert [graph.get(key).partitions_def for key in (PREDICTIONS, DRIFT, PERFORMANCE)] == [
        project.months
    ] * 3
    parents = {key: graph.get(key).parent_keys for key in (PREDICTIONS, DRIFT, PERFORMANCE)}
    assert parents == {
        PREDICTIONS: {dg.AssetKey("ontime_features"), NAMES.pointer_key("production")},
        DRIFT: {PREDICTIONS},
        PERFORMANCE: {PREDICTIONS},
    }
    checks = {key.name for key in graph.get(DRIFT).check_keys}
    assert checks == {"feature_drift"}
    assert {key.name for key in graph.get(PERFORMANCE).check_keys} == {"label_quality"}


def test_a_check_s_description_says_its_limits_and_what_its_value_is(project: ModuleType) -> None:
    plan = Monitoring(
        drift=Drift(threshold=0.15, share=0.4, watch=("hour",), predictions=0.25),
        quality=Quality(missing=0.2, unseen=0.1, duplicates=0.03, unlabelled=0.6),
        decay=(Decay("roc_auc", 0.04, shown=False),),
    )
    graph = location(project, watched(project, plan)).resolve_asset_graph()
    told = {
        name: graph.get_check_spec(dg.AssetCheckKey(key, name)).description or ""
        for key, name, _ in LIMITS
    }
    missing = [(name, each) for _, name, said in LIMITS for each in said if each not in told[name]]
    assert missing == []


LIMITS = (
    (PREDICTIONS, "data_quality", ("20.0 %", "10.0 %", "3.0 %", "value counts problems")),
    (DRIFT, "feature_drift", ("40.0 %", "0.15", "hour", "value is the share")),
    (DRIFT, "prediction_drift", ("0.25", "value is the distance", "standard deviations")),
    (PERFORMANCE, "label_quality", ("60.0 %", "value counts problems")),
    (
        PERFORMANCE,
        "performance_decay",
        ("one is worse: roc_auc by more than 0.04. The value is", "the threshold is the worst"),
    ),
)


def test_features_that_are_one_table_are_watched_as_one(project: ModuleType) -> None:
    defs = location(project, of_one_table(project, Monitoring()))
    dg.Definitions.validate_loadable(defs)
    assert defs.resolve_asset_graph().get(DRIFT).partitions_def is None


@dg.asset(name="elsewhere", partitions_def=QUARTERS, io_manager_key="snapshots")
def by_quarter() -> pd.DataFrame:
    return pd.DataFrame()


@dg.asset(name="elsewhere")
def not_stored() -> pd.DataFrame:
    return pd.DataFrame()


LABELS = Monitoring(keys=("key",), labels=Labels("elsewhere", on=("key",)))
LOG = Monitoring(keys=("key",), predictions=PredictionLog(asset="elsewhere"))


@pytest.mark.parametrize(
    ("plan", "other", "message"),
    [
        (LABELS, by_quarter, r"Labels\('elsewhere'\) has other partitions than ontime_features"),
        (LOG, by_quarter, r"PredictionLog\('elsewhere'\) has other partitions"),
        (LABELS, not_stored, r"Labels\('elsewhere'\) is an asset that the registry does not store"),
    ],
)
def test_labels_and_logs_that_cannot_be_read_beside_the_features_are_refused(
    project: ModuleType, plan: Monitoring, other: dg.AssetsDefinition, message: str
) -> None:
    with pytest.raises(DeclarationError, match=message) as caught:
        location(project, watched(project, plan), other)
    assert caught.value.hint


def test_freshness_of_partitions_that_are_of_no_times_is_refused(project: ModuleType) -> None:
    model = of_one_table(project, Monitoring(freshness=Freshness()))
    with pytest.raises(DeclarationError, match="of no times, so that none is ever late") as caught:
        location(project, model)
    assert "dg.MonthlyPartitionsDefinition" in str(caught.value.hint)


def test_features_without_an_asset_cannot_be_watched(project: ModuleType) -> None:
    features = worlds.Features("ontime_features", project.make_features, ("late", "key"), True)
    model = replace(watched(project, Monitoring()), features=features)
    with pytest.raises(DeclarationError, match="of whose partitions Dagster knows nothing"):
        location(project, model)


@pytest.mark.parametrize("pointer", ["watch", "freshness"])
def test_a_pointer_cannot_be_called_as_a_job_that_watches(
    project: ModuleType, pointer: str
) -> None:
    model = replace(project.ontime, pointers=(pointer, "production"))
    with pytest.raises(DeclarationError, match=f"cannot be called '{pointer}'"):
        location(project, model)


def monthly(**given: Any) -> dg.PartitionsDefinition[str]:
    return dg.MonthlyPartitionsDefinition(start_date="2013-01", fmt="%Y-%m", **given)


@pytest.mark.parametrize(
    ("make", "now", "days", "ended"),
    [
        (monthly, "2013-04-15T00:00", 0, "2013-03"),
        (monthly, "2013-04-15T00:00", 20, "2013-02"),
        (monthly, "2013-04-01T00:00", 0, "2013-03"),
        (monthly, "2013-03-31T23:59", 0, "2013-02"),
        (monthly, "2013-01-31T00:00", 0, ""),
        # What exists ahead of time has not ended.
        (lambda: monthly(end_offset=2), "2013-04-15T00:00", 0, "2013-03"),
        (lambda: monthly(end_offset=-1), "2013-04-15T00:00", 0, "2013-02"),
        (lambda: monthly(end_date="2013-03"), "2026-01-01T00:00", 0, "2013-02"),
        (lambda: monthly(timezone="America/New_York"), "2013-04-01T03:00", 0, "2013-02"),
        (lambda: monthly(timezone="America/New_York"), "2013-04-01T04:00", 0, "2013-03"),
        (lambda: QUARTERS, "2013-04-15T00:00", 0, ""),
        (lambda: None, "2013-04-15T00:00", 0, ""),
    ],
)
def test_the_partition_that_ended_last_is_told_from_the_clock(
    project: ModuleType,
    make: Callable[[], dg.PartitionsDefinition[str] | None],
    now: str,
    days: float,
    ended: str,
) -> None:
    features = features_asset(
        project.make_features, name="some_features", keep=["late"], partitions_def=make()
    )
    instant = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert features.ended_partition(instant, days=days) == ended
