"""Pictures of results in parts: the slices of the headline metric, differences to production."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from registry_assets.evaluation.plots.panel import (
    BAD,
    CANDIDATE,
    GOOD,
    INK,
    QUIET,
    finish,
    interval_bars,
    panel,
    png,
    shortened,
)
from registry_assets.evaluation.report.scales import on_own_scale, own_scale
from registry_assets.evaluation.report.texts import number
from registry_assets.evaluation.results.comparison import Comparison
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.results.slices import SliceResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST = 30
_COLOURS = {"better": GOOD, "worse": BAD}


def slices_png(
    slices: Sequence[SliceResult], metric: str, *, overall: Estimate, greater_is_better: bool
) -> bytes:
    """Draw the metric of every slice with enough rows, the weakest first."""
    parts = [part for part in slices if part.supported and part.estimates[metric].defined]
    sign = 1 if greater_is_better else -1
    weakest = sorted(parts, key=lambda part: sign * part.estimates[metric].value)
    shown = weakest[:_MOST]
    title = f"{metric} by slice, the weakest first"
    if len(shown) < len(parts):
        title += f" ({_MOST} of {len(parts)})"
    figure, axes = panel(title, size=(5.0, 1.4 + 0.22 * max(len(shown), 6)))
    if overall.defined:
        axes.axvspan(overall.low, overall.high, color=QUIET, alpha=0.25, linewidth=0)
        axes.axvline(overall.value, color=INK, linewidth=0.9, linestyle=":")
    interval_bars(
        axes,
        [part.estimates[metric] for part in shown],
        [f"{shortened(part.label, 28)} ({part.rows:,})" for part in shown],
        colours=[CANDIDATE] * len(shown),
    )
    below = f"{shortened(metric, 30)}; grey: all rows, with their interval"
    finish(axes, labels=(below, ""), empty="no slice has enough rows")
    _centred(figure, axes)
    return png(figure)


def _centred(figure: "Figure", axes: "Axes") -> None:
    """Centre the label below the axes on the figure, as the title is: the axes are narrower."""
    from matplotlib.transforms import IdentityTransform, blended_transform_factory

    label = axes.xaxis.label
    label.set_transform(blended_transform_factory(figure.transFigure, IdentityTransform()))


def difference_png(comparison: Comparison, less_is_better: Sequence[str]) -> bytes:
    """Draw each metric's difference to production, on the scale of its own interval."""
    shown = {name: each for name, each in comparison.differences.items() if each.defined}
    beside = f"{shortened(comparison.pointer, 20)}, version {comparison.baseline_version}"
    title = f"Difference to {beside}, each on its own scale"
    figure, axes = panel(title, size=(5.0, 1.5 + 0.32 * max(len(shown), 3)))
    interval_bars(
        axes,
        [on_own_scale(each, less_is_better=name in less_is_better) for name, each in shown.items()],
        [f"{shortened(name, 30)} {number(each.value, sign='+')}" for name, each in shown.items()],
        colours=[_COLOURS.get(comparison.verdicts.get(name, ""), CANDIDATE) for name in shown],
    )
    direction = "← worse        better →"
    if shown:
        axes.axvline(0, color=INK, linewidth=0.9)
        if _margins(axes, comparison.margins, shown):
            direction += "\nwhat is left of a red tick counts as worse"
        axes.set_xticks([])
    finish(
        axes,
        labels=(direction, ""),
        empty=comparison.undecided or "no difference is defined on these rows",
    )
    return png(figure)


def _margins(axes: "Axes", margins: Mapping[str, float], shown: Mapping[str, Estimate]) -> bool:
    """Draw how much worse each may be, and say whether there is any such line."""
    drawn = False
    for at, (name, estimate) in enumerate(shown.items()):
        margin = margins.get(name, 0.0) / own_scale(estimate)
        # Beyond this the picture would be of the margin, and the difference a dot in it.
        if 0 < margin <= 1.5:
            axes.plot([-margin, -margin], [at - 0.3, at + 0.3], color=BAD, linewidth=1.2)
            drawn = True
    return drawn
