"""The JSON of a pack: what programs read of everything that was gathered."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from registry_assets.catalog.alerts import AlertRecord
from registry_assets.catalog.observations import ResultRecord
from registry_assets.evaluation.report.values import Card
from registry_assets.governance.approvals import statement_of
from registry_assets.lifecycle.evidence_pack import telling
from registry_assets.lifecycle.evidence_pack.gathering import Evidence, Promotion, Statement
from registry_assets.lifecycle.evidence_pack.lived import Lived, Observed
from registry_assets.lifecycle.evidence_pack.signed import Signature, attestation_folder
from registry_assets.lifecycle.evidence_pack.stored import evaluation_folder, manifest_path
from registry_assets.lifecycle.tracing import Ancestors
from registry_assets.lifecycle.way_back import rollback_of

FORMAT = "registry_assets/evidence/1"

Document = dict[str, Any]


def inventory_document(evidence: Evidence, card: Card) -> Document:
    """Give what an inventory of models says of one in use."""
    version = evidence.version
    return {
        "model": card.model,
        "version": card.version,
        "digest": card.digest,
        "registry": evidence.registry,
        "purpose": card.description,
        "intended_use_and_limits": card.limits or None,
        "owners": list(card.owners),
        "tags": dict(card.tags),
        "properties": dict(card.properties),
        "risk": evidence.decision.policy.risk,
        "stage": evidence.stage,
        "pointers": [_holding(promotion) for promotion in evidence.holding],
        "was_held": [_tenure(promotion) for promotion in evidence.promotions],
        "task": card.task,
        "target": card.target,
        "license": card.license or None,
        "framework": {
            "name": card.training.framework or None,
            "version": card.training.framework_version or None,
        },
        "environment": {
            "python": card.training.python or None,
            "platform": card.training.platform or None,
            "distributions": dict(card.training.distributions),
        },
        "code": {
            "digest": version.recipe.code,
            "commit": card.training.commit or None,
            "uncommitted_changes": card.training.dirty,
            "repository": card.training.repository,
        },
        "recipe": version.recipe_digest,
        "trained_at": card.training.started_at or None,
        "recalled": list(card.recalled),
        "retention": evidence.retention.to_json() if evidence.retention else None,
        "as_of": evidence.made_at,
    }


def lineage_document(ancestors: Ancestors) -> Document:
    """Give every manifest from the version down to its data, with what each was made from."""
    return {
        "of": [node.digest for node in ancestors.of],
        "manifests": [
            {
                "digest": node.digest,
                "kind": node.kind,
                "name": node.name,
                "rows": node.rows,
                "recalled": node.recalled,
                "parents": [{"role": p.role, "digest": p.digest} for p in node.parents],
                "file": manifest_path(node.digest),
            }
            for node in ancestors.nodes.values()
        ],
    }


def monitoring_document(lived: Lived) -> Document:
    """Give what is known of the version in use; incidents nobody records here."""
    return {
        "declared": lived.declared,
        "monitoring": [_observed(each) for each in lived.observed],
        "freshness": _result(lived.freshness) if lived.freshness else None,
        "alerts": [_alert(alert) for alert in lived.alerts],
        "incidents": [],
        "why": f"{lived.sentence} {telling.INCIDENTS}",
    }


def _observed(observed: Observed) -> Document:
    names = ("kind", "partition", "digest", "pointer", "generation", "rows", "run_id")
    record = observed.record
    return {
        **{name: getattr(record, name) for name in names},
        "observed_at": record.created_at,
        "summary": dict(record.summary),
        "results": [_result(result) for result in observed.results],
    }


def _result(result: ResultRecord) -> Document:
    return {**asdict(result.finding), "partition": result.partition, "found_at": result.created_at}


def _alert(alert: AlertRecord) -> Document:
    names = (
        "number", "pointer", "generation", "check", "severity", "state", "count", "partition",
        "why", "opened_at", "last_at", "acknowledged_by", "acknowledged_at", "acknowledged_why",
        "resolved_at", "resolved_why",
    )  # fmt: skip
    return {name: getattr(alert, name) for name in names}


def index_document(
    evidence: Evidence, *, not_known: Sequence[str], signatures: Sequence[Signature]
) -> Document:
    """Give everything that the page for people says, and where it stands."""
    version, made = evidence.version, telling.separation(evidence)
    return {
        "format": FORMAT,
        "asked": evidence.asked,
        "made_at": evidence.made_at,
        "registry": evidence.registry,
        "model": version.model,
        "version": version.number,
        "digest": version.digest,
        "manifest": manifest_path(str(version.digest)),
        "stage": evidence.stage,
        "pointer": evidence.pointer,
        "live": [_holding(promotion) for promotion in evidence.holding],
        "promotions": [_promotion(promotion) for promotion in evidence.promotions],
        "approvals": [_statement(each) for each in evidence.statements],
        "separation": {
            "people": dict(made.people),
            "authors": [author.to_json() for author in made.authors],
            "asked_by": made.asked_by,
            "trigger": made.trigger,
            "unknown": list(made.unknown),
            "judged": made.judged,
        },
        "policies": [
            {
                "which": which,
                "sequence": record.sequence,
                "digest": record.digest,
                "activated_by": record.person,
                "activated_at": record.activated_at,
                "sentences": [{"about": title, "says": lines} for title, lines in sections],
                "folder": f"policy/{record.sequence}",
            }
            for which, record, sections in telling.policies(evidence)
        ],
        "verdicts": [asdict(verdict) for verdict in telling.verdicts(evidence)],
        "evaluations": [
            {
                "digest": record.digest,
                "evaluated_at": record.created_at,
                "run_id": record.run_id,
                "metrics": dict(record.metrics),
                "folder": evaluation_folder(record),
            }
            for record in evidence.evaluations
        ],
        "predecessor": evidence.predecessor.reference if evidence.predecessor else None,
        "recalled": list(evidence.decision.standing.recalled),
        "review": evidence.review.sentence if evidence.review else None,
        "retention": evidence.retention.to_json() if evidence.retention else None,
        "events": [
            {
                "sequence": event.sequence,
                "kind": event.kind,
                "effective_at": event.effective_at,
                "actor": event.body.get("actor"),
                "reason": event.body.get("reason"),
                "sentence": event.sentence,
            }
            for event in evidence.events
        ],
        "not_known": list(not_known),
        "signatures": [asdict(signature) for signature in signatures],
    }


def _holding(promotion: Promotion) -> Document:
    made = promotion.made
    return {
        "pointer": made.pointer,
        "since": made.created_at,
        "generation": made.generation,
        "promoted_by": made.actor,
    }


def _tenure(promotion: Promotion) -> Document:
    made = promotion.made
    return {"pointer": made.pointer, "since": made.created_at, "until": promotion.tenure.until}


def _promotion(promotion: Promotion) -> Document:
    made, evidence = promotion.made, promotion.made.evidence
    return {
        **_holding(promotion),
        "until": promotion.tenure.until,
        "from_version": made.from_version,
        "reason": made.reason,
        "run_id": made.run_id,
        "policy": made.policy_digest,
        "evaluation": evidence.get("evaluation"),
        "rollback": rollback_of(made),
        "waived": list(evidence.get("waived", ())),
        "made_in": promotion.maker,
        "attestation": promotion.attestation,
        "folder": attestation_folder(promotion) if promotion.attestation else None,
    }


def _statement(statement: Statement) -> Document:
    record, said = statement.record, statement_of(statement.record)
    return {
        "approval": record.digest,
        "decision": record.decision,
        "pointer": record.pointer,
        "person": record.person,
        "full_name": statement.full_name or None,
        "roles": list(statement.roles),
        "signed": record.signed,
        "fingerprint": record.fingerprint,
        "reason": said.reason,
        "signed_at": said.signed_at,
        "recorded_at": record.recorded_at,
        "expires_at": record.expires_at,
        "evaluation": said.bound.evaluation,
        "counted_for": [promotion.name for promotion in statement.counted],
        "became": telling.became_of(statement),
        "file": f"approvals/{statement.name}.json",
    }
