"""Every move of a pointer leaves a statement that the registry signed, and verify holds it true."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from registry_assets.canonical import sha256_digest
from registry_assets.catalog.attestations import find_attestation
from registry_assets.catalog.ledger import REGISTRY
from registry_assets.catalog.pointers import PromotionRecord
from registry_assets.errors import (
    PromotionHeld,
    SigningKeyMissing,
    StatementInvalid,
    StoreUnwritable,
)
from registry_assets.governance.attestations import (
    ENVELOPE_FILE,
    NAMESPACE,
    POLICY_FILE,
    Attestation,
)
from registry_assets.governance.document import Override, PointerRules
from registry_assets.lifecycle import attesting, promoting, rolling_back, verifying
from registry_assets.manifest import Manifest
from registry_assets.registry import Registry
from registry_assets.signing.dsse import Envelope, verify_envelope
from registry_assets.signing.signers import open_signer
from registry_assets_tests.catalog.history import MODEL, PERSON, History, new_history
from registry_assets_tests.governance.people import AT_WORK, Governed, governed
from registry_assets_tests.lifecycle.changes import history as every_event
from registry_assets_tests.lifecycle.changes import refused
from registry_assets_tests.transfer.moves import identity
from registry_assets_tests.worlds import SENSOR, World

WRITER = ["ann@example.com"]


@pytest.fixture
def history(tmp_path: Path) -> History:
    made = new_history(tmp_path / "project")
    made.declare()
    return made


@pytest.fixture
def world(history: History, tmp_path: Path) -> Governed:
    """A policy is in force that asks for one approval; version 1, by ann, waits for it."""
    made = governed(history, tmp_path / "keys")
    rules = PointerRules(
        approvals=1,
        roles=("risk",),
        override=Override(roles=("owner",), expires=3600, waives=("staging",)),
    )
    made.activate(made.document(rules))
    history.version(1, authors=WRITER)
    return made


def manifest_of(history: History, promotion: PromotionRecord) -> Manifest:
    return history.registry.manifest(str(promotion.evidence["attestation"]))


def file_of(history: History, promotion: PromotionRecord, path: str) -> bytes:
    manifest = manifest_of(history, promotion)
    return history.registry.backends.store.read(manifest.file(path).sha256)


def said(history: History, promotion: PromotionRecord) -> Attestation:
    """What was signed about a promotion; by the registry, as its list of signers has it."""
    envelope = Envelope.from_bytes(file_of(history, promotion, ENVELOPE_FILE))
    (key,) = verify_envelope(envelope, namespace=NAMESPACE)
    registry = [s for s in history.registry.signers() if s.namespaces == (NAMESPACE,)]
    assert key in [signer.key for signer in registry]
    return Attestation.from_bytes(envelope.payload)


def newest(history: History) -> PromotionRecord:
    return history.registry.newest_promotion(MODEL)


def problems(history: History) -> list[tuple[str, str]]:
    return [(p.code, p.sentence) for p in history.registry.verify().problems]


def test_a_promotion_says_what_it_was_decided_on(history: History) -> None:
    history.promote(history.version(1))
    made = newest(history)
    stated = said(history, made)
    version = history.registry.resolve(f"{MODEL}:1")
    assert (stated.reference, stated.digest) == ("late:1", version.digest)
    assert stated.registry == identity(history.registry)
    assert (stated.pointer, stated.generation, stated.from_version) == ("production", 1, None)
    assert (stated.kind, stated.rests_on, stated.previous) == ("promotion", None, None)
    assert stated.decided_at == made.evidence["decided_at"] == "2013-04-01T06:00:00.000000Z"
    assert (stated.actor, stated.reason, stated.run) == (PERSON.actor, "it is better", "run-1")
    assert (stated.policy, stated.policy_document) == (made.policy_digest, None)
    for name in ("evaluation", "suite", "risk"):
        assert getattr(stated, name) == made.evidence[name], name
    assert {v.gate for v in stated.verdicts} >= {"good_enough", "not_worse"}
    assert stated.code == version.recipe.code
    assert set(stated.ledger) == {MODEL, REGISTRY}
    manifest = manifest_of(history, made)
    assert manifest.kind == "attestation"
    assert manifest.facts == {
        "model": MODEL,
        "pointer": "production",
        "generation": 1,
        "version": 1,
    }
    assert manifest.parents_of("version") == (version.digest,)
    assert manifest.parents_of("evaluation") == (stated.evaluation,)
    assert [file.path for file in manifest.files] == [ENVELOPE_FILE]
    assert problems(history) == []


def test_its_digest_is_in_the_row_the_event_and_the_pointer_file(history: History) -> None:
    history.promote(history.version(1))
    digest = newest(history).evidence["attestation"]
    with history.catalog.read() as connection:
        row = find_attestation(connection, MODEL, "production", 1)
    assert row is not None
    assert row.digest == digest
    event = history.registry.log(MODEL)[-1]
    assert {entry["table"] for entry in event.body["rows"]} == {
        "pointers",
        "promotions",
        "attestations",
    }
    told = json.loads(history.registry.backends.store.read_pointer(MODEL, "production") or b"")
    assert told["evidence"]["attestation"] == digest


def test_each_names_the_one_before_of_its_pointer(history: History) -> None:
    for seed in (1, 2, 3):
        history.promote(history.version(seed))
    made = history.registry.promotions(MODEL)
    digests = [str(each.evidence["attestation"]) for each in made]
    assert [said(history, each).previous for each in made] == [None, *digests[:-1]]
    assert manifest_of(history, made[-1]).parents_of("previous") == (digests[1],)


def test_what_people_signed_and_the_policy_go_with_it(world: Governed) -> None:
    history = world.history
    approved = world.approve(1, "bob").approval
    history.registry.promote(MODEL, 1, run=AT_WORK)
    made = newest(history)
    assert made.evidence["approvals"] == [
        {
            "person": "bob",
            "fingerprint": world["bob"].signer.public_key.fingerprint,
            "digest": approved.digest,
            "roles": ["risk"],
            "signed": True,
        }
    ]
    assert not {"overrides", "waived"} & set(made.evidence)
    stated = said(history, made)
    (named,) = stated.approvals
    assert (named.person, named.decision, named.digest) == ("bob", "approve", approved.digest)
    assert file_of(history, made, named.file).decode() == approved.envelope
    active = history.registry.policy()
    assert active is not None
    assert stated.policy_document == active.digest
    assert sha256_digest(file_of(history, made, POLICY_FILE)) == active.digest
    assert problems(history) == []


def test_what_was_set_aside_and_by_whom_stands_in_it(world: Governed) -> None:
    history = world.history
    override = Override(roles=("owner",), expires=3600, waives=("staging",))
    rules = PointerRules(approvals=1, roles=("risk",), min_staging=3600, override=override)
    world.activate(world.document(rules))
    world.approve(1, "cleo")
    with pytest.raises(PromotionHeld, match="staging"):
        history.promote(1)
    world.approve(1, "dan", decision="override")
    history.promote(1)
    made = newest(history)
    assert [each["person"] for each in made.evidence["overrides"]] == ["dan"]
    (waived,) = made.evidence["waived"]
    assert waived["code"] == "staging_too_short"
    stated = said(history, made)
    decided = {each.person: each.decision for each in stated.approvals}
    assert decided == {"cleo": "approve", "dan": "override"}
    assert [each.code for each in stated.waived] == ["staging_too_short"]
    assert problems(history) == []


def test_an_approval_that_counts_no_more_is_not_named(world: Governed) -> None:
    history = world.history
    world.approve(1, "bob")
    history.clock.now += timedelta(days=31)
    world.approve(1, "cleo")
    history.registry.promote(MODEL, 1, run=AT_WORK)
    assert [each.person for each in said(history, newest(history)).approvals] == ["cleo"]


def test_what_nobody_signed_is_kept_as_it_was_said(world: Governed) -> None:
    history = world.history
    world.activate(world.document(PointerRules(approvals=1, roles=("risk",), unsigned=True)))
    statement = world.statement(1, "bob")
    history.registry.record_unsigned(statement, run=AT_WORK)
    history.registry.promote(MODEL, 1, run=AT_WORK)
    (named,) = said(history, newest(history)).approvals
    assert named.fingerprint is None
    assert file_of(history, newest(history), named.file) == statement.to_bytes()
    assert problems(history) == []


def test_a_rollback_says_on_whose_evidence_it_rests(world: Governed) -> None:
    history = world.history
    world.approve(1, "bob")
    history.promote(1)
    first = newest(history)
    world.approve(history.version(2, authors=WRITER), "cleo")
    history.promote(2)
    world.activate(world.document(PointerRules(approvals=2, roles=("risk",))))
    history.clock.now += timedelta(days=100)
    history.registry.rollback(MODEL, run=AT_WORK, reason="it was slow")
    stated = said(history, newest(history))
    assert (stated.kind, stated.version, stated.from_version) == ("rollback", 1, 2)
    assert stated.rests_on is not None
    rests_on = (stated.rests_on.generation, stated.rests_on.decided_at, stated.rests_on.policy)
    assert rests_on == (1, first.evidence["decided_at"], first.policy_digest)
    assert stated.policy != first.policy_digest
    assert [each.person for each in stated.approvals] == ["bob"]
    assert "approval_missing" in {each.code for each in stated.waived}
    assert problems(history) == []
    # And back again by the rollback's own evidence.
    history.registry.release(f"{MODEL}:2", run=AT_WORK, reason="it was the machine")
    history.registry.rollback(MODEL, to=2, run=AT_WORK, reason="rather slow than wrong")
    again = said(history, newest(history))
    assert again.rests_on is not None
    assert again.rests_on.generation == 2
    assert problems(history) == []


def test_a_machine_without_the_private_key_moves_nothing(history: History) -> None:
    for seed in (1, 2):
        history.promote(history.version(seed))
    history.version(3)
    key = history.registry.home.signing_key
    kept, before = key.read_bytes(), every_event(history.registry)
    key.unlink()
    with refused(SigningKeyMissing, "not on this machine", str(key), "nothing was changed"):
        history.promote(3)
    with refused(SigningKeyMissing, "not on this machine", str(key), "nothing was changed"):
        history.registry.rollback(MODEL, run=PERSON, reason="it was slow")
    assert every_event(history.registry) == before
    assert history.registry.pointer(MODEL).version == 2
    assert problems(history) == []
    key.write_bytes(kept)
    key.chmod(0o600)
    history.promote(3)
    assert problems(history) == []


def test_a_repeated_promotion_needs_no_key(history: History) -> None:
    history.promote(history.version(1))
    history.registry.home.signing_key.unlink()
    assert not history.registry.promote(MODEL, 1, run=PERSON).moved


def test_what_holds_a_version_is_said_before_what_cannot_be_signed(history: History) -> None:
    history.version(1, failing=["good_enough"])
    history.registry.home.signing_key.unlink()
    with pytest.raises(PromotionHeld, match="good_enough"):
        history.promote(1)


def at(
    monkeypatch: pytest.MonkeyPatch, point: str, act: Callable[[], object], *, module: Any
) -> None:
    """Let something happen between what was decided and the transaction that moves the pointer."""

    def happens(name: str) -> None:
        if name == point:
            act()

    monkeypatch.setattr(module, "reached", happens)


def test_what_was_recorded_meanwhile_is_what_is_signed(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.version(1)

    def tag() -> None:
        history.registry.tag(f"{MODEL}:1", {"team": "another"}, run=PERSON)

    at(monkeypatch, "promote.verified", tag, module=promoting)
    history.promote(1)
    made = newest(history)
    stated = said(history, made)
    tagged = history.registry.log(MODEL)[-2]
    assert (tagged.kind, tagged.sequence) == ("tags_changed", stated.ledger[MODEL].sequence)
    assert problems(history) == []


def test_a_rollback_is_signed_anew_where_something_was_recorded_meanwhile(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in (1, 2):
        history.promote(history.version(seed))

    def tag() -> None:
        history.registry.tag(f"{MODEL}:1", {"team": "another"}, run=PERSON)

    at(monkeypatch, "rollback.verified", tag, module=rolling_back)
    history.registry.rollback(MODEL, run=PERSON, reason="it was slow")
    stated = said(history, newest(history))
    assert stated.ledger[MODEL].sequence == len(history.registry.log(MODEL)) - 1
    assert problems(history) == []


def test_an_approval_that_expires_meanwhile_counts_no_more(
    world: Governed, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = world.history
    world.approve(1, "bob", lasts=timedelta(hours=1))
    before = every_event(history.registry)

    def wait() -> None:
        history.clock.now += timedelta(hours=2)

    at(monkeypatch, "promote.verified", wait, module=promoting)
    with pytest.raises(PromotionHeld, match="expired"):
        history.promote(1)
    assert every_event(history.registry) == before


@pytest.mark.parametrize("purged", [False, True])
def test_an_attestation_that_was_collected_meanwhile_is_brought_back_or_made_again(
    history: History, monkeypatch: pytest.MonkeyPatch, purged: bool
) -> None:
    history.version(1)
    after = timedelta(0) if purged else timedelta(days=1)

    def collected() -> None:
        for _ in range(2 if purged else 1):
            history.registry.collect(act=True, older_than=timedelta(0), purge_after=after)

    with monkeypatch.context() as patch:
        at(patch, "promote.verified", collected, module=promoting)
        history.promote(1)
    assert newest(history).version == 1
    assert problems(history) == []


def test_bytes_that_cannot_be_stored_leave_everything_as_it_is(history: History) -> None:
    history.version(1)
    before = every_event(history.registry)
    tmp = Path(str(history.registry.home.store)) / "tmp"
    tmp.rmdir()
    tmp.write_text("a file where the store wants a folder")
    with refused(StoreUnwritable, str(tmp)):
        history.promote(1)
    assert every_event(history.registry) == before
    tmp.unlink()
    tmp.mkdir()
    history.promote(1)
    assert problems(history) == []


def test_what_is_too_long_to_be_signed_is_refused_before_anything_moves(history: History) -> None:
    number, reason = history.version(1), "a" * 9_000
    before = every_event(history.registry)
    with pytest.MonkeyPatch.context() as patch:
        whole = promoting._evidence

        def long(*given: Any) -> dict[str, Any]:
            found: dict[str, Any] = dict(whole(*given))
            found["verdicts"] = [{**found["verdicts"][0], "why": reason}] * 60
            return found

        patch.setattr(promoting, "_evidence", long)
        with pytest.raises(StatementInvalid, match="bytes"):
            history.promote(number)
    assert every_event(history.registry) == before


def test_after_a_rotation_the_new_key_signs_and_both_verify(history: History) -> None:
    history.promote(history.version(1))
    made = history.registry.rotate_key(reason="the host was rebuilt", run=PERSON)
    history.promote(history.version(2))
    envelope = Envelope.from_bytes(file_of(history, newest(history), ENVELOPE_FILE))
    assert [each.keyid for each in envelope.signatures] == [made.key.fingerprint]
    assert problems(history) == []


def test_a_restored_registry_promotes_once_its_key_is_there(
    history: History, tmp_path: Path
) -> None:
    history.promote(history.version(1))
    history.version(2)
    history.registry.backup(tmp_path / "backup")
    assert "PRIVATE KEY" not in "".join(
        path.read_text(errors="replace")
        for path in (tmp_path / "backup").rglob("*")
        if path.is_file()
    )
    restored, _ = Registry.restore(tmp_path / "backup", tmp_path / "restored")
    again = History(restored, history.clock)
    assert every_event(restored) == every_event(history.registry)
    with refused(SigningKeyMissing, "not on this machine", "registry keys rotate"):
        again.promote(2)
    Registry.init(tmp_path / "restored")
    assert every_event(restored) == every_event(history.registry)
    restored.home.signing_key.parent.mkdir()
    restored.home.signing_key.write_bytes(history.registry.home.signing_key.read_bytes())
    restored.home.signing_key.chmod(0o600)
    again.promote(2)
    assert problems(again) == []


def test_imported_history_is_verified_by_the_key_of_its_registry(
    history: History, tmp_path: Path
) -> None:
    history.promote(history.version(1))
    there = newest(history).evidence["attestation"]
    history.registry.export(tmp_path / "export")
    target = new_history(tmp_path / "target")
    target.registry.import_from(tmp_path / "export", run=PERSON)
    assert problems(target) == []
    target.promote(target.version(2))
    stated = said(target, newest(target))
    assert (stated.registry, stated.previous) == (identity(target.registry), there)
    assert problems(target) == []


def signing_otherwise(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Let whoever promotes state something else than what was decided."""
    whole = attesting._statement

    def otherwise(*given: Any) -> Attestation:
        return replace(whole(*given), **changes)

    monkeypatch.setattr(attesting, "_statement", otherwise)


