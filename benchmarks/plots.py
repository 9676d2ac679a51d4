"""Draws how cost grows with the number of versions, to be read on light and on dark pages."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.results import Row

OURS_COLOUR, PEER_COLOUR, INK = "#2f81f7", "#d9822b", "#808890"
COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One workload over its sizes: the medians of both sides."""

    name: str
    rows: tuple[Row, ...]


def lines(rows: Sequence[Row]) -> list[Line]:
    """Give the workloads that were measured at several sizes."""
    names = dict.fromkeys(row.case.line for row in rows if row.case.line)
    found = (Line(name, tuple(row for row in rows if row.case.line == name)) for name in names)
    return [line for line in found if len({row.case.size for row in line.rows}) > 1]


def draw(rows: Sequence[Row]) -> bytes:
    """Draw one panel for each line, as PNG with a transparent ground."""
    from matplotlib.figure import Figure

    found = lines(rows)
    columns = min(COLUMNS, max(1, len(found)))
    height = -(-len(found) // columns)
    figure = Figure(figsize=(3.2 * columns, 2.7 * max(1, height)), layout="constrained")
    for place, line in enumerate(found, start=1):
        axes = figure.add_subplot(height, columns, place)
        sizes = [row.case.size for row in line.rows]
        axes.loglog(
            sizes,
            [row.peer.median for row in line.rows if row.peer],
            "o-",
            color=PEER_COLOUR,
            label="MLflow",
        )
        axes.loglog(
            sizes, [row.ours.median for row in line.rows], "o-", color=OURS_COLOUR, label="ours"
        )
        axes.set_title(line.name, color=INK, fontsize=9)
        axes.set_xlabel("versions", color=INK, fontsize=8)
        axes.set_ylabel("ms", color=INK, fontsize=8)
        axes.tick_params(colors=INK, which="both", labelsize=7)
        axes.grid(color=INK, alpha=0.25, linewidth=0.5)
        axes.set_facecolor("none")
        for spine in axes.spines.values():
            spine.set_color(INK)
        axes.legend(fontsize=7, labelcolor=INK, frameon=False)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, transparent=True)
    return stream.getvalue()
