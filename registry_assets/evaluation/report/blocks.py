"""A document as values: sections of paragraphs, tables and the like, before they are written.

A card is one such document, written as Markdown (`markdown`) and as HTML
(`templates/card.html`), so that the two cannot say different things.
"""

import re
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier, a digest or a value: shown in letters of one width."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """An address that is shown as it is, and leads there; made by `as_link` alone."""

    url: str


_URL = re.compile(r"https?://[\w.:\[\]-]+(/[\w./?=&%#+~,-]*)?", re.ASCII)


def as_link(text: str) -> Link | str:
    """Give a link where the text is an address of the web and nothing else; otherwise the text."""
    return Link(text) if _URL.fullmatch(text) else text


Cell: TypeAlias = "str | Name | Link"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words; line feeds stay, and the rest is text and never markup."""

    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list, a sentence each."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Lines of a language, such as `python`; written by us, never by others."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text.

    Args:
        caption: what it shows; "" where the section's title says it.
        numeric: positions of the columns that hold numbers.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    numeric: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, a line each."""

    rows: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures by their place in the evaluation: a page has them, Markdown does not."""

    names: tuple[str, ...]


Block: TypeAlias = Paragraph | Items | Code | Table | Facts | Pictures


@dataclass(frozen=True, slots=True)
class Section:
    """A title with what stands under it."""

    title: str
    blocks: tuple[Block, ...]
