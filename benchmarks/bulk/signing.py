"""The attestation of a loaded promotion, signed with the registry's own key as the product does."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from benchmarks.bulk.rows import ACTOR, CODE_COMMIT, RUN, Made
from registry_assets.catalog.ledger import REGISTRY
from registry_assets.catalog.models import PRODUCTION
from registry_assets.catalog.provenance import read_identity
from registry_assets.governance.attestations import (
    ENVELOPE_FILE,
    NAMESPACE,
    Attestation,
    AttestedHead,
)
from registry_assets.governance.binding import upstream_digest
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.registry_keys import open_attestation_signer
from registry_assets.manifest import Manifest, Parent, file_entries
from registry_assets.signing.dsse import sign_envelope


class Attester:
    """Signs what is stated about the promotions of one registry."""

    def __init__(self, connection: sa.Connection, backends: Backends, made: Made) -> None:
        self._made = made
        self._registry = read_identity(connection)
        self._signer = open_attestation_signer(connection, backends)
        self._inputs = tuple(dict.fromkeys((*made.train, *made.holdout)))
        self._upstream = upstream_digest(made.recipe("late", 1))

    def attest(self, values: dict[str, Any], *, previous: str | None) -> tuple[Manifest, bytes]:
        """Give the manifest of the attestation of a promotion, and the envelope in it."""
        said = self._statement(values, previous)
        signed = sign_envelope(said.to_bytes(), self._signer, namespace=NAMESPACE).to_bytes()
        manifest = Manifest(
            "attestation",
            file_entries({ENVELOPE_FILE: signed}),
            tuple(_parents(said)),
            {
                "model": said.model,
                "pointer": said.pointer,
                "generation": said.generation,
                "version": said.version,
            },
        )
        return manifest, signed

    def _statement(self, values: dict[str, Any], previous: str | None) -> Attestation:
        made, model = self._made, values["model"]
        heads = {
            model: AttestedHead(values["head_sequence"], values["head_digest"]),
            REGISTRY: AttestedHead(values["registry_head"], values["registry_head_digest"]),
        }
        return Attestation(
            registry=self._registry,
            model=model,
            version=values["number"],
            digest=values["digest"],
            pointer=PRODUCTION,
            generation=values["generation"],
            from_version=values["from_version"],
            kind="promotion",
            decided_at=values["promoted_at"],
            actor=ACTOR,
            reason="",
            run=RUN,
            evaluation=values["evaluation_digest"],
            suite=made.model.suite_digest,
            policy=made.policy_digest,
            policy_document=None,
            risk="low",
            verdicts=(),
            approvals=(),
            waived=(),
            rests_on=None,
            inputs=self._inputs,
            upstream=self._upstream,
            code=made.code,
            commit=CODE_COMMIT,
            previous=previous,
            ledger=heads,
        )


def _parents(said: Attestation) -> Iterator[Parent]:
    named = {"version": said.digest, "evaluation": said.evaluation, "previous": said.previous}
    yield from (Parent(role, digest) for role, digest in named.items() if digest)
