"""Pictures of models that tell classes: ROC, precision and recall, calibration, confusion."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from registry_assets.evaluation.curves import (
    calibration_bins,
    confusion,
    precision_recall_curve,
    roc_curve,
)
from registry_assets.evaluation.plots.panel import (
    BASELINE,
    CANDIDATE,
    INK,
    LINE,
    QUIET,
    finish,
    legend,
    panel,
    png,
    shortened,
    square_panel,
    thinned,
    whiskers,
    with_interval,
)
from registry_assets.evaluation.results.curves import CalibrationBin
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.scored import FloatArray, Scored

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Beside = tuple[str, Scored] | None
"""What to call the baseline, and the same rows as it scores them."""
_NO_CURVE = "no curve: it takes usable scores and rows of both classes"


def roc_png(scored: Scored, *, auc: Estimate | None = None, baseline: Beside = None) -> bytes:
    """Draw the ROC curve; without one, a panel that says so."""
    figure, axes = square_panel("ROC" + with_interval("AUC", auc))
    if _draw_curves(axes, _true_over_false, scored, baseline):
        _diagonal(axes, 1.0, "chance")
        legend(axes, "lower right")
    _square(axes, 1.0)
    finish(axes, labels=("false positive rate", "true positive rate"), empty=_NO_CURVE)
    return png(figure)


def precision_recall_png(
    scored: Scored, *, average: Estimate | None = None, baseline: Beside = None
) -> bytes:
    """Draw precision over recall, with the share of positives as what chance gives."""
    figure, axes = square_panel("Precision and recall" + with_interval("average", average))
    if _draw_curves(axes, _precision_over_recall, scored, baseline):
        share = float(np.average(scored.positive, weights=scored.weight))
        axes.axhline(share, linestyle=":", color=QUIET, linewidth=1.2, label="chance")
        legend(axes, "best")
    _square(axes, 1.0)
    finish(axes, labels=("recall", "precision"), empty=_NO_CURVE)
    return png(figure)


def calibration_png(scored: Scored, *, baseline: Beside = None) -> bytes:
    """Draw observed shares, with 95 % intervals, over predicted probabilities."""
    bins = calibration_bins(scored)
    rows = sum(each.rows for each in bins)
    figure, axes = square_panel(f"Calibration on {rows:,} rows" if bins else "Calibration")
    others: tuple[CalibrationBin, ...] = ()
    if baseline is not None:
        label, other = baseline
        others = calibration_bins(other)
        _draw_bins(axes, others, label, BASELINE, "--")
    _draw_bins(axes, bins, "this version", CANDIDATE, "-")
    top = max((max(each.high, each.predicted) for each in (*bins, *others)), default=1.0)
    limit = min(1.0, float(np.ceil(top * 10.5) / 10))
    if axes.has_data():
        _diagonal(axes, limit, "perfect")
        legend(axes, "best")
    _square(axes, limit)
    finish(
        axes,
        labels=("predicted probability", "observed share"),
        empty="no curve: it takes usable scores",
    )
    return png(figure)


def confusion_png(scored: Scored) -> bytes:
    """Draw what each class was called, as shares of its rows."""
    from matplotlib.colors import LinearSegmentedColormap

    found = confusion(scored)
    crowded = found is not None and len(found.classes) > 10
    title = "Confusion: what each true class was called"
    figure, axes = panel(f"{title}, in %" if crowded else title)
    if found is None:
        finish(axes, labels=("", ""), empty="nothing to count: it takes usable scores")
        return png(figure)
    table = np.array(found.rows)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    # From pure white: of one that is nearly so the few colours of a small file make the panel's.
    blues = LinearSegmentedColormap.from_list("shares", ["white", CANDIDATE])
    axes.imshow(shares, cmap=blues, vmin=0, vmax=1)
    count = len(found.classes)
    finish(axes, labels=("predicted class", "true class (100 % each)"), empty="")
    _lines_between(axes, count)
    names = [shortened(label, 13) for label in found.classes]
    upright = count <= 4 or max(map(len, names)) <= 3
    axes.set_xticks(range(count), labels=names, rotation=0 if upright else 90)
    axes.set_yticks(range(count), labels=names)
    for true, called in np.ndindex(count, count):
        share = shares[true, called]
        if crowded and share < 0.005:
            continue
        text = f"{100 * share:.0f} %"
        if count <= 4:
            text = f"{100 * share:.1f} %\n{table[true, called]:,.6g}"
        elif crowded:
            text = f"{100 * share:.0f}"
        # On either side of this both are read with a contrast of 4 at least.
        colour = "white" if share > 0.8 else INK
        size = 9 if count <= 4 else 7 if count <= 10 else 5
        axes.text(called, true, text, ha="center", va="center", color=colour, fontsize=size)
    return png(figure)


def _lines_between(axes: "Axes", count: int) -> None:
    """Set cells apart: one of no rows is as white as the panel."""
    axes.grid(visible=False)
    between = [at + 0.5 for at in range(count - 1)]
    axes.set_xticks(between, minor=True)
    axes.set_yticks(between, minor=True)
    axes.tick_params(which="minor", length=0)
    axes.grid(visible=True, which="minor", color=LINE, linewidth=0.8 if count <= 10 else 0.4)
    axes.set_axisbelow(False)
    axes.spines[:].set(visible=True, color=LINE)


def _draw_curves(
    axes: "Axes",
    curve: Callable[[Scored], tuple[FloatArray, FloatArray]],
    scored: Scored,
    baseline: Beside,
) -> bool:
    """Draw the curve of each model that has one, given as x and height; say whether any has."""
    models = [("this version", scored, CANDIDATE, "-")]
    if baseline is not None:
        models.append((*baseline, BASELINE, "--"))
    for label, each, colour, dashes in models:
        x, height = curve(each)
        if len(x):
            x, height = thinned(x, height)
            axes.plot(x, height, color=colour, linestyle=dashes, linewidth=1.8, label=label)
    return axes.has_data()


def _true_over_false(scored: Scored) -> tuple[FloatArray, FloatArray]:
    _, false, true = roc_curve(scored)
    return (np.r_[0.0, false], np.r_[0.0, true]) if len(false) else (false, true)


def _precision_over_recall(scored: Scored) -> tuple[FloatArray, FloatArray]:
    _, precision, recall = precision_recall_curve(scored)
    return recall, precision


def _draw_bins(
    axes: "Axes", bins: Sequence[CalibrationBin], label: str, colour: str, dashes: str
) -> None:
    if not bins:
        return
    observed = [each.observed for each in bins]
    axes.errorbar(
        [each.predicted for each in bins],
        observed,
        yerr=whiskers(observed, [each.low for each in bins], [each.high for each in bins]),
        color=colour,
        linestyle=dashes,
        linewidth=1.4,
        marker="o",
        markersize=4,
        capsize=2.5,
        label=label,
    )


def _diagonal(axes: "Axes", limit: float, label: str) -> None:
    axes.plot([0, limit], [0, limit], ":", color=QUIET, linewidth=1.2, label=label)


def _square(axes: "Axes", limit: float) -> None:
    margin = limit / 50
    axes.set(xlim=(-margin, limit + margin), ylim=(-margin, limit + margin), aspect="equal")
