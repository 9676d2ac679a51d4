"""What people said of a model or a version, and the titled sections that pages are made of."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from registry_assets.catalog.words import Saying, Words
from registry_assets.cli.styles import plain_grid
from registry_assets.cli.text import moment, visible
from registry_assets.evaluation.report.texts import paragraphs


def tags(words: Words) -> Table | Text:
    """Show the declared tags in a line, and each one that was edited with who did it."""
    declared = {name: s.text for name, s in words.sayings.items() if s.actor is None}
    edited = {name: s for name, s in words.sayings.items() if s.actor is not None}
    if not edited:
        return Text(visible(pairs(declared)))
    lines = plain_grid(1)
    if declared:
        lines.add_row(Text(visible(pairs(declared))))
    for name, said in edited.items():
        lines.add_row(Text(f"{name}=" if said.text is not None else f"{name} ") + saying(said))
    return lines


def saying(said: Saying, *, lines: bool = False) -> Text:
    """Show a text; of one that was edited also who did it, and when."""
    text = "taken away" if said.text is None else visible(said.text, lines=lines)
    if said.actor is None:
        return Text(text)
    by = visible(f"({said.actor}, {moment(said.said_at)})")
    return Text.assemble(text, "\n" if "\n" in text else "  ", (by, "dim"))


def limits(text: str) -> Group:
    """Show the paragraphs of a text, as on a card."""
    parts: list[RenderableType] = []
    for lines in paragraphs(text):
        if parts:
            parts.append(Text())
        if len(lines) == 1:
            parts.append(Text(visible(lines[0])))
            continue
        grid = plain_grid(2)
        for line in lines:
            grid.add_row("-", Text(visible(line.removeprefix("- "))))
        parts.append(grid)
    return Group(*parts)


def pairs(values: Mapping[str, Any]) -> str:
    """Give names and values in a line: texts as they are, all else as JSON."""

    def shown(value: Any) -> str:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    return ", ".join(f"{name}={shown(value)}" for name, value in values.items()) or "none"


def section(title: str, body: RenderableType) -> list[RenderableType]:
    """Give a titled part of a page."""
    return [Text(), Text(title, "bold"), Padding(body, (0, 0, 0, 2))]
