"""Attest: what the registry states and signs about one move of a pointer, before it is made.

It is drafted from what was decided by, signed and stored, all outside the write lock; and then
named by a row of the very transaction that moves the pointer. Where anything has changed in
between, it is made again under the lock: nothing is signed that did not come about so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog.approvals import ApprovalRecord, find_approvals
from registry_assets.catalog.attestations import find_attestation
from registry_assets.catalog.policies import policy_at
from registry_assets.catalog.provenance import read_identity
from registry_assets.catalog.tenures import tenure_of
from registry_assets.errors import CatalogError
from registry_assets.governance.attestations import (
    ENVELOPE_FILE,
    MOST_INPUTS,
    NAMESPACE,
    POLICY_FILE,
    Attestation,
    AttestedApproval,
    AttestedHead,
    AttestedVerdict,
    AttestedWaiver,
    EarlierPromotion,
    Kind,
)
from registry_assets.governance.binding import upstream_digest
from registry_assets.governance.standing import Decision
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.publishing import Publication, collections
from registry_assets.lifecycle.registry_keys import open_attestation_signer
from registry_assets.manifest import Manifest, Parent, file_entries
from registry_assets.signing.dsse import sign_envelope
from registry_assets.signing.signers import Signer

NAMED = ("approvals", "overrides", "authority")
"""Where the evidence of a promotion names statements of people."""


@dataclass(frozen=True, slots=True)
class Move:
    """One move of a pointer, as it was decided, by whom and on which evidence.

    Args:
        evidence: as the promotion will have it; `ledger` is part of it.
        rests_on: of a rollback, the generation whose evidence it rests on.
    """

    decision: Decision
    evidence: Mapping[str, Any]
    decided_at: str
    reason: str
    run: RunInfo
    rests_on: int | None = None

    @property
    def kind(self) -> Kind:
        """Whether it goes forward, or back."""
        return "promotion" if self.rests_on is None else "rollback"


@dataclass(frozen=True, slots=True)
class Attested:
    """An attestation that is in the store, and that no row names yet."""

    digest: str
    publication: Publication

    def confirm(self, connection: sa.Connection) -> None:
        """Make sure that it is still there, in the transaction whose row will name it.

        Raises:
            BlobMissing: it was collected meanwhile; repeating stores it again.
        """
        self.publication.confirm(connection, self.digest)


@dataclass(frozen=True, slots=True)
class Drafted:
    """What is to be signed, and what is kept beside it, by file.

    Args:
        parents: the manifests that it speaks of.
    """

    attestation: Attestation
    files: Mapping[str, bytes]
    parents: tuple[Parent, ...]
    signer: Signer
    publication: Publication

    def publish(self) -> Attested:
        """Sign it and store it with everything beside it.

        Raises:
            KeyUnusable: the key cannot sign now.
            StatementInvalid: it is too long to be signed.
            StoreError: it cannot be stored.
        """
        said = self.attestation
        envelope = sign_envelope(said.to_bytes(), self.signer, namespace=NAMESPACE)
        contents = {**self.files, ENVELOPE_FILE: envelope.to_bytes()}
        facts: dict[str, Json] = {
            "model": said.model,
            "pointer": said.pointer,
            "generation": said.generation,
            "version": said.version,
        }
        manifest = Manifest("attestation", file_entries(contents), self.parents, facts)
        return Attested(self.publication.put(manifest, contents), self.publication)


def attest(backends: Backends, move: Move) -> Attested:
    """Draft, sign and store an attestation, outside any transaction of the caller's.

    Raises:
        SigningKeyMissing: the registry's private key is not on this machine.
        SigningError: it cannot be used, or the statement cannot be signed.
        StoreError: it cannot be stored.
    """
    with backends.catalog.read() as connection:
        drafted = draft_attestation(connection, backends, move)
    return drafted.publish()


def draft_attestation(connection: sa.Connection, backends: Backends, move: Move) -> Drafted:
    """Put together what is to be signed about a move, as things stand in this transaction.

    Raises:
        SigningKeyMissing: the registry's private key is not on this machine.
        KeyUnusable: what is in its place cannot be used.
    """
    signer = open_attestation_signer(connection, backends)
    approvals = _approvals(connection, move)
    pointer = move.decision.standing.pointer
    before = find_attestation(connection, pointer.model, pointer.name, pointer.generation)
    previous = before.digest if before else None
    said = _statement(connection, move, [_attested(each) for each in approvals], previous)
    files = {_attested(each).file: _as_signed(each) for each in approvals}
    active = move.decision.policy.active
    record = policy_at(connection, active.sequence) if active else None
    if record is not None:
        files[POLICY_FILE] = canonical_json(dict(record.document))
    named = {"version": said.digest, "evaluation": said.evaluation, "previous": previous}
    parents = tuple(Parent(role, digest) for role, digest in named.items() if digest)
    publication = Publication(backends.store, collections(connection))
    return Drafted(said, files, parents, signer, publication)


def _statement(
    connection: sa.Connection,
    move: Move,
    approvals: list[AttestedApproval],
    previous: str | None,
) -> Attestation:
    policy, standing = move.decision.policy, move.decision.standing
    version, pointer, evidence = standing.version, standing.pointer, move.evidence
    inputs = tuple(dict.fromkeys((*version.recipe.train, *version.recipe.holdout)))
    return Attestation(
        registry=read_identity(connection),
        model=version.model,
        version=version.number,
        digest=str(version.digest),
        pointer=pointer.name,
        generation=pointer.generation + 1,
        from_version=pointer.version,
        kind=move.kind,
        decided_at=move.decided_at,
        actor=move.run.actor,
        reason=move.reason,
        run=move.run.run_id,
        evaluation=evidence.get("evaluation"),
        suite=str(evidence["suite"]),
        policy=policy.digest,
        policy_document=policy.active.digest if policy.active else None,
        risk=str(evidence["risk"]),
        verdicts=tuple(AttestedVerdict(**verdict) for verdict in evidence["verdicts"]),
        approvals=tuple(approvals),
        waived=tuple(AttestedWaiver(**each) for each in evidence.get("waived", ())),
        rests_on=_earlier(connection, move),
        inputs=inputs if len(inputs) <= MOST_INPUTS else (),
        upstream=upstream_digest(version.recipe),
        code=version.recipe.code,
        commit=str(version.metadata.get("code_commit", "")),
        previous=previous,
        ledger={chain: AttestedHead(**head) for chain, head in evidence["ledger"].items()},
    )


def _earlier(connection: sa.Connection, move: Move) -> EarlierPromotion | None:
    """Give the promotion that a rollback rests on: by its policy people had approved."""
    if move.rests_on is None:
        return None
    pointer = move.decision.standing.pointer
    found = tenure_of(connection, pointer.model, pointer.name, move.rests_on)
    if found is None:
        raise _gone(f"promotion {move.rests_on} of {pointer.model}@{pointer.name}")
    earlier = found.promotion
    decided_at = str(earlier.evidence.get("decided_at", earlier.created_at))
    return EarlierPromotion(earlier.generation, decided_at, earlier.policy_digest)


def _approvals(connection: sa.Connection, move: Move) -> list[ApprovalRecord]:
    """Give the statements of people that the evidence names, as they were recorded."""
    digests = [each["digest"] for name in NAMED for each in move.evidence.get(name, ())]
    found = find_approvals(connection, digests) if digests else {}
    for digest in digests:
        if digest not in found:
            raise _gone(f"the approval {digest}")
    return [found[digest] for digest in dict.fromkeys(digests)]


def _attested(record: ApprovalRecord) -> AttestedApproval:
    return AttestedApproval(record.person, record.fingerprint, record.decision, record.digest)


def _as_signed(record: ApprovalRecord) -> bytes:
    return (record.envelope or record.statement).encode()


def _gone(what: str) -> CatalogError:
    return CatalogError(
        f"{what}, on which this rests, is gone from the catalog",
        hint="run `registry verify`: it names everything that was changed; nothing was moved",
    )
