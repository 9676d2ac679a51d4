"""A policy comes into force by those whom the one before it names, and by nobody else: attacks."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry_assets.catalog.ledger import REGISTRY
from registry_assets.catalog.policies import list_keys, list_policies
from registry_assets.catalog.tables import policies
from registry_assets.errors import (
    CatalogError,
    EnvelopeInvalid,
    PolicyRefused,
    RegistryError,
    SignatureInvalid,
    StatementInvalid,
)
from registry_assets.governance.approvals import NAMESPACE as APPROVAL
from registry_assets.governance.document import Activation, Person, PolicyDocument
from registry_assets.lifecycle import activating
from registry_assets.registry import Registry
from registry_assets.signing.dsse import Envelope, pae
from registry_assets.signing.statement import MEDIA_TYPE, Statement, Subject
from registry_assets_tests.catalog.history import MODEL, History, new_history
from registry_assets_tests.governance.people import (
    AT_WORK,
    Governed,
    Signatory,
    governed,
    signatory,
)


@pytest.fixture
def world(history: History, tmp_path: Path) -> Governed:
    """A registry with an owner, in which no policy is in force yet."""
    return governed(history, tmp_path / "keys")


@pytest.fixture
def ruled(world: Governed) -> Governed:
    """One in which two of the role `owner` bring the next policy into force: dan and eve."""
    world.activate(two_owners(world))
    return world


def two_owners(world: Governed, *, name: str = "first") -> PolicyDocument:
    """A policy of dan and eve; another name makes it another one."""
    roles = {"ann": ["trainer"], "bob": ["risk"], "dan": ["owner"], "eve": ["owner"]}
    document = world.document(roles=roles, services=("host", name))
    return replace(document, activation=Activation(roles=("owner",), approvals=2))


def signed(
    world: Governed,
    document: PolicyDocument,
    *signers: Signatory,
    statement: bytes | None = None,
    namespace: str = activating.NAMESPACE,
) -> bytes:
    """An envelope that asks for a policy, as things stand now, with these signatures."""
    backends = world.history.registry.backends
    payload = statement or activating.activation_statement(backends, document)
    message = pae(MEDIA_TYPE, payload)
    every = [each.signer.sign(message, namespace=namespace) for each in signers]
    return Envelope.of(payload, *every).to_bytes()


def refused(
    world: Governed,
    document: PolicyDocument,
    envelope: bytes,
    error: type[RegistryError] = PolicyRefused,
) -> str:
    """What is said of an activation that is refused; nothing is changed by it."""
    registry = world.history.registry
    before = registry.policy(), registry.head(REGISTRY), rows(world)
    with pytest.raises(error) as caught:
        registry.activate_policy(document, envelope, run=AT_WORK)
    assert (registry.policy(), registry.head(REGISTRY), rows(world)) == before
    assert registry.verify().problems == ()
    return caught.value.message


def rows(world: Governed) -> int:
    """How many policies were ever in force."""
    with world.history.catalog.read() as connection:
        return len(list_policies(connection))


def test_the_first_policy_is_brought_into_force_by_the_owner(world: Governed) -> None:
    document, registry = world.document(), world.history.registry
    assert registry.policy() is None
    done = registry.activate_policy(
        document, signed(world, document, world.owner), run=AT_WORK, reason="we begin"
    )
    assert (done.changed, done.active.person) == (True, "the owner")
    active = registry.policy()
    assert active is not None
    assert active == done.active
    assert (active.digest, active.document) == (document.digest, document)
    event = registry.log(REGISTRY)[-1]
    assert (event.kind, event.sequence) == ("policy_activated", active.sequence)
    assert event.sentence == (
        f"the policy {document.digest[:19]} came into force, the first one, by the owner"
    )
    assert event.facts["signed_by"] == [
        {"person": "the owner", "fingerprint": world.owner.signer.public_key.fingerprint}
    ]
    assert registry.verify().problems == ()


def test_nobody_else_brings_the_first_policy_into_force(world: Governed) -> None:
    document = world.document()
    said = refused(world, document, signed(world, document, world["dan"]))
    assert world["dan"].signer.public_key.fingerprint in said
    assert world.owner.signer.public_key.fingerprint in said
    # Not even beside the owner: every signature is somebody's who may.
    refused(world, document, signed(world, document, world.owner, world["dan"]))


def test_without_an_owner_there_is_no_first_policy(history: History, tmp_path: Path) -> None:
    people = {name: signatory(tmp_path, name) for name in ("ann", "bob", "cleo", "dan", "eve")}
    nobody = Governed(history, signatory(tmp_path, "owner"), people, tmp_path)
    document = nobody.document()
    said = refused(nobody, document, signed(nobody, document, nobody.owner))
    assert "the registry has no owner" in said


def test_once_a_policy_is_in_force_the_owners_key_is_worth_nothing(ruled: Governed) -> None:
    document = two_owners(ruled, name="second")
    said = refused(ruled, document, signed(ruled, document, ruled.owner))
    assert "none of the policy's people" in said
    refused(ruled, document, signed(ruled, document, ruled.owner, ruled["dan"], ruled["eve"]))


def test_the_next_policy_takes_as_many_as_the_one_in_force_asks_for(ruled: Governed) -> None:
    document = two_owners(ruled, name="second")
    said = refused(ruled, document, signed(ruled, document, ruled["dan"]))
    assert said == "the next policy takes 2 of the roles owner; dan of them signed"
    # A person without the role does not make it two.
    refused(ruled, document, signed(ruled, document, ruled["dan"], ruled["bob"]))
    done = ruled.activate(document, ruled["eve"], ruled["dan"])
    assert sorted(done.active.person.split(" and ")) == ["dan", "eve"]
    assert ruled.history.registry.verify().problems == ()


def test_one_person_with_two_keys_is_one_person(world: Governed, tmp_path: Path) -> None:
    spare = signatory(tmp_path / "spare", "dan")
    dan = Person(name="dan", roles=("owner",), keys=(world["dan"].line, spare.line))
    eve = world["eve"].person("owner")
    first = replace(
        world.document(roles={"bob": ["risk"]}, more=(dan, eve)),
        activation=Activation(roles=("owner",), approvals=2),
    )
    world.activate(first)
    second = replace(first, services=("host", "ci"))
    said = refused(world, second, signed(world, second, world["dan"], spare))
    assert "takes 2 of the roles owner; dan of them signed" in said
    world.activate(second, world["dan"], spare, world["eve"])


def test_nobody_adds_themselves_to_the_people(ruled: Governed, tmp_path: Path) -> None:
    mallory = signatory(tmp_path / "strange", "mallory")
    mine = replace(
        two_owners(ruled), people=(mallory.person("owner", "risk"),),
        activation=Activation(roles=("owner",)),
    )  # fmt: skip
    # The policy that is asked for says that mallory's signature is enough: it is not asked.
    assert "none of the policy's people" in refused(ruled, mine, signed(ruled, mine, mallory))
    more = replace(two_owners(ruled), people=(*two_owners(ruled).people, mallory.person("owner")))
    refused(ruled, more, signed(ruled, more, mallory, ruled["dan"]))


def test_a_trainer_does_not_give_themselves_a_role(ruled: Governed) -> None:
    document = two_owners(ruled)
    people = [replace(each, roles=("owner", "risk")) for each in document.people]
    other = replace(document, people=tuple(people))
    said = refused(ruled, other, signed(ruled, other, ruled["ann"], ruled["bob"]))
    assert "nobody of them signed" in said


def test_an_old_activation_does_not_bring_an_old_policy_back(ruled: Governed) -> None:
    a = two_owners(ruled, name="a")
    b = two_owners(ruled, name="b")
    pair = (ruled["dan"], ruled["eve"])
    for_a = signed(ruled, a, *pair)
    registry = ruled.history.registry
    registry.activate_policy(a, for_a, run=AT_WORK)
    # Repeated while it is in force it changes nothing, and is no error.
    head = registry.head(REGISTRY)
    assert not registry.activate_policy(a, for_a, run=AT_WORK).changed
    assert registry.head(REGISTRY) == head
    ruled.activate(b, *pair)
    said = refused(ruled, a, for_a)
    assert "to replace another policy than is in force" in said
    # Not even where the policy that it was signed to replace is in force again.
    ruled.activate(two_owners(ruled), *pair)
    refused(ruled, a, for_a)
    ruled.activate(a, *pair)


def test_what_was_signed_for_another_registry_counts_for_nothing_here(
    ruled: Governed, tmp_path: Path
) -> None:
    elsewhere = new_history(tmp_path / "elsewhere")
    elsewhere.declare()
    twin = Governed(elsewhere, ruled.owner, ruled.people, ruled.folder)
    document = two_owners(ruled, name="second")
    statement = activating.activation_statement(twin.history.registry.backends, document)
    envelope = signed(ruled, document, ruled["dan"], ruled["eve"], statement=statement)
    assert "signed for another registry" in refused(ruled, document, envelope)
    said = dict(Statement.from_bytes(statement).predicate)
    active = ruled.history.registry.policy()
    assert active is not None
    # Nor where everything but the registry is as it is here.
    said |= {"position": active.sequence, "replaces": active.digest}
    forged = Statement((Subject("policy", document.digest),), activating.PREDICATE, said)
    envelope = signed(ruled, document, ruled["dan"], ruled["eve"], statement=forged.to_bytes())
    assert "signed for another registry" in refused(ruled, document, envelope)


def test_what_was_signed_for_another_file_counts_for_nothing(ruled: Governed) -> None:
    good, bad = two_owners(ruled, name="second"), two_owners(ruled, name="malign")
    envelope = signed(ruled, good, ruled["dan"], ruled["eve"])
    said = refused(ruled, bad, envelope)
    assert (
        said == f"what is signed is another policy: {good.digest[:19]}, and not {bad.digest[:19]}"
    )
    backends = ruled.history.registry.backends
    predicate = Statement.from_bytes(activating.activation_statement(backends, good)).predicate
    both = (Subject("policy", good.digest), Subject("another", bad.digest))
    statement = Statement(both, activating.PREDICATE, predicate).to_bytes()
    for document in (good, bad):
        envelope = signed(ruled, document, ruled["dan"], ruled["eve"], statement=statement)
        assert "what is signed is another policy" in refused(ruled, document, envelope)


def test_a_signature_for_another_purpose_is_none(ruled: Governed) -> None:
    document, pair = two_owners(ruled, name="second"), (ruled["dan"], ruled["eve"])
    envelope = signed(ruled, document, *pair, namespace=APPROVAL)
    refused(ruled, document, envelope, SignatureInvalid)
    # What somebody signed as an approval is none of a policy, and the other way round.
    ruled.history.version(1, authors=["ann@example.com"])
    approval = ruled.statement(1, "bob").to_bytes()
    envelope = signed(ruled, document, *pair, statement=approval)
    refused(ruled, document, envelope, StatementInvalid)
    with pytest.raises((StatementInvalid, SignatureInvalid)):
        ruled.history.registry.record_approval(signed(ruled, document, *pair), run=AT_WORK)


def test_hostile_envelopes_are_refused_and_change_nothing(ruled: Governed) -> None:
    document = two_owners(ruled, name="second")
    good = signed(ruled, document, ruled["dan"], ruled["eve"])
    for hostile in (b"", b"[" * 100_000, b"x" * 10_000_000, good[:-1], good + b"x"):
        refused(ruled, document, hostile, EnvelopeInvalid)
    for place in range(50, len(good), 211):
        flipped = bytearray(good)
        flipped[place] ^= 1
        with pytest.raises(RegistryError):
            ruled.history.registry.activate_policy(document, bytes(flipped), run=AT_WORK)
    assert rows(ruled) == 1


def revoking(world: Governed, name: str, *, key: str = "") -> PolicyDocument:
    """The policy of two owners, with the key of one revoked and another in its place."""
    document = two_owners(world)
    people = [
        each
        if each.name != name
        else replace(each, keys=(key,) if key else (), revoked_keys=(world[name].line,))
        for each in document.people
    ]
    return replace(document, people=tuple(people))


def test_a_revoked_key_signs_no_policy(ruled: Governed, tmp_path: Path) -> None:
    fresh = signatory(tmp_path / "fresh", "eve")
    second = revoking(ruled, "eve", key=fresh.line)
    # It still signs the policy by which it is revoked, as it was good until then.
    ruled.activate(second, ruled["dan"], ruled["eve"])
    third = replace(second, services=("host", "ci"))
    said = refused(ruled, third, signed(ruled, third, ruled["dan"], ruled["eve"]))
    assert "the revoked key of eve" in said
    ruled.activate(third, ruled["dan"], fresh)


def test_a_key_that_was_revoked_once_never_signs_again_whoever_lists_it(
    ruled: Governed, tmp_path: Path
) -> None:
    fresh = signatory(tmp_path / "fresh", "eve")
    pair = (ruled["dan"], fresh)
    ruled.activate(revoking(ruled, "eve", key=fresh.line), ruled["dan"], ruled["eve"])
    second = revoking(ruled, "eve", key=fresh.line)
    forgotten = [replace(each, revoked_keys=()) for each in second.people]
    # A policy that says nothing of it any more is one thing …
    ruled.activate(replace(second, people=tuple(forgotten)), *pair)
    line = ruled["eve"].line
    for relisted in (
        [*forgotten, Person(name="zoe", roles=("owner",), keys=(line,))],
        [*forgotten, Person(name="zoe", roles=("owner",), keys=(f"{line} zoe@home",))],
        [replace(p, keys=(*p.keys, line)) if p.name == "eve" else p for p in forgotten],
    ):
        # … and one in which it signs again another.
        document = replace(second, people=tuple(relisted))
        said = refused(ruled, document, signed(ruled, document, *pair))
        assert "was revoked once, as one of eve's" in said


def test_the_key_that_the_registry_signs_with_is_no_persons(ruled: Governed) -> None:
    with ruled.history.catalog.read() as connection:
        (own,) = list_keys(connection, "attestation")
    document = two_owners(ruled)
    host = Person(name="host_admin", roles=("risk",), keys=(f"{own.line} on the host",))
    other = replace(document, people=(*document.people, host))
    said = refused(ruled, other, signed(ruled, other, ruled["dan"], ruled["eve"]))
    assert said == (
        f"a key of host_admin is the registry's own, {own.fingerprint}, which signs promotions"
    )


def test_an_approval_by_the_people_of_a_policy_that_was_refused_counts_for_nothing(
    ruled: Governed,
) -> None:
    ruled.history.version(1, authors=["ann@example.com"])
    before = ruled.history.registry.decision(MODEL, 1)
    document = two_owners(ruled, name="malign")
    refused(ruled, document, signed(ruled, document, ruled["ann"]))
    after = ruled.history.registry.decision(MODEL, 1)
    assert before is not None
    assert after is not None
    assert (after.policy, after.answer) == (before.policy, before.answer)


def at_once(world: Governed, tasks: Sequence[Callable[[Registry], object]]) -> list[object]:
    """Let each task be done by a registry of its own, all at the same moment."""
    folder = world.history.registry.home.folder
    start = threading.Barrier(len(tasks))
    answers: list[object] = [None] * len(tasks)

    def perform(index: int) -> None:
        registry = Registry.open(folder)
        start.wait()
        try:
            answers[index] = tasks[index](registry)
        except RegistryError as error:
            answers[index] = error

    threads = [threading.Thread(target=perform, args=(index,)) for index in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


@pytest.mark.parametrize("attempt", range(3))
def test_of_two_policies_at_once_one_comes_into_force(ruled: Governed, attempt: int) -> None:
    documents = [two_owners(ruled, name=f"number_{number}") for number in range(4)]
    envelopes = [signed(ruled, each, ruled["dan"], ruled["eve"]) for each in documents]
    answers = at_once(
        ruled,
        [
            lambda registry, pair=pair: registry.activate_policy(*pair, run=AT_WORK)  # type: ignore[misc]
            for pair in zip(documents, envelopes, strict=True)
        ],
    )
    won = [index for index, each in enumerate(answers) if isinstance(each, activating.Activated)]
    assert len(won) == 1, answers
    assert sum(isinstance(each, PolicyRefused) for each in answers) == 3, answers
    active = ruled.history.registry.policy()
    assert active is not None
    assert active.digest == documents[won[0]].digest
    assert rows(ruled) == 2
    assert ruled.history.registry.verify().problems == ()


def test_the_same_policy_asked_for_at_once_comes_into_force_once(ruled: Governed) -> None:
    document = two_owners(ruled, name="second")
    envelope = signed(ruled, document, ruled["dan"], ruled["eve"])
    answers = at_once(
        ruled, [lambda registry: registry.activate_policy(document, envelope, run=AT_WORK)] * 3
    )
    changed = [getattr(each, "changed", each) for each in answers]
    assert sorted(map(str, changed)) == ["False", "False", "True"]
    assert rows(ruled) == 2


def test_an_edited_row_of_a_policy_decides_nothing(ruled: Governed) -> None:
    registry = ruled.history.registry
    ruled.history.version(1, authors=["ann@example.com"])
    with ruled.history.catalog.write() as connection:
        lenient = sa.func.replace(policies.c.document, '"approvals":2', '"approvals":0')
        connection.execute(sa.update(policies).values(document=lenient))
    for ask in (registry.policy, lambda: registry.decision(MODEL, 1)):
        with pytest.raises(CatalogError, match="is not what was activated"):
            ask()
    assert {problem.code for problem in registry.verify().problems} >= {"row_changed"}
