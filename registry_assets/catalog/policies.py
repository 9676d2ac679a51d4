"""Policies that were activated, oldest to newest, and the registry's own public keys.

The rows as they stand. What a policy says is `governance.document`, which one is in force
`governance.active`; who may activate one is decided in `lifecycle.activating`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog import statements
from registry_assets.catalog.ledger import REGISTRY, Change, read_head
from registry_assets.catalog.stored import read_json
from registry_assets.catalog.tables import policies, registry_keys

Purpose = Literal["owner", "attestation"]


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """A policy that came into force.

    Args:
        sequence: the position of its event in the registry's own chain: from there on it holds.
        envelope: what was signed to activate it, as it was signed.
    """

    sequence: int
    digest: str
    document: Mapping[str, Any]
    envelope: str
    person: str
    reason: str
    actor: str
    activated_at: str


@dataclass(frozen=True, slots=True)
class RegistryKey:
    """A public key of the registry: its owner's, or one that it signs attestations with."""

    purpose: Purpose
    fingerprint: str
    line: str
    sequence: int
    actor: str
    added_at: str


def newest_policy(connection: sa.Connection) -> PolicyRecord | None:
    """Give the policy in force; None where none was ever activated."""
    row = statements.newest(connection, policies, "sequence")
    return None if row is None else _policy(row)


def newest_sequence(connection: sa.Connection) -> int:
    """Give the position at which the policy in force was activated; 0 where there is none."""
    row = statements.newest(connection, policies, "sequence", "sequence")
    return 0 if row is None else int(row.sequence)


def policy_at(connection: sa.Connection, position: int) -> PolicyRecord | None:
    """Give the policy that was in force at a position of the registry's own chain."""
    row = connection.execute(
        sa.select(policies)
        .where(policies.c.sequence <= position)
        .order_by(policies.c.sequence.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _policy(row)


def list_policies(connection: sa.Connection) -> tuple[PolicyRecord, ...]:
    """Give every policy that was ever in force, oldest first."""
    rows = connection.execute(sa.select(policies).order_by(policies.c.sequence))
    return tuple(map(_policy, rows))


def write_policy(
    draft: Change,
    *,
    digest: str,
    document: Mapping[str, Json],
    envelope: str,
    person: str,
    reason: str,
    actor: str,
) -> int:
    """Bring a policy into force, inside the caller's change of the registry's own chain.

    Gives the position of the event that the change will end in.
    """
    sequence = read_head(draft.connection, REGISTRY).sequence + 1
    draft.insert(
        policies,
        sequence=sequence,
        digest=digest,
        document=canonical_json(dict(document)).decode(),
        envelope=envelope,
        person=person,
        reason=reason,
        actor=actor,
        activated_at=draft.effective_at,
    )
    return sequence


def list_keys(connection: sa.Connection, purpose: Purpose) -> tuple[RegistryKey, ...]:
    """Give the registry's public keys of one purpose, oldest first."""
    rows = statements.find(connection, registry_keys, purpose=purpose)
    keys = (RegistryKey(**row._asdict()) for row in rows)
    return tuple(sorted(keys, key=attrgetter("sequence")))


def write_key(
    draft: Change, *, purpose: Purpose, fingerprint: str, line: str, actor: str
) -> RegistryKey:
    """Add a public key of the registry, inside the caller's change of its own chain."""
    sequence = read_head(draft.connection, REGISTRY).sequence + 1
    key = RegistryKey(purpose, fingerprint, line, sequence, actor, draft.effective_at)
    draft.insert(
        registry_keys,
        purpose=purpose,
        fingerprint=fingerprint,
        line=line,
        sequence=sequence,
        actor=actor,
        added_at=draft.effective_at,
    )
    return key


def _policy(row: sa.Row[Any]) -> PolicyRecord:
    where = f"policy {row.sequence}"
    return PolicyRecord(**{**row._asdict(), "document": read_json(row.document, where=where)})
