"""How versions, evaluations and promotions look in the Dagster UI: metadata for people."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from registry_assets.catalog.evaluations import Finding
from registry_assets.catalog.pointers import PromotionRecord
from registry_assets.catalog.versions import VersionRecord
from registry_assets.declaration.metrics import metric
from registry_assets.evaluation.results import Comparison, Estimate, EvaluationResult

MAX_PICTURE_BYTES = 50_000
"""Every byte of metadata goes into the event's row, and every page that lists it."""


def version_metadata(version: VersionRecord) -> dict[str, Any]:
    """Describe a committed version."""
    facts: Mapping[str, Any] = version.metadata
    commit = str(facts["code_commit"])[:12] + (" (uncommitted changes)" * facts["code_dirty"])
    metadata: dict[str, Any] = {
        "version": version.number,
        "reference": version.reference,
        "digest": str(version.digest),
        "recipe": version.recipe_digest,
        "trained on": _bullets(
            f"{name}: `{digest}`" for name, digest in sorted(facts["dataset"].items())
        ),
        "held out": _bullets(f"{ref}: `{ref.digest}`" for ref in version.recipe.holdout),
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


def evaluation_metadata(
    version: VersionRecord, digest: str, result: EvaluationResult
) -> dict[str, Any]:
    """Describe an evaluation: every metric as a number that the UI plots, tables, pictures."""
    metadata: dict[str, Any] = {
        "version": version.number,
        "reference": version.reference,
        "digest": digest,
        "version digest": str(version.digest),
        "rows": result.rows,
        "positives": result.positives,
        "metrics": _metrics_table(result.metrics),
    }
    for name, estimate in result.metrics.items():
        if estimate.defined:
            metadata[name] = estimate.value
    for name, png in result.pictures.items():
        if len(png) <= MAX_PICTURE_BYTES:
            metadata[name] = dg.MetadataValue.md(
                f"![{name}](data:image/png;base64,{base64.b64encode(png).decode()})"
            )
    if result.comparison is not None:
        metadata["against production"] = _comparison(result.comparison)
    if result.slices:
        metadata["slices"] = _slices_table(result)
    return metadata


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


def promotion_metadata(promotion: PromotionRecord) -> dict[str, Any]:
    """Describe a promotion: from, to, who, why and on which evidence."""
    rows = [
        dg.TableRecord({"check": v["gate"], "outcome": v["outcome"], "why": v["why"]})
        for v in promotion.evidence["verdicts"]
    ]
    return {
        "version": promotion.version,
        "digest": promotion.digest,
        "generation": promotion.generation,
        "from version": promotion.from_version or "nothing",
        "promoted at": promotion.created_at,
        "promoted by": promotion.actor,
        "reason": promotion.reason or "none given",
        "policy": promotion.policy_digest,
        "evaluation": str(promotion.evidence["evaluation"]),
        "evidence": dg.MetadataValue.table(rows),
    }


def _metrics_table(metrics: Mapping[str, Estimate]) -> dg.TableMetadataValue:
    return dg.MetadataValue.table(
        [
            dg.TableRecord(
                {
                    "metric": name,
                    "value": _number(estimate.value),
                    "95 % interval": _interval(estimate),
                    "rows": estimate.rows,
                }
            )
            for name, estimate in metrics.items()
        ]
    )


def _slices_table(result: EvaluationResult) -> dg.TableMetadataValue:
    headline, *others = result.metrics
    rows = []
    for part in result.slices:
        estimate = part.estimates.get(headline)
        rows.append(
            dg.TableRecord(
                {
                    "slice": part.label,
                    "rows": part.rows,
                    "positives": part.positives,
                    headline: _number(estimate.value) if estimate else "too few rows",
                    "95 % interval": _interval(estimate) if estimate else "",
                    **{
                        name: _number(part.estimates[name].value) if estimate else ""
                        for name in others
                    },
                }
            )
        )
    return dg.MetadataValue.table(rows)


def _comparison(comparison: Comparison) -> dg.MetadataValue[Any]:
    if comparison.outcome == "no_baseline":
        return dg.MetadataValue.text(f"{comparison.pointer} has never held a version")
    if comparison.outcome == "undecided":
        return dg.MetadataValue.text(f"undecided: {comparison.undecided}")
    rows = [
        dg.TableRecord(
            {
                "metric": name,
                "better is": "more" if metric(name).greater_is_better else "less",
                f"difference to version {comparison.baseline_version}": _number(
                    difference.value, signed=True
                ),
                "95 % interval": _interval(difference, signed=True),
            }
        )
        for name, difference in comparison.differences.items()
    ]
    return dg.MetadataValue.table(rows)


def _number(value: float, *, signed: bool = False) -> str:
    return "undefined" if value != value else f"{value:{'+' if signed else ''}.4f}"


def _interval(estimate: Estimate, *, signed: bool = False) -> str:
    if not estimate.defined:
        return estimate.reason
    return f"[{_number(estimate.low, signed=signed)}, {_number(estimate.high, signed=signed)}]"


def _bullets(lines: Any) -> dg.MetadataValue[Any]:
    listed: Sequence[str] = [f"- {line}" for line in lines]
    return dg.MetadataValue.md("\n".join(listed))
