"""What a check found."""

from typing import Any

from registry_assets.catalog.evaluations import Finding
from registry_assets.catalog.versions import VersionRecord


def finding_metadata(
    finding: Finding, *, version: VersionRecord, evaluation: str | None
) -> dict[str, Any]:
    """Describe what a check found; always names the version and its digest."""
    metadata: dict[str, Any] = {
        "version": version.number,
        "digest": str(version.digest),
        "outcome": finding.outcome,
    }
    if evaluation is not None:
        metadata["evaluation"] = evaluation
    for name in ("value", "low", "high", "threshold", "rows"):
        number = getattr(finding, name)
        if number is not None:
            metadata[name] = number
    if finding.binding is not None:
        bound = finding.binding
        metadata["compared with"] = f"{bound.pointer}, generation {bound.generation}"
        metadata["baseline digest"] = bound.baseline_digest or "none"
    return metadata
