"""The events of one version's life, and the promotions, as the product writes them."""

from typing import Any

from benchmarks.bulk.forms import EventForm, RowForm
from benchmarks.bulk.rows import ACTOR, RUN, Made
from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog import tables
from registry_assets.catalog.ledger import REGISTRY
from registry_assets.catalog.models import PRODUCTION

Facts = dict[str, Json]


class Events:
    """What the ledger says of a version: reserved, committed, evaluated."""

    def __init__(self) -> None:
        def reserved(
            model: str,
            number: int,
            recipe_digest: str,
            reserved_at: str,
            model_before_digest: str,
            model_after_digest: str,
            reserved_row_digest: str,
            registry_head: int,
        ) -> Any:
            rows: list[Json] = [
                _changed(
                    "registered_models", {"name": model}, model_before_digest, model_after_digest
                ),
                _made("versions", {"model": model, "number": number}, reserved_row_digest),
            ]
            facts: Facts = {"version": number, "recipe": recipe_digest, "trigger": "schedule"}
            sentence = f"version {number} was reserved (schedule)"
            return _body(reserved_at, sentence, facts, rows, registry_head)

        def committed(
            model: str,
            number: int,
            digest: str,
            short: str,
            committed_at: str,
            reserved_row_digest: str,
            committed_row_digest: str,
            metadata_check_id: int,
            metadata_check_digest: str,
            load_check_id: int,
            load_check_digest: str,
            registry_head: int,
        ) -> Any:
            key: Facts = {"model": model, "number": number}
            rows: list[Json] = [
                _changed("versions", key, reserved_row_digest, committed_row_digest),
                _made("verdicts", {"id": metadata_check_id}, metadata_check_digest),
                _made("verdicts", {"id": load_check_id}, load_check_digest),
            ]
            sentence = f"version {number} was committed as {short}"
            facts: Facts = {"version": number, "digest": digest}
            return _body(committed_at, sentence, facts, rows, registry_head)

        def evaluated(
            number: int,
            evaluation_id: int,
            evaluation_digest: str,
            evaluation_row_digest: str,
            gate_id: int,
            gate_row_digest: str,
            evaluated_at: str,
            registry_head: int,
        ) -> Any:
            rows: list[Json] = [
                _made("evaluations", {"id": evaluation_id}, evaluation_row_digest),
                _made("verdicts", {"id": gate_id}, gate_row_digest),
            ]
            sentence = f"version {number} was evaluated; every gate passed"
            facts: Facts = {"version": number, "evaluation": evaluation_digest}
            return _body(evaluated_at, sentence, facts, rows, registry_head)

        self.reserved = EventForm("version_reserved", reserved)
        self.committed = EventForm("version_committed", committed)
        self.evaluated = EventForm("version_evaluated", evaluated)


class Promotions:
    """A promotion, its pointer's row, its attestation's, and their event."""

    def __init__(self, made: Made) -> None:
        def pointer(model: str, number: int, digest: str, generation: int, promoted_at: str) -> Any:
            return {
                "model": model,
                "name": PRODUCTION,
                "version": number,
                "digest": digest,
                "generation": generation,
                "moved_at": promoted_at,
            }

        def first(
            model: str,
            number: int,
            digest: str,
            generation: int,
            promoted_at: str,
            evaluation_digest: str,
            head_sequence: int,
            head_digest: str,
            registry_head: int,
            registry_head_digest: str,
            attestation_digest: str,
        ) -> Any:
            heads = {
                model: {"sequence": head_sequence, "digest": head_digest},
                REGISTRY: {"sequence": registry_head, "digest": registry_head_digest},
            }
            evidence: dict[str, Any] = {
                "evaluation": evaluation_digest,
                "suite": made.model.suite_digest,
                "risk": "low",
                "approvals": [],
                "verdicts": [],
                "decided_at": promoted_at,
                "ledger": heads,
                "attestation": attestation_digest,
            }
            return {
                "model": model,
                "pointer": PRODUCTION,
                "generation": generation,
                "version": number,
                "digest": digest,
                "evidence": canonical_json(evidence).decode(),
                "policy_digest": made.policy_digest,
                "actor": ACTOR,
                "reason": "",
                "run_id": RUN,
                "created_at": promoted_at,
            }

        def later(
            from_version: int,
            model: str,
            number: int,
            digest: str,
            generation: int,
            promoted_at: str,
            evaluation_digest: str,
            head_sequence: int,
            head_digest: str,
            registry_head: int,
            registry_head_digest: str,
            attestation_digest: str,
        ) -> Any:
            row = first(
                model,
                number,
                digest,
                generation,
                promoted_at,
                evaluation_digest,
                head_sequence,
                head_digest,
                registry_head,
                registry_head_digest,
                attestation_digest,
            )
            return {**row, "from_version": from_version}

        def attested(model: str, generation: int, attestation_digest: str) -> Any:
            return {
                "model": model,
                "pointer": PRODUCTION,
                "generation": generation,
                "digest": attestation_digest,
            }

        def moved(
            model: str,
            number: int,
            generation: int,
            before_words: str,
            promoted_at: str,
            pointer_before_digest: str,
            pointer_after_digest: str,
            promotion_row_digest: str,
            attestation_row_digest: str,
            registry_head: int,
        ) -> Any:
            key: Facts = {"model": model, "pointer": PRODUCTION, "generation": generation}
            holder: Facts = {"model": model, "name": PRODUCTION}
            rows: list[Json] = [
                _changed("pointers", holder, pointer_before_digest, pointer_after_digest),
                _made("promotions", key, promotion_row_digest),
                _made("attestations", key, attestation_row_digest),
            ]
            sentence = f"{PRODUCTION} moved from {before_words} to version {number}"
            facts: Facts = {"pointer": PRODUCTION, "version": number, "generation": generation}
            return _body(promoted_at, sentence, facts, rows, registry_head)

        self.pointer = RowForm(tables.pointers, pointer)
        self.first = RowForm(tables.promotions, first)
        self.later = RowForm(tables.promotions, later)
        self.attested = RowForm(tables.attestations, attested)
        self.moved = EventForm("pointer_moved", moved)


def _made(table: str, key: Facts, digest: str) -> Json:
    return {"table": table, "key": key, "digest": digest}


def _changed(table: str, key: Facts, before: str, digest: str) -> Json:
    return {"table": table, "key": key, "before": before, "digest": digest}


def _body(when: str, sentence: str, facts: Facts, rows: list[Json], registry_head: int) -> Facts:
    return {
        "actor": ACTOR,
        "reason": "",
        "sentence": sentence,
        "effective_at": when,
        "recorded_at": when,
        "facts": facts,
        "rows": rows,
        "registry_head": registry_head,
    }
