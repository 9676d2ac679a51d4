"""Users' own metrics: any function of targets and predictions.

It is called on all rows for its value, and for its interval on resamples of at most 2,000
of them, of which it may refuse some: how far the others stray is scaled to the number of
rows there are, by the root of their ratio, as holds for whatever is close to normal.
"""

import numbers
import warnings
from contextlib import suppress
from decimal import Decimal
from typing import Any

import numpy as np

from registry_assets.declaration.metrics import MetricFunction, parameters
from registry_assets.evaluation.resampling import GROUPS, Resampler, Sampled
from registry_assets.evaluation.scored import FloatArray, IntArray, Scored
from registry_assets.reasons import reason_of, sayable, shortened

_RESAMPLES = 200


def of_function(measure: MetricFunction, scored: Scored, resampler: Resampler) -> Sampled:
    """Compute a user's metric, with replicates around its value.

    Raises:
        FunctionFailed: it raised, or gave no number.
    """
    value = _call(measure, scored)
    order = np.random.default_rng(resampler.seed).permutation(scored.rows)
    few = scored.take(order[:GROUPS])
    scale = np.sqrt(few.rows / scored.rows)
    middle = value if few.rows == scored.rows else _call(measure, few)
    generator = np.random.default_rng([resampler.seed, few.rows])
    resamples = min(resampler.resamples, _RESAMPLES)
    strays = [
        _again(measure, few.take(generator.integers(few.rows, size=few.rows))) - middle
        for _ in range(resamples)
    ]
    return Sampled(value, value + scale * np.array(strays), "normal")


def _again(measure: MetricFunction, resample: Scored) -> float:
    """Give the metric on a resample; NaN where it refuses it."""
    # One that lacks a class is refused by log_loss, and warned of by others 200 times.
    with warnings.catch_warnings(), suppress(FunctionFailed):
        warnings.simplefilter("ignore")
        return _call(measure, resample)
    return np.nan


class FunctionFailed(Exception):
    """A user's metric raised, or gave something that is no number; says what."""


def _call(measure: MetricFunction, scored: Scored) -> float:
    # Copies: a function that works in place would change the rows under every later metric.
    arguments = _labels(scored, scored.outcomes.y).copy(), _said(measure, scored).copy()
    weighted = scored.outcomes.weight is not None and _takes_weight(measure)
    try:
        found: Any = (
            measure.function(*arguments, sample_weight=scored.weight.copy())
            if weighted
            else measure.function(*arguments)
        )
        return _number(measure.name, found)
    except FunctionFailed:
        raise
    except (Exception, SystemExit) as error:  # the user's code: anything
        raise FunctionFailed(f"{measure.name} raised {reason_of(error)}") from error


def _number(name: str, found: Any) -> float:
    # A scalar of numpy's, or an array of no dimension, is what it holds.
    plain = found.item() if getattr(found, "ndim", None) == 0 else found
    if isinstance(plain, numbers.Real | Decimal) and not isinstance(plain, bool):
        return float(plain)
    if plain is None or isinstance(plain, bool):
        given = str(plain)
    elif isinstance(plain, str):
        given = f"the text {plain!r}"
    else:
        given = f"a {type(plain).__name__}"
    raise FunctionFailed(shortened(sayable(f"{name} gave {given}: expected one number")))


def _said(measure: MetricFunction, scored: Scored) -> np.ndarray:
    if measure.needs == "probability":
        return scored.scores if scored.outcomes.task == "binary" else scored.probabilities
    return _labels(scored, scored.predictions.predicted)


def _labels(scored: Scored, codes: FloatArray | IntArray) -> np.ndarray:
    """Give classes as the labels they are; numbers as they are."""
    if scored.outcomes.task == "regression":
        return codes
    return np.array(scored.outcomes.classes)[codes.astype(np.int64)]


def _takes_weight(measure: MetricFunction) -> bool:
    return "sample_weight" in parameters(measure.function)
