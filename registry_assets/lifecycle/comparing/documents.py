"""What programs read of a comparison: before is of A, after of B; the same is left out."""

from typing import Any

from registry_assets.evaluation.results import Estimate, documents
from registry_assets.lifecycle.comparing import Comparison, Side
from registry_assets.lifecycle.comparing.changes import Absent, Change, Changes
from registry_assets.lifecycle.comparing.code import CodeChanges
from registry_assets.lifecycle.comparing.data import Part, SnapshotChanges
from registry_assets.lifecycle.comparing.figures import Both
from registry_assets.lifecycle.comparing.metrics import MetricChanges, Paired, SliceChange

Document = dict[str, Any]


def comparison_document(found: Comparison, both: Both) -> Document:
    """Give everything that differs between two versions, and how much is the same."""
    return {
        "a": _side(found.a),
        "b": _side(found.b),
        "same_model": found.of_one_model,
        "recipe": _changes(found.recipe),
        "data": {
            "train": _snapshots(found.data.train),
            "holdout": _snapshots(found.data.holdout),
            "datasets": _snapshots(found.data.datasets),
            "columns": _changes(found.data.columns),
        },
        "code": _code(found.code),
        "params": _changes(found.params),
        "environment": _changes(found.environment),
        **_metrics(found.metrics, both),
        "size": {
            "before": found.total_sizes[0],
            "after": found.total_sizes[1],
            "files": _changes(found.sizes),
        },
        "metadata": _changes(found.metadata),
        "gaps": [{"what": gap.what, "why": gap.why} for gap in found.gaps],
    }


def _side(side: Side) -> Document:
    version = side.version
    return {
        "reference": version.reference,
        "model": version.model,
        "version": version.number,
        "digest": version.digest,
        "stage": side.stage,
        "state": version.state,
        "recipe": version.recipe_digest,
        "code": version.recipe.code,
        "evaluation": side.evaluation.digest if side.evaluation else None,
        "finished_at": version.finished_at,
    }


def _changes(changes: Changes) -> Document:
    return {
        "compared": changes.compared,
        "changed": [_change(change) for change in changes.changed],
        "same": len(changes.same),
    }


def _change(change: Change) -> Document:
    # An absent value has no field: null is a value that a parameter can have.
    sides = {"before": change.before, "after": change.after}
    there = {name: value for name, value in sides.items() if not isinstance(value, Absent)}
    return {"name": change.name, "change": change.kind, **there}


def _snapshots(changes: SnapshotChanges) -> Document:
    return {
        "changed": [
            {
                "name": change.name,
                "change": change.kind,
                "before": _part(change.before),
                "after": _part(change.after),
            }
            for change in changes.changed
        ],
        "same": len(changes.snapshots) - len(changes.changed),
        "rows": {"before": changes.rows[0], "after": changes.rows[1]},
    }


def _part(part: Part | None) -> Document | None:
    return None if part is None else {"digest": part.digest, "rows": part.rows}


def _code(code: CodeChanges) -> Document:
    return {
        "compared": code.compared,
        "changed": [
            {
                "path": file.path,
                "part": file.part,
                "change": file.kind,
                "before": file.before,
                "after": file.after,
                "lines": list(file.lines),
                "more_lines": file.more_lines,
            }
            for file in code.changed
        ],
        "same": len(code.files) - len(code.changed),
    }


def _metrics(metrics: MetricChanges, both: Both) -> Document:
    return {
        "metrics": [
            {
                "metric": metric.name,
                "before": _estimate(metric.before),
                "after": _estimate(metric.after),
                "difference": metric.difference,
            }
            for metric in metrics.metrics
        ],
        "comparable": not metrics.incomparable,
        "incomparable": metrics.incomparable or None,
        "paired": _paired(metrics.paired, both),
        "slices": [_slice(part) for part in metrics.slices],
    }


def _estimate(estimate: Estimate | None) -> Document | None:
    return None if estimate is None else dict(estimate.to_json())


def _paired(paired: Paired | None, both: Both) -> Document | None:
    if paired is None:
        return None
    beside = both.judged.comparison if both.judged else None
    changes = beside.changes if beside else None
    return {
        "candidate": paired.candidate,
        "baseline": paired.baseline,
        "rows": paired.rows,
        "differences": [
            {"metric": name, **found.to_json()} for name, found in paired.differences.items()
        ],
        "undecided": paired.undecided,
        "verdicts": dict(beside.verdicts) if beside else {},
        "margins": dict(beside.margins) if beside else {},
        "changes": documents.write(changes) if changes else None,
    }


def _slice(part: SliceChange) -> Document:
    return {
        "slice": part.label,
        "before": documents.write(part.before) if part.before else None,
        "after": documents.write(part.after) if part.after else None,
        "difference": part.difference,
    }
