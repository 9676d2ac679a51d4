"""What programs read: one JSON document per command, in the vocabulary's words.

Stable: a field keeps its name and meaning from release to release, and fields are only
added. Digests are whole, instants are UTC with microseconds, numbers are finite (null, with
a reason, where there is none).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from registry_assets.catalog.holds import HoldRecord
from registry_assets.catalog.ledger import Event
from registry_assets.catalog.log import LogPage
from registry_assets.catalog.marks import MarkRecord
from registry_assets.catalog.models import ModelRecord
from registry_assets.catalog.pointers import PointerRecord, PromotionRecord
from registry_assets.catalog.snapshots import SnapshotRecord
from registry_assets.catalog.versions import VersionRecord
from registry_assets.catalog.words import Words
from registry_assets.cli.alerts import alert_summary
from registry_assets.cli.answers import Check, VersionAnswer, read_checks
from registry_assets.cli.approvals import approvals_document
from registry_assets.cli.explain import Explanation
from registry_assets.cli.lineage import Lineage, node_document
from registry_assets.cli.lived import in_use_document
from registry_assets.cli.mirrors import mirrors_document, receipt_document
from registry_assets.cli.plain import Document
from registry_assets.cli.recalls import proposal_document
from registry_assets.cli.remedies import next_step
from registry_assets.cli.show import VersionPage
from registry_assets.cli.show_model import ModelCard
from registry_assets.evaluation.results import EvaluationResult, documents
from registry_assets.governance.decide import Ready, Reason
from registry_assets.lifecycle.verifying import Verification
from registry_assets.recipe import SnapshotRef


def model_document(card: ModelCard) -> Document:
    """Give a model's card."""
    model = card.model
    return {
        "model": model.name,
        **words_document(card.words),
        "task": model.task,
        "owners": list(model.owners),
        **_policy(model),
        "metrics": list(model.suite["evaluation"]["metrics"]),
        "gates": [
            {name: gate[name] for name in ("name", "sentence", "relative", "digest")}
            for gate in model.suite["gates"]
        ],
        "pointers": [_pointer(pointer, held) for pointer, held in card.pointers],
        "versions": card.versions,
        "stages": dict(card.stages),
        "imported": card.imported,
        "created_at": model.created_at,
    }


def card_document(card: ModelCard) -> Document:
    """Give a model's card, and where it is published to."""
    return {**model_document(card), **mirrors_document(card.mirrors or ())}


def _policy(model: ModelRecord) -> Document:
    return {
        "risk": model.policy["risk"],
        "approvals": model.policy["approvals"],
        "roles": list(model.policy["roles"]),
        "policy": model.policy_digest,
        "suite": model.suite_digest,
    }


def _pointer(pointer: PointerRecord, held: PromotionRecord | None) -> Document:
    return {
        "pointer": pointer.name,
        "version": pointer.version,
        "digest": pointer.digest,
        "generation": pointer.generation,
        "since": pointer.moved_at,
        "promoted_by": held.actor if held else None,
        "run_id": held.run_id if held else None,
    }


def models_document(cards: Sequence[ModelCard], *, total: int) -> Document:
    """Give a page of models, and how many there are on all of them."""
    return {"models": [model_document(card) for card in cards], "total": total}


def versions_document(model: str, answers: Sequence[VersionAnswer], *, total: int) -> Document:
    """Give a page of a model's versions, oldest first, and how many there are on all of them."""
    found = [version_document(answer) for answer in answers]
    return {"model": model, "versions": found, "total": total}


def version_document(answer: VersionAnswer) -> Document:
    """Give one version: what it is, how good it is, where it is and was."""
    version, evaluation = answer.version, answer.summary.evaluation
    return {
        **identity(version),
        "stage": answer.stage,
        "state": version.state,
        "recipe": version.recipe_digest,
        "parents": [_parent("train", ref) for ref in version.recipe.train]
        + [_parent("holdout", ref) for ref in version.recipe.holdout],
        "split": dict(version.recipe.split),
        "evaluation": evaluation.digest if evaluation else None,
        "metrics": {
            name: {field: found[field] for field in ("value", "low", "high", "rows", "reason")}
            for name, found in answer.metrics.items()
        },
        "verdicts": [verdict_document(check) for check in answer.checks],
        "pointers": [t.promotion.pointer for t in answer.tenures if t.until is None],
        "promotions": [_promotion(t.promotion, t.until) for t in answer.tenures],
        "reasons": [reason_document(reason, version) for reason in answer.waits_for],
        "tags": dict(answer.decision.standing.tags),
        "mark": mark_document(answer.summary.mark),
        "recalled": list(answer.decision.standing.recalled),
        "failure": version.failure,
        "reserved_at": version.reserved_at,
        "finished_at": version.finished_at,
    }


