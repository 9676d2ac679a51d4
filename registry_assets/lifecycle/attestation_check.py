"""What the registry signed about its promotions, held against the promotions that the rows tell of.

Signatures are verified with the key that the ledger says was the registry's then: of history that
was imported, the other registry's.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from registry_assets.catalog.ledger import REGISTRY
from registry_assets.catalog.pointers import PromotionRecord, as_promotion
from registry_assets.catalog.tables import attestations, policies, promotions
from registry_assets.errors import CatalogError, RegistryError, SigningError
from registry_assets.governance.attestations import ENVELOPE_FILE, NAMESPACE, Attestation
from registry_assets.lifecycle.attesting import NAMED
from registry_assets.signing.dsse import Envelope, verify_envelope
from registry_assets.store import Store
from registry_assets.store.manifests import read_manifest

if TYPE_CHECKING:
    from registry_assets.lifecycle.auditing import Findings, Ledger

_BOUND = ("model", "version", "digest", "pointer", "generation", "from_version", "actor", "reason")


@dataclass(frozen=True, slots=True)
class Claim:
    """A promotion that has an attestation, and what must stand in it.

    Args:
        digest: of the attestation's manifest.
        previous: of that of the promotion before, if it has one.
        registry: in which it was made.
        key: fingerprint of the key that this registry signed with then.
        policies: digest of the policy that people had activated by then, or None where there was
            none; empty where they are another registry's, which do not come with its models.
    """

    promotion: PromotionRecord
    digest: str
    previous: str | None
    registry: str
    key: str | None
    policies: tuple[str | None, ...] = ()

    @property
    def name(self) -> str:
        """Which attestation, for people."""
        made = self.promotion
        return f"the attestation of promotion {made.generation} of {made.model}@{made.pointer}"


def read_claims(connection: sa.Connection, read: "Ledger") -> Iterator[Claim]:
    """Give every attested promotion; what cannot be read of one was noted by the audit."""
    digests = {
        (row.model, row.pointer, row.generation): str(row.digest)
        for row in connection.execute(sa.select(attestations))
    }
    activated = connection.execute(
        sa.select(policies.c.sequence, policies.c.digest).order_by(policies.c.sequence)
    ).all()
    for row in connection.execute(sa.select(promotions)):
        digest = digests.get((row.model, row.pointer, row.generation))
        if digest is None:
            continue
        try:
            made = as_promotion(row._asdict())
            position = int(made.evidence["ledger"][REGISTRY]["sequence"])
        except (CatalogError, LookupError, TypeError, ValueError, AttributeError):
            continue
        maker = read.maker_of(row.model, row.pointer, row.generation)
        previous = digests.get((row.model, row.pointer, row.generation - 1))
        by_then = [str(each.digest) for each in activated if each.sequence <= position]
        policy = (by_then[-1] if by_then else None,) if maker == read.origins.registry else ()
        yield Claim(made, digest, previous, maker, read.key_at(maker, position), policy)


def check_claim(store: Store, claim: Claim, found: "Findings") -> None:
    """Note why an attestation is not what the registry signed about this promotion."""
    try:
        problems = list(_problems(store, claim))
    except SigningError as error:
        problems = [error.message]
    except RegistryError:
        return  # its bytes are damaged or gone, which is said where they are read
    for problem in problems:
        made = claim.promotion
        said = f"{claim.name} does not verify: {problem}"
        found.add("attestation_invalid", claim.digest, said, (f"{made.model}:{made.version}",))


def _problems(store: Store, claim: Claim) -> Iterator[str]:
    manifest = read_manifest(store, claim.digest)
    envelope = Envelope.from_bytes(store.read(manifest.file(ENVELOPE_FILE).sha256))
    keys = [key.fingerprint for key in verify_envelope(envelope, namespace=NAMESPACE)]
    if keys != [claim.key]:
        had = f"signed with {claim.key} then" if claim.key else "had no key then"
        yield f"it is signed with {', '.join(keys)}, and the registry {had}"
    said = Attestation.from_bytes(envelope.payload)
    for name, expected in _expected(claim):
        stated = _stated(said, name)
        if stated != expected:
            yield f"its {name} is {stated!r:.100}; of the promotion it is {expected!r:.100}"
    for approval in said.approvals:
        if manifest.file(approval.file).sha256 != approval.digest:
            yield f"{approval.file} is not what {approval.person} signed"


def _expected(claim: Claim) -> Iterator[tuple[str, Any]]:
    """Give what an attestation must say, by the promotion's row."""
    made, evidence = claim.promotion, claim.promotion.evidence
    for name in _BOUND:
        yield name, getattr(made, name)
    yield "run", made.run_id
    yield "policy", made.policy_digest
    yield "registry", claim.registry
    yield "previous", claim.previous
    yield from (("policy_document", policy) for policy in claim.policies)
    for name in ("evaluation", "suite", "risk", "ledger"):
        yield name, evidence.get(name)
    back = evidence.get("rollback")
    yield "kind", "rollback" if back else "promotion"
    yield "decided_at", (back or evidence).get("decided_at")
    yield "rests_on", back.get("generation") if back else None
    for name in ("verdicts", "waived"):
        yield name, list(evidence.get(name, ()))
    named = [entry for name in NAMED for entry in evidence.get(name, ())]
    yield "approvals", list(dict.fromkeys(str(entry["digest"]) for entry in named))


def _stated(said: Attestation, name: str) -> Any:
    """Give what an attestation says, in the form in which rows have it."""
    if name == "approvals":
        return [approval.digest for approval in said.approvals]
    if name == "rests_on":
        return said.rests_on.generation if said.rests_on else None
    value = asdict(said)[name]
    return list(value) if isinstance(value, tuple) else value