def test_a_promotion_that_another_key_signed_is_found(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = open_signer(new_history(tmp_path / "other").registry.home.signing_key)
    monkeypatch.setattr(attesting, "open_attestation_signer", lambda *_: other)
    history.promote(history.version(1))
    ((code, sentence),) = problems(history)
    assert code == "attestation_invalid"
    assert other.public_key.fingerprint in sentence


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"actor": "somebody else"}, "its actor is 'somebody else'"),
        ({"decided_at": "2013-04-02T06:00:00.000000Z"}, "its decided_at is"),
        ({"risk": "high"}, "its risk is 'high'"),
        ({"previous": "sha256:" + "1" * 64}, "its previous is"),
        ({"registry": "0" * 32}, "its registry is"),
        ({"generation": 7}, "its generation is 7"),
        ({"verdicts": ()}, "its verdicts is"),
        ({"ledger": {}}, "its ledger is {}"),
    ],
)
def test_an_attestation_that_states_something_else_is_found(
    history: History, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], found: str
) -> None:
    signing_otherwise(monkeypatch, **changes)
    history.promote(history.version(1))
    sentences = " ".join(sentence for _, sentence in problems(history))
    assert found in sentences


def test_a_promotion_without_an_attestation_is_found(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promoting, "write_attestation", lambda *_: None)
    history.promote(history.version(1))
    ((code, sentence),) = problems(history)
    assert code == "attestation_of_another"
    assert "production is None" in sentence


