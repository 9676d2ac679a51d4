"""The panel that every picture is drawn on, and the PNG that comes of it."""

import io
import textwrap
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.scored import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CANDIDATE, BASELINE, QUIET, INK = "#1b5fc1", "#d9730d", "#8c959f", "#1f2328"
LINE = "#c8cfd6"
GOOD, BAD = "#1a7f37", "#cf222e"
_SIZE = (5.0, 4.6)  # inches, at 100 dots per inch
_SQUARE = (0.149, 0.13, 0.696, 0.757)  # left, bottom, width and height in shares of it
_TITLE = 0.957  # the height of a title above such axes
_VERTICES = 300  # of a curve: more cannot be seen at this size


def square_panel(title: str) -> tuple["Figure", "Axes"]:
    """Give a panel for shares over shares: its axes lie where those of its like do.

    Finding a place for them takes as long as drawing.
    """
    figure, axes = panel(title)
    figure.set_layout_engine(None)
    axes.set_position(_SQUARE)
    _entitle(figure, title, y=_TITLE)
    return figure, axes


def panel(title: str, *, size: tuple[float, float] = _SIZE) -> tuple["Figure", "Axes"]:
    """Give a figure with one pair of axes, on a white panel of its own."""
    figure = _white_panel(title, size)
    return figure, figure.add_subplot(facecolor="white")


def stacked_panel(
    title: str, *, size: tuple[float, float], heights: Sequence[float]
) -> tuple["Figure", list["Axes"]]:
    """Give a figure with several pairs of axes below each other, along one line.

    Args:
        heights: of each, in relation to the others.
    """
    figure = _white_panel(title, size)
    ratios = {"height_ratios": list(heights)}
    axes = figure.subplots(
        len(heights),
        1,
        sharex=True,
        gridspec_kw=ratios,
        subplot_kw={"facecolor": "white"},
        squeeze=False,
    )
    return figure, list(axes[:, 0])


def _white_panel(title: str, size: tuple[float, float]) -> "Figure":
    # Not pyplot: its figures are global state, and several runs share one process.
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.patches import FancyBboxPatch

    # The rectangle keeps everything away from the panel's rounded edge.
    layout = ConstrainedLayoutEngine(rect=(0.02, 0.02, 0.95, 0.96), h_pad=0.1)
    figure = Figure(figsize=size, dpi=100, facecolor="none", layout=layout)
    background = FancyBboxPatch(
        (0, 0),
        1,
        1,
        boxstyle="round,pad=0,rounding_size=0.03",
        transform=figure.transFigure,
        facecolor="white",
        edgecolor="none",
        zorder=-1,
    )
    background.set_in_layout(False)
    figure.add_artist(background)
    _entitle(figure, title)
    return figure


def _entitle(figure: "Figure", title: str, *, y: float | None = None) -> None:
    """Write the title; where no height is given the layout finds one, and leaves room for it."""
    # Of the figure, not of the axes: beside long labels those are narrower than a title.
    figure.suptitle(drawable(title), fontsize=10, color=INK, **({} if y is None else {"y": y}))


