"""Which manifest holds what the registry signed about each promotion: the rows as they stand.

What was signed is `governance.attestations`; the manifest is in the store.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.catalog import statements
from registry_assets.catalog.ledger import Change
from registry_assets.catalog.pointers import PromotionRecord
from registry_assets.catalog.tables import attestations


@dataclass(frozen=True, slots=True)
class AttestationRecord:
    """The digest of the manifest that holds what was signed about one promotion."""

    model: str
    pointer: str
    generation: int
    digest: str


def find_attestation(
    connection: sa.Connection, model: str, pointer: str, generation: int
) -> AttestationRecord | None:
    """Give the attestation of a promotion; None of one that was made before there were any."""
    key = {"model": model, "pointer": pointer, "generation": generation}
    row = statements.find(connection, attestations, **key).one_or_none()
    return None if row is None else AttestationRecord(**row._asdict())


def write_attestation(draft: Change, promotion: PromotionRecord, digest: str) -> None:
    """Record the attestation of a promotion, inside the change that makes it."""
    draft.insert(
        attestations,
        model=promotion.model,
        pointer=promotion.pointer,
        generation=promotion.generation,
        digest=digest,
    )
