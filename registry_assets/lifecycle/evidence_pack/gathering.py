"""What is known about one version, from one reading of the catalog: rows, and nothing else yet.

Bytes are read by `stored` and `signed`; what is said of it all is in `documents`, `page` and
`readme`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog.approvals import ApprovalRecord, list_approvals
from registry_assets.catalog.attestations import find_attestation
from registry_assets.catalog.evaluations import EvaluationRecord, list_evaluations
from registry_assets.catalog.indexing import Stage
from registry_assets.catalog.ledger import (
    REGISTRY,
    Event,
    Head,
    chain_origin,
    read_chains,
    read_head,
)
from registry_assets.catalog.log import Wanted, read_log
from registry_assets.catalog.models import PRODUCTION, ModelRecord, get_model
from registry_assets.catalog.pointers import PointerRecord, PromotionRecord, list_pointers
from registry_assets.catalog.policies import PolicyRecord, newest_policy, policy_at
from registry_assets.catalog.provenance import Provenance, read_identity, read_segments
from registry_assets.catalog.tenures import Tenure, version_tenures
from registry_assets.catalog.versions import VersionRecord, get_version
from registry_assets.catalog.words import Words, read_words
from registry_assets.governance.agreement import count_approvals
from registry_assets.governance.approvals import Approval, statement_of
from registry_assets.governance.standing import Decision, derive_stage, read_decision
from registry_assets.lifecycle.attesting import NAMED
from registry_assets.lifecycle.deploying import resolve
from registry_assets.lifecycle.evidence_pack.lived import Lived, read_lived
from registry_assets.lifecycle.registry_keys import list_signers
from registry_assets.lifecycle.retention import Retention, retention_of
from registry_assets.lifecycle.reviewing import Review, review_of
from registry_assets.references import Reference
from registry_assets.signing.allowed_signers import AllowedSigner

_MOST_EVENTS = 1_000


@dataclass(frozen=True, slots=True)
class Promotion:
    """One move of a pointer to the version, and until when it held it.

    Args:
        attestation: digest of the manifest of what the registry signed about it; None of one
            that was made before there were any.
        maker: the registry in which it was made.
        policy: what people had activated then; None where nothing was, or it is not here.
    """

    tenure: Tenure
    attestation: str | None
    maker: str
    policy: PolicyRecord | None

    @property
    def made(self) -> PromotionRecord:
        """The promotion itself."""
        return self.tenure.promotion

    @property
    def name(self) -> str:
        """What it is called among the files: `production-2`."""
        return f"{self.made.pointer}-{self.made.generation}"

    @property
    def named(self) -> frozenset[str]:
        """Digests of the statements of people that it rests on."""
        every = (each for name in NAMED for each in self.made.evidence.get(name, ()))
        return frozenset(str(each["digest"]) for each in every)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a person said about the version, and what became of it.

    Args:
        counted: the promotions that rest on it.
        why: what keeps it from counting for a promotion now; empty where nothing does.
        full_name: by the policy under which it was recorded; empty where that is not here.
        policy: that policy.
        roles: in which the person said it, as far as a promotion or that policy says.
    """

    approval: Approval
    counted: tuple[Promotion, ...]
    why: str
    full_name: str
    roles: tuple[str, ...]
    policy: PolicyRecord | None

    @property
    def record(self) -> ApprovalRecord:
        """The row, with what was signed."""
        return self.approval.record

    @property
    def name(self) -> str:
        """What its files are called: `2026-03-01-ann-approve-0123456789ab`."""
        said = self.record
        return f"{said.recorded_at[:10]}-{said.person}-{said.decision}-{said.digest[7:19]}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that the catalog knows about one version.

    Args:
        asked: the reference that was asked about.
        made_at: by the registry's clock.
        pointer: the one that the answer is about: that of the reference, else the last that held
            the version, else production.
        decision: of the one decision now, for that pointer.
        pointers: all of the model, and what each holds.
        predecessor: what that pointer held before; of a version that it never held, what it
            holds. None where there is neither.
        policy: that people activated, in force now.
        policies: every one that a promotion or a statement in here was made under, and that.
        lived: what is known of it in use.
        signers: whose signatures count now, for approvals and attestations.
        events: of the model's chain those about the version, oldest first.
        heads: the end of each chain that the ledger in here has.
    """

    asked: str
    made_at: str
    registry: str
    model: ModelRecord
    version: VersionRecord
    words: Words
    stage: Stage
    pointer: str
    decision: Decision
    pointers: tuple[PointerRecord, ...]
    promotions: tuple[Promotion, ...]
    predecessor: VersionRecord | None
    statements: tuple[Statement, ...]
    evaluations: tuple[EvaluationRecord, ...]
    retention: Retention | None
    review: Review | None
    lived: Lived
    policy: PolicyRecord | None
    policies: tuple[PolicyRecord, ...]
    signers: tuple[AllowedSigner, ...]
    events: tuple[Event, ...]
    heads: Mapping[str, Head]

    @property
    def holding(self) -> tuple[Promotion, ...]:
        """The promotions by which pointers hold the version now."""
        return tuple(each for each in self.promotions if each.tenure.until is None)

    @property
    def promotion(self) -> Promotion | None:
        """The last promotion of the version to the pointer that the answer is about."""
        return next((p for p in reversed(self.promotions) if p.made.pointer == self.pointer), None)


def gather(connection: sa.Connection, reference: Reference, *, now: str) -> Evidence:
    """Read everything that the catalog knows about a committed version.

    Raises:
        NotFound, VersionFailed, InvalidReference: the reference names no committed version.
        CatalogError: a row is not what was recorded.
    """
    version = resolve(connection, reference)
    name, number = version.model, version.number
    origins = _origins(connection, name)
    promotions = _promotions(connection, version, origins)
    pointer = _pointer(reference, promotions)
    decision = read_decision(connection, name, number, pointer, now=now)
    statements = tuple(_statements(connection, version, promotions, origins, now=now))
    in_force = newest_policy(connection)
    rests_on = (*(p.policy for p in promotions), *(s.policy for s in statements), in_force)
    return Evidence(
        asked=str(reference),
        made_at=now,
        registry=origins.registry,
        model=get_model(connection, name),
        version=version,
        words=read_words(connection, name, number),
        stage=derive_stage(connection, version),
        pointer=pointer,
        decision=decision,
        pointers=list_pointers(connection, name),
        promotions=promotions,
        predecessor=_predecessor(connection, version, pointer, promotions),
        statements=statements,
        evaluations=list_evaluations(connection, name, version=number),
        retention=retention_of(connection, name, number),
        review=review_of(connection, decision.policy, model=name, pointer=pointer),
        lived=read_lived(connection, name, number),
        policy=in_force,
        policies=tuple({each.sequence: each for each in rests_on if each}.values()),
        signers=list_signers(connection),
        events=read_log(connection, name, Wanted(version=number), last=_MOST_EVENTS).events,
        heads=read_heads(connection, name),
    )


def read_heads(connection: sa.Connection, model: str) -> dict[str, Head]:
    """Give the ends of a model's chain and of the registries' own: what a pack can be held by."""
    chains = [c for c in read_chains(connection) if c in (model, REGISTRY) or chain_origin(c)]
    return {chain: read_head(connection, chain) for chain in chains}


def _origins(connection: sa.Connection, model: str) -> Provenance:
    """Read where a model's history was made; of the rows of imports nothing is needed."""
    segments = {name: tuple(found) for name, found in read_segments(connection, model).items()}
    return Provenance(read_identity(connection), segments, {})


