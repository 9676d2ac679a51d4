"""What is observed of deployed versions is on record once, with its results, on each database."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry_assets.catalog.descent import descend, manifest_named, snapshots_named
from registry_assets.catalog.ledger import Change, change
from registry_assets.catalog.log import Wanted, read_log
from registry_assets.catalog.observations import (
    OBSERVATION_RECORDED,
    CheckFinding,
    Recorded,
    VersionObserved,
    list_observations,
    list_results,
    newest_observations,
    newest_result,
    observations_of,
    record_check,
    record_observation,
)
from registry_assets.errors import BlobMissing, CatalogError
from registry_assets.manifest import Parent
from registry_assets.references import SnapshotName
from registry_assets_tests.catalog.history import MODEL, PERSON, History
from registry_assets_tests.catalog.watched import POINTER, Watch


@pytest.fixture
def watch(history: History) -> Watch:
    """A model with two versions, the first of them in production."""
    history.promote(history.version(1))
    history.version(2)
    return Watch(history)


def kinds(watch: Watch) -> list[str]:
    """The kinds of the model's events."""
    return [event.kind for event in watch.history.registry.log(MODEL)]


def test_an_observation_is_one_event_with_its_results(watch: Watch) -> None:
    before = kinds(watch)
    found = watch.observe("drift", "2013-05", rows=1234)
    (row,), (result,) = found.observations, found.results
    assert (row.version, row.version_digest) == (1, watch.digest_of(1))
    assert (row.pointer, row.generation, row.rows, row.summary) == (POINTER, 1, 1234, {"n": 1})
    assert (row.name, row.reference) == ("drift of late[2013-05]", "late:1")
    assert (result.observation_id, result.finding.value) == (row.id, 0.2)
    assert kinds(watch) == [*before, OBSERVATION_RECORDED]
    event = watch.history.registry.log(MODEL)[-1]
    assert event.sentence == (
        "drift of 2013-05 recorded: version 1 (1,234 rows); every check passed"
    )
    assert event.facts["observation"] == row.digest
    with watch.history.catalog.read() as connection:
        assert observations_of(connection, row.digest) == (row,)
        assert list_results(connection, row.id) == (result,)
    assert watch.history.registry.verify().clean


def test_what_is_on_record_is_not_recorded_again(watch: Watch) -> None:
    first = watch.observe("drift", "2013-05", versions=(1, 2))
    before = kinds(watch)
    again = watch.observe("drift", "2013-05", versions=(1, 2))
    assert again == Recorded(first.observations, first.results, again=True)
    assert kinds(watch) == before


@pytest.mark.parametrize("other", [{"content": 1}, {"value": 0.4}, {"partition": "2013-06"}])
def test_whatever_differs_is_recorded_anew(watch: Watch, other: dict[str, object]) -> None:
    watch.observe("drift", "2013-05")
    asked = {"kind": "drift", "partition": "2013-05", **other}
    assert not watch.observe(**asked).again  # type: ignore[arg-type]
    with watch.history.catalog.read() as connection:
        assert len(list_observations(connection, MODEL)) == 2


def test_what_came_back_after_something_else_holds_again(watch: Watch) -> None:
    digests = [
        watch.observe("drift", "2013-05", content=content).observations[0].digest
        for content in (1, 2, 1)
    ]
    assert digests[0] == digests[2] != digests[1]
    with watch.history.catalog.read() as connection:
        (newest,) = newest_observations(connection, MODEL, "drift", partition="2013-05")
        every = list_observations(connection, MODEL)
    assert [row.digest for row in every] == digests
    assert newest == every[-1]


def test_of_each_partition_the_newest_manifest_is_given_with_every_version_in_it(
    watch: Watch,
) -> None:
    watch.observe("predictions", "2013-05", versions=(1,))
    watch.observe("predictions", "2013-05", versions=(1, 2), content=1)
    watch.observe("predictions", "2013-06", versions=(2,))
    watch.observe("drift", "2013-06", versions=(1,))
    with watch.history.catalog.read() as connection:
        newest = newest_observations(connection, MODEL, "predictions")
        of_first = newest_observations(connection, MODEL, "predictions", version=1)
        limited = list_observations(connection, MODEL, kind="predictions", version=2, limit=1)
    assert [(row.partition, row.version) for row in newest] == [
        ("2013-05", 1),
        ("2013-05", 2),
        ("2013-06", 2),
    ]
    assert [(row.partition, row.digest) for row in of_first] == [("2013-05", newest[0].digest)]
    assert limited == (newest[-1],)


def test_the_story_of_a_version_has_the_observations_in_which_it_occurs(watch: Watch) -> None:
    watch.observe("drift", "2013-05", versions=(1, 2))
    watch.observe("drift", "2013-06", versions=(1,))
    with watch.history.catalog.read() as connection:
        page = read_log(connection, MODEL, Wanted(version=2, kind=OBSERVATION_RECORDED), last=9)
    assert [event.facts["partition"] for event in page.events] == ["2013-05"]


def recording(watch: Watch, draft: Change, *observed: VersionObserved) -> Recorded:
    """Record a manifest that is there about these versions."""
    manifest = watch.manifest("drift", "2013-05", content=9)
    return record_observation(
        draft,
        model=MODEL,
        kind="drift",
        partition="2013-05",
        digest=manifest.digest,
        pointer=POINTER,
        generation=1,
        observed=observed,
        parents=manifest.parents,
        run_id="run-1",
    )


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["value", "low", "high", "threshold"])
def test_a_number_that_is_not_finite_is_refused_with_all_that_came_along(
    watch: Watch, name: str, number: float
) -> None:
    before = kinds(watch)
    finding = CheckFinding("feature_drift", "failed", "so", **{name: number})  # type: ignore[arg-type]
    with (
        pytest.raises(CatalogError, match=f"the {name} of feature_drift is"),
        observing(watch) as draft,
    ):
        recording(watch, draft, VersionObserved(1, watch.digest_of(1), 5, findings=(finding,)))
    assert kinds(watch) == before


