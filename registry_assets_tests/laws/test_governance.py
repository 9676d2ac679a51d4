"""How people agree on a version, and take it back, on every pair of a catalog and a store.

Attacks on each rule are in `governance/` and `lifecycle/`, on SQLite and a folder; here is that
what is signed, recorded and judged is the same wherever it is kept.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from registry_assets.canonical import sha256_digest
from registry_assets.catalog.approvals import list_approvals
from registry_assets.catalog.recalls import list_recalls
from registry_assets.deployment.proof import verify_folder
from registry_assets.deployment.trust import TrustedKeys
from registry_assets.errors import (
    ApprovalRefused,
    CatalogError,
    PolicyRefused,
    PromotionHeld,
    RetiringRefused,
    RollbackRefused,
)
from registry_assets.governance.decide import Held
from registry_assets.governance.document import Override, Person, PointerRules, Rollback
from registry_assets.recipe import SnapshotRef
from registry_assets.signing.allowed_signers import write_allowed_signers
from registry_assets_tests.catalog.history import MODEL, PERSON, new_history, reopened
from registry_assets_tests.governance.people import (
    AT_WORK,
    Governed,
    governed,
    governed_again,
)
from registry_assets_tests.laws.combinations import Combination, Site

PRODUCTION = f"{MODEL}@production"
DATA = "flights[2013-02]"
WRITER = ("ann@example.com",)
FILES = {"estimator.skops": b"an estimator", "code/late/features.py": b"def make_features(): ...\n"}
RULES = PointerRules(
    approvals=2,
    roles=("risk",),
    override=Override(roles=("owner",), expires=3600, waives=("staging",)),
    rollback=Rollback(roles=("risk",), review=86_400),
)
WORDS = "Größe ≠ 0 — 'so' \"it\" is; \\N{PILE} \N{PILE OF POO} %s {x} e\u0301 \u00e9 I\u0307 ß\tSS"
"""What is one text in one encoding, collation or quoting, and another one in the next."""


@pytest.fixture(scope="module")
def _ruled(backends: Combination, tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = backends.site(tmp_path_factory.mktemp("ruled") / "project")
    with site.settings():
        history = new_history(site.folder)
        history.declare(gates={"good_enough": False})
        data = history.snapshot("2013-02")
        train = [SnapshotRef(data.asset, data.partition, data.digest)]
        history.promote(history.version(1, authors=WRITER, files=FILES))
        world = governed(history, site.folder / "keys")
        world.activate(world.document(RULES))
        history.version(2, authors=WRITER, files=FILES, train=train)
    return site


@pytest.fixture
def world(backends: Combination, _ruled: Site, tmp_path: Path) -> Iterator[Governed]:
    """Version 1 is live, and version 2, made from other data, waits for two people."""
    site = backends.copy(_ruled, tmp_path / "project")
    with site.settings():
        yield governed_again(reopened(site.folder), site.folder / "keys")
    backends.drop(site)


def approved(world: Governed) -> None:
    """Let two people approve version 2, and let it be promoted."""
    world.approve(2, "bob")
    world.approve(2, "cleo")
    world.history.promote(2)


def reasons(world: Governed, number: int = 2) -> set[str]:
    """Why a version is held, by code."""
    decision = world.history.registry.decision(MODEL, number)
    assert decision is not None
    answer = decision.answer
    return {each.code for each in answer.reasons} if isinstance(answer, Held) else set()


def later(world: Governed, **time: float) -> None:
    """Let time pass."""
    world.history.clock.now += timedelta(**time)


def sound(world: Governed) -> None:
    """Nothing is wrong with the registry, for whoever opens it now."""
    assert reopened(world.history.registry.home.folder).registry.verify(deep=True).problems == ()


def test_a_policy_comes_into_force_by_those_whom_the_one_before_names(world: Governed) -> None:
    first = world.history.registry.policy()
    assert first is not None
    stricter = world.document(replace(RULES, approvals=3))
    with pytest.raises(PolicyRefused, match="roles owner"):
        world.activate(stricter, world["bob"])
    done = world.activate(stricter, world["dan"])
    assert (done.changed, done.active.document) == (True, stricter)
    assert not world.activate(stricter, world["dan"]).changed
    active = reopened(world.history.registry.home.folder).registry.policy()
    assert active == done.active
    assert done.active.sequence > first.sequence
    sound(world)


def test_two_people_let_a_version_through_and_anybody_can_check_that(
    world: Governed, tmp_path: Path
) -> None:
    with pytest.raises(PromotionHeld, match="2 approvals"):
        world.history.promote(2)
    world.approve(2, "bob")
    world.approve(2, "bob")
    assert reasons(world) == {"approval_missing"}
    world.activate(world.document(RULES, roles={"ann": ["risk"], "dan": ["owner"]}))
    with pytest.raises(ApprovalRefused, match="nobody approves their own version"):
        world.approve(2, "ann")
    world.activate(world.document(RULES))
    approved(world)
    registry, trusted = world.history.registry, tmp_path / "trusted"
    trusted.write_text(write_allowed_signers(registry.signers()))
    registry.pull(PRODUCTION, tmp_path / "pulled")
    proof = verify_folder(tmp_path / "pulled", TrustedKeys.read(trusted))
    assert proof.verified, proof.checks
    assert proof.said is not None
    assert sorted(each.person for each in proof.said.approvals) == ["bob", "cleo"]
    sound(world)


def test_a_rejection_that_somebody_signed_is_for_good(world: Governed) -> None:
    registry = world.history.registry
    signed = world["bob"].sign(world.statement(2, "bob", decision="reject"))
    done = registry.reject(f"{MODEL}:2", envelope=signed, run=AT_WORK)
    assert (done.changed, done.mark.actor) == (True, "bob")
    assert not registry.reject(f"{MODEL}:2", envelope=signed, run=AT_WORK).changed
    with pytest.raises(RetiringRefused, match="rejected"):
        registry.archive(f"{MODEL}:2", run=PERSON)
    assert "rejected" in reasons(world)
    sound(world)


def test_a_rule_that_was_set_aside_is_on_record_with_who_did(world: Governed) -> None:
    world.activate(world.document(replace(RULES, min_staging=3600)))
    world.approve(2, "bob")
    world.approve(2, "cleo")
    assert reasons(world) == {"staging_too_short"}
    world.approve(2, "dan", decision="override")
    world.history.promote(2)
    made = world.history.registry.newest_promotion(MODEL)
    assert [each["person"] for each in made.evidence["overrides"]] == ["dan"]
    assert [each["code"] for each in made.evidence["waived"]] == ["staging_too_short"]
    sound(world)


def test_back_takes_a_signature_and_again_takes_a_release(world: Governed) -> None:
    registry = world.history.registry
    approved(world)
    with pytest.raises(RollbackRefused, match="who signs it"):
        registry.rollback(MODEL, reason="slow", run=PERSON)
    world.approve(1, "bob", decision="rollback")
    back = registry.rollback(MODEL, reason="slow", run=PERSON)
    assert (back.moved, back.promotion.version, back.promotion.generation) == (True, 1, 3)
    with pytest.raises(ApprovalRefused, match="another person"):
        world.approve(1, "bob", decision="review")
    world.approve(1, "cleo", decision="review")
    with pytest.raises(PromotionHeld):
        world.history.promote(2)
    assert "rolled_back" in reasons(world)
    assert registry.release(f"{MODEL}:2", reason="it was not", run=PERSON).changed
    assert not registry.release(f"{MODEL}:2", reason="it was not", run=PERSON).changed
    world.history.promote(2)
    assert registry.pointer(MODEL).generation == 4
    sound(world)


def test_what_was_made_from_recalled_data_is_held_until_that_is_lifted(world: Governed) -> None:
    registry = world.history.registry
    world.approve(2, "bob")
    world.approve(2, "cleo")
    done = registry.recall(DATA, reason="twice", run=PERSON)
    assert (done.changed, registry.recall(DATA, reason="twice", run=PERSON).changed) == (
        True,
        False,
    )
    with pytest.raises(PromotionHeld, match="made from data that is wrong"):
        world.history.promote(2)
    assert registry.lift_recall(DATA, reason="it was another", run=PERSON).changed
    world.history.promote(2)
    registry.recall(DATA, reason="twice after all", run=PERSON)
    (proposal,) = registry.rollback_proposals(MODEL)
    assert (proposal.pointer, proposal.to) == ("production", 1)
    sound(world)


def test_a_key_that_was_replaced_keeps_what_it_signed(world: Governed, tmp_path: Path) -> None:
    registry = world.history.registry
    approved(world)
    before = registry.signers()[0].key.fingerprint
    after = registry.rotate_key(reason="a year has passed", run=PERSON).key.fingerprint
    assert before != after
    world.approve(1, "bob", decision="rollback")
    registry.rollback(MODEL, reason="slow", run=PERSON)
    sound(world)
    registry.pull(PRODUCTION, tmp_path / "pulled")
    trusted = tmp_path / "trusted"
    for signers, verified in ((registry.signers(), True), (registry.signers()[:1], False)):
        trusted.write_text(write_allowed_signers(signers))
        assert verify_folder(tmp_path / "pulled", TrustedKeys.read(trusted)).verified is verified


def test_words_and_names_are_what_they_were_to_the_last_byte(world: Governed) -> None:
    names = ("zoe", "a_b", "ab", "a_a")
    people = [Person(name=n, full_name=f"{n} {WORDS}", accounts=(n.upper(),)) for n in names]
    document = world.document(RULES, more=people)
    world.activate(document)
    active = reopened(world.history.registry.home.folder).registry.policy()
    assert active is not None
    assert (active.document, active.digest) == (document, document.digest)
    registry = world.history.registry
    said = registry.prepare_approval(MODEL, 2, person="bob", reason=WORDS).statement
    registry.record_approval(world["bob"].sign(said), run=AT_WORK)
    with registry.backends.catalog.read() as connection:
        (recorded,) = list_approvals(connection, MODEL, 2)
    assert recorded.statement.encode() == said.to_bytes()
    assert sha256_digest((recorded.envelope or "").encode()) == recorded.digest
    assert registry.log(MODEL)[-1].body["reason"] == WORDS
    sound(world)


def test_what_a_database_would_sort_by_its_language_is_sorted_by_its_bytes(
    world: Governed,
) -> None:
    registry = world.history.registry
    partitions = ["Z", "a", "_", "A", "é", "z", "aa", "a b", "-"]
    for number, partition in enumerate(partitions):
        world.history.snapshot(partition, content=number)
        registry.recall(f"flights[{partition}]", reason="wrong", run=PERSON)
    with registry.backends.catalog.read() as connection:
        found = [recall.partition for recall in list_recalls(connection)]
    assert found == sorted(partitions, key=str.encode)
    sound(world)


@pytest.mark.parametrize("microseconds", [-1, 0])
def test_an_approval_expires_at_an_instant_to_the_microsecond(
    world: Governed, microseconds: int
) -> None:
    world.approve(2, "bob", lasts=timedelta(hours=1))
    world.approve(2, "cleo")
    later(world, hours=1, microseconds=microseconds)
    if microseconds < 0:
        world.history.promote(2)
    else:
        with pytest.raises(PromotionHeld, match="1 more approval"):
            world.history.promote(2)
    sound(world)


def test_what_is_no_number_is_no_evidence_that_anybody_could_sign(world: Governed) -> None:
    history = world.history
    number = history.reserve("odd", seed=9).version.number
    history.commit(number, authors=WRITER)
    for value in (float("nan"), float("inf")):
        with pytest.raises(CatalogError):
            history.evaluate(number, value=value)
        with pytest.raises(ApprovalRefused, match="no evaluation"):
            world.approve(number, "bob")
        assert reasons(world, number) >= {"no_evaluation"}
    sound(world)
