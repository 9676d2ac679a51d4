"""How a model treats the groups of a sensitive column, by fairlearn's measures.

The measures are fairlearn's own; their intervals come from the same groups of rows as those
of the metrics, since fairlearn's bootstrap takes seconds where this takes milliseconds.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from registry_assets.declaration.fairness import Fairness
from registry_assets.evaluation.metrics.arithmetic import ratio
from registry_assets.evaluation.resampling import Interval, Resampler, Sampled, canonical_order
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.results.fairness import FairnessResult, GroupRates
from registry_assets.evaluation.scored import (
    FloatArray,
    IntArray,
    Outcomes,
    Predictions,
    Scored,
    why_unusable,
)
from registry_assets.evaluation.slices import text_codes

_DIFFERENCE = "_difference"
_MOST_UNSUPPORTED = 50  # as of slices
RATES = ("selection_rate", "true_positive_rate", "false_positive_rate", "accuracy", "base_rate")
_WHY = {
    "true_positive_rate": "no row of it is positive",
    "false_positive_rate": "every row of it is positive",
}


def fairness_results(
    frame: pd.DataFrame,
    outcomes: Outcomes,
    predictions: Predictions,
    *,
    plan: Fairness,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[FairnessResult, ...]:
    """Compare the groups of each sensitive column.

    Of the groups with too few rows only the 50 largest are listed, and the rest together.

    Args:
        frame: n rows, with the columns.
    """
    return tuple(
        _of_column(frame[column], outcomes, predictions, plan=plan, resamples=resamples, seed=seed)
        for column in plan.columns
    )


def _of_column(
    column: "pd.Series[Any]",
    outcomes: Outcomes,
    predictions: Predictions,
    *,
    plan: Fairness,
    resamples: int,
    seed: int,
) -> FairnessResult:
    codes, labels = text_codes(column)
    # The rows without a value are a group of their own, the last.
    groups: list[str | None] = [*labels, None] if (codes < 0).any() else [*labels]
    codes = np.where(codes < 0, len(labels), codes)
    counts = np.bincount(codes, minlength=len(groups))
    used = np.flatnonzero(counts >= plan.min_group_rows)
    few = np.isin(codes, used)
    rates: list[dict[str, Estimate]]
    if reason := why_unusable(outcomes, predictions):
        nothing = Estimate.undefined(rows=outcomes.rows, reason=reason)
        rates = [dict.fromkeys(RATES, nothing) for _ in used]
        disparities = dict.fromkeys(_measures(), nothing)
    elif not len(used):
        nothing = Estimate.undefined(rows=0, reason="no group has enough rows")
        rates, disparities = [], dict.fromkeys(_measures(), nothing)
    else:
        # Of the groups that are compared only: a key has a million that are not.
        rates, disparities = _compared(
            np.searchsorted(used, codes[few]),
            [groups[at] for at in used],
            outcomes.take(few),
            predictions.take(few),
            resamples=resamples,
            seed=seed,
        )
    shown = dict(zip(used.tolist(), rates, strict=True))
    small = np.setdiff1d(np.argsort(-counts, kind="stable"), used, assume_unique=True)
    listed = sorted([*shown, *small[:_MOST_UNSUPPORTED].tolist()])
    found = [
        GroupRates(groups[at], int(counts[at]), at in shown, shown.get(at, {})) for at in listed
    ]
    if len(others := small[_MOST_UNSUPPORTED:]):
        label = f"({len(others):,} other values)"
        found.append(GroupRates(label, int(counts[others].sum()), supported=False, rates={}))
    return FairnessResult(by=str(column.name), groups=tuple(found), disparities=disparities)


def _compared(
    codes: IntArray,
    groups: Sequence[str | None],
    outcomes: Outcomes,
    predictions: Predictions,
    *,
    resamples: int,
    seed: int,
) -> tuple[list[dict[str, Estimate]], dict[str, Estimate]]:
    order = canonical_order(outcomes, [predictions], parts=codes)
    scored, codes = Scored(outcomes.take(order), predictions.take(order)), codes[order]
    resampler = Resampler(scored.rows, resamples=resamples, seed=seed)
    called = scored.predictions.predicted == 1
    cell = codes * 4 + scored.positive * 2 + called
    sums = resampler.sums_by(cell.astype(np.int64), scored.weight, cells=4 * len(groups))
    counts = np.bincount(codes)
    # One draw for all: a rate, and the difference of two, from the very same resamples.
    value = _rates(sums.sum(axis=0)[np.newaxis])
    drawn = _rates(resampler.replicate(sums, lambda each: each))
    rates = [
        {
            name: Sampled(float(value[name][0, at]), drawn[name][:, at]).estimate(
                rows=int(counts[at]), undefined=_WHY.get(name, "it is not defined on these rows")
            )
            for name in RATES
        }
        for at in range(len(groups))
    ]
    if len(groups) < 2:
        group = "the rows without a value" if groups[0] is None else groups[0]
        reason = f"only one group has enough rows: {group}"
        nothing = Estimate.undefined(rows=scored.rows, reason=reason)
        return rates, dict.fromkeys(_measures(), nothing)
    # What chance makes of groups that are all treated as the rows of all of them together.
    shared = _rates(sums.sum(axis=0).reshape(-1, 4).sum(axis=0)[np.newaxis])
    strays = {name: shared[name] + (drawn[name] - value[name]) for name in RATES}
    disparities = {}
    # Undefined for one group is undefined for all: fairlearn puts 0 in its place.
    defined = {name for name, measure in _measures().items() if np.isfinite(measure(value)[0])}
    by_fairlearn = _by_fairlearn(scored, codes) if defined else {}
    for name, measure in _measures().items():
        found = by_fairlearn[name] if name in defined else np.nan
        # The farthest of several groups is farther by chance: their ratio is lower.
        pushed: Interval = "raised" if name.endswith(_DIFFERENCE) else "lowered"
        sampled = Sampled(found, measure(drawn), pushed, (0.0, 1.0), measure(strays))
        disparities[name] = sampled.estimate(
            rows=scored.rows,
            undefined="a group has no row of one class, or no row is called positive",
        )
    return rates, disparities


def _rates(sums: FloatArray) -> dict[str, FloatArray]:
    """Give each rate of each group, (batch, groups), from the four cells of each."""
    cells = sums.reshape(len(sums), -1, 4)
    negative_uncalled, negative_called, positive_uncalled, positive_called = (
        cells[..., at] for at in range(4)
    )
    total = cells.sum(axis=2)
    return {
        "selection_rate": ratio(negative_called + positive_called, total),
        "true_positive_rate": ratio(positive_called, positive_called + positive_uncalled),
        "false_positive_rate": ratio(negative_called, negative_called + negative_uncalled),
        "accuracy": ratio(negative_uncalled + positive_called, total),
        "base_rate": ratio(positive_called + positive_uncalled, total),
    }


def _measures() -> Mapping[str, Any]:
    """Give the disparities as functions of the groups' rates, each giving (batch,)."""

    def apart(rate: FloatArray) -> FloatArray:
        gap: FloatArray = rate.max(axis=1) - rate.min(axis=1)
        return gap

    def share(rate: FloatArray) -> FloatArray:
        return ratio(rate.min(axis=1), rate.max(axis=1))

    def odds(rates: Mapping[str, FloatArray]) -> list[FloatArray]:
        return [rates["true_positive_rate"], rates["false_positive_rate"]]

    return {
        "demographic_parity_difference": lambda rates: apart(rates["selection_rate"]),
        "demographic_parity_ratio": lambda rates: share(rates["selection_rate"]),
        "equalized_odds_difference": lambda rates: np.max(
            [apart(each) for each in odds(rates)], axis=0
        ),
        "equalized_odds_ratio": lambda rates: np.min([share(each) for each in odds(rates)], axis=0),
    }


