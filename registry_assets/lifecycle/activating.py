"""Activate: bring a policy into force, signed as the policy in force asks.

The first is signed with the owner's key, which `init` was given; from then on that key is worth
no more than any other. What is signed names the policy that is replaced, by its position in the
ledger, so that nobody can bring an old one back with an old signature.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from registry_assets.canonical import Json
from registry_assets.catalog.ledger import REGISTRY, change
from registry_assets.catalog.policies import list_keys, list_policies, write_policy
from registry_assets.catalog.provenance import read_identity
from registry_assets.clock import timestamp
from registry_assets.errors import PolicyRefused
from registry_assets.governance.active import ActivePolicy, read_active
from registry_assets.governance.document import PolicyDocument
from registry_assets.governance.wording import listed
from registry_assets.lifecycle.backends import Backends, RunInfo

if TYPE_CHECKING:
    from registry_assets.signing.dsse import Envelope

NAMESPACE = "registry_assets/policy"
"""What signatures of policies are for."""

PREDICATE = "https://registry-assets.invalid/policy/v1"

_NOTHING = "nothing was changed"


@dataclass(frozen=True, slots=True)
class Activated:
    """The policy in force; `changed` is False where it was in force already."""

    active: ActivePolicy
    changed: bool


@dataclass(frozen=True, slots=True)
class _Signer:
    """Somebody whose signature counts: a person of the policy in force, or the owner."""

    name: str
    fingerprint: str


def activation_statement(backends: Backends, document: PolicyDocument) -> bytes:
    """Give what is to be signed to bring a policy into force after the one that is."""
    from registry_assets.signing.statement import Statement, Subject

    with backends.catalog.read() as connection:
        active, registry = read_active(connection), read_identity(connection)
    said: dict[str, Json] = {
        "registry": registry,
        "replaces": active.digest if active else None,
        "position": active.sequence if active else 0,
        "made_at": timestamp(backends.clock()),
        "nonce": secrets.token_hex(16),
    }
    return Statement((Subject("policy", document.digest),), PREDICATE, said).to_bytes()


def check_statement(backends: Backends, document: PolicyDocument, statement: bytes) -> None:
    """Refuse a statement that does not bring this policy into force as things stand now.

    Whoever adds a signature to somebody else's envelope signs what stands in that.

    Raises:
        PolicyRefused: it speaks of another policy, of another registry or of another moment.
        StatementInvalid: it is no statement about a policy.
    """
    with backends.catalog.read() as connection:
        _require_bound(connection, statement, document, read_active(connection))


def check_envelope(backends: Backends, document: PolicyDocument, envelope: bytes) -> None:
    """Refuse what `activate_policy` would refuse, before anybody is asked to agree to it.

    Raises:
        PolicyRefused, SigningError: as there.
    """
    from registry_assets.signing.dsse import Envelope

    with backends.catalog.read() as connection:
        active = read_active(connection)
        _accepted(connection, Envelope.from_bytes(envelope), document, active)


def activation_missing(backends: Backends, envelope: bytes) -> str:
    """Say whose signatures an envelope lacks to bring its policy into force; "" where none.

    Raises:
        PolicyRefused: somebody signed it whose signature cannot count.
        SigningError: it is damaged, or a signature in it is not good.
    """
    from registry_assets.signing.dsse import Envelope

    with backends.catalog.read() as connection:
        active = read_active(connection)
        return _missing(_signers(connection, Envelope.from_bytes(envelope), active), active)


def activate_policy(
    backends: Backends, document: PolicyDocument, envelope: bytes, *, run: RunInfo, reason: str = ""
) -> Activated:
    """Bring a policy into force.

    Args:
        envelope: the statement of `activation_statement`, signed by as many people as the policy
            in force asks for, or with the owner's key where none is.

    Raises:
        PolicyRefused: it is not signed so, or would let a key sign that was revoked, or is the
            registry's own.
        SigningError: the envelope is damaged, or a signature in it is not good.
    """
    from registry_assets.signing.dsse import Envelope

    opened = Envelope.from_bytes(envelope)
    with change(
        backends.catalog,
        chain=REGISTRY,
        kind="policy_activated",
        actor=run.actor,
        reason=reason,
        clock=backends.clock,
    ) as draft:
        active = read_active(draft.connection)
        if active is not None and active.digest == document.digest:
            return Activated(active, changed=False)
        signers = _accepted(draft.connection, opened, document, active)
        names = listed([signer.name for signer in signers])
        sequence = write_policy(
            draft,
            digest=document.digest,
            document=document.to_json(),
            envelope=opened.to_bytes().decode(),
            person=names,
            reason=reason,
            actor=run.actor,
        )
        before = f", in place of {active.digest[:19]}" if active else ", the first one"
        draft.sentence = f"the policy {document.digest[:19]} came into force{before}, by {names}"
        draft.facts = {
            "policy": document.digest,
            "replaces": active.digest if active else None,
            "signed_by": [
                {"person": signer.name, "fingerprint": signer.fingerprint} for signer in signers
            ],
        }
        made = ActivePolicy(sequence, document.digest, document, names, draft.effective_at)
    return Activated(made, changed=True)


def _accepted(
    connection: sa.Connection,
    envelope: "Envelope",
    document: PolicyDocument,
    active: ActivePolicy | None,
) -> list[_Signer]:
    """Give those who signed, where a policy may come into force by their signatures."""
    _require_bound(connection, envelope.payload, document, active)
    signers = _signers(connection, envelope, active)
    _require_enough(signers, active)
    _refuse_revoked(connection, document)
    _refuse_own(connection, document)
    return signers


def _require_bound(
    connection: sa.Connection,
    payload: bytes,
    document: PolicyDocument,
    active: ActivePolicy | None,
) -> None:
    """Refuse what was signed for another registry, another policy, or another moment."""
    from registry_assets.signing.statement import Statement

    statement = Statement.from_bytes(payload)
    said = statement.expect(PREDICATE)
    signed = [subject.digest for subject in statement.subjects]
    if signed != [document.digest]:
        raise PolicyRefused(
            f"what is signed is another policy: {signed[0][:19]}, and not {document.digest[:19]}",
            hint=f"sign this very file: `registry policy sign FILE --key KEY`; {_NOTHING}",
        )
    position = active.sequence if active else 0
    expected = (read_identity(connection), active.digest if active else None, position)
    if (said.get("registry"), said.get("replaces"), said.get("position")) != expected:
        there = f"{active.digest[:19]} of position {position}" if active else "none"
        raise PolicyRefused(
            "it was signed for another registry, or to replace another policy than is in force,"
            f" {there}",
            hint=f"sign it again, as things stand now; {_NOTHING}",
        )


def _signers(
    connection: sa.Connection, envelope: "Envelope", active: ActivePolicy | None
) -> list[_Signer]:
    """Give those who signed, each once; every signature must be good and of somebody known."""
    from registry_assets.signing.dsse import verify_envelope

    found: dict[str, _Signer] = {}
    for key in verify_envelope(envelope, namespace=NAMESPACE):
        name = _whose(connection, key.fingerprint, active)
        found.setdefault(name, _Signer(name, key.fingerprint))
    return list(found.values())


def _whose(connection: sa.Connection, fingerprint: str, active: ActivePolicy | None) -> str:
    if active is None:
        owners = list_keys(connection, "owner")
        if not owners:
            raise PolicyRefused(
                "the registry has no owner, whose key the first policy is signed with",
                hint=f"`registry init --owner-key ~/.ssh/id_ed25519.pub` names one; {_NOTHING}",
            )
        if fingerprint not in {key.fingerprint for key in owners}:
            raise PolicyRefused(
                f"it is signed with {fingerprint}; the first policy takes the owner's key,"
                f" {owners[0].fingerprint}",
                hint=f"sign it with that key; {_NOTHING}",
            )
        return "the owner"
    person = active.signer(fingerprint)
    if person is not None:
        return person.name
    revoked = active.was_revoked(fingerprint)
    whose = f"the revoked key of {revoked.name}" if revoked else "none of the policy's people"
    raise PolicyRefused(
        f"it is signed with {fingerprint}: {whose}",
        hint=f"whoever may is listed by `registry policy explain`; {_NOTHING}",
    )


def _missing(signers: list[_Signer], active: ActivePolicy | None) -> str:
    """Say who has to sign beside those who have; "" where they are enough."""
    if active is None:
        return ""
    rule, people = active.document.activation, active.document.person
    able = [
        signer.name
        for signer in signers
        if (person := people(signer.name)) and set(person.roles) & set(rule.roles)
    ]
    if len(able) >= rule.approvals:
        return ""
    have = listed(able) if able else "nobody"
    others = listed([each.name for each in signers if each.name not in able] or [""])
    return (
        f"the next policy takes {rule.approvals} of the roles {', '.join(rule.roles)};"
        f" {have} of them signed{f', and {others} without such a role' if others else ''}"
    )


def _require_enough(signers: list[_Signer], active: ActivePolicy | None) -> None:
    if missing := _missing(signers, active):
        raise PolicyRefused(
            missing,
            hint="`registry policy sign FILE --key KEY --envelope FILE` adds a signature;"
            f" {_NOTHING}",
        )


def _refuse_revoked(connection: sa.Connection, document: PolicyDocument) -> None:
    """A key that was revoked once never signs again, whoever lists it."""
    wanted = dict(_keys(document))
    for record in list_policies(connection):
        # As it stands there: what an earlier release took for a policy, this one may not.
        for person in record.document.get("people", ()):
            for line in person.get("revoked_keys", ()):
                if (name := wanted.get(_plain(line))) is not None:
                    raise PolicyRefused(
                        f"a key of {name} was revoked once, as one of {person['name']}'s, and is"
                        " among those that may sign again",
                        hint=f"make a new one: ssh-keygen -t ed25519; {_NOTHING}",
                    )


def _refuse_own(connection: sa.Connection, document: PolicyDocument) -> None:
    """A key that lies on the host is nobody's: whoever can promote could approve with it."""
    wanted = dict(_keys(document))
    for own in list_keys(connection, "attestation"):
        if (name := wanted.get(_plain(own.line))) is not None:
            raise PolicyRefused(
                f"a key of {name} is the registry's own, {own.fingerprint}, which signs promotions",
                hint=f"list a key that {name} alone has; {_NOTHING}",
            )


def _keys(document: PolicyDocument) -> Iterator[tuple[str, str]]:
    for person in document.people:
        for line in person.keys:
            yield _plain(line), person.name


def _plain(line: str) -> str:
    """Give a key without its comment."""
    return " ".join(line.split()[:2])
