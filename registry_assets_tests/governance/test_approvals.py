"""An approval counts for what its signer looked at, by whoever may, and goes stale by itself."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from registry_assets.canonical import canonical_json
from registry_assets.errors import (
    ApprovalRefused,
    CatalogError,
    EnvelopeInvalid,
    PromotionHeld,
    SignatureInvalid,
    SigningError,
    StatementInvalid,
)
from registry_assets.governance.agreement import count_approvals
from registry_assets.governance.approvals import ApprovalStatement
from registry_assets.governance.decide import Held
from registry_assets.governance.document import Override, PointerRules
from registry_assets_tests.catalog.history import MODEL, History
from registry_assets_tests.governance.people import AT_WORK, Governed, governed, signatory

OTHER = "sha256:" + "7" * 64
_SECOND = {"name": "b", "digest": {"sha256": "0" * 64}}


@pytest.fixture
def world(history: History, tmp_path: Path) -> Governed:
    """Version 1 by ann waits for two of bob and cleo, who are of the role `risk`."""
    made = governed(history, tmp_path / "keys")
    made.activate(made.document())
    history.version(1, authors=["ann@example.com"])
    return made


def reasons(world: Governed, number: int = 1, pointer: str = "production") -> dict[str, str]:
    """What holds a version, by code."""
    decision = world.history.registry.decision(MODEL, number, pointer=pointer)
    assert decision is not None
    answer = decision.answer
    return {r.code: r.sentence for r in answer.reasons} if isinstance(answer, Held) else {}


def refused(world: Governed, envelope: bytes) -> str:
    """What is said of an envelope that does not count; nothing of it is recorded."""
    head = world.history.registry.head(MODEL)
    with pytest.raises(ApprovalRefused) as caught:
        world.history.registry.record_approval(envelope, run=AT_WORK)
    assert world.history.registry.head(MODEL) == head
    return caught.value.message


def test_two_people_of_the_role_let_a_version_through(world: Governed) -> None:
    assert "waits for 2 approvals by persons of role risk" in reasons(world)["approval_missing"]
    first = world.approve(1, "bob")
    assert (first.new, first.approval.person) == (True, "bob")
    assert "1 more approval" in reasons(world)["approval_missing"]
    with pytest.raises(PromotionHeld, match="1 more approval"):
        world.history.promote(1)
    world.approve(1, "cleo")
    assert reasons(world) == {}
    world.history.promote(1)
    events = [event.kind for event in world.history.registry.log(MODEL)]
    assert events[-3:] == ["approval_recorded", "approval_recorded", "pointer_moved"]
    assert world.history.registry.verify().problems == ()


def test_recording_it_again_gives_it_back(world: Governed) -> None:
    envelope = world["bob"].sign(world.statement(1, "bob"))
    registry = world.history.registry
    first = registry.record_approval(envelope, run=AT_WORK)
    head = registry.head(MODEL)
    again = registry.record_approval(envelope, run=AT_WORK)
    assert (again.new, again.approval, registry.head(MODEL)) == (False, first.approval, head)


def test_one_person_counts_once(world: Governed) -> None:
    world.approve(1, "bob")
    world.approve(1, "bob")
    found = reasons(world)
    assert "1 more approval" in found["approval_missing"]
    assert "approval_not_counted" not in found
    decision = world.history.registry.decision(MODEL, 1)
    assert decision is not None
    counted = count_approvals(decision.policy, decision.standing)
    assert [each.why for each in counted] == ["one person counts once", ""]


def test_the_trainer_cannot_approve_even_with_the_role(world: Governed) -> None:
    roles = {"ann": ["risk"], "bob": ["risk"], "dan": ["owner"]}
    world.activate(world.document(roles=roles))
    said = refused(world, world["ann"].sign(world.statement(1, "ann")))
    assert "ann asked for it and wrote a commit of its code as ann@example.com" in said
    assert "nobody approves their own version" in said


def test_whoever_asked_for_the_version_cannot_approve_it(world: Governed) -> None:
    # Every version of this history is asked for by the account `ann`; here it is bob's.
    person = world["eve"].person("risk", accounts=("ann",))
    roles = {"bob": ["risk"], "dan": ["owner"]}
    world.activate(
        world.document(roles=roles, more=(person,), services=("host", "ann@example.com"))
    )
    said = refused(world, world["eve"].sign(world.statement(1, "eve")))
    assert "eve asked for it" in said


def test_an_unknown_author_may_be_anybody_unless_the_policy_says_otherwise(
    world: Governed,
) -> None:
    number = world.history.version(2, unknown=["model.py has changes that are not committed"])
    assert "who trained the version is not known" in refused(
        world, world["bob"].sign(world.statement(number, "bob"))
    )
    assert "not committed" in reasons(world, number)["author_unknown"]
    lenient = PointerRules(approvals=1, roles=("risk",), unknown_author="nobody")
    world.activate(world.document(lenient))
    world.approve(number, "bob")
    assert reasons(world, number) == {}


def test_somebody_without_the_role_cannot_approve(world: Governed) -> None:
    said = refused(world, world["dan"].sign(world.statement(1, "dan")))
    assert "it takes the role risk, and dan has owner" in said


def test_an_outsider_cannot_approve_under_any_name(world: Governed, tmp_path: Path) -> None:
    stranger = signatory(tmp_path / "strange", "bob")
    assert "is of none of the people" in refused(world, stranger.sign(world.statement(1, "bob")))
    said = refused(world, world["bob"].sign(world.statement(1, "cleo")))
    assert "it is signed with the key of bob" in said


def test_an_approval_replayed_for_anything_else_does_not_count(world: Governed) -> None:
    world.history.version(2, authors=["ann@example.com"])
    said = world.statement(1, "bob")
    for change, why in (
        ({"version": 2}, "it was signed for other bytes"),
        ({"digest": OTHER}, "it was signed for other bytes"),
        ({"evaluation": OTHER}, "the version was evaluated again since"),
        ({"policy": OTHER}, "the policy changed since"),
        ({"gates": OTHER}, "the gates changed since"),
        ({"upstream": OTHER}, "made of other data"),
        ({"registry": "0" * 32}, "signed for another registry"),
    ):
        other = replace(said, bound=replace(said.bound, **change))
        assert why in refused(world, world["bob"].sign(other)), change


def test_a_nonce_is_used_once(world: Governed) -> None:
    said = world.statement(1, "bob")
    world.history.registry.record_approval(world["bob"].sign(said), run=AT_WORK)
    again = replace(said, reason="another reason")
    assert "its nonce was used before" in refused(world, world["bob"].sign(again))
    theirs = replace(said, person="cleo")
    assert "its nonce was used before" in refused(world, world["cleo"].sign(theirs))


def test_it_goes_stale_by_itself_when_it_is_evaluated_again(world: Governed) -> None:
    world.approve(1, "bob")
    world.approve(1, "cleo")
    world.history.clock.now += timedelta(minutes=1)
    world.history.evaluate(1)
    found = reasons(world)
    assert "waits for 2 approvals" in found["approval_missing"]
    assert "is stale: the version was evaluated again since" in found["approval_stale"]
    with pytest.raises(PromotionHeld, match="evaluated again since"):
        world.history.promote(1)
    world.approve(1, "bob")
    world.approve(1, "cleo")
    world.history.promote(1)


def test_it_goes_stale_when_the_rules_of_its_pointer_change(world: Governed) -> None:
    world.approve(1, "bob")
    world.approve(1, "cleo")
    # Of another person the rules say nothing.
    world.activate(world.document(more=(world["eve"].person("risk"),)))
    assert reasons(world) == {}
    stricter = PointerRules(approvals=2, roles=("risk",), evaluation_max_age=3600)
    world.activate(world.document(stricter))
    assert "the policy changed since" in reasons(world)["approval_stale"]


def test_it_goes_stale_when_the_gates_change(world: Governed) -> None:
    world.approve(1, "bob")
    world.approve(1, "cleo")
    world.history.declare(gates={"good_enough": False})
    world.history.evaluate(1)
    assert "the gates changed since" in reasons(world)["approval_stale"]


def test_it_expires(world: Governed) -> None:
    world.approve(1, "bob", lasts=timedelta(hours=1))
    world.approve(1, "cleo")
    assert reasons(world) == {}
    world.history.clock.now += timedelta(hours=1)
    assert "it expired on" in reasons(world)["approval_stale"]


def test_it_cannot_be_made_to_last_longer_or_be_dated_ahead(world: Governed) -> None:
    said = world.statement(1, "bob")
    longer = replace(said, expires_at="2020-01-01T00:00:00.000000Z")
    assert "longer than the policy lets it" in refused(world, world["bob"].sign(longer))
    ahead = replace(said, signed_at="2013-04-02T06:00:00.000000Z")
    assert "which is to come" in refused(world, world["bob"].sign(ahead))


@pytest.mark.parametrize("month", ["2013-4-09", "2013-04-9"])
def test_a_time_written_otherwise_cannot_outlast_the_policy(world: Governed, month: str) -> None:
    # As texts are compared, an approval until `2013-4-9` would be over after those of December.
    said = world.statement(1, "bob")
    longer = replace(said, expires_at=f"{month}T06:00:00.000000Z")
    with pytest.raises(StatementInvalid, match="no instant in the form of the catalog"):
        world.history.registry.record_approval(world["bob"].sign(longer), run=AT_WORK)


def test_one_that_is_to_count_for_no_time_counts_for_none(world: Governed) -> None:
    said = world.statement(1, "bob", lasts=timedelta(0))
    assert said.expires_at == said.signed_at
    assert "it expired on" in refused(world, world["bob"].sign(said))


def test_a_revoked_key_signs_nothing_and_what_it_signed_counts_no_more(world: Governed) -> None:
    world.approve(1, "bob")
    world.approve(1, "cleo")
    bob = replace(world["bob"].person("risk"), keys=(), revoked_keys=(world["bob"].line,))
    roles = {"cleo": ["risk"], "dan": ["owner"]}
    world.activate(world.document(roles=roles, more=(bob,)))
    assert "of bob is revoked" in reasons(world)["approval_void"]
    assert "of bob is revoked" in refused(world, world["bob"].sign(world.statement(1, "bob")))


def test_a_signature_for_another_purpose_is_none(world: Governed) -> None:
    envelope = world["bob"].sign(world.statement(1, "bob"), namespace="git")
    with pytest.raises(SignatureInvalid):
        world.history.registry.record_approval(envelope, run=AT_WORK)


def test_hostile_envelopes_are_refused_and_change_nothing(world: Governed) -> None:
    registry, good = world.history.registry, world["bob"].sign(world.statement(1, "bob"))
    head = registry.head(MODEL)
    doubled = good.replace(b'{"payload":', b'{"payload":"eA==","payload":', 1)
    other_type = good.replace(b"application/vnd.in-toto+json", b"application/json")
    for hostile, error in (
        (b"", EnvelopeInvalid),
        (b"x" * 10_000_000, EnvelopeInvalid),
        (b"[" * 100_000, EnvelopeInvalid),
        (doubled, EnvelopeInvalid),
        (other_type, EnvelopeInvalid),
        (good[:-1], EnvelopeInvalid),
        (good + b"x", EnvelopeInvalid),
    ):
        with pytest.raises(error):
            registry.record_approval(hostile, run=AT_WORK)
    for place in range(40, len(good), 97):
        flipped = bytearray(good)
        flipped[place] ^= 1
        with pytest.raises((SigningError, ApprovalRefused)):
            registry.record_approval(bytes(flipped), run=AT_WORK)
    assert registry.head(MODEL) == head


def test_a_statement_says_no_more_and_no_less_than_an_approval(world: Governed) -> None:
    said = world.statement(1, "bob")
    assert ApprovalStatement.from_bytes(said.to_bytes()) == said
    document = json.loads(said.to_bytes())
    for changed in (
        {**document, "predicateType": "https://example.com/other"},
        {**document, "subject": [{**document["subject"][0], "name": "late:2"}]},
        {
            **document,
            "subject": [*document["subject"], _SECOND],
        },
        *(
            {**document, "predicate": {**document["predicate"], **wrong}}
            for wrong in (
                {"extra": 1},
                {"version": True},
                {"version": "1"},
                {"decision": "bless"},
                {"person": "../ann"},
                {"expires_at": "soon"},
                {"nonce": "n"},
                {"evaluation": None},
            )
        ),
    ):
        with pytest.raises(StatementInvalid):
            ApprovalStatement.from_bytes(canonical_json(changed))
    del document["predicate"]["nonce"]
    with pytest.raises(StatementInvalid, match="it has no nonce"):
        ApprovalStatement.from_bytes(canonical_json(document))


def test_an_edited_row_of_an_approval_does_not_count(world: Governed) -> None:
    import sqlalchemy as sa

    from registry_assets.catalog.tables import approvals

    world.approve(1, "bob")
    world.approve(1, "cleo")
    with world.history.catalog.write() as connection:
        connection.execute(
            sa.update(approvals).where(approvals.c.person == "bob").values(person="eve")
        )
    assert "approval_void" in reasons(world)
    problems = world.history.registry.verify().problems
    assert any(problem.code == "row_changed" for problem in problems)


@pytest.mark.parametrize(
    "edit",
    [
        {"decision": "approve"},
        {"decision": "approve", "fingerprint": None, "envelope": None},
    ],
)
def test_an_override_is_not_made_an_approval_in_its_row(
    world: Governed, edit: dict[str, str | None]
) -> None:
    import sqlalchemy as sa

    from registry_assets.catalog.tables import approvals

    rules = PointerRules(
        approvals=1, unsigned=True, override=Override(roles=("owner",), expires=3600)
    )
    world.activate(world.document(rules))
    world.approve(1, "dan", decision="override")
    assert "waits for 1 approval" in reasons(world)["approval_missing"]
    with world.history.catalog.write() as connection:
        connection.execute(sa.update(approvals).values(edit))
    found = reasons(world)
    assert "waits for 1 approval" in found["approval_missing"]
    assert "its row says something else than was signed" in found["approval_void"]


def test_a_statement_that_was_edited_is_not_read_as_none(world: Governed) -> None:
    import sqlalchemy as sa

    from registry_assets.catalog.tables import approvals

    world.approve(1, "bob")
    with world.history.catalog.write() as connection:
        connection.execute(sa.update(approvals).values(statement="{}"))
    with pytest.raises(CatalogError, match="cannot be read") as caught:
        reasons(world)
    assert "registry verify" in caught.value.hint


def test_unsigned_approval_counts_only_where_the_policy_allows_it(world: Governed) -> None:
    registry = world.history.registry
    with pytest.raises(ApprovalRefused, match="nobody signed it"):
        registry.record_unsigned(world.statement(1, "bob"), run=AT_WORK)
    open_door = PointerRules(approvals=1, roles=("risk",), unsigned=True)
    world.activate(world.document(open_door))
    with pytest.raises(ApprovalRefused, match="none of the people"):
        registry.record_unsigned(world.statement(1, "mallory"), run=AT_WORK)
    done = registry.record_unsigned(world.statement(1, "bob"), run=AT_WORK)
    assert not done.approval.signed
    assert reasons(world) == {}
    (shown,) = done.decision.standing.approvals
    assert "unsigned" in shown.sentence
    assert registry.log(MODEL)[-1].sentence.endswith("unsigned")


def test_an_override_sets_aside_only_what_the_policy_lets_it(world: Governed) -> None:
    rules = PointerRules(
        approvals=1,
        roles=("risk",),
        override=Override(roles=("owner",), expires=3600, waives=("gates",)),
    )
    world.activate(world.document(rules))
    world.history.evaluate(1, failing=["good_enough"])
    world.approve(1, "bob")
    assert list(reasons(world)) == ["check_failed"]
    said = refused(world, world["bob"].sign(world.statement(1, "bob", decision="override")))
    assert "it takes the role owner" in said
    world.approve(1, "dan", decision="override")
    assert reasons(world) == {}
    decision = world.history.registry.decision(MODEL, 1)
    assert decision is not None
    assert [reason.code for reason in decision.answer.waived] == ["check_failed"]  # type: ignore[union-attr]
    world.history.clock.now += timedelta(hours=1)
    assert "check_failed" in reasons(world)


def test_separation_set_aside_lets_a_trainer_approve_for_as_long_as_it_lasts(
    world: Governed,
) -> None:
    rules = PointerRules(
        approvals=1,
        roles=("risk",),
        # Who trained it is not known: it may be dan.
        override=Override(roles=("owner",), expires=3600, trainers=True),
    )
    roles = {"ann": ["risk"], "dan": ["owner"]}
    world.activate(world.document(rules, roles=roles))
    number = world.history.version(2, authors=["ann@example.com"], unknown=["a stranger"])
    said = refused(world, world["ann"].sign(world.statement(number, "ann")))
    assert "nobody approves their own version" in said
    world.approve(number, "dan", decision="override")
    world.history.clock.now += timedelta(seconds=1)
    world.approve(number, "ann")
    assert reasons(world, number) == {}
    # It is on record, by whom and why.
    (override, _) = world.history.registry.decision(MODEL, number).standing.approvals  # type: ignore[union-attr]
    assert override.sentence.startswith("dan set rules aside for it on 2013-04-01: looked at it")
    world.history.clock.now += timedelta(hours=1)
    found = reasons(world, number)
    assert set(found) == {"approval_missing", "approval_not_counted", "author_unknown"}
    with pytest.raises(PromotionHeld):
        world.history.promote(number)


def test_an_override_without_a_signature_sets_nothing_aside(world: Governed) -> None:
    rules = PointerRules(
        approvals=1,
        unsigned=True,
        override=Override(roles=("owner",), expires=3600, waives=("gates",)),
    )
    world.activate(world.document(rules))
    world.history.evaluate(1, failing=["good_enough"])
    registry = world.history.registry
    registry.record_unsigned(world.statement(1, "bob"), run=AT_WORK)
    with pytest.raises(ApprovalRefused, match="no policy allows that of more than an approval"):
        registry.record_unsigned(world.statement(1, "dan", decision="override"), run=AT_WORK)
    assert set(reasons(world)) == {"check_failed"}


def test_without_a_policy_nobody_can_sign(history: History, tmp_path: Path) -> None:
    world = governed(history, tmp_path / "keys")
    history.declare(approvals=1)
    history.version(1)
    said = refused(world, world["bob"].sign(world.statement(1, "bob")))
    assert "no policy is in force" in said