def _comparison(page: VersionPage) -> Document | None:
    found = page.figures.comparison if page.figures else None
    return None if found is None else {**documents.write(found), "outcome": found.outcome}


def figures_document(figures: EvaluationResult | None) -> Document:
    """Give what was measured beside the metrics; empty or null where it was not."""
    weak, speed = (figures.weak_slices, figures.speed) if figures else (None, None)
    backtest = figures.backtest if figures else None
    return {
        "slices": [documents.write(part) for part in figures.slices] if figures else [],
        "weak_slices": documents.write(weak) if weak else None,
        "fairness": [documents.write(each) for each in figures.fairness] if figures else [],
        "speed": documents.write(speed) if speed else None,
        "backtest": documents.write(backtest) if backtest else None,
    }


def identity(version: VersionRecord) -> Document:
    """Give what names a version."""
    return {
        "reference": version.reference,
        "model": version.model,
        "version": version.number,
        "digest": version.digest,
    }


def _parent(role: str, ref: SnapshotRef) -> Document:
    return {"role": role, **ref.to_json()}


def verdict_document(check: Check) -> Document:
    """Give what one check found, with its numbers."""
    found = check.finding
    numbers = ("value", "low", "high", "threshold", "rows")
    return {
        "gate": check.required.name,
        "outcome": check.outcome,
        "passed": check.passed,
        "why": check.why,
        **{name: getattr(found, name) if found else None for name in numbers},
    }


def _promotion(promotion: PromotionRecord, until: str | None) -> Document:
    return {
        "pointer": promotion.pointer,
        "generation": promotion.generation,
        "from_version": promotion.from_version,
        "since": promotion.created_at,
        "until": until,
        "actor": promotion.actor,
        "reason": promotion.reason,
        "run_id": promotion.run_id,
        "policy": promotion.policy_digest,
        "evaluation": promotion.evidence.get("evaluation"),
        "rollback": promotion.evidence.get("rollback"),
    }


def words_document(words: Words) -> Document:
    """Give tags and description as they hold, and who said what was not declared."""
    sayings = {f"tags.{name}": said for name, said in words.sayings.items()}
    sayings["description"] = words.description
    return {
        "description": words.description.text,
        "tags": words.tags,
        "edits": [
            {"about": about, "value": said.text, "actor": said.actor, "said_at": said.said_at}
            for about, said in sayings.items()
            if said.actor is not None
        ],
    }


def mark_document(mark: MarkRecord | None) -> Document | None:
    """Give that a person archived or rejected a version; null where nothing of that holds."""
    if mark is None or not mark.in_force:
        return None
    names = ("mark", "actor", "reason", "marked_at")
    return {name: getattr(mark, name) for name in names}


def hold_document(hold: HoldRecord) -> Document:
    """Give that a pointer was rolled back from a version, and whether it was released since."""
    names = ("pointer", "number", "state", "actor", "reason", "set_at")
    document = {name: getattr(hold, name) for name in names}
    return {"version" if name == "number" else name: value for name, value in document.items()}


def reason_document(reason: Reason, version: VersionRecord) -> Document:
    """Give one thing that holds a version, with what to do about it."""
    return {
        "code": reason.code,
        "subject": reason.subject,
        "sentence": reason.sentence,
        "remedy": reason.remedy,
        "next": next_step(reason, version.model, version=version.number),
    }


