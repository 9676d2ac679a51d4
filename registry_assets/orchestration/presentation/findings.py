"""What a check found."""

from typing import Any

from registry_assets.catalog.evaluations import Finding
from registry_assets.catalog.versions import VersionRecord
from registry_assets.declaration import Gate, SliceFloor, SliceGap
from registry_assets.evaluation.results import EvaluationResult


def version_identity(version: VersionRecord) -> dict[str, Any]:
    """Say which version a check speaks of; as texts, for the UI draws a curve of any number."""
    return {"version": str(version.number), "digest": str(version.digest)}


def finding_metadata(
    finding: Finding,
    *,
    version: VersionRecord,
    evaluation: str | None,
    gate: Gate | None = None,
    result: EvaluationResult | None = None,
) -> dict[str, Any]:
    """Describe what a check found; always names the version and its digest.

    Args:
        gate: the rule that was applied, where it is still declared.
        result: what it was applied to.
    """
    metadata: dict[str, Any] = {**version_identity(version), "outcome": finding.outcome}
    if evaluation is not None:
        metadata["evaluation"] = evaluation
    for name in ("value", "low", "high", "threshold", "rows"):
        number = getattr(finding, name)
        if number is not None:
            metadata[name] = number
    if finding.value is not None and gate is not None:
        metadata.update(_spoken_of(gate, result))
    if finding.binding is not None:
        bound = finding.binding
        metadata["compared with"] = f"{bound.pointer}, generation {bound.generation}"
        metadata["baseline digest"] = bound.baseline_digest or "none"
    return metadata


def _spoken_of(gate: Gate, result: EvaluationResult | None) -> dict[str, str]:
    """Say what the numbers are of, where the rule itself does not."""
    found = {"unit": str(getattr(gate, "unit", ""))}
    if isinstance(gate, SliceFloor | SliceGap) and result is not None:
        found["slice"] = gate.slice_of(result)
    return {name: said for name, said in found.items() if said}
