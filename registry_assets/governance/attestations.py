"""Attestations: what the registry itself states and signs about one move of a pointer.

The value and its bytes alone, so that whoever has no catalog reads it with these very lines. How
one is made and stored is `lifecycle.attesting`, how one is checked `deployment.attested`.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from registry_assets.clock import parse_timestamp, timestamp
from registry_assets.errors import RegistryError, StatementInvalid
from registry_assets.recipe import SnapshotRef
from registry_assets.references import check_digest, check_name

NAMESPACE = "registry_assets/attestation"
"""What signatures of a registry are for: one made for something else is none of ours."""

PREDICATE = "https://registry-assets.invalid/promotion/v1"
"""The type of the statement: a name alone, under which nothing is to be found."""

ENVELOPE_FILE = "attestation.json"
POLICY_FILE = "policy.json"
"""Files of an attestation, beside one for each approval: what was signed, the policy in force."""

MOST_INPUTS = 1_000
"""Of how many snapshots the names stand in it; more stand in the version's manifest alone."""

Kind = Literal["promotion", "rollback"]
KINDS: tuple[Kind, ...] = ("promotion", "rollback")

_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_REGISTRY = re.compile(r"[0-9a-f]{32}")


def registry_principal(registry: str) -> str:
    """Give what a registry is called in a list of signers; no person can be called so."""
    return f"registry@{registry}"


@dataclass(frozen=True, slots=True)
class AttestedVerdict:
    """What one gate said, and the digest of its definition."""

    gate: str
    digest: str
    outcome: str
    why: str


@dataclass(frozen=True, slots=True)
class AttestedApproval:
    """A statement of a person that counted.

    Args:
        fingerprint: of the key; None where nobody signed.
        digest: of the envelope, or of the statement where nobody signed.
    """

    person: str
    fingerprint: str | None
    decision: str
    digest: str

    @property
    def file(self) -> str:
        """Where it stands among the files of the attestation."""
        return f"approvals/{self.person}-{self.digest[len('sha256:') :][:12]}.json"


@dataclass(frozen=True, slots=True)
class AttestedWaiver:
    """Something that would have held the version, and was set aside."""

    code: str
    subject: str
    sentence: str


@dataclass(frozen=True, slots=True)
class AttestedHead:
    """The end of a chain of the ledger when it was decided."""

    sequence: int
    digest: str


@dataclass(frozen=True, slots=True)
class EarlierPromotion:
    """The promotion whose evidence a rollback rests on: when, and by which policy, it was made."""

    generation: int
    decided_at: str
    policy: str


@dataclass(frozen=True, slots=True)
class Attestation:
    """What the registry states about one move of a pointer.

    Law: `Attestation.from_bytes(attestation.to_bytes()) == attestation`.

    Args:
        digest: of the version's manifest, which is what the statement is about.
        from_version: None where the pointer held nothing.
        policy: digest of what was asked of this pointer.
        policy_document: digest of the policy that people had activated; None without one.
        approvals: with those who approved, also those who set rules aside.
        rests_on: of a rollback; None of a promotion, which rests on what it says itself.
        inputs: the snapshots that the version was made from; none where there are too many.
        upstream: one digest of all of them.
        code: digest of the packaged modules.
        previous: digest of the attestation of the pointer's move before; None of the first.
        ledger: the end of each chain, by its name.
    """

    registry: str
    model: str
    version: int
    digest: str
    pointer: str
    generation: int
    from_version: int | None
    kind: Kind
    decided_at: str
    actor: str
    reason: str
    run: str
    evaluation: str | None
    suite: str
    policy: str
    policy_document: str | None
    risk: str
    verdicts: tuple[AttestedVerdict, ...]
    approvals: tuple[AttestedApproval, ...]
    waived: tuple[AttestedWaiver, ...]
    rests_on: EarlierPromotion | None
    inputs: tuple[SnapshotRef, ...]
    upstream: str
    code: str
    commit: str
    previous: str | None
    ledger: Mapping[str, AttestedHead] = field(hash=False)

    @property
    def reference(self) -> str:
        """`loan_approval:1`."""
        return f"{self.model}:{self.version}"

    def to_bytes(self) -> bytes:
        """Write it as the in-toto statement that is signed.

        Raises:
            StatementInvalid: it is too long to be signed.
        """
        from registry_assets.signing.statement import Statement, Subject

        said = asdict(self)
        del said["digest"]
        return Statement((Subject(self.reference, self.digest),), PREDICATE, said).to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Attestation":
        """Read what was signed.

        Raises:
            StatementInvalid: it is no attestation of a registry, or not in its one form.
        """
        from registry_assets.signing.statement import Statement

        statement = Statement.from_bytes(data)
        said = dict(statement.expect(PREDICATE))
        try:
            (subject,) = statement.subjects
            found = cls(**_values(said), digest=subject.digest)
            _check(found)
            if found.to_bytes() != data:
                raise ValueError("what it says and the bytes that it names are not of one version")
        except (AttributeError, KeyError, TypeError, ValueError, RegistryError) as error:
            said_so = getattr(error, "message", str(error)).rstrip(".")
            raise StatementInvalid(
                f"This is no attestation of a promotion: {said_so}.",
                hint="Pull the version again; the registry has it as it was signed.",
            ) from error
        return found


def _values(said: Mapping[str, Any]) -> dict[str, Any]:
    """Give the fields as values of their types."""
    earlier = said["rests_on"]
    return {
        **said,
        "verdicts": tuple(AttestedVerdict(**each) for each in said["verdicts"]),
        "approvals": tuple(AttestedApproval(**each) for each in said["approvals"]),
        "waived": tuple(AttestedWaiver(**each) for each in said["waived"]),
        "rests_on": None if earlier is None else EarlierPromotion(**earlier),
        "inputs": tuple(SnapshotRef(**each) for each in said["inputs"]),
        "ledger": {chain: AttestedHead(**head) for chain, head in said["ledger"].items()},
    }


def _check(found: Attestation) -> None:
    """Refuse what no registry states, by whomever it is signed."""
    if found.kind not in KINDS or (found.kind == "rollback") != (found.rests_on is not None):
        raise ValueError(f"it is a {found.kind!r:.50}, which does not fit what it rests on")
    if not (isinstance(found.registry, str) and _REGISTRY.fullmatch(found.registry)):
        raise ValueError(f"its registry is {found.registry!r:.50}")
    for name in (found.model, found.pointer, *(each.person for each in found.approvals)):
        check_name(name)
    counts = [found.version, found.generation]
    counts += [] if found.from_version is None else [found.from_version]
    if any(type(count) is not int or count < 1 for count in counts):
        raise ValueError(f"{counts!r:.100} are not all numbers from 1 on")
    digests = [found.digest, found.policy, found.suite, found.upstream]
    digests += [each.digest for each in found.approvals]
    optional = (found.evaluation, found.policy_document, found.previous)
    for digest in (*digests, *(each for each in optional if each is not None)):
        check_digest(digest)
    for approval in found.approvals:
        mark = approval.fingerprint
        if mark is not None and not (isinstance(mark, str) and _FINGERPRINT.fullmatch(mark)):
            raise ValueError(f"{mark!r:.60} is no fingerprint of a key")
    earlier = found.rests_on
    if earlier is not None:
        check_digest(earlier.policy)
    for instant in (found.decided_at, *((earlier.decided_at,) if earlier else ())):
        # In its one form: what expires is compared with it as text.
        if timestamp(parse_timestamp(instant)) != instant:
            raise ValueError(f"{instant!r:.50} is no instant in the form of the catalog")