@contextmanager
def tampering(history: History) -> Iterator[sqlite3.Connection]:
    """Change the catalog's file as an intruder does, and let nobody wait for pointer files."""
    with closing(sqlite3.connect(history.registry.home.catalog)) as connection:
        yield connection
        connection.commit()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM approvals", "it is not recorded"),
        ("UPDATE approvals SET pointer = 'canary'", "it is about late:1 and canary"),
        ("UPDATE approvals SET person = 'cleo'", "it was said by cleo"),
        ("UPDATE approvals SET statement = replace(statement, 'bob', 'rob')", "another statement"),
        ("UPDATE policies SET document = replace(document, 'bob', 'rob')", "its row was changed"),
        ("DELETE FROM policies", "no policy was in force then"),
    ],
)
def test_what_a_promotion_rests_on_must_be_there_and_genuine(
    world: Governed, monkeypatch: pytest.MonkeyPatch, statement: str, found: str
) -> None:
    monkeypatch.setattr(verifying, "_PROMOTION_SECONDS", 0.0)
    world.approve(1, "bob")
    world.history.promote(1)
    with tampering(world.history) as connection:
        assert connection.execute(statement).rowcount
    said_of_it = [text for code, text in problems(world.history) if code == "approval_invalid"]
    assert len(said_of_it) == 1
    assert found in said_of_it[0]


