"""Every metric of one model on some rows, and of the difference between two, with intervals.

How rows are drawn is in `resampling`, what is computed on them in `metrics`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from registry_assets.declaration.metrics import Measure
from registry_assets.evaluation.metrics import kernel
from registry_assets.evaluation.metrics.functions import FunctionFailed
from registry_assets.evaluation.resampling import Resampler, Sampled, canonical_order
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.scored import Outcomes, Predictions, Scored


@dataclass(frozen=True, slots=True)
class Estimates:
    """The metrics of one model, and of a second one that was drawn with it.

    Args:
        baseline: of the second model; empty where there is none.
        differences: the first's minus the second's, both on the same resamples. Much
            narrower than the difference of two intervals: what makes a resample hard is hard
            for both.
    """

    metrics: Mapping[str, Estimate]
    baseline: Mapping[str, Estimate] = field(default_factory=dict)
    differences: Mapping[str, Estimate] = field(default_factory=dict)


def estimate(
    outcomes: Outcomes,
    predictions: Predictions,
    baseline: Predictions | None = None,
    *,
    metrics: Sequence[Measure],
    resamples: int = 1000,
    seed: int = 0,
    among: int | None = None,
) -> Estimates:
    """Give each metric on all rows, with its 95 % bootstrap interval.

    Args:
        among: of how many rows these are a part: see `Resampler`.
    """
    scored, other = in_order(outcomes, predictions, baseline)
    return estimate_ordered(
        scored, other, metrics=metrics, resamples=resamples, seed=seed, among=among
    )


def in_order(
    outcomes: Outcomes, predictions: Predictions, baseline: Predictions | None = None
) -> tuple[Scored, Scored | None]:
    """Give the rows as each model scored them, in one order that depends on their contents only.

    Sums depend on it in a last digit. What cannot be used stays as it is.
    """
    scored = Scored(outcomes, predictions)
    other = None if baseline is None else Scored(outcomes, baseline)
    models = [each for each in (scored, other) if each is not None]
    usable = [each.predictions for each in models if not each.unusable]
    if not usable:
        return scored, other
    order = canonical_order(outcomes, usable)
    taken = outcomes.take(order)
    moved = [
        each if each.unusable else Scored(taken, each.predictions.take(order)) for each in models
    ]
    return moved[0], moved[1] if other else None


def estimate_ordered(
    scored: Scored,
    baseline: Scored | None = None,
    *,
    metrics: Sequence[Measure],
    resamples: int = 1000,
    seed: int = 0,
    among: int | None = None,
) -> Estimates:
    """Give what `estimate` gives, of rows that `in_order` gave."""
    outcomes = scored.outcomes
    if reason := _why_not(scored):
        none = _undefined(metrics, outcomes, reason)
        return Estimates(none) if baseline is None else Estimates(none, none, none)
    resampler = Resampler(outcomes.rows, resamples=resamples, seed=seed, among=among)
    first = _sample(scored, metrics, resampler)
    found = _estimates(first, outcomes)
    if baseline is None:
        return Estimates(found)
    if reason := _why_not(baseline):
        # What the baseline says is of no use, and that is no fault of the other.
        none = _undefined(metrics, outcomes, reason)
        return Estimates(found, none, none)
    second = _sample(baseline, metrics, resampler)
    beside = _estimates(second, outcomes)
    differences = {
        # Of what is no number by itself, two that are equal differ by nothing.
        name: found[name].reason or beside[name].reason or _difference(first[name], second[name])
        for name in first
    }
    return Estimates(found, beside, _estimates(differences, outcomes))


def _why_not(scored: Scored) -> str:
    if not scored.unusable and scored.rows == 1:
        return "a single row carries no interval"
    return scored.unusable


def _undefined(metrics: Sequence[Measure], outcomes: Outcomes, why: str) -> dict[str, Estimate]:
    return {each.name: Estimate.undefined(rows=outcomes.rows, reason=why) for each in metrics}


def _sample(
    scored: Scored, metrics: Sequence[Measure], resampler: Resampler
) -> dict[str, Sampled | str]:
    """Compute every metric, or say why it could not be."""
    found: dict[str, Sampled | str] = {}
    # Numbers whose squares are no numbers any more give an undefined metric, not a warning.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for each in metrics:
            try:
                found[each.name] = kernel(each)(scored, resampler)
            except FunctionFailed as error:
                found[each.name] = str(error)
    return found


def _difference(first: Sampled | str, second: Sampled | str) -> Sampled | str:
    if isinstance(first, str):
        return first
    if isinstance(second, str):
        return second
    with np.errstate(invalid="ignore"):
        return first - second


def _estimates(sampled: Mapping[str, Sampled | str], outcomes: Outcomes) -> dict[str, Estimate]:
    return {name: _estimate(name, each, outcomes) for name, each in sampled.items()}


def _estimate(name: str, sampled: Sampled | str, outcomes: Outcomes) -> Estimate:
    if isinstance(sampled, str):
        return Estimate.undefined(rows=outcomes.rows, reason=sampled)
    # Only where it is needed: to look for classes in a million targets takes 15 ms, and a
    # binary model compared with another has 51 estimates.
    why = "" if np.isfinite(sampled.value) else _why_undefined(name, outcomes)
    return sampled.estimate(rows=outcomes.rows, undefined=why)


def _why_undefined(name: str, outcomes: Outcomes) -> str:
    if outcomes.task == "regression":
        if len(np.unique(outcomes.y)) == 1:
            return f"all {outcomes.rows} targets are {outcomes.y[0]:g}, {name} needs several"
        return f"{name} is not defined on these rows"
    there = np.unique(outcomes.y.astype(np.int64))
    if len(there) == 1:
        label = outcomes.classes[int(there[0])]
        needed = "both classes" if outcomes.task == "binary" else "several classes"
        return f"all {outcomes.rows} targets are {label}, {name} needs {needed}"
    return f"{name} is not defined on these rows"
