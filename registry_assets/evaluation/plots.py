"""ROC and calibration as small PNG pictures, for places where people look.

Each stays under 50 kB, because Dagster stores pictures inside its events, and stands on a
white panel of its own, so that it reads the same on a light and a dark page. Equal input
gives equal bytes under one matplotlib. The tables are in `curves`.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from registry_assets.evaluation.curves import calibration_bins, roc_curve
from registry_assets.evaluation.results import CalibrationBin, Estimate
from registry_assets.evaluation.scoring import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CANDIDATE, _BASELINE, _CHANCE, _INK = "#1b5fc1", "#d9730d", "#8c959f", "#1f2328"
_SIZE = (5.0, 4.6)  # inches, at 100 dots per inch
_VERTICES = 300  # of a curve: more cannot be seen at this size


def roc_png(
    y: ArrayLike,
    p: ArrayLike,
    *,
    auc: Estimate | None = None,
    baseline: tuple[str, FloatArray] | None = None,
) -> bytes:
    """Draw the ROC curve; without one, a panel that says so.

    Args:
        auc: shown in the title with its interval.
        baseline: what to call it, and its scores on the same rows.
    """
    figure, axes = _panel("ROC" + _with_interval(auc))
    models = [("this version", p, _CANDIDATE, "-")]
    if baseline is not None:
        models.append((*baseline, _BASELINE, "--"))
    for label, scores, colour, dashes in models:
        _, false, true = roc_curve(y, scores)
        if len(false):
            x, height = _thinned(false), _thinned(true)
            axes.plot(x, height, color=colour, linestyle=dashes, linewidth=1.8, label=label)
    _finish(
        axes,
        limit=1.0,
        diagonal="chance",
        labels=("false positive rate", "true positive rate"),
        legend="lower right",
        empty="no curve: it takes usable scores\nand rows of both classes",
    )
    return _png(figure)


def calibration_png(
    y: ArrayLike, p: ArrayLike, *, baseline: tuple[str, FloatArray] | None = None
) -> bytes:
    """Draw observed shares, with 95 % intervals, over predicted probabilities.

    Args:
        baseline: what to call it, and its scores on the same rows.
    """
    bins = calibration_bins(y, p)
    rows = sum(each.rows for each in bins)
    figure, axes = _panel(f"Calibration on {rows:,} rows" if bins else "Calibration")
    if baseline is not None:
        label, scores = baseline
        _draw_bins(axes, calibration_bins(y, scores), label, _BASELINE, "--")
    _draw_bins(axes, bins, "this version", _CANDIDATE, "-")
    top = max((max(each.high, each.predicted) for each in bins), default=1.0)
    _finish(
        axes,
        limit=min(1.0, float(np.ceil(top * 10.5) / 10)),
        diagonal="perfect",
        labels=("predicted probability", "observed share"),
        legend="upper left",
        empty="no curve: it takes usable scores",
    )
    return _png(figure)


def _draw_bins(
    axes: "Axes", bins: Sequence[CalibrationBin], label: str, colour: str, dashes: str
) -> None:
    if not bins:
        return
    observed = np.array([each.observed for each in bins])
    # Not negative, where rounding leaves the interval's end a hair inside the share.
    below = np.maximum(observed - [each.low for each in bins], 0)
    above = np.maximum([each.high for each in bins] - observed, 0)
    axes.errorbar(
        [each.predicted for each in bins],
        observed,
        yerr=[below, above],
        color=colour,
        linestyle=dashes,
        linewidth=1.4,
        marker="o",
        markersize=4,
        capsize=2.5,
        label=label,
    )


def _with_interval(estimate: Estimate | None) -> str:
    if estimate is None or not estimate.defined:
        return ""
    return f": AUC {estimate.value:.3f}, 95 % interval {estimate.low:.3f} to {estimate.high:.3f}"


def _thinned(curve: FloatArray) -> FloatArray:
    """Give the curve from (0, 0) on, at no more vertices than can be seen."""
    whole = np.concatenate([[0.0], curve])
    at = np.unique(np.linspace(0, len(whole) - 1, _VERTICES).round().astype(np.int64))
    return whole[at]


def _panel(title: str) -> tuple["Figure", "Axes"]:
    # Not pyplot: its figures are global state, and several runs share one process.
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.patches import FancyBboxPatch

    # The rectangle keeps everything away from the panel's rounded edge.
    layout = ConstrainedLayoutEngine(rect=(0.02, 0.02, 0.95, 0.96))
    figure = Figure(figsize=_SIZE, dpi=100, facecolor="none", layout=layout)
    panel = FancyBboxPatch(
        (0, 0),
        1,
        1,
        boxstyle="round,pad=0,rounding_size=0.03",
        transform=figure.transFigure,
        facecolor="white",
        edgecolor="none",
        zorder=-1,
    )
    panel.set_in_layout(False)
    figure.add_artist(panel)
    axes = figure.add_subplot(facecolor="white")
    axes.set_title(title, fontsize=10, color=_INK, pad=8)
    return figure, axes


def _finish(
    axes: "Axes",
    *,
    limit: float,
    diagonal: str,
    labels: tuple[str, str],
    legend: Literal["lower right", "upper left"],
    empty: str,
) -> None:
    if axes.has_data():
        axes.plot([0, limit], [0, limit], ":", color=_CHANCE, linewidth=1.2, label=diagonal)
        axes.legend(fontsize=9, frameon=False, labelcolor=_INK, loc=legend)
    else:
        axes.text(0.5, 0.5, empty, ha="center", va="center", color=_INK, transform=axes.transAxes)
    margin = limit / 50
    axes.set(xlim=(-margin, limit + margin), ylim=(-margin, limit + margin), aspect="equal")
    axes.set_xlabel(labels[0], fontsize=9, color=_INK)
    axes.set_ylabel(labels[1], fontsize=9, color=_INK)
    axes.tick_params(labelsize=8, colors=_INK)
    axes.grid(color="#e4e8ec", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _png(figure: "Figure") -> bytes:
    from PIL import Image

    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", facecolor="none")
    # 64 colours are all it takes, in a quarter of the bytes: 10 kB in place of 37.
    with Image.open(drawn) as picture:
        few = picture.quantize(64, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(small, format="png", optimize=True)
    return small.getvalue()
