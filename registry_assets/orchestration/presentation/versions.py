"""A committed version, and a promotion."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from registry_assets.catalog.pointers import PromotionRecord
from registry_assets.catalog.versions import VersionRecord
from registry_assets.evaluation.report.texts import moment
from registry_assets.orchestration.presentation.cells import bullets, table


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


def promotion_metadata(promotion: PromotionRecord) -> dict[str, Any]:
    """Describe a promotion: from, to, who, why and on which evidence; of a rollback, what not."""
    rows = [
        {"check": v["gate"], "outcome": v["outcome"], "why": v["why"]}
        for v in promotion.evidence["verdicts"]
    ]
    metadata = {
        "version": promotion.version,
        "digest": promotion.digest,
        "generation": promotion.generation,
        "from version": promotion.from_version or "nothing",
        "promoted at": moment(promotion.created_at),
        "promoted by": promotion.actor,
        "reason": promotion.reason or "none given",
        "policy": promotion.policy_digest,
        "evaluation": str(promotion.evidence["evaluation"]),
        "evidence": table(rows),
    }
    rollback = promotion.evidence.get("rollback")
    if rollback:
        metadata["rolled back from"] = f"version {rollback['from']}, which is held until released"
        metadata["waived"] = bullets(each["sentence"] for each in promotion.evidence["waived"])
    return metadata
