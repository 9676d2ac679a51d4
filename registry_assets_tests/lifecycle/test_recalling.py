"""Data that was wrong: what was made from it is held and listed, until the recall is lifted."""

from collections.abc import Sequence

import pandas as pd
import pytest

from registry_assets.catalog.ledger import REGISTRY
from registry_assets.catalog.snapshots import SnapshotRecord, record_snapshot
from registry_assets.errors import (
    Conflict,
    DataUnusable,
    DeclarationError,
    InvalidReference,
    NotFound,
    PromotionHeld,
    RecallRefused,
    RegistryError,
    RollbackRefused,
)
from registry_assets.governance.decide import Held
from registry_assets.lifecycle.reserving import Request, compose_recipe
from registry_assets.references import SnapshotName
from registry_assets_tests.catalog.history import History
from registry_assets_tests.lifecycle.changes import history, refused, rewrite, unchanged
from registry_assets_tests.lifecycle.monitoring.post import Post
from registry_assets_tests.worlds import PERSON, SENSOR, World, flights

MARCH, APRIL = "flights[2013-03]", "flights[2013-04]"
WHY = "a day came twice"


def held(world: World, number: int) -> list[str]:
    """The codes of what holds a version."""
    decision = world.registry.decision("flight_delay", number)
    assert decision is not None
    answer = decision.answer
    return [reason.code for reason in answer.reasons] if isinstance(answer, Held) else []


def arrives_again(world: World, partition: str) -> tuple[SnapshotRecord, SnapshotRecord]:
    """Let other rows of a month arrive; give what was held before, and what is held now."""
    registry = world.registry
    (before,) = (s for s in registry.snapshots("flights") if s.partition == partition)
    rows: pd.DataFrame = flights(seed=99)
    after = registry.store_snapshot(rows, asset="flights", partition=partition, run=SENSOR)
    return before, after


def in_force(world: World) -> list[tuple[str, str]]:
    """Which data is recalled: its name and digest."""
    return [(recall.name, recall.digest) for recall in world.registry.recalls(in_force=True)]


def test_what_was_made_from_wrong_data_is_listed_and_held(succeeded: World) -> None:
    registry = succeeded.registry
    assert held(succeeded, 2) == []
    done = registry.recall(MARCH, reason=WHY, run=PERSON)
    assert done.changed
    reach, built = done.reach, done.reach.built
    assert (reach.name, reach.others, reach.marked) == (MARCH, 0, reach.digests)
    assert [str(each.ref) for each in built.snapshots] == ["flight_features[2013-03]"]
    assert [(v.reference, v.stage) for v in built.versions] == [("flight_delay:2", "staging")]
    assert {each.reference for each in built.evaluations} == {"flight_delay:1", "flight_delay:2"}
    # Version 1 was only judged by that month: no version was trained on it but 2.
    assert reach.judged == ("flight_delay:1",)
    assert held(succeeded, 2) == ["recalled"]
    with pytest.raises(PromotionHeld, match=f"2013-03. was recalled by alice on .*: {WHY}"):
        registry.promote("flight_delay", 2, run=SENSOR)
    (event,) = registry.log(REGISTRY)[-1:]
    assert (event.kind, event.body["actor"], event.body["reason"]) == (
        "data_recalled", "alice", WHY
    )  # fmt: skip
    assert event.facts == {"asset": "flights", "partition": "2013-03", "digests": [*reach.digests]}
    assert registry.verify().clean


def test_alerts_about_what_was_made_from_wrong_data_are_listed(succeeded: World) -> None:
    post = Post(History(succeeded.registry, succeeded.clock))
    post.find(model="flight_delay", version=1)
    post.find(model="flight_delay", version=2)
    post.find("data_quality", model="flight_delay", version=2)
    post.find("data_quality", "passed", model="flight_delay", version=2)
    # Version 1 is judged by March, version 2 is trained on it.
    done = succeeded.registry.recall(MARCH, reason=WHY, run=PERSON)
    assert {(each.number, each.version) for each in done.reach.alerts} == {(1, 1), (2, 2)}
    # Of April neither was made, and only version 2 is judged by it.
    reach = succeeded.registry.plan_recall(APRIL)
    assert [each.number for each in reach.alerts] == [2]


def test_repeating_it_changes_nothing_and_gives_the_same_answer(succeeded: World) -> None:
    registry = succeeded.registry
    first = registry.recall(MARCH, reason=WHY, run=PERSON)
    with unchanged(succeeded):
        again = registry.recall(MARCH, reason="another reason", run=SENSOR)
    assert (again.changed, again.reach.marked) == (False, ())
    assert again.recalls == first.recalls
    assert again.proposals == first.proposals
    assert again.reach.built.totals == first.reach.built.totals


