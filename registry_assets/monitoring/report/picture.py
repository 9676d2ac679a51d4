"""A deployment's partitions as one picture: promised and lived, moves, alerts, and drift below."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from registry_assets.evaluation.plots.panel import (
    BAD,
    INK,
    LINE,
    QUIET,
    drawable,
    finish,
    png,
    shortened,
    stacked_panel,
    svg,
    whiskers,
)
from registry_assets.monitoring.results.history import History, PartitionLived, PointerMove

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = ("#1b5fc1", "#d9730d", "#1a7f37", "#8250df", "#0a7d86", "#a0522d")
_LABELS = 24
"""Partitions that have a name below the axis; of more, every so many."""
_DASHED = (0, (4, 3))
_RING = {
    "marker": "o",
    "markersize": 11,
    "markerfacecolor": "none",
    "markeredgecolor": BAD,
    "markeredgewidth": 1.6,
}
_FAILED: dict[str, Any] = {"facecolor": BAD, "edgecolor": "white", "hatch": "///", "linewidth": 0}
"""Hatched: whoever sees no red sees which failed all the same."""
_DRIFT_CHECKS = ("feature_drift", "prediction_drift")


def history_picture(history: History, *, form: Literal["png", "svg"] = "png") -> bytes:
    """Draw what a model lived through; equal histories give equal bytes."""
    names = history.partitions
    width = min(max(7.5, 3 + 0.55 * len(names)), 16)
    title = f"{shortened(history.model, 40)} in {shortened(history.pointer, 20)}"
    figure, (above, below) = stacked_panel(
        f"{title}: promised and lived", size=(width, 5.4), heights=(3, 1.2)
    )
    place = {name: at for at, name in enumerate(names)}
    versions = sorted({each.version for each in history.rows})
    for number, version in enumerate(versions):
        rows = [each for each in history.rows if each.version == version]
        _version(above, rows, place, colour=_COLOURS[number % len(_COLOURS)])
    _alerts(above, history.rows, place)
    above.margins(y=0.14)
    _moves(above, below, history)
    _drift(below, history.rows, place)
    finish(above, labels=("", history.metric), empty="nothing was observed yet")
    what = "partition" if any(names) else ""
    finish(below, labels=(what, "columns drifted"), empty="no drift was observed yet")
    if names:
        step = -(-len(names) // _LABELS)
        shown = range(0, len(names), step)
        below.set_xticks(list(shown), labels=[shortened(names[at], 12) for at in shown])
        below.tick_params(axis="x", rotation=45 if _crowded(names, shown, width) else 0)
        below.set_xlim(-0.7, len(names) - 0.3)
        _explain(figure, history.rows)
    return png(figure) if form == "png" else svg(figure)


def _crowded(names: Sequence[str], shown: Sequence[int], width: float) -> bool:
    """Say whether labels side by side would run into each other, at 0.08 inches a sign."""
    longest = max(min(len(names[at]), 12) for at in shown)
    return 0.08 * (longest + 1) * len(shown) > width - 1


def _explain(figure: "Figure", rows: Sequence[PartitionLived]) -> None:
    """Say what is drawn how: colours are versions, named where the pointer came to hold them."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    about = [
        Line2D([], [], color=INK, marker="o", markersize=4.5, label="lived"),
        Line2D([], [], color=INK, linewidth=1, linestyle=_DASHED, label="promised"),
    ]
    if any(each.alerts for each in rows):
        ring = Line2D([], [], linestyle="none", **_RING)  # type: ignore[arg-type]
        ring.set_label("alert")
        about.append(ring)
    patches = [Patch(**_FAILED, label="drift check failed")] if any(map(_drifted, rows)) else []
    figure.legend(
        handles=[*about, *patches],
        fontsize=8,
        frameon=False,
        labelcolor=INK,
        ncols=4,
        loc="outside lower center",
    )


def _version(
    axes: "Axes", rows: Sequence[PartitionLived], place: dict[str, int], *, colour: str
) -> None:
    """Draw what one version promised, as a band, and what it lived, as points."""
    promised = next((each.promised for each in rows if each.promised), None)
    places = [place[each.partition] for each in rows]
    if promised is not None and promised.defined:
        ends = [min(places) - 0.4, max(places) + 0.4]
        band = (promised.low, promised.high)
        axes.fill_between(ends, *band, color=colour, alpha=0.13, linewidth=0)
        axes.plot(ends, [promised.value] * 2, color=colour, linewidth=1, linestyle=_DASHED)
    known = [
        (at, each.lived)
        for at, each in zip(places, rows, strict=True)
        if each.lived is not None and each.lived.defined
    ]
    if not known:
        return
    values = [found.value for _, found in known]
    axes.errorbar(
        [at for at, _ in known],
        values,
        yerr=whiskers(values, [found.low for _, found in known], [f.high for _, f in known]),
        color=colour,
        marker="o",
        markersize=4.5,
        linewidth=1.4,
        elinewidth=1.2,
        capsize=2.5,
    )


def _alerts(axes: "Axes", rows: Sequence[PartitionLived], place: dict[str, int]) -> None:
    """Ring the points at which an alert was open; where there is no point, mark the axis."""
    for each in rows:
        if not each.alerts:
            continue
        known = each.lived is not None and each.lived.defined
        axes.plot(
            [place[each.partition]],
            [each.lived.value if each.lived is not None and known else 0.05],
            transform=axes.transData if known else axes.get_xaxis_transform(),
            linestyle="none",
            zorder=5,
            **_RING,  # type: ignore[arg-type]
        )


def _moves(above: "Axes", below: "Axes", history: History) -> None:
    """Draw a line where the pointer moved: between the partitions that two moves scored."""
    if not history.rows:
        return
    told: dict[float, list[PointerMove]] = {}
    for move in history.moves:
        told.setdefault(_between(history, move), []).append(move)
    for at, moves in told.items():
        last = moves[-1]
        for axes in (above, below):
            axes.axvline(at, color=QUIET, linewidth=0.9, linestyle=":")
        many = f" (+{len(moves) - 1})" if len(moves) > 1 and at >= 0 else ""
        said = "back to" if last.rollback else "→"
        above.annotate(
            drawable(f"{said} {last.version}{many}"),
            (at, 1),
            xycoords=("data", "axes fraction"),
            xytext=(3, -2),
            textcoords="offset points",
            fontsize=8,
            color=INK,
            va="top",
        )


def _between(history: History, move: PointerMove) -> float:
    """Give the place of a move: before the first partition that it, or a later one, scored."""
    names = history.partitions
    first = next((each for each in history.rows if each.generation >= move.generation), None)
    return (names.index(first.partition) if first else len(names)) - 0.5


def _drift(axes: "Axes", rows: Sequence[PartitionLived], place: dict[str, int]) -> None:
    known = [(place[each.partition], each) for each in rows if each.share is not None]
    for at, each in known:
        style = _FAILED if _drifted(each) else {"color": LINE}
        axes.bar(at, each.share or 0.0, width=0.55, **style)
    if known:
        axes.set_ylim(0, 1)
        axes.set_yticks([0, 0.5, 1], labels=["0 %", "50 %", "100 %"])


def _drifted(each: PartitionLived) -> bool:
    found = [each.findings[check] for check in _DRIFT_CHECKS if check in each.findings]
    return any(finding.outcome == "failed" for finding in found)