def _promotions(
    connection: sa.Connection, version: VersionRecord, origins: Provenance
) -> tuple[Promotion, ...]:
    number = version.number
    held = version_tenures(connection, version.model, first=number, last=number)
    ordered = sorted(held, key=lambda tenure: (tenure.promotion.created_at, tenure.until or "~"))
    return tuple(_promotion(connection, tenure, origins) for tenure in ordered)


def _promotion(connection: sa.Connection, tenure: Tenure, origins: Provenance) -> Promotion:
    made = tenure.promotion
    found = find_attestation(connection, made.model, made.pointer, made.generation)
    ledger = made.evidence.get("ledger", {})
    head = ledger.get(made.model, {}).get("sequence", 0)
    # Its own event is the next one of the model's chain.
    maker = origins.maker(made.model, int(head) + 1)
    position = ledger.get(REGISTRY, {}).get("sequence")
    policy = None
    if position is not None and maker == origins.registry:
        policy = policy_at(connection, int(position))
    return Promotion(tenure, found.digest if found else None, maker, policy)


def _pointer(reference: Reference, promotions: tuple[Promotion, ...]) -> str:
    if reference.pointer is not None:
        return reference.pointer
    holding = [each for each in promotions if each.tenure.until is None]
    last = (holding or list(promotions))[-1:]
    return last[0].made.pointer if last else PRODUCTION


