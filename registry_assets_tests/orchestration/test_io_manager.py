"""Tables that assets return become snapshots: content, lineage, refusals, and backfills."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from registry_assets import features_asset, registry_definitions
from registry_assets.orchestration import data_check
from registry_assets.orchestration.features import FeaturesAsset
from registry_assets.orchestration.local import RunOutcome
from registry_assets_tests.orchestration.seats import (
    half_of,
    needing_more,
    seats_of,
    with_the_target,
)
from registry_assets_tests.orchestration.stage import Stage, copy_home, make_home, open_stage

MONTHS = dg.MonthlyPartitionsDefinition(start_date="2013-01", end_date="2013-04", fmt="%Y-%m")
ROWS, TABLE = dg.AssetKey("rows"), dg.AssetKey("table")
FEATURES = dg.AssetKey("features")

Make = Callable[[], Any]
Produce = Callable[..., "Producing"]


class Producing:
    """A stage whose assets return what a test says."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.registry = stage.registry

    def make(self, *keys: dg.AssetKey, partition: str | None = None) -> RunOutcome:
        """Materialize assets."""
        return self.stage.daemon.materialize(list(keys), partition_key=partition)

    def newest(self, key: dg.AssetKey) -> dg.AssetMaterialization:
        """The newest materialization of an asset."""
        (record,) = self.stage.instance.fetch_materializations(key, limit=1).records
        assert record.asset_materialization is not None
        return record.asset_materialization


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("empty") / "home")


@pytest.fixture
def produce(empty_home: Path, tmp_path: Path) -> Iterator[Produce]:
    """Open a registry in which these assets are declared."""
    opened = []

    def open_with(
        *assets: dg.AssetsDefinition | FeaturesAsset, checks: tuple[Any, ...] = ()
    ) -> Producing:
        if not (tmp_path / "home").exists():
            copy_home(empty_home, tmp_path / "home")
        definitions = registry_definitions(
            models=[], assets=assets, asset_checks=checks, executor=dg.in_process_executor
        )
        context = open_stage(tmp_path / "home", definitions)
        opened.append(context)
        return Producing(context.__enter__())

    yield open_with
    for context in reversed(opened):
        context.__exit__(None, None, None)


def returning(make: Make, name: str = "rows") -> dg.AssetsDefinition:
    """A dataset asset of what a function gives."""

    @dg.asset(name=name, io_manager_key="snapshots")
    def made() -> Any:
        return make()

    return made


def frame() -> pd.DataFrame:
    return pd.DataFrame({"tailnum": ["N1", "N2"], "seats": [55.0, 140.0]})


@pytest.mark.parametrize(
    "make", [frame, lambda: pa.table({"tailnum": ["N1", "N2"], "seats": [1.0, 2.0]})]
)
def test_a_table_becomes_a_snapshot_that_says_what_it_is(make: Make, produce: Produce) -> None:
    producing = produce(returning(make))
    outcome = producing.make(ROWS)
    assert outcome.success, outcome.failures

    (snapshot,) = producing.registry.snapshots("rows")
    event = producing.newest(ROWS)
    told = event.metadata
    assert (event.tags or {})["dagster/data_version"] == snapshot.digest
    assert told["digest"].value == snapshot.digest
    assert told["dagster/row_count"].value == 2
    assert told["size (bytes)"].value == snapshot.size > 0
    schema = told["dagster/column_schema"].value
    assert isinstance(schema, dg.TableSchema)
    assert [(c.name, c.type) for c in schema.columns] == [
        (str(c["name"]), str(c["type"]))  # type: ignore[index,call-overload]
        for c in producing.registry.manifest(snapshot.digest).facts["columns"]  # type: ignore[union-attr]
    ]
    assert [column.name for column in schema.columns] == ["tailnum", "seats"]
    expected = make() if isinstance(make(), pd.DataFrame) else make().to_pandas()
    pd.testing.assert_frame_equal(
        producing.registry.read_frame(snapshot.digest), expected, check_dtype=False
    )


