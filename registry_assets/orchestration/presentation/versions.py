"""A committed version, and a promotion."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from registry_assets.catalog.pointers import PromotionRecord
from registry_assets.catalog.versions import VersionRecord
from registry_assets.decisions import DONE, Decided
from registry_assets.evaluation.report.texts import moment
from registry_assets.governance.wording import approvers
from registry_assets.lifecycle.way_back import rollback_of
from registry_assets.orchestration.presentation.cells import bullets, table

NO_PAGES: Mapping[str, str] = {}

_SIGNED: Mapping[str, Decided] = {
    "approvals": "approve",
    "overrides": "override",
    "authority": "rollback",
}
"""What people decided, by where the evidence of a promotion names them."""


def version_metadata(version: VersionRecord) -> dict[str, Any]:
    """Describe a committed version."""
    facts: Mapping[str, Any] = version.metadata
    commit = str(facts["code_commit"])[:12] + (" (uncommitted changes)" * facts["code_dirty"])
    metadata: dict[str, Any] = {
        "version": version.number,
        "reference": version.reference,
        "digest": str(version.digest),
        "recipe": version.recipe_digest,
        "trained on": bullets(
            f"{name}: `{digest}`" for name, digest in sorted(facts["dataset"].items())
        ),
        "held out": bullets(f"{ref}: `{ref.digest}`" for ref in version.recipe.holdout),
        "params": dg.MetadataValue.json(dict(version.recipe.params)),
        "code commit": commit,
        "code": version.recipe.code,
        "framework": f"{facts['framework']} {facts['framework_version']}",
        "training (seconds)": float(facts["duration_seconds"]),
        "reserved by": f"{version.actor} ({version.trigger})",
    }
    if version.reason:
        metadata["reason"] = version.reason
    if facts.get("run_url"):
        metadata["run"] = dg.MetadataValue.url(str(facts["run_url"]))
    return metadata


def promotion_metadata(
    promotion: PromotionRecord, *, dashboards: Mapping[str, str] = NO_PAGES
) -> dict[str, Any]:
    """Describe a move of a pointer: from, to, who, why, who approved it, on which evidence.

    Args:
        dashboards: the pages declared for the deployment, filled in, by name.
    """
    evidence, rollback = promotion.evidence, rollback_of(promotion)
    moved = "rolled back" if rollback else "promoted"
    metadata: dict[str, Any] = {
        "version": promotion.version,
        "reference": f"{promotion.model}:{promotion.version}",
        "digest": promotion.digest,
        "generation": promotion.generation,
        "from version": promotion.from_version or "nothing",
        f"{moved} at": moment(promotion.created_at),
        f"{moved} by": promotion.actor,
        "reason": promotion.reason or "none given",
        "approved by": approvers(evidence) or "nobody: no approval was asked for",
    }
    signatures = list(_signatures(evidence))
    if signatures:
        metadata["signatures"] = table(signatures)
    if rollback:
        metadata["rolled back from"] = f"version {rollback['from']}, which is held until released"
    if evidence.get("waived"):
        metadata["waived"] = bullets(each["sentence"] for each in evidence["waived"])
    pages = {f"dashboard: {name}": dg.MetadataValue.url(url) for name, url in dashboards.items()}
    verdicts = [
        {"check": v["gate"], "outcome": v["outcome"].replace("_", " "), "why": v["why"]}
        for v in evidence["verdicts"]
    ]
    return {
        **metadata,
        "policy": promotion.policy_digest,
        "evaluation": str(evidence["evaluation"]),
        "evidence": table(verdicts),
        **pages,
    }


def _signatures(evidence: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Give what people signed that a move rests on, a row each."""
    for name, decided in _SIGNED.items():
        for each in evidence.get(name, ()):
            yield {
                "person": each["person"],
                "decided": f"{DONE[decided]} it",
                "roles": ", ".join(each["roles"]) or "none",
                "signed": each["fingerprint"] or "unsigned",
            }
