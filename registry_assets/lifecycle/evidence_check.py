"""What promotions rest on, held against the catalog: the past, what people signed, attestations.

By the rows and events alone. Whether it could be decided so then is `decision_check`. What an
attestation says, and by whose key, is in the store: the neighbour `attestation_check`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from registry_assets.catalog.approvals import ApprovalRecord
from registry_assets.catalog.ledger import REGISTRY
from registry_assets.catalog.tables import approvals, attestations, promotions
from registry_assets.errors import CatalogError, SigningError
from registry_assets.governance.active import read_active_at
from registry_assets.governance.approvals import ApprovalStatement, signed_by, why_not_theirs
from registry_assets.lifecycle.attesting import NAMED
from registry_assets.lifecycle.decision_check import check_decision, read_past

if TYPE_CHECKING:
    from registry_assets.lifecycle.auditing import Findings, Ledger


@dataclass(frozen=True, slots=True)
class Evidence:
    """A promotion's row, and what it says that it rests on.

    Args:
        maker: the registry in which it was made.
    """

    row: Any
    told: Mapping[str, Any]
    maker: str

    @property
    def where(self) -> str:
        """Which one, for people."""
        return f"promotion {self.row.generation} of {self.row.model}@{self.row.pointer}"

    @property
    def touches(self) -> tuple[str, ...]:
        """What depends on it."""
        return (f"{self.row.model}:{self.row.version}",)

    @property
    def heads(self) -> dict[str, tuple[int, str]]:
        """How far each chain had come when it was decided."""
        ledger = self.told["ledger"]
        return {chain: (head["sequence"], head["digest"]) for chain, head in ledger.items()}

    @property
    def position(self) -> int:
        """Where the registry's own chain stood, by which keys and people are judged."""
        return self.heads.get(REGISTRY, (0, ""))[0]

    @property
    def named(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The statements of people that it names, each with what they are to it."""
        for name in NAMED:
            yield from ((name, entry) for entry in self.told.get(name, ()))

    def is_judged_then(self, name: str) -> bool:
        """Whether people were judged when it was made: not those whom a rollback rests on."""
        return name == "authority" or not self.told.get("rollback")


def check_promotions(
    connection: sa.Connection, read: "Ledger", found: "Findings", *, part: bool
) -> None:
    """Check every promotion.

    Args:
        part: the policies of the registry are not in this catalog, only some of its models.
    """
    # As text: a bit that flipped in the file may have made a number, or NULL, of one.
    recorded = {str(row.digest): row for row in connection.execute(sa.select(approvals))}
    attested = {
        (str(row.model), str(row.pointer), row.generation): str(row.digest)
        for row in connection.execute(sa.select(attestations))
    }
    past = read_past(connection)
    for row in connection.execute(sa.select(promotions)):
        evidence = _read(row, read, found)
        if evidence is None:
            continue
        _check_past(evidence, read, found)
        _check_attested(evidence, attested, read, found)
        # The policies of another registry do not come with its models.
        here = evidence.maker == read.origins.registry and not part
        check_decision(connection, evidence, past, recorded, found, here=here)
        for name, entry in evidence.named:
            judged_then = evidence.is_judged_then(name)
            position = evidence.position if here and judged_then else None
            problem = _why_not_signed(connection, evidence, entry, recorded, position)
            if judged_then and not problem:
                problem = _why_not_bound(evidence, recorded[str(entry["digest"])])
            if problem:
                said = f"{evidence.where} rests on what {entry.get('person')} said: {problem}"
                found.add("approval_invalid", evidence.where, said, evidence.touches)


def _read(row: Any, read: "Ledger", found: "Findings") -> Evidence | None:
    """Give the evidence of a promotion; None where it cannot be read, which is noted."""
    maker = read.maker_of(row.model, row.pointer, row.generation)
    evidence = Evidence(row, {}, maker)
    try:
        evidence = Evidence(row, dict(json.loads(row.evidence)), maker)
        heads, named = evidence.heads, list(evidence.named)
        readable = bool(heads) and all(isinstance(entry, dict) for _, entry in named)
    except (ValueError, TypeError, KeyError, AttributeError):
        readable = False
    if not readable:
        said = f"the evidence of {evidence.where} cannot be read"
        found.add("evidence_unreadable", evidence.where, said, evidence.touches)
        return None
    return evidence


def _check_past(evidence: Evidence, read: "Ledger", found: "Findings") -> None:
    """Check that people approved where that was needed, and the past that it was made in."""
    where, touches = evidence.where, evidence.touches
    if evidence.told.get("risk") == "high" and not evidence.told.get("approvals"):
        sentence = f"{where} was made at high risk without an approval"
        found.add("promotion_unapproved", where, sentence, touches)
    for chain, (sequence, digest) in evidence.heads.items():
        known = read.origins.own_chain(evidence.maker) if chain == REGISTRY else chain
        if sequence and read.digests.get((known, sequence)) != digest:
            found.add(
                "history_rewritten",
                where,
                f"{where} was made when event {sequence} of {chain} was {digest[:19]};"
                " it is another one now",
                touches,
            )


def _check_attested(
    evidence: Evidence,
    attested: Mapping[tuple[str, str, int], str],
    read: "Ledger",
    found: "Findings",
) -> None:
    """Check that a promotion has the attestation that it names, and has one if it must."""
    where, row = evidence.where, evidence.row
    named = evidence.told.get("attestation")
    held = attested.get((str(row.model), str(row.pointer), row.generation))
    if named is None and held is None:
        # Before a registry had a key, nothing was signed.
        if read.key_at(evidence.maker, evidence.position) is not None:
            said = f"{where} was made without an attestation, though the registry had a key"
            found.add("promotion_unattested", where, said, evidence.touches)
    elif named != held:
        said = f"the attestation of {where} is {held}; the promotion says that it is {named}"
        found.add("attestation_of_another", where, said, evidence.touches)


def _why_not_signed(
    connection: sa.Connection,
    evidence: Evidence,
    entry: Mapping[str, Any],
    recorded: Mapping[str, Any],
    position: int | None,
) -> str:
    """Say why a statement is not one that a promotion can rest on; "" where it is.

    Args:
        position: where the people are judged; None where that cannot be told.
    """
    row = recorded.get(str(entry.get("digest")))
    if row is None:
        return "it is not recorded"
    about = (evidence.row.model, evidence.row.version, evidence.row.pointer)
    if (row.model, row.version, row.pointer) != about:
        return f"it is about {row.model}:{row.version} and {row.pointer}"
    if (row.person, row.fingerprint) != (entry.get("person"), entry.get("fingerprint")):
        return f"it was said by {row.person}, with the key {row.fingerprint}"
    record = ApprovalRecord(**row._asdict())
    if record.signed:
        try:
            found = signed_by(record.envelope or "", payload=record.statement)
        except SigningError as error:
            return error.message
        if found != record.fingerprint:
            return f"it is signed with {found}"
    return "" if position is None else _why_not_of_the_policy(connection, record, position)


def _why_not_bound(evidence: Evidence, row: Any) -> str:
    """Say what a statement was about that a promotion does not rest on; "" where it is the same."""
    told, made = evidence.told, evidence.row
    try:
        statement = ApprovalStatement.from_bytes(str(row.statement).encode())
    except SigningError as error:
        return error.message
    expected = {
        "registry": evidence.maker,
        "digest": made.digest,
        "evaluation": told.get("evaluation") or made.digest,
        "policy": made.policy_digest,
        "gates": told.get("suite"),
    }
    for name, value in expected.items():
        if (found := getattr(statement.bound, name)) != value:
            return f"its {name} is {found[:19]}, and that of the promotion {str(value)[:19]}"
    decided_at = str((told.get("rollback") or told).get("decided_at") or made.created_at)
    if statement.expires_at <= decided_at:
        return f"it expired on {statement.expires_at[:16]}Z, before that was decided"
    return ""


def _why_not_of_the_policy(connection: sa.Connection, record: ApprovalRecord, position: int) -> str:
    try:
        active = read_active_at(connection, position)
    except CatalogError as error:
        return error.message
    if active is None:
        return "no policy was in force then that says who may sign"
    if record.fingerprint is not None:
        return why_not_theirs(active, record.fingerprint, record.person)
    if active.document.person(record.person) is None:
        return f"{record.person} was none of the people of the policy then"
    return ""
