"""A model's card and the data it was made from, in CycloneDX's words: plain JSON of its schema."""

from collections.abc import Iterator, Mapping

from registry_assets.canonical import Json
from registry_assets.evaluation.report.remarks import remarks
from registry_assets.evaluation.report.values import Card, Snapshot
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.results.estimates import Estimate


def model_card(card: Card) -> dict[str, Json]:
    """Give `modelCard`: how it learned, on which data, how good it is, and its limits."""
    used = dict.fromkeys(each.digest for each in (*card.train, *card.holdout))
    found: dict[str, Json] = {
        "bom-ref": f"card:{card.digest}",
        "modelParameters": {
            "approach": {"type": "supervised"},
            "task": card.task,
            "architectureFamily": f"{card.training.framework} {card.training.framework_version}",
            "datasets": [{"ref": digest} for digest in used],
            "inputs": [{"format": "table"}],
            "outputs": [{"format": _output(card)}],
        },
    }
    if card.result is not None:
        metrics = list(_metrics(card.result))
        found["quantitativeAnalysis"] = {"performanceMetrics": list(metrics)}
    if limits := list(_limits(card)):
        found["considerations"] = {"technicalLimitations": list(limits)}
    return found


def component_data(card: Card, snapshot: Snapshot) -> dict[str, Json]:
    """Give what a snapshot is to a model: which part of its data, and how much."""
    parts = {
        "trained on": card.train,
        "judged on": card.holdout,
        "made into features": card.datasets,
    }
    roles = [role for role, those in parts.items() if snapshot.digest in _digests(those)]
    rows = "" if snapshot.rows is None else f"; {snapshot.rows:,} rows"
    return {
        "bom-ref": f"data:{snapshot.digest}",
        "type": "dataset",
        "name": snapshot.name,
        "description": f"{', '.join(roles)}{rows}",
    }


def _digests(snapshots: tuple[Snapshot, ...]) -> set[str]:
    return {each.digest for each in snapshots}


def _output(card: Card) -> str:
    if card.task == "regression":
        return f"number: {card.target}"
    return f"class and probabilities: {card.target}"


def _metrics(result: EvaluationResult) -> Iterator[Json]:
    yield from _measured(result.metrics)
    for part in result.slices:
        if part.supported:
            yield from _measured(part.estimates, of=part.label)
    for column in result.fairness:
        yield from _measured(column.disparities, of=f"groups of {column.by}")


def _measured(estimates: Mapping[str, Estimate], *, of: str = "") -> Iterator[Json]:
    for name, found in estimates.items():
        if not found.defined:
            continue  # a number is asked for, and there is none
        metric: dict[str, Json] = {
            "type": name,
            "value": repr(found.value),
            "confidenceInterval": {"lowerBound": repr(found.low), "upperBound": repr(found.high)},
        }
        yield {**metric, "slice": of} if of else metric


def _limits(card: Card) -> Iterator[str]:
    if card.limits.strip():
        yield card.limits
    if card.result is None:
        yield "It has not been evaluated: nothing is known of how good it is."
    else:
        yield from (remark.sentence for remark in remarks(card.result, card.gates))
