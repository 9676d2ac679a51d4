"""What a registry states about a move of a pointer: one form, and nothing that none states."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from registry_assets.canonical import canonical_json
from registry_assets.errors import InvalidName, StatementInvalid
from registry_assets.governance.attestations import (
    PREDICATE,
    Attestation,
    AttestedApproval,
    AttestedHead,
    AttestedVerdict,
    AttestedWaiver,
    EarlierPromotion,
    registry_principal,
)
from registry_assets.recipe import SnapshotRef
from registry_assets.references import check_name
from registry_assets.signing.statement import Statement, Subject

ONE, TWO = (f"sha256:{digit * 64}" for digit in "12")
MARK = "SHA256:" + "a" * 43
SAID = Attestation(
    registry="0" * 32,
    model="late",
    version=2,
    digest=ONE,
    pointer="production",
    generation=3,
    from_version=1,
    kind="promotion",
    decided_at="2013-04-01T06:00:00.000000Z",
    actor="ann",
    reason="it is better",
    run="run-1",
    evaluation=TWO,
    suite=ONE,
    policy=TWO,
    policy_document=ONE,
    risk="high",
    verdicts=(AttestedVerdict("good_enough", ONE, "passed", "0.7 is at least 0.6"),),
    approvals=(AttestedApproval("bob", MARK, "approve", TWO),),
    waived=(AttestedWaiver("frozen", "production", "it is Friday"),),
    rests_on=None,
    inputs=(SnapshotRef("flights", "2013-01", ONE), SnapshotRef("planes", "", TWO)),
    upstream=ONE,
    code="code",
    commit="abc1234",
    previous=None,
    ledger={"late": AttestedHead(7, ONE), "-registry": AttestedHead(2, TWO)},
)
EARLIER = EarlierPromotion(1, "2013-03-01T06:00:00.000000Z", ONE)


@pytest.mark.parametrize(
    "said",
    [
        SAID,
        replace(SAID, kind="rollback", rests_on=EARLIER),
        replace(SAID, from_version=None, evaluation=None, policy_document=None, previous=ONE),
        replace(SAID, verdicts=(), approvals=(), waived=(), inputs=(), ledger={}),
        replace(SAID, approvals=(AttestedApproval("bob", None, "approve", TWO),)),
    ],
)
def test_what_was_written_is_read_again(said: Attestation) -> None:
    assert Attestation.from_bytes(said.to_bytes()) == said


def test_it_is_a_statement_about_the_manifest_of_the_version() -> None:
    statement = Statement.from_bytes(SAID.to_bytes())
    assert statement.subjects == (Subject("late:2", ONE),)
    assert statement.predicate_type == PREDICATE


WRONG: dict[str, Callable[[Attestation], Attestation]] = {
    "no such kind": lambda s: replace(s, kind="demotion"),  # type: ignore[arg-type]
    "a rollback that rests on nothing": lambda s: replace(s, kind="rollback"),
    "a promotion that rests on another": lambda s: replace(s, rests_on=EARLIER),
    "no registry": lambda s: replace(s, registry="mine"),
    "a pointer that is a path": lambda s: replace(s, pointer="../production"),
    "a person who is a path": lambda s: replace(
        s, approvals=(AttestedApproval("../bob", MARK, "approve", TWO),)
    ),
    "a fingerprint that is none": lambda s: replace(
        s, approvals=(AttestedApproval("bob", "MD5:aa", "approve", TWO),)
    ),
    "an approval without a digest": lambda s: replace(
        s, approvals=(AttestedApproval("bob", MARK, "approve", "sha256:1"),)
    ),
    "version 0": lambda s: replace(s, version=0),
    "half a generation": lambda s: replace(s, generation=1.5),  # type: ignore[arg-type]
    "a version that is true": lambda s: replace(s, from_version=True),
    "no digest of the evaluation": lambda s: replace(s, evaluation="none"),
    "no time": lambda s: replace(s, decided_at="yesterday"),
    "a time in another form": lambda s: replace(s, decided_at="2013-4-1T06:00:00.0Z"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_no_registry_states_is_refused(wrong: str) -> None:
    with pytest.raises(StatementInvalid):
        Attestation.from_bytes(WRONG[wrong](SAID).to_bytes())


def predicate(**changes: object) -> bytes:
    """What was said, with other fields."""
    said = {**Statement.from_bytes(SAID.to_bytes()).predicate, **changes}
    said = {name: value for name, value in said.items() if value != "gone"}
    return Statement((Subject("late:2", ONE),), PREDICATE, said).to_bytes()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data",
    [
        predicate(risk="gone"),
        predicate(more=1),
        predicate(verdicts=[{"gate": "good_enough"}]),
        predicate(verdicts=[1]),
        predicate(approvals={"bob": 1}),
        predicate(ledger=[]),
        predicate(rests_on=1),
        predicate(inputs=[["flights", "", ONE]]),
        predicate(version=9),
        canonical_json({"_type": "statement"}),
        b"",
        Statement((Subject("late:2", ONE),), "https://example.com/other/v1", {}).to_bytes(),
        Statement((Subject("late:1", ONE), Subject("late:2", ONE)), PREDICATE, {}).to_bytes(),
    ],
)
def test_what_is_another_statement_is_refused(data: bytes) -> None:
    with pytest.raises(StatementInvalid):
        Attestation.from_bytes(data)


def test_no_person_can_be_called_as_a_registry_is() -> None:
    principal = registry_principal("0" * 32)
    with pytest.raises(InvalidName):
        check_name(principal)


def test_two_approvals_of_one_person_have_files_of_their_own() -> None:
    files = {AttestedApproval("bob", MARK, "approve", digest).file for digest in (ONE, TWO)}
    assert files == {"approvals/bob-111111111111.json", "approvals/bob-222222222222.json"}
