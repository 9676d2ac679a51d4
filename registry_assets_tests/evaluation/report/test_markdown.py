"""Markdown in which every text is read as text, by a parser of CommonMark with tables."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from registry_assets.evaluation.report.blocks import (
    Code,
    Facts,
    Items,
    Name,
    Paragraph,
    Pictures,
    Section,
    Table,
)
from registry_assets.evaluation.report.markdown import document, escaped
from registry_assets.evaluation.report.texts import shown

HOSTILE = (
    "# title",
    "---",
    "===",
    "- item",
    "+ item",
    "1. item",
    "1) item",
    "> quote",
    "    code",
    "```",
    "~~~",
    "~~gone~~",
    "a | b",
    "\\| b",
    "\\",
    "`code`",
    "``",
    "*bold* _it_ __init__ **x**",
    "<script>alert(1)</script>",
    "<!-- x",
    "&lt;b&gt; &amp; &#35;",
    "[x](javascript:alert(1))",
    "[x]: https://evil.example",
    "![x](https://evil.example/x.png)",
    "[x][y]",
    "[ ] todo",
    "[^1]: note",
    "<https://evil.example>",
    "$x$ $$y$$",
    "| --- |",
    ":---",
    "0.7744 [0.7669, 0.7814]",
    "snake_case_name",
)
words = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.sampled_from("ab1 \\`*_{}[]()<>#+-.!|~&$=:\n\t\"'/"), max_size=30),
    st.text(max_size=30),
)
BENIGN = "word"


def parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def every(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from every(token.children or [])


def kinds(text: str) -> list[str]:
    """What a document is made of, but for where the lines of its texts end."""
    loose = ("text", "softbreak", "hardbreak", "text_special", "code_inline")
    return [token.type for token in every(parsed(text)) if token.type not in loose]


def read(text: str) -> str:
    """What a reader sees, in one line."""
    as_it_is = ("text", "text_special", "code_inline")
    seen = [token.content for token in every(parsed(text)) if token.type in as_it_is]
    return " ".join("".join(seen).split())


def page(word: str) -> str:
    return document(
        word,
        "lead",
        [
            Section(
                word,
                (
                    Paragraph(f"so {' '.join(word.split())}"),
                    Items((word, "second")),
                    Table(
                        (word, "b"), ((word, Name(word)), ("x", "y")), caption=word, numeric=(1,)
                    ),
                    Facts((("name", word), ("code", Name(word)))),
                    Code("x = 1", "python"),
                    Pictures(("roc",)),
                ),
            )
        ],
    )


@pytest.mark.parametrize("word", HOSTILE)
def test_hostile_text_makes_no_other_document(word: str) -> None:
    assert kinds(page(word)) == kinds(page(BENIGN))


@settings(max_examples=100, deadline=None)
@given(words.filter(lambda word: bool("".join(shown(word).split()))))
def test_no_text_makes_another_document(word: str) -> None:
    assert kinds(page(word)) == kinds(page(BENIGN))


@settings(max_examples=100, deadline=None)
@given(words)
def test_what_is_read_is_what_was_meant(word: str) -> None:
    assert read(escaped(word)) == " ".join(shown(word, most=None).split())


@settings(max_examples=100, deadline=None)
@given(words)
def test_a_paragraph_keeps_its_lines_and_nothing_else(word: str) -> None:
    text = document("title", word, [])
    allowed = {"heading_open", "heading_close", "inline", "paragraph_open", "paragraph_close"}
    assert set(kinds(text)) <= allowed


def test_lines_and_paragraphs_stay() -> None:
    text = document("t", "one\ntwo\n\nthree", [])
    assert text == "# t\n\none\\\ntwo\n\nthree\n"


def test_plain_text_is_not_cluttered() -> None:
    for text in (
        "roc_auc 0.7744 [0.7669, 0.7814] is at least 0.65",
        "Will it be late? Not for blaming (carriers).",
        "30% of rows by application; a-b, c:d",
    ):
        assert escaped(text) == text


def test_identifiers_are_code_where_they_can_be() -> None:
    table = Table(("a", "b"), ((Name("x_y"), Name("")), (Name("a|b"), Name("`"))))
    text = document("t", "", [Section("s", (table,))])
    assert "| `x_y` | – |" in text
    assert "| a\\|b | \\` |" in text