def finish(axes: "Axes", *, labels: tuple[str, str], empty: str) -> None:
    """Label the axes, and say why there is nothing where nothing was drawn."""
    if not axes.has_data():
        lines = "\n".join(map(drawable, textwrap.wrap(empty, 48, max_lines=8)))
        said = axes.text(0.5, 0.5, lines, ha="center", va="center", color=INK, fontsize=9)
        said.set_transform(axes.transAxes)
        # A long reason would leave no room for what it is drawn on.
        said.set_in_layout(False)
        axes.set(xticks=[], yticks=[])
    axes.set_xlabel("\n".join(map(drawable, labels[0].split("\n"))), fontsize=9, color=INK)
    axes.set_ylabel(drawable(labels[1]), fontsize=9, color=INK)
    axes.tick_params(labelsize=8, colors=INK)
    axes.grid(color="#e4e8ec", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def legend(axes: "Axes", where: Literal["lower right", "best"]) -> None:
    """Explain the lines, if there are any; `best` is where they hide the fewest of them."""
    if axes.has_data():
        axes.legend(fontsize=9, frameon=False, labelcolor=INK, loc=where)


def interval_bars(
    axes: "Axes",
    estimates: Sequence[Estimate],
    labels: Sequence[str],
    *,
    colours: Sequence[str],
) -> None:
    """Draw a point with its interval for each estimate, the first at the top.

    Args:
        labels: of signs that can be drawn: see `shortened`.
    """
    for at, (estimate, colour) in enumerate(zip(estimates, colours, strict=True)):
        if not estimate.defined:
            continue
        axes.errorbar(
            [estimate.value],
            [at],
            xerr=whiskers([estimate.value], [estimate.low], [estimate.high]),
            color=colour,
            marker="o",
            markersize=4.5,
            linewidth=1.6,
            capsize=2.5,
            linestyle="none",
        )
    axes.set_yticks(range(len(labels)), labels=labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)


def whiskers(
    values: Sequence[float], lows: Sequence[float], highs: Sequence[float]
) -> list[list[float]]:
    """Give how far intervals reach below and above their values: (2, n)."""
    # Not negative, where an interval lies beside its value, be it by rounding alone.
    below = [max(value - low, 0.0) for value, low in zip(values, lows, strict=True)]
    above = [max(high - value, 0.0) for value, high in zip(values, highs, strict=True)]
    return [below, above]


def with_interval(what: str, estimate: Estimate | None) -> str:
    """Give a title's end: the number and its interval, if there is one."""
    if estimate is None or not estimate.defined:
        return ""
    return f": {what} {estimate.value:.3f}, 95 % interval {estimate.low:.3f} to {estimate.high:.3f}"


def thinned(*curves: FloatArray) -> list[FloatArray]:
    """Give curves at no more vertices than can be seen, both ends kept."""
    last = len(curves[0]) - 1
    at = np.unique(np.linspace(0, last, _VERTICES).round().astype(np.int64))
    return [curve[at] for curve in curves]


def svg(figure: "Figure") -> bytes:
    """Give the picture as SVG: equal input gives equal bytes under one matplotlib."""
    import matplotlib as mpl

    drawn = io.BytesIO()
    # Else its ids are random, and it says when it was made.
    with mpl.rc_context({"svg.hashsalt": "registry_assets"}):
        figure.savefig(drawn, format="svg", facecolor="none", metadata={"Date": None})
    return drawn.getvalue()


def png(figure: "Figure") -> bytes:
    """Give the picture's bytes: equal input gives equal bytes under one matplotlib."""
    from PIL import Image

    drawn, small = io.BytesIO(), io.BytesIO()
    if layout := figure.get_layout_engine():
        layout.execute(figure)
        # Where there is one, all is drawn twice: for it to find places, and on what is saved.
        figure.set_layout_engine(None)
    figure.savefig(drawn, format="png", facecolor="none")
    # 64 colours are all it takes, in a quarter of the bytes: 10 kB in place of 37.
    with Image.open(drawn) as picture:
        few = picture.quantize(64, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(small, format="png", optimize=True)
    return small.getvalue()


def shortened(label: str, most: int) -> str:
    """Give a label of at most so many signs, all of which can be drawn; both ends are kept."""
    if len(label) > most:
        label = label[: most // 2] + "…" + label[len(label) - (most - most // 2 - 1) :]
    return drawable(label)


def drawable(text: str) -> str:
    """Give a line of text with □ in place of signs that the font lacks; a dollar is a dollar."""
    known = _glyphs()
    line = "".join(" " if sign.isspace() else sign for sign in text)
    return "".join(sign if ord(sign) in known else "□" for sign in line).replace("$", r"\$")


@cache
def _glyphs() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties())).get_charmap())