def _predecessor(
    connection: sa.Connection,
    version: VersionRecord,
    pointer: str,
    promotions: tuple[Promotion, ...],
) -> VersionRecord | None:
    for promotion in reversed(promotions):
        if promotion.made.pointer == pointer:
            before = promotion.made.from_version
            return None if before is None else get_version(connection, version.model, before)
    held = {each.name: each.version for each in list_pointers(connection, version.model)}
    now = held.get(pointer)
    return None if now is None else get_version(connection, version.model, now)


def _statements(
    connection: sa.Connection,
    version: VersionRecord,
    promotions: tuple[Promotion, ...],
    origins: Provenance,
    *,
    now: str,
) -> Iterator[Statement]:
    records = list_approvals(connection, version.model, version.number)
    judged: dict[str, tuple[Approval, str]] = {}
    by_pointer = sorted(records, key=lambda record: record.pointer)
    for pointer, some in groupby(by_pointer, key=lambda record: record.pointer):
        judged |= _judged(connection, version, pointer, some, now=now)
    for record in records:
        approval, why = judged[record.digest]
        policy = None
        if statement_of(record).bound.registry == origins.registry:
            policy = policy_at(connection, record.position)
        counted = tuple(each for each in promotions if record.digest in each.named)
        yield Statement(approval, counted, why, *_person(record, policy, counted), policy)


def _judged(
    connection: sa.Connection,
    version: VersionRecord,
    pointer: str,
    records: Iterable[ApprovalRecord],
    *,
    now: str,
) -> dict[str, tuple[Approval, str]]:
    """Judge statements about one pointer as things stand now, each with what is against it."""
    decision = read_decision(connection, version.model, version.number, pointer, now=now)
    every = count_approvals(decision.policy, decision.standing)
    against = {each.approval.record.digest: each.why for each in every}
    asked = {record.digest for record in records}
    return {
        found.record.digest: (found, against.get(found.record.digest) or found.why)
        for found in decision.standing.approvals
        if found.record.digest in asked
    }


def _person(
    record: ApprovalRecord, policy: PolicyRecord | None, counted: tuple[Promotion, ...]
) -> tuple[str, tuple[str, ...]]:
    """Give a person's full name and roles, as they were when a statement counted, or was made."""
    listed = policy.document.get("people", ()) if policy else ()
    mine: Mapping[str, Any] = next((p for p in listed if p.get("name") == record.person), {})
    roles = tuple(mine.get("roles", ()))
    for promotion in counted:
        for name in NAMED:
            for each in promotion.made.evidence.get(name, ()):
                if each["digest"] == record.digest:
                    roles = tuple(each.get("roles", roles))
    return str(mine.get("full_name", "")), roles
