r"""A document of `blocks` as Markdown that reads as it is meant, whatever the texts hold.

GitHub's dialect, which Hugging Face reads, too. Every text of others is escaped: law: what a
reader sees of it is the text, and no part of it becomes a heading, a link, HTML or a rule.
"""

import re
from collections.abc import Iterable, Iterator

from registry_assets.evaluation.report.blocks import (
    Block,
    Cell,
    Code,
    Facts,
    Items,
    Link,
    Name,
    Paragraph,
    Section,
    Table,
)
from registry_assets.evaluation.report.texts import NONE, shown

# No more than is read as something: an underscore inside a word is no emphasis, and without a
# definition, which needs "]:", brackets alone are no link. Intervals are full of both.
_SPECIAL = re.compile(r"[\\`*<|~$]|\](?=[(\[:])|&(?=[#A-Za-z])|(?<![^\W_])_|_(?![^\W_])")
_AT_START = re.compile(r"[-+=:#>\[]|\d+(?=[.)](?:\s|$))")
# What needs no care in a code span, in a table or elsewhere.
_PLAIN_CODE = re.compile(r"[^`|\\\n]+")


def document(title: str, lead: str, sections: Iterable[Section]) -> str:
    """Give the Markdown of a document, ending in a line feed."""
    parts = [f"# {escaped(title)}", _paragraph(lead)]
    for section in sections:
        parts.append(f"## {escaped(section.title)}")
        for block in section.blocks:
            parts += _written(block)
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(text: str) -> str:
    """Give a text of one line as Markdown that shows it as it is."""
    safe = _inside(text)
    start = _AT_START.match(safe)
    if start is None:
        return safe
    at = start.end() if start[0].isdigit() else 0
    return f"{safe[:at]}\\{safe[at:]}"


def _inside(text: str) -> str:
    """Give a text as Markdown where no line starts, as in a cell."""
    line = " ".join(shown(text, most=None).split())
    return _SPECIAL.sub(lambda found: "\\" + found[0], line)


def _written(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(text):
            yield _paragraph(text)
        case Items(texts):
            yield "\n".join(f"- {escaped(text)}" for text in texts)
        case Code(text, language):
            yield f"```{language}\n{text}\n```"
        case Facts(rows):
            table = Table(("", ""), tuple((f"{name}", value) for name, value in rows))
            yield _table(table)
        case Table(caption=caption):
            if caption:
                yield f"{escaped(caption)}:"
            yield _table(block)
        case _:
            return


def _paragraph(text: str) -> str:
    """Keep the lines of a text, and its paragraphs."""
    paragraphs = re.split(r"\n\s*\n", shown(text, most=None, lines=True).strip())
    return "\n\n".join(
        "\\\n".join(line for each in part.split("\n") if (line := escaped(each)))
        for part in paragraphs
        if part.strip()
    )


def _table(table: Table) -> str:
    rules = ["--:" if at in table.numeric else "---" for at in range(len(table.columns))]
    lines = [_row([_inside(column) for column in table.columns]), _row(rules)]
    lines += [_row([_cell(cell) for cell in row]) for row in table.rows]
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    if isinstance(cell, Link):
        return f"<{cell.url}>"
    if not isinstance(cell, Name):
        return _inside(shown(cell)) or NONE
    text = shown(cell.text).strip()
    return f"`{text}`" if _PLAIN_CODE.fullmatch(text) else _inside(text) or NONE
