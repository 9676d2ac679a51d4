"""Pictures of models that tell numbers: residuals over predictions."""

import numpy as np

from registry_assets.evaluation.curves import residual_bins
from registry_assets.evaluation.metrics.regression import errors
from registry_assets.evaluation.plots.panel import (
    CANDIDATE,
    INK,
    QUIET,
    finish,
    legend,
    panel,
    png,
)
from registry_assets.evaluation.scored import Scored

# Dots beyond which a cloud only grows darker, and its file larger.
_DOTS = 1000


def residuals_png(scored: Scored, *, seed: int = 0) -> bytes:
    """Draw predicted minus observed over predicted, with the middle 90 % of each stretch."""
    bins = residual_bins(scored)
    title = f"Residuals on {scored.rows:,} rows" if bins else "Residuals"
    thinned = f", {_DOTS:,} of them drawn" if bins and scored.rows > _DOTS else ""
    figure, axes = panel(title + thinned)
    if bins and not scored.unusable:
        order = np.lexsort([errors(scored), scored.predictions.predicted])
        drawn = np.random.default_rng(seed).permutation(order)[:_DOTS]
        axes.scatter(
            scored.predictions.predicted[drawn],
            errors(scored)[drawn],
            s=5,
            color=QUIET,
            alpha=0.35,
            linewidths=0,
        )
        at = [each.predicted for each in bins]
        axes.fill_between(
            at,
            [each.low for each in bins],
            [each.high for each in bins],
            color=CANDIDATE,
            alpha=0.18,
            linewidth=0,
            label="middle 90 %",
        )
        axes.plot(at, [each.mean for each in bins], color=CANDIDATE, linewidth=1.8, label="mean")
        axes.axhline(0, color=INK, linewidth=0.8)
        legend(axes, "best")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda at, _: f"{at:,.10g}".replace("-", "−"))
        # Of millions, more would run into each other.
        axes.locator_params(axis="x", nbins=4)
    finish(
        axes,
        labels=("predicted", "predicted minus observed"),
        empty="nothing to draw: it takes usable predictions",
    )
    return png(figure)