def page_document(page: VersionPage) -> Document:
    """Give everything about one version."""
    answer = page.answer
    version, facts = answer.version, answer.version.metadata
    document = version_document(answer)
    for parent in document["parents"]:
        found = page.snapshots.get(parent["digest"])
        parent["rows"] = found.rows if found else None
    named = ("owners", "properties", "limits", "license", "framework", "framework_version")
    return {
        **document,
        **words_document(page.words),
        "holds": [hold_document(hold) for hold in page.holds],
        "in_use": in_use_document(page.in_use),
        "alerts": [alert_summary(alert) for alert in page.alerts],
        "published_to": [
            {"mirror": each.mirror, **receipt_document(each)} for each in page.published
        ],
        "retention": page.retention.to_json() if page.retention else None,
        "approvals": [said for each in page.signed for said in approvals_document(each)],
        "comparison": _comparison(page),
        **figures_document(page.figures),
        "datasets": [_snapshot(snapshot) for snapshot in page.datasets],
        "target": version.recipe.target,
        "params": dict(version.recipe.params),
        "code": {
            "digest": version.recipe.code,
            "commit": facts.get("code_commit"),
            "dirty": facts.get("code_dirty"),
            "repository": facts.get("code_repository"),
            "distributions": dict(version.recipe.distributions),
        },
        "environment": page.environment,
        **{name: facts.get(name) for name in named},
        "training": {
            "actor": version.actor,
            "trigger": version.trigger,
            "reason": version.reason,
            "run_id": version.run_id,
            "run_url": facts.get("run_url"),
            "started_at": facts.get("started_at"),
            "finished_at": facts.get("finished_at"),
            "duration_seconds": facts.get("duration_seconds"),
        },
    }


def _snapshot(snapshot: SnapshotRecord) -> Document:
    return {**snapshot.ref.to_json(), "rows": snapshot.rows}


def lineage_document(lineage: Lineage) -> Document:
    """Give a version's ancestors: each manifest once, parents by digest, the version first."""
    evaluation = lineage.evaluation
    return {
        **identity(lineage.answer.version),
        "stage": lineage.answer.stage,
        "code": {
            "digest": lineage.answer.version.recipe.code,
            "commit": lineage.answer.version.metadata.get("code_commit"),
            "dirty": lineage.answer.version.metadata.get("code_dirty"),
        },
        "evaluation": evaluation.digest if evaluation else None,
        "manifests": [node_document(node) for node in lineage.nodes.values()],
    }


def explanation_document(explanation: Explanation) -> Document:
    """Give the decision on a pointer's candidate, with every reason."""
    pointer, decision = explanation.pointer, explanation.decision
    standing = decision.standing if decision else None
    evaluation = standing.evaluation if standing else None
    return {
        "model": pointer.model,
        "pointer": pointer.name,
        "generation": pointer.generation,
        "holds": _pointer(pointer, explanation.holding) if explanation.holding else None,
        "decision": explanation.answer,
        "candidate": explanation.candidate,
        "version": standing.version.number if standing else None,
        "digest": standing.version.digest if standing else None,
        "evaluation": evaluation.digest if evaluation else None,
        "policy": decision.policy.digest if decision else None,
        "reasons": [reason_document(reason, standing.version) for reason in explanation.reasons]
        if standing
        else [],
        "verdicts": [verdict_document(check) for check in read_checks(decision)]
        if decision
        else [],
        "approvals": approvals_document(decision) if decision else [],
        "waived": [
            {"code": each.code, "subject": each.subject, "sentence": each.sentence}
            for each in (
                decision.answer.waived if decision and isinstance(decision.answer, Ready) else ()
            )
        ],
        "review": explanation.review.sentence if explanation.review else None,
        "unfinished": [
            {**identity(version), "state": version.state, "failure": version.failure}
            for version in explanation.unfinished
        ],
        "set_aside": [
            {**identity(summary.version), **(mark_document(summary.mark) or {})}
            for summary in explanation.set_aside
        ],
        "rolled_back": [hold_document(hold) for hold in explanation.rolled_back],
        "proposal": proposal_document(explanation.proposal) if explanation.proposal else None,
    }


def log_document(chain: str, page: LogPage) -> Document:
    """Give events of a chain, oldest first, and how many of the chain come before them."""
    events = [_event(event) for event in page.events]
    return {"chain": chain, "events": events, "earlier": page.earlier}


def _event(event: Event) -> Document:
    body: Mapping[str, Any] = event.body
    said = ("effective_at", "recorded_at", "sentence", "actor", "reason", "facts")
    return {
        "sequence": event.sequence,
        "kind": event.kind,
        **{name: body.get(name) for name in said},
        "digest": event.digest,
        "previous": event.previous,
    }


def verification_document(reference: str | None, found: Verification) -> Document:
    """Give what was checked, and every problem."""
    return {
        "reference": reference,
        "clean": found.clean,
        "deep": found.deep,
        "checked": {
            "manifests": found.manifests,
            "blobs": found.blobs,
            "rows": found.rows,
            "events": found.events,
        },
        "problems": [
            {
                "code": problem.code,
                "subject": problem.subject,
                "sentence": problem.sentence,
                "touches": list(problem.touches),
            }
            for problem in found.problems
        ],
    }