def _by_fairlearn(scored: Scored, codes: IntArray) -> Mapping[str, float]:
    """Give the disparities that fairlearn's functions of these names give, from one frame."""
    from fairlearn.metrics import (
        MetricFrame,
        false_positive_rate,
        selection_rate,
        true_positive_rate,
    )

    # A measure depends on the weight in each of these cells only. Of a million rows fairlearn
    # takes eight seconds to add it up.
    called = scored.predictions.predicted == 1
    cell = (codes * 4 + scored.positive * 2 + called).astype(np.int64)
    there = np.flatnonzero(np.bincount(cell))
    weight = {"sample_weight": np.bincount(cell, weights=scored.weight)[there]}
    rates = {"selected": selection_rate, "true": true_positive_rate, "false": false_positive_rate}
    frame = MetricFrame(
        metrics=rates,
        y_true=there // 2 % 2,
        y_pred=there % 2,
        sensitive_features=there // 4,
        sample_params=dict.fromkeys(rates, weight),
    )
    apart, share = frame.difference(), frame.ratio()
    return {
        "demographic_parity_difference": float(apart["selected"]),
        "demographic_parity_ratio": float(share["selected"]),
        "equalized_odds_difference": float(max(apart["true"], apart["false"])),
        "equalized_odds_ratio": float(min(share["true"], share["false"])),
    }
