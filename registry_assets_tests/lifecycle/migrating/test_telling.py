"""What is kept of another registry's words: texts that are texts, and no secret."""

import math

import pytest

from registry_assets.canonical import canonical_json
from registry_assets.lifecycle.migrating.telling import MOST_ENTRIES, Told


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        ("postgresql://scott:tiger@db.example.com/a", "postgresql://***@db.example.com/a"),
        ("see https://tok3n@host/x and s3://k:v@b", "see https://***@host/x and s3://***@b"),
        ("s3://bucket/a@b", "s3://bucket/a@b"),
        ("ann@example.com", "ann@example.com"),
        ("the word is pass word, or pass%20word", "the word is ***, or ***"),
        ("a\0b\x1b[2J\ud800", "a\ufffdb\ufffd[2J\ufffd"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_a_text_is_kept_without_what_opens_anything(found: str, kept: str) -> None:
    told = Told(secrets=["pass word"])
    assert told.text(found, "it") == kept
    assert told.lost == []
    canonical_json({"kept": kept})


def test_what_is_too_long_or_too_many_is_cut_and_told() -> None:
    told = Told()
    assert told.text("x" * 11, "the note", limit=10) == "x" * 10
    many = {f"p{number}": "" for number in range(MOST_ENTRIES + 1)}
    assert len(told.texts(many, "params")) == MOST_ENTRIES
    assert told.lost == [
        "the note has 11 characters; the first 10 came",
        "it has 5,001 params; the first 5,000 came",
    ]


def test_a_number_that_is_none_is_told_and_not_kept() -> None:
    told = Told()
    found = {"a": math.nan, "b": math.inf, "c": -math.inf, "d": 0.5, "e": 1.7976931348623157e308}
    assert told.numbers(found) == {"d": 0.5, "e": 1.7976931348623157e308}
    assert [each.partition(" is ")[0] for each in told.lost] == [
        "the metric a",
        "the metric b",
        "the metric c",
    ]