def test_a_promotion_that_names_no_attestation_at_all_is_found(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "_PROMOTION_SECONDS", 0.0)
    history.promote(history.version(1))
    with tampering(history) as connection:
        connection.execute("DELETE FROM attestations")
        connection.execute(
            "UPDATE promotions SET evidence = json_remove(evidence, '$.attestation')"
        )
    assert "promotion_unattested" in {code for code, _ in problems(history)}


def test_its_inputs_and_code_are_those_of_the_version(
    trained: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained.registry.promote("flight_delay", 1, run=SENSOR)
    history = History(trained.registry, trained.clock)
    version = trained.registry.resolve("flight_delay:1")
    stated = said(history, trained.registry.newest_promotion("flight_delay"))
    assert set(stated.inputs) == {*version.recipe.train, *version.recipe.holdout}
    assert (stated.code, stated.commit) == (version.recipe.code, version.metadata["code_commit"])
    monkeypatch.setattr(attesting, "MOST_INPUTS", 1)
    decision = trained.registry.decision("flight_delay", 1)
    assert decision is not None
    evidence = trained.registry.newest_promotion("flight_delay").evidence
    move = attesting.Move(decision, evidence, stated.decided_at, "", SENSOR)
    with trained.registry.backends.catalog.read() as connection:
        drafted = attesting.draft_attestation(connection, trained.registry.backends, move)
    assert drafted.attestation.inputs == ()
    assert drafted.attestation.upstream == stated.upstream
