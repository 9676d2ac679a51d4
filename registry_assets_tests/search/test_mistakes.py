"""A mistake in a filter is shown where it stands, with what was expected there."""

import pytest

from registry_assets.errors import InvalidQuery
from registry_assets.search.fields import Entity
from registry_assets.search.parsing import LONGEST, parse
from registry_assets.search.questions import NEWEST_FIRST, read_question

MISTAKES = {
    "stage = production": """\
expected a value: text in single quotes, a number, true or false (column 9)
  stage = production
          ^
Hint: text stands in single quotes: 'production'""",
    "stage in 'x'": """\
expected `(` and values in it (column 10)
  stage in 'x'
           ^""",
    "(stage = 'failed'": """\
expected and, or, or `)` (column 18)
  (stage = 'failed'
                   ^""",
    "actor = '日本' nd": """\
expected and, or, or the end (column 14)
  actor = '日本' nd
                 ^""",
    "tags.my-team = 'x'": """\
expected one of = != < <= > >=, in (…), like '…', is null (column 8)
  tags.my-team = 'x'
         ^
Hint: other characters than letters, digits and _ stand in backticks: tags.`my-team`""",
    "actor = 'ann": """\
this text has no closing quote (column 9)
  actor = 'ann
          ^
Hint: a quote in it is doubled""",
    "stag = 'x'": """\
versions have no field stag (column 1)
  stag = 'x'
  ^
Hint: did you mean stage or tags or state?""",
    "actor = 'ann' and\n\tstage = 'prod'": """\
stage is one of development, staging, production, archived, rejected, failed (column 28)
  actor = 'ann' and  stage = 'prod'
                             ^""",
    "tags.team = 5": """\
tags.team is text (column 13)
  tags.team = 5
              ^
Hint: write tags.team = '5'""",
    "metrics.auc > '0.8'": """\
metrics.auc is a number (column 15)
  metrics.auc > '0.8'
                ^""",
    "version > 2.5": """\
version is a whole number (column 11)
  version > 2.5
            ^""",
    "created_at = '2026-01-01'": """\
created_at is compared by < <= > >= (column 1)
  created_at = '2026-01-01'
  ^
Hint: write created_at >= '2026-01-01' and created_at < '2026-01-02T12:00Z'""",
    "created_at > '2026-01-01T12:00'": """\
expected a date, or an instant with its zone (column 14)
  created_at > '2026-01-01T12:00'
               ^
Hint: write created_at >= '2026-01-01' and created_at < '2026-01-02T12:00Z'""",
    "params.x in (1, 'a')": """\
expected values of one type (column 17)
  params.x in (1, 'a')
                  ^""",
    "params.x < true": """\
a truth value is compared by = and != (column 12)
  params.x < true
             ^""",
    "metrics = 1": """\
expected metrics.name (column 1)
  metrics = 1
  ^""",
    "metrics.auc > 1e999": """\
this number is too large to be kept (column 15)
  metrics.auc > 1e999
                ^""",
    "actor = 'a\0b'": """\
U+0000 is no text that can be searched for (column 11)
  actor = 'a�b'
            ^""",
}


@pytest.mark.parametrize("text", MISTAKES, ids=range(len(MISTAKES)))
def test_a_caret_stands_under_the_mistake(text: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        read_question(text, "versions", NEWEST_FIRST, "sqlite")
    assert str(caught.value) == MISTAKES[text]
    assert f"(column {caught.value.column})" in caught.value.message


def test_of_a_long_filter_what_is_around_the_mistake_is_shown() -> None:
    text = " or ".join(["stage = 'failed'"] * 50) + " or stage = x" + " or version = 1" * 20
    with pytest.raises(InvalidQuery) as caught:
        parse(text)
    _, shown, caret = caught.value.message.splitlines()
    assert len(shown) < 100
    assert shown[caret.index("^")] == "x"


@pytest.mark.parametrize(
    "text",
    [
        "x" * (LONGEST + 1),
        "(" * 5_000,
        "not " * 2_000 + "stage = 'failed'",
        "(not " * 40 + "stage = 'failed'" + ")" * 40,
        " or ".join(["version = 1"] * 300),
        f"version in ({', '.join(['1'] * 300)})",
        "actor = '\ud800'",
        "version = 99999999999999999999",
    ],
)
def test_what_is_too_long_too_deep_or_no_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidQuery):
        parse(text)


@pytest.mark.parametrize(
    ("entity", "order", "said"),
    [
        ("versions", "stage", "versions cannot be ordered by stage"),
        ("models", "metrics.auc", "models cannot be ordered by metrics.auc"),
        ("versions", "created_at down", "is no order"),
        ("versions", "created_at; DROP TABLE x", "is no order"),
        ("versions", "metrics", "cannot be ordered by metrics"),
        ("datasets", "created_at", "there is no entity 'datasets'"),
    ],
)
def test_an_order_that_is_none_is_refused(entity: Entity, order: str, said: str) -> None:
    with pytest.raises(InvalidQuery, match=said):
        read_question("", entity, order, "sqlite")
