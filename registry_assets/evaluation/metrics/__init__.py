"""The arithmetic of the metrics: each on all rows, and on every resample of them at once.

    counts         of the predicted classes: accuracy, precision, recall, F1 …
    probabilities  of the predicted probabilities: log loss, Brier score, calibration error
    ranking        of the order they put rows in: ROC AUC, average precision
    regression     of predicted numbers
    functions      users' own

Values are scikit-learn's, weights included, where both are defined. Where scikit-learn gives
0 or a warning because there is nothing to divide by, the value here is undefined: a gate
must not pass on it.
"""

from collections.abc import Callable, Mapping

from registry_assets.declaration.metrics import Measure, MetricFunction
from registry_assets.evaluation.metrics import counts, probabilities, ranking, regression
from registry_assets.evaluation.metrics.functions import of_function
from registry_assets.evaluation.resampling import Resampler, Sampled
from registry_assets.evaluation.scored import Scored

Kernel = Callable[[Scored, Resampler], Sampled]

_KERNELS: Mapping[str, Kernel] = {
    **counts.KERNELS,
    **probabilities.KERNELS,
    **ranking.KERNELS,
    **regression.KERNELS,
}


def kernel(measure: Measure) -> Kernel:
    """Give the function that computes a metric on usable rows in canonical order."""
    if isinstance(measure, MetricFunction):
        return lambda scored, resampler: of_function(measure, scored, resampler)
    return _KERNELS[measure.name]