def observing(watch: Watch) -> AbstractContextManager[Change]:
    """Begin the change of an observation."""
    history = watch.history
    return change(
        history.catalog, chain=MODEL, kind=OBSERVATION_RECORDED, actor="ann", clock=history.clock
    )


def test_an_observation_names_versions_each_once(watch: Watch) -> None:
    one = VersionObserved(1, watch.digest_of(1), 5)
    for observed in ((), (one, one)):
        with (
            pytest.raises(CatalogError, match="each of its versions once, and one at least"),
            observing(watch) as draft,
        ):
            recording(watch, draft, *observed)


def test_a_version_that_is_not_there_is_not_observed(watch: Watch) -> None:
    before = kinds(watch)
    with pytest.raises(CatalogError, match="refused"), observing(watch) as draft:
        recording(watch, draft, VersionObserved(7, watch.digest_of(1), 5))
    assert kinds(watch) == before


def test_bytes_that_are_gone_are_not_recorded(watch: Watch) -> None:
    def confirm(_connection: sa.Connection) -> None:
        raise BlobMissing("it was collected", digest="sha256:…")

    manifest = watch.manifest("drift", "2013-05")
    with pytest.raises(BlobMissing), observing(watch) as draft:
        record_observation(
            draft,
            model=MODEL,
            kind="drift",
            partition="2013-05",
            digest=manifest.digest,
            pointer=POINTER,
            generation=1,
            observed=[VersionObserved(1, watch.digest_of(1), 5)],
            parents=manifest.parents,
            confirm=confirm,
            run_id="run-1",
        )
    with watch.history.catalog.read() as connection:
        assert list_observations(connection, MODEL) == ()


def test_a_check_without_an_observation_is_on_record_by_itself(watch: Watch) -> None:
    missed, came = watch.check_freshness(), watch.check_freshness("passed", partition="2013-06")
    assert (missed.observation_id, missed.finding.outcome) == (None, "failed")
    with watch.history.catalog.read() as connection:
        assert newest_result(connection, MODEL, "freshness", 1) == came
        assert newest_result(connection, MODEL, "freshness", 2) is None
    event = watch.history.registry.log(MODEL)[-1]
    assert (event.kind, event.facts["version"]) == ("check_recorded", 1)
    assert event.sentence == "freshness of version 1: passed; it is late"
    assert watch.history.registry.verify().clean


def test_a_check_with_a_number_that_is_not_finite_is_refused(watch: Watch) -> None:
    finding = CheckFinding("freshness", "failed", "late", value=float("nan"))
    with pytest.raises(CatalogError, match="not"), observing(watch) as draft:
        record_check(
            draft,
            model=MODEL,
            partition="",
            version=1,
            version_digest=watch.digest_of(1),
            finding=finding,
        )


def test_what_was_observed_on_a_partition_is_found_below_it_and_below_the_version(
    watch: Watch,
) -> None:
    month = watch.history.snapshot("2013-05")
    made = watch.observe("predictions", "2013-05", parents=[Parent("rows", month.digest)])
    predictions = made.observations[0].digest
    drift = watch.observe("drift", "2013-05", parents=[Parent("predictions", predictions)])
    below = watch.observe("performance", "2013-05", versions=(1, 2), content=3)
    with watch.history.catalog.read() as connection:
        of_month = descend(connection, snapshots_named(SnapshotName("flights", "2013-05")))
        of_second = descend(connection, manifest_named(watch.digest_of(2)))
        of_itself = descend(connection, manifest_named(predictions))
    found = {each.digest for each in of_month.observations}
    assert found == {predictions, drift.observations[0].digest}
    (both,) = of_second.observations
    assert (both.versions, both.digest) == ((1, 2), below.observations[0].digest)
    assert both.name == "performance of late[2013-05]"
    assert {each.digest for each in of_itself.observations} == found
    registry = watch.history.registry
    assert registry.descendants("flights[2013-05]").totals["observations"] == 2
    assert registry.ancestors(predictions).of[0].name == "predictions of late[2013-05]"


def test_a_recall_of_the_data_tells_what_was_observed_on_it(watch: Watch) -> None:
    month = watch.history.snapshot("2013-05")
    watch.observe("predictions", "2013-05", parents=[Parent("rows", month.digest)])
    recalled = watch.history.registry.recall("flights[2013-05]", reason="twice", run=PERSON)
    assert [each.kind for each in recalled.reach.built.observations] == ["predictions"]


def test_a_manifest_that_is_gone_or_of_another_partition_is_found(
    watch: Watch, tmp_path: Path
) -> None:
    registry = watch.history.registry
    row = watch.observe("drift", "2013-05").observations[0]
    objects = Path(registry.home.folder) / ".registry" / "store" / "objects" / "sha256"
    digits = row.digest.removeprefix("sha256:")
    file = objects / digits[:2] / digits[2:]
    file.rename(tmp_path / "aside")
    found = {(each.code, each.subject) for each in registry.verify().problems}
    assert found == {("blob_missing", row.digest)}
    (tmp_path / "aside").rename(file)
    assert registry.verify().clean
    with watch.history.catalog.write() as connection:
        connection.exec_driver_sql("UPDATE observations SET \"partition\" = '2013-06'")
    codes = {each.code for each in registry.verify().problems}
    assert codes == {"row_changed", "manifest_of_another"}
