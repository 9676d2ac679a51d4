"""What an attestation proves of a version, by public keys alone: no catalog is asked.

The registry signed what was decided, and names what people signed; each of these is verified by
itself, and must be about this very version, pointer, evidence and policy. A check says what it
found; one that failed says what was expected.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from registry_assets.canonical import sha256_digest
from registry_assets.deployment.trust import TrustedKeys
from registry_assets.errors import RegistryError, SigningError, StatementInvalid
from registry_assets.governance.approval_statement import NAMESPACE as APPROVAL
from registry_assets.governance.approval_statement import ApprovalStatement
from registry_assets.governance.attestations import (
    ENVELOPE_FILE,
    POLICY_FILE,
    Attestation,
    AttestedApproval,
    registry_principal,
)
from registry_assets.governance.attestations import NAMESPACE as ATTESTATION
from registry_assets.manifest import Manifest
from registry_assets.signing.dsse import Envelope, verify_envelope
from registry_assets.signing.keys import PublicKey

Files: TypeAlias = Mapping[str, bytes]
"""The files of an attestation, by path."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that is not as it must be."""

    what: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Args:
        code: stable: `files`, `signature`, `statement`, `version`, `approval`, `policy`.
        subject: which one, where there are several: of an approval, the person.
        sentence: what was found, where it is as it must be.
    """

    code: str
    sentence: str
    mismatches: tuple[Mismatch, ...] = ()
    subject: str = ""

    @property
    def passed(self) -> bool:
        """Whether it is as it must be."""
        return not self.mismatches


@dataclass(frozen=True, slots=True)
class Subject:
    """The version that an attestation must be about, and the move, as far as that is known."""

    model: str
    version: int
    digest: str
    pointer: str | None = None
    generation: int | None = None


def read_statement(files: Files) -> tuple[Attestation, Envelope]:
    """Read what the registry signed; whose signature it is, is not looked at.

    Raises:
        SigningError: it is missing, damaged, or no attestation.
    """
    data = files.get(ENVELOPE_FILE)
    if data is None:
        raise StatementInvalid(f"there is no {ENVELOPE_FILE}")
    envelope = Envelope.from_bytes(data)
    return Attestation.from_bytes(envelope.payload), envelope


def check_attestation(
    manifest: Manifest, files: Files, *, subject: Subject, trusted: TrustedKeys
) -> Iterator[Check]:
    """Check an attestation, and everything that it rests on.

    Args:
        manifest: the attestation's.
        files: those of the manifest; their bytes were hashed.
    """
    try:
        said, envelope = read_statement(files)
    except SigningError as error:
        yield _failed("statement", "what was signed", "a statement of the registry", error.message)
        return
    yield _signature(said, envelope, trusted)
    yield _version(said, manifest, subject)
    for approval in said.approvals:
        yield _approval(approval, said, files, trusted)
    if said.policy_document is not None:
        yield _policy(said, files)


def _signature(said: Attestation, envelope: Envelope, trusted: TrustedKeys) -> Check:
    principal = registry_principal(said.registry)
    known = trusted.keys(principal, ATTESTATION)
    try:
        signed = verify_envelope(envelope, namespace=ATTESTATION)
    except SigningError as error:
        return _failed("signature", "signature", f"one of {principal}", error.message)
    if len(signed) != 1 or signed[0] not in known:
        return _failed("signature", "key", _one_of(principal, known), _marks(signed))
    return Check("signature", f"signed by {principal} with {signed[0].fingerprint}")


def _version(said: Attestation, manifest: Manifest, subject: Subject) -> Check:
    """Check that all of it is about the very version and move."""
    expected: dict[str, tuple[object, object]] = {
        "kind of the manifest": ("attestation", manifest.kind),
        "model": (subject.model, said.model),
        "version": (subject.version, said.version),
        "digest of the version": (subject.digest, said.digest),
    }
    parents = {"version": said.digest, "evaluation": said.evaluation, "previous": said.previous}
    for role, digest in parents.items():
        named = () if digest is None else (digest,)
        expected[f"parent {role} of the manifest"] = (named, manifest.parents_of(role))
    if subject.pointer is not None:
        expected["pointer"] = (subject.pointer, said.pointer)
    if subject.generation is not None:
        expected["generation"] = (subject.generation, said.generation)
    for name in ("model", "version", "pointer", "generation"):
        expected[f"fact {name} of the manifest"] = (getattr(said, name), manifest.facts.get(name))
    wrong = tuple(
        Mismatch(what, str(wanted), str(found))
        for what, (wanted, found) in expected.items()
        if (type(wanted), wanted) != (type(found), found)
    )
    moved = "rolled back to" if said.kind == "rollback" else "promoted to"
    sentence = (
        f"{said.reference} ({said.digest}), {moved} {said.pointer} on {said.decided_at[:16]}Z,"
        f" generation {said.generation}"
    )
    return Check("version", sentence, wrong)


def _approval(
    named: AttestedApproval, said: Attestation, files: Files, trusted: TrustedKeys
) -> Check:
    """Check one statement that the registry says counted."""
    try:
        statement, by = _signed_by(named, files, trusted)
        wrong = tuple(_unbound(named, statement, said))
    except _Unproven as error:
        return Check("approval", "", (error.mismatch,), named.person)
    except RegistryError as error:
        wrong = (Mismatch(named.file, "a statement that was signed", error.message),)
        return Check("approval", "", wrong, named.person)
    sentence = (
        f"{named.person} signed `{named.decision}` of {statement.bound.reference} for"
        f" {statement.bound.pointer} on {statement.signed_at[:16]}Z, {by}"
    )
    return Check("approval", sentence, wrong, named.person)


class _Unproven(Exception):
    """A statement that is not there, or not its person's."""

    def __init__(self, what: str, expected: str, found: str) -> None:
        super().__init__(what)
        self.mismatch = Mismatch(what, expected, found)


