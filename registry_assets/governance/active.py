"""Which policy is in force, and which was at a position of the registry's own chain."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from registry_assets.canonical import canonical_json, sha256_digest
from registry_assets.catalog.policies import PolicyRecord, newest_policy, policy_at
from registry_assets.errors import CatalogError
from registry_assets.governance.document import Person, PolicyDocument, read_policy_value


@dataclass(frozen=True, slots=True)
class ActivePolicy:
    """A policy from the position on at which it was activated.

    Args:
        sequence: the position in the registry's own chain.
    """

    sequence: int
    digest: str
    document: PolicyDocument
    person: str
    activated_at: str

    def signer(self, fingerprint: str) -> Person | None:
        """Give whose key this is, among those that are not revoked."""
        return _signers(self.document).get(fingerprint)

    def was_revoked(self, fingerprint: str) -> Person | None:
        """Give whose key this was before it was revoked."""
        return _revoked(self.document).get(fingerprint)


def read_active(connection: sa.Connection) -> ActivePolicy | None:
    """Give the policy in force; None where none was ever activated.

    Raises:
        CatalogError: its row is not what was activated.
    """
    return _active(newest_policy(connection))


def read_active_at(connection: sa.Connection, position: int) -> ActivePolicy | None:
    """Give the policy that was in force at a position of the registry's own chain."""
    return _active(policy_at(connection, position))


def _active(record: PolicyRecord | None) -> ActivePolicy | None:
    if record is None:
        return None
    text = canonical_json(dict(record.document))
    if sha256_digest(text) != record.digest:
        # Else whoever can edit the row decides who may sign, until somebody verifies.
        raise CatalogError(
            f"the policy {record.digest[:19]} is not what was activated: its row was changed",
            hint="run `registry verify`: it names everything that was changed",
        )
    return ActivePolicy(
        record.sequence, record.digest, _document(text), record.person, record.activated_at
    )


@lru_cache(maxsize=32)
def _document(text: bytes) -> PolicyDocument:
    """Read a policy once: a sensor asks for the same one twice a minute."""
    import json

    value: Mapping[str, Any] = json.loads(text)
    return read_policy_value(value)


@lru_cache(maxsize=32)
def _signers_of(lines: tuple[tuple[str, str], ...]) -> dict[str, str]:
    from registry_assets.signing.keys import PublicKey

    return {PublicKey.parse(line).fingerprint: name for name, line in lines}


def _signers(document: PolicyDocument) -> dict[str, Person]:
    return _by_fingerprint(document, tuple((p.name, k) for p in document.people for k in p.keys))


def _revoked(document: PolicyDocument) -> dict[str, Person]:
    lines = tuple((p.name, k) for p in document.people for k in p.revoked_keys)
    return _by_fingerprint(document, lines)


def _by_fingerprint(
    document: PolicyDocument, lines: tuple[tuple[str, str], ...]
) -> dict[str, Person]:
    people = {person.name: person for person in document.people}
    return {found: people[name] for found, name in _signers_of(lines).items()}