def test_a_pointer_on_wrong_data_is_proposed_to_go_back_until_it_has(succeeded: World) -> None:
    registry = succeeded.registry
    registry.promote("flight_delay", 2, run=SENSOR)
    assert registry.rollback_proposals() == ()
    (proposal,) = registry.recall(APRIL, reason=WHY, run=PERSON).proposals
    assert (proposal.reference, proposal.version, proposal.to, proposal.why_not) == (
        "flight_delay@production", 2, 1, ""
    )  # fmt: skip
    (said,) = proposal.recalled
    assert said == (
        "flight_delay:2 was made from data that is wrong: flights[2013-04] was recalled by alice"
        f" on 2013-04-01: {WHY}"
    )
    assert registry.rollback_proposals("flight_delay") == (proposal,)
    # Nothing went back by itself, and nothing is written of a proposal.
    assert registry.pointer("flight_delay").version == 2
    registry.rollback("flight_delay", to=proposal.to, reason="its data was wrong", run=PERSON)
    assert registry.rollback_proposals() == ()


def test_where_nothing_is_left_to_go_back_to_the_proposal_says_why(succeeded: World) -> None:
    registry = succeeded.registry
    registry.promote("flight_delay", 2, run=SENSOR)
    (proposal,) = registry.recall("planes", reason=WHY, run=PERSON).proposals
    assert proposal.to is None
    assert "held no version before 2 that it could go back to" in proposal.why_not
    assert "flight_delay:1 was made from data that is wrong: planes was recalled" in (
        proposal.why_not
    )
    with refused(RollbackRefused, "planes was recalled"):
        registry.rollback("flight_delay", to=1, reason="its data was wrong", run=PERSON)
    registry.lift_recall("planes", reason="the seats were right", run=PERSON)
    assert registry.rollback_proposals() == ()
    with pytest.raises(NotFound):
        registry.rollback_proposals("no_such_model")


def test_what_a_partition_holds_now_is_recalled_and_not_what_it_held(succeeded: World) -> None:
    registry = succeeded.registry
    before, after = arrives_again(succeeded, "2013-03")
    done = registry.recall(MARCH, reason=WHY, run=PERSON)
    assert (done.reach.digests, done.reach.others) == ((after.digest,), 1)
    assert (done.reach.built.versions, held(succeeded, 2)) == ((), [])
    everything = registry.recall(MARCH, whole_history=True, reason="all of it", run=PERSON)
    assert everything.reach.digests == (after.digest, before.digest)
    assert (everything.reach.marked, everything.reach.others) == ((before.digest,), 0)
    assert held(succeeded, 2) == ["recalled"]
    reasons = {recall.digest: recall.reason for recall in registry.recalls()}
    assert reasons == {after.digest: WHY, before.digest: "all of it"}


def test_an_earlier_snapshot_is_recalled_by_its_digest(succeeded: World) -> None:
    registry = succeeded.registry
    before, after = arrives_again(succeeded, "2013-03")
    done = registry.recall(before.digest, reason=WHY, run=PERSON)
    assert (done.reach.name, done.reach.digests, done.reach.others) == (MARCH, (before.digest,), 1)
    assert in_force(succeeded) == [(MARCH, before.digest)]
    assert held(succeeded, 2) == ["recalled"]
    with refused(NotFound, "no snapshot has the digest"):
        registry.recall(str(registry.resolve("flight_delay:1").digest), reason=WHY, run=PERSON)
    # The partition is lifted as a whole, whichever of its snapshots it was.
    lifted = registry.lift_recall(MARCH, reason="it was right", run=PERSON)
    assert [recall.digest for recall in lifted.recalls] == [before.digest]
    assert after.digest not in {recall.digest for recall in registry.recalls()}


def test_what_arrived_since_it_was_looked_at_is_not_recalled(succeeded: World) -> None:
    registry = succeeded.registry
    seen = registry.plan_recall(MARCH)
    assert seen.marked == seen.digests
    arrives_again(succeeded, "2013-03")
    with unchanged(succeeded), refused(Conflict, "flights[2013-03] is sha256:"):
        registry.recall(MARCH, looked_at=seen.digests, reason=WHY, run=PERSON)
    with unchanged(succeeded):
        registry.plan_recall(MARCH, whole_history=True)


def test_lifting_it_frees_what_was_held(succeeded: World) -> None:
    registry = succeeded.registry
    registry.recall(MARCH, reason=WHY, run=PERSON)
    done = registry.lift_recall(MARCH, reason="the report was wrong", run=SENSOR)
    assert (done.name, done.changed) == (MARCH, True)
    assert (held(succeeded, 2), in_force(succeeded)) == ([], [])
    (event,) = registry.log(REGISTRY)[-1:]
    assert (event.kind, event.facts["digests"]) == (
        "recall_lifted", [recall.digest for recall in done.recalls]
    )  # fmt: skip
    with unchanged(succeeded):
        again = registry.lift_recall(MARCH, reason="again", run=PERSON)
    assert not again.changed
    assert "its recall was lifted by dagster/flight_delay__promotion" in again.recalls[0].sentence
    registry.promote("flight_delay", 2, run=SENSOR)
    assert registry.recall(MARCH, reason="wrong after all", run=PERSON).changed
    assert "recalled" in held(succeeded, 2)
    assert registry.verify().clean