def _signed_by(
    named: AttestedApproval, files: Files, trusted: TrustedKeys
) -> tuple[ApprovalStatement, str]:
    """Give what a person said, and how that is known."""
    data = files.get(named.file)
    if data is None:
        raise _Unproven(named.file, named.digest, "no such file")
    if (found := sha256_digest(data)) != named.digest:
        raise _Unproven(named.file, named.digest, found)
    if named.fingerprint is None:
        # A policy may allow it; then it is the registry's word, which is signed.
        return ApprovalStatement.from_bytes(data), "without a signature: on the registry's word"
    envelope = Envelope.from_bytes(data)
    signed = verify_envelope(envelope, namespace=APPROVAL)
    known = trusted.keys(named.person, APPROVAL)
    if len(signed) != 1 or signed[0] not in known:
        raise _Unproven("key", _one_of(named.person, known), _marks(signed))
    if signed[0].fingerprint != named.fingerprint:
        raise _Unproven("key by the attestation", named.fingerprint, signed[0].fingerprint)
    return ApprovalStatement.from_bytes(envelope.payload), f"with {named.fingerprint}"


def _unbound(
    named: AttestedApproval, statement: ApprovalStatement, said: Attestation
) -> Iterator[Mismatch]:
    """Give everything in which a statement is about something else, or was over."""
    # A rollback rests on what was approved when the pointer came to that version before.
    earlier = said.rests_on if named.decision != "rollback" else None
    policy, decided_at = said.policy, said.decided_at
    if earlier is not None:
        policy, decided_at = earlier.policy, earlier.decided_at
    bound = statement.bound
    for what, expected, found in (
        ("person", named.person, statement.person),
        ("decision", named.decision, statement.decision),
        ("registry", said.registry, bound.registry),
        ("model", said.model, bound.model),
        ("version", said.version, bound.version),
        ("digest", said.digest, bound.digest),
        ("pointer", said.pointer, bound.pointer),
        ("evaluation", said.evaluation, bound.evaluation),
        ("policy", policy, bound.policy),
        ("gates", said.suite, bound.gates),
        ("data", said.upstream, bound.upstream),
    ):
        if found != expected:
            yield Mismatch(what, str(expected), str(found))
    if statement.expires_at <= decided_at:
        yield Mismatch("expiry", f"after {decided_at}", statement.expires_at)


def _policy(said: Attestation, files: Files) -> Check:
    data = files.get(POLICY_FILE)
    found = "no such file" if data is None else sha256_digest(data)
    sentence = f"{POLICY_FILE} is the policy that was in force, {said.policy_document}"
    if found == said.policy_document:
        return Check("policy", sentence)
    return Check("policy", "", (Mismatch(POLICY_FILE, str(said.policy_document), found),))


def _failed(code: str, what: str, expected: str, found: str) -> Check:
    return Check(code, "", (Mismatch(what, expected, found),))


def _one_of(principal: str, known: tuple[PublicKey, ...]) -> str:
    return f"{_marks(known)} of {principal}" if known else f"a key of {principal}: none is listed"


def _marks(keys: tuple[PublicKey, ...]) -> str:
    return " or ".join(key.fingerprint for key in keys)