def test_equal_content_gives_an_equal_digest_and_one_snapshot(produce: Produce) -> None:
    def in_other_chunks() -> pa.Table:
        whole = pa.Table.from_pandas(frame(), preserve_index=False)
        return pa.concat_tables([whole.slice(0, 1), whole.slice(1)])

    first = produce(returning(lambda: pa.Table.from_pandas(frame(), preserve_index=False)))
    first.make(ROWS)
    second = produce(returning(in_other_chunks))
    second.make(ROWS)

    versions = [version for _, version in second.stage.made(ROWS)]
    assert len(versions) == 2
    assert len(set(versions)) == 1
    third = produce(returning(lambda: frame().assign(seats=0.0)))
    third.make(ROWS)
    assert third.stage.made(ROWS)[-1][1] != versions[0]


def test_a_snapshot_names_the_snapshots_it_was_made_from(produce: Produce) -> None:
    @dg.asset(io_manager_key="snapshots")
    def joined(rows: pd.DataFrame, table: pa.Table) -> pd.DataFrame:
        assert isinstance(table, pa.Table)
        return rows.merge(table.to_pandas(), on="tailnum")

    producing = produce(returning(frame), returning(frame, "table"), joined)
    outcome = producing.make(ROWS, TABLE, joined.key)
    assert outcome.success, outcome.failures

    (made,) = producing.registry.snapshots("joined")
    parents = {p.role: p.digest for p in producing.registry.manifest(made.digest).parents}
    assert parents == {
        "input:rows": producing.registry.snapshots("rows")[0].digest,
        "input:table": producing.registry.snapshots("table")[0].digest,
    }
    told = str(producing.newest(joined.key).metadata["made from"].value)
    assert all(digest in told for digest in parents.values())


def test_a_step_that_is_tried_again_names_each_parent_once(produce: Produce) -> None:
    tries = []

    @dg.asset(io_manager_key="snapshots", retry_policy=dg.RetryPolicy(max_retries=1))
    def copied(rows: pd.DataFrame) -> pd.DataFrame:
        tries.append(len(rows))
        if len(tries) == 1:
            raise ConnectionError("the first try fails")
        return rows

    producing = produce(returning(frame), copied)
    assert producing.make(ROWS, copied.key).success
    assert tries == [2, 2]
    (made,) = producing.registry.snapshots("copied")
    (parent,) = producing.registry.manifest(made.digest).parents
    assert parent.digest == producing.registry.snapshots("rows")[0].digest


def test_all_partitions_load_in_order_and_are_all_parents(produce: Produce) -> None:
    @dg.asset(partitions_def=MONTHS, io_manager_key="snapshots")
    def monthly(context: dg.AssetExecutionContext) -> pd.DataFrame:
        return pd.DataFrame({"month": [context.partition_key]})

    @dg.asset(io_manager_key="snapshots")
    def year(monthly: pd.DataFrame) -> pd.DataFrame:
        return monthly

    producing = produce(monthly, year)
    for month in ("2013-03", "2013-01"):
        producing.make(monthly.key, partition=month)
    refused = producing.make(year.key)
    (failure,) = refused.failures
    what, todo = failure.split("\n")
    assert what == "monthly[2013-02] has no snapshot in the registry"
    assert todo == "Hint: materialize monthly[2013-02] first"
    producing.make(monthly.key, partition="2013-02")
    assert producing.make(year.key).success
    (made,) = producing.registry.snapshots("year")
    assert list(producing.registry.read_frame(made.digest)["month"]) == [
        "2013-01",
        "2013-02",
        "2013-03",
    ]
    assert [p.digest for p in producing.registry.manifest(made.digest).parents] == [
        snapshot.digest for snapshot in producing.registry.snapshots("monthly")
    ]


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: pd.DataFrame([[1, 2]], columns=["seats", "seats"]), ["seats"]),
        (lambda: pd.DataFrame({7: [1]}), ["7"]),
        (lambda: pd.DataFrame({"a": [1]}, index=["key"]), ["index"]),
        (lambda: pd.DataFrame({"mixed": [1, "two"], "odd": [1j, 2j]}), ["mixed", "odd"]),
        (lambda: {"a": 1}, ["dict"]),
        (lambda: None, ["None"]),
    ],
)
def test_what_would_come_back_different_is_refused_by_name(
    make: Make, named: list[str], produce: Produce
) -> None:
    producing = produce(returning(make))
    outcome = producing.make(ROWS)

    assert not outcome.success
    (failure,) = outcome.failures
    assert all(name in failure for name in named)
    assert producing.registry.snapshots("rows") == ()
    assert producing.stage.made(ROWS) == []