def test_it_is_found_by_digest_under_whatever_name(succeeded: World) -> None:
    registry, backends = succeeded.registry, succeeded.registry.backends
    (march,) = (s for s in registry.snapshots("flights") if s.partition == "2013-03")
    record_snapshot(
        backends.catalog,
        asset="copies",
        partition="march",
        digest=march.digest,
        kind="dataset",
        rows=march.rows,
        size=march.size,
        run_id="by hand",
        actor="alice",
        clock=backends.clock,
    )
    done = registry.recall("copies[march]", reason=WHY, run=PERSON)
    assert {str(each.ref) for each in done.reach.built.origins} == {MARCH, "copies[march]"}
    assert held(succeeded, 2) == ["recalled"]
    registry.recall(MARCH, reason=WHY, run=PERSON)
    registry.lift_recall("copies[march]", reason="that name was right", run=PERSON)
    assert (in_force(succeeded), held(succeeded, 2)) == ([(MARCH, march.digest)], ["recalled"])


@pytest.mark.parametrize(
    ("name", "reason", "error", "words"),
    [
        ("flight", WHY, NotFound, ("no asset is called 'flight'", "did you mean flights?")),
        ("flights[2013-13]", WHY, NotFound, ("no partition '2013-13'", "2013-01 to 2013-04")),
        ("flights", WHY, InvalidReference, ("flights has 4 partitions", "flights[2013-04]")),
        ("flights[", WHY, InvalidReference, ("lacks its last ]",)),
        (MARCH, " ", DeclarationError, ("a reason", "nothing was changed")),
    ],
)
def test_what_cannot_be_meant_is_refused_and_changes_nothing(
    succeeded: World, name: str, reason: str, error: type[RegistryError], words: Sequence[str]
) -> None:
    registry = succeeded.registry
    registry.recall(MARCH, reason=WHY, run=PERSON)
    before = history(registry)
    for act in (registry.recall, registry.lift_recall):
        with refused(error, *words):
            act(name, reason=reason, run=PERSON)
    assert history(registry) == before


def test_what_was_never_recalled_cannot_be_lifted(succeeded: World) -> None:
    with unchanged(succeeded), refused(RecallRefused, "flights[2013-03] was never recalled"):
        succeeded.registry.lift_recall(MARCH, reason=WHY, run=PERSON)


@pytest.mark.parametrize("trigger", ["manual", "schedule", "sensor"])
def test_nothing_new_is_asked_for_on_recalled_data(arrived: World, trigger: str) -> None:
    registry = arrived.registry
    registry.recall("flights[2013-02]", reason=WHY, run=PERSON)
    with (
        unchanged(arrived),
        refused(
            DataUnusable,
            f"flights[2013-02] was recalled by alice on 2013-04-01: {WHY}",
            "(made from it: flight_features[2013-02])",
            "materialize flights[2013-02] again",
            "`registry recall flights 2013-02 --lift --reason …`",
        ),
    ):
        registry.reserve(arrived.model(), Request("april", trigger), run=PERSON)
    backends, model = registry.backends, arrived.model()
    spared = compose_recipe(backends, model, partitions=["2013-01", "2013-03"])
    assert [ref.partition for ref in (*spared.train, *spared.holdout)] == ["2013-01", "2013-03"]
    registry.lift_recall("flights[2013-02]", reason="it was right", run=PERSON)
    assert registry.reserve(model, Request("april", trigger), run=PERSON).outcome == "reserved"


def test_data_that_came_again_can_be_trained_on(arrived: World) -> None:
    registry = arrived.registry
    registry.recall("flight_features[2013-02]", reason=WHY, run=PERSON)
    with refused(DataUnusable, "flight_features[2013-02] was recalled"):
        arrived.reserve(request="april")
    rewrite(arrived, "2013-02", lambda frame: frame.head(300))
    assert arrived.reserve(request="april") == 1


def test_what_was_asked_for_before_is_held_once_it_is_trained(arrived: World) -> None:
    registry = arrived.registry
    number = arrived.reserve(request="april")
    assert registry.recall("planes", reason=WHY, run=PERSON).proposals == ()
    decision = registry.decision("flight_delay", number)
    assert decision is not None
    assert [said.rpartition(": ")[2] for said in decision.standing.recalled] == [WHY]


def test_of_much_that_was_built_some_is_listed_and_all_is_counted(succeeded: World) -> None:
    reach = succeeded.registry.plan_recall(SnapshotName("planes"), limit=1)
    assert (len(reach.built.snapshots), reach.built.totals["snapshots"]) == (1, 4)
    assert (len(reach.built.versions), reach.built.totals["versions"]) == (1, 2)
    assert reach.judged == ()
