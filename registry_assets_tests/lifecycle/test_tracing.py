"""Lineage both ways, on versions that were really made from something."""

import pytest

from registry_assets.errors import InvalidReference, NotFound
from registry_assets.lifecycle.reserving import declare_model
from registry_assets.references import CommitName, ManifestName, SnapshotName
from registry_assets_tests.worlds import SENSOR, World


def version_digest(world: World, reference: str) -> str:
    return str(world.registry.resolve(reference).digest)


def test_a_month_of_raw_rows_leads_to_all_that_stands_on_it(succeeded: World) -> None:
    registry = succeeded.registry
    first = registry.descendants("flights[2013-01]")
    assert [v.reference for v in first.versions] == ["flight_delay:2", "flight_delay:1"]
    assert {e.reference for e in first.evaluations} == {"flight_delay:1", "flight_delay:2"}
    assert [str(s.ref) for s in first.snapshots] == ["flight_features[2013-01]"]
    assert [(h.pointer, h.version, h.until) for h in first.pointers] == [("production", 1, None)]
    # The last month only judges version 2: no version was trained on it.
    last = registry.descendants("flights[2013-04]")
    assert (last.versions, last.pointers) == ((), ())
    assert [e.reference for e in last.evaluations] == ["flight_delay:2"]


def test_up_and_down_agree(succeeded: World) -> None:
    registry = succeeded.registry
    above = registry.ancestors("flight_delay:2")
    assert [node.name for node in above.of] == ["flight_delay:2", "evaluation of flight_delay:2"]
    for digest, node in above.nodes.items():
        if node.kind in ("dataset", "features"):
            below = registry.descendants(ManifestName(digest))
            reached = {v.reference for v in below.versions}
            reached |= {e.reference for e in below.evaluations}
            assert "flight_delay:2" in reached, node.name


def test_an_asset_a_digest_a_commit_and_a_version_can_be_asked_about(succeeded: World) -> None:
    registry = succeeded.registry
    planes = registry.descendants("planes")
    assert planes.totals == {
        "origins": 1, "snapshots": 4, "versions": 2, "evaluations": 2, "observations": 0,
        "pointers": 1,
    }  # fmt: skip
    by_digest = registry.descendants(planes.origins[0].digest)
    assert (by_digest.versions, by_digest.evaluations) == (planes.versions, planes.evaluations)

    commit = registry.version("flight_delay:1").version.metadata["code_commit"]
    of_commit = registry.descendants(CommitName(commit[:7]))
    assert [v.code_commit for v in of_commit.versions] == [commit, commit]
    assert of_commit.totals["pointers"] == 1

    one = registry.descendants("flight_delay:1")
    assert one.versions == ()
    assert [e.version for e in one.evaluations] == [1]
    assert one.pointers == planes.pointers


def test_a_pointer_that_moved_on_stays_in_the_answer(succeeded: World) -> None:
    succeeded.registry.promote("flight_delay", 2, run=SENSOR)
    held = succeeded.registry.descendants("flights[2013-02]").pointers
    assert [(h.version, h.until is None) for h in held] == [(2, True), (1, False)]


def test_a_snapshot_that_was_replaced_is_still_traced(succeeded: World) -> None:
    registry = succeeded.registry
    (before,) = registry.descendants("flights[2013-01]").origins
    frame = registry.read_frame(before.digest).head(10)
    registry.store_snapshot(frame, asset="flights", partition="2013-01", run=SENSOR)
    found = registry.descendants("flights[2013-01]")
    assert [origin.rows for origin in found.origins] == [10, 400]
    assert len(found.versions) == 2
    # Upward it is the one that the partition holds now.
    assert registry.ancestors("flights[2013-01]").of[0].rows == 10


def test_a_limit_cuts_what_is_listed_and_not_what_is_counted(succeeded: World) -> None:
    found = succeeded.registry.descendants("planes", limit=1)
    assert [v.reference for v in found.versions] == ["flight_delay:2"]
    assert (found.totals["versions"], found.more("versions")) == (2, 1)
    assert found.more("snapshots") == 3


def test_up_from_a_snapshot_goes_back_to_the_rows(succeeded: World) -> None:
    above = succeeded.registry.ancestors("flight_features[2013-02]")
    assert [node.name for node in above.of] == ["flight_features[2013-02]"]
    assert {node.name for node in above.nodes.values()} == {
        "flight_features[2013-02]", "flights[2013-02]", "planes"
    }  # fmt: skip


def test_a_name_of_a_model_and_an_asset_must_be_told_apart(trained: World) -> None:
    registry = trained.registry
    declare_model(registry.backends, trained.model("planes"), actor="alice")
    with pytest.raises(InvalidReference, match="both a registered model and an asset") as caught:
        registry.descendants("planes")
    assert "--asset planes" in caught.value.hint
    assert registry.descendants(SnapshotName("planes")).totals["versions"] == 1


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("flight", "no registered model and no asset is called 'flight'"),
        ("raw/flights[2013-01]", "no asset is called 'raw/flights'"),
        ("flights[2012-01]", "no partition '2012-01'"),
        ("planes[x]", "no partition 'x'"),
        (f"sha256:{'0' * 64}", "no snapshot, version, evaluation or observation has the digest"),
        ("flight_delay:9", "no version 9"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(trained: World, subject: str, said: str) -> None:
    with pytest.raises(NotFound, match=said.replace("[", r"\[")) as caught:
        trained.registry.descendants(subject)
    assert caught.value.hint


def test_a_commit_that_nobody_trained_on_is_not_found(trained: World) -> None:
    with pytest.raises(NotFound, match="no version was trained on commit 0000000"):
        trained.registry.descendants(CommitName("0000000"))


def test_upward_one_thing_must_be_named(trained: World) -> None:
    with pytest.raises(InvalidReference, match="several partitions"):
        trained.registry.ancestors("flights")
    with pytest.raises(InvalidReference, match="not one of its versions"):
        trained.registry.ancestors("flight_delay")
