"""Colours and small pieces that every table and tree shares."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from registry_assets.catalog.indexing import Stage
from registry_assets.cli.text import visible

_STAGES = {
    "production": "bold green",
    "staging": "cyan",
    "development": "yellow",
    "archived": "dim",
    "rejected": "red",
    "failed": "bold red",
}
_OUTCOMES = {"passed": "green", "failed": "red", "no_baseline": "green"}


_UNLIMITED = 10_000


@dataclass(frozen=True, slots=True)
class FirstThatFits:
    """The first of some ways to show a thing that needs no folding; else the last of them."""

    ways: Sequence[RenderableType]

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        """Choose by the width that there is."""
        *wide, last = self.ways
        unlimited = options.update(width=_UNLIMITED)
        for way in wide:
            if Measurement.get(console, unlimited, way).maximum <= options.max_width:
                yield way
                return
        yield last


@dataclass(frozen=True, slots=True)
class Unfolded:
    """One line that is never folded: an address, which somebody copies."""

    text: str

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType | Segment]:
        """Give it as it is, however narrow the page."""
        yield Segment(self.text)
        yield Segment.line()


def console() -> Console:
    """Give the terminal; text is never read as markup, emoji codes or numbers to colour."""
    return Console(markup=False, emoji=False, highlight=False)


def stage_text(stage: Stage) -> Text:
    """Give a stage in its colour."""
    return Text(stage, _STAGES[stage])


def outcome_text(outcome: str, *, passed: bool) -> Text:
    """Give a verdict's outcome in its colour."""
    style = _OUTCOMES.get(outcome, "yellow")
    if not passed and style == "green":
        style = "yellow"
    return Text(outcome.replace("_", " "), style)


def joined(*parts: Text | str) -> Text:
    """Give the parts that are not empty, two spaces apart."""
    texts = (Text(visible(part)) if isinstance(part, str) else part for part in parts)
    return Text("  ").join(text for text in texts if text.plain)


def plain_table(*columns: str | Text) -> Table:
    """Give a table with a line under its header and nothing else drawn; no cell is cut off."""
    from rich import box

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column in columns:
        # Left to itself rich ends what is too wide with "…", and a digest is lost.
        table.add_column(column, overflow="fold")
    return table


def plain_grid(columns: int, *, gap: int = 1) -> Table:
    """Give columns side by side, without lines and headers; no cell is cut off."""
    grid = Table.grid(padding=(0, gap, 0, 0))
    for _ in range(columns):
        grid.add_column(overflow="fold")
    return grid


def facts_grid(*, width: int = 12) -> Table:
    """Give a grid of names and values."""
    grid = plain_grid(2, gap=2)
    grid.columns[0].min_width = width
    grid.columns[0].style = "dim"
    return grid