def test_an_input_that_was_never_made_is_named_with_what_to_do(produce: Produce) -> None:
    @dg.asset(io_manager_key="snapshots")
    def copied(rows: pd.DataFrame) -> pd.DataFrame:
        return rows

    outcome = produce(returning(frame), copied).make(copied.key)
    assert outcome.failures == (
        "rows has no snapshot in the registry\nHint: materialize rows first",
    )


@pytest.mark.parametrize(
    ("make", "make_features", "message"),
    [
        (lambda: frame().iloc[:0], seats_of, "features is not stored: there are no rows"),
        (
            lambda: frame().assign(seats=np.nan),
            seats_of,
            "features is not stored: seats is missing in every row",
        ),
        (
            lambda: frame().drop(columns="seats"),
            seats_of,
            "make_features needs the column 'seats', which is not there: rows has tailnum",
        ),
        (
            frame,
            needing_more,
            "needs the columns 'wings', 'engines', which are not there: rows has tailnum, seats",
        ),
        (
            lambda: frame().drop(columns="tailnum"),
            seats_of,
            "rows has no column tailnum to keep; it has seats",
        ),
        (frame, half_of, "make_features gave 1 rows for 2 of rows"),
        (frame, with_the_target, "make_features gives tailnum, which is also kept beside"),
    ],
)
def test_data_without_rows_or_columns_fails_clearly_and_stores_no_features(
    make: Make, make_features: Callable[..., pd.DataFrame], message: str, produce: Produce
) -> None:
    producing = produce(
        returning(make), features_asset(make_features, name="features", keep=["tailnum"])
    )
    outcome = producing.make(ROWS, FEATURES)

    assert not outcome.success
    (failure,) = outcome.failures
    assert message in failure
    assert "\nHint: " in failure
    assert producing.registry.snapshots("features") == ()


def test_features_that_are_refused_leave_the_good_ones_current(produce: Produce) -> None:
    features = features_asset(seats_of, name="features", keep=["tailnum"])
    good = produce(returning(frame), features)
    assert good.make(ROWS, FEATURES).success
    (before,) = good.registry.snapshots("features")
    assert before.kind == "features"

    bad = produce(returning(lambda: frame().assign(seats=np.nan)), features)
    assert not bad.make(ROWS, FEATURES).success
    assert bad.registry.snapshots("features") == (before,)


def test_a_failed_check_of_the_data_stops_what_is_downstream(produce: Produce) -> None:
    def problems(table: pd.DataFrame) -> list[str]:
        """There are more than two rows."""
        return [] if len(table) > 2 else [f"only {len(table)} rows"]

    rows = returning(frame)
    producing = produce(
        rows,
        features_asset(seats_of, name="features", keep=["tailnum"]),
        checks=(data_check(rows, problems),),
    )
    outcome = producing.make(ROWS, FEATURES)

    assert not outcome.success
    assert producing.registry.snapshots("features") == ()
    assert producing.stage.made(FEATURES) == []
    key = dg.AssetCheckKey(ROWS, "usable")
    log = producing.stage.instance.event_log_storage
    (record, *_) = log.get_asset_check_execution_history(key, limit=1)
    assert record.event is not None
    found = record.event.get_dagster_event().asset_check_evaluation_data
    assert (found.passed, found.description) == (False, "only 2 rows")
