"""What a search gives: pages that fit together, records, notes, and a limit to what it reads."""

import base64
import json
from typing import Any

import pytest
import sqlalchemy as sa

from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.index_tables import indexed_versions
from registry_assets.errors import InvalidCursor, InvalidQuery, QueryTooBroad
from registry_assets.search import planning
from registry_assets.search.finding import explain, find
from registry_assets.search.records import FoundVersion
from registry_assets_tests.search.rows import Row, bulk, evaluation, fill, model, version


def numbers(catalog: Catalog, text: str, **asked: Any) -> list[int]:
    """The digests' numbers of what a filter finds."""
    with catalog.read() as connection:
        page = find(connection, text, **asked)
    return [int(item.digest.removeprefix("sha256:"), 16) for item in page.items]


def write(catalog: Catalog, *rows: Row, **asked: Any) -> None:
    """Put these rows into the index."""
    with catalog.write() as connection:
        fill(connection, rows, **asked)


@pytest.fixture
def tagged(catalog: Catalog) -> Catalog:
    """Versions whose tag is a, ab, aB, b; each with two owners."""
    words = ["a", "ab", "aB", "b"]
    write(
        catalog,
        *(
            version(
                key, {"tags.x": [word], "owner": ["team:a", "team:b"], "params.n": [float(key)]}
            )
            for key, word in enumerate(words, start=1)
        ),
    )
    return catalog


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tags.x like 'a%'", [3, 2, 1]),
        ("tags.x like 'a%b'", [2]),
        ("tags.x like 'a_'", [3, 2]),
        ("tags.x like 'b'", [4]),
        ("tags.x like 'a!_' escape '!'", []),
        ("tags.x not like 'a%'", [4]),
        ("owner like 'team:%'", [4, 3, 2, 1]),
        ("owner in ('team:a', 'team:b')", [4, 3, 2, 1]),
        ("owner > 'team'", [4, 3, 2, 1]),
        ("owner is not null and params.n in (1, 3)", [3, 1]),
        ("tags.x != 'a'", [4, 3, 2]),
        ("not tags.x = 'a'", [4, 3, 2]),
        ("tags.y is null and tags.x >= 'ab'", [4, 2]),
        ("tags.x = 'A'", []),
        ("tags.x = 'a' AND params.n < 2", [1]),
    ],
)
def test_what_an_index_leads_to_is_found_once_and_only_if_it_fits(
    tagged: Catalog, text: str, expected: list[int]
) -> None:
    assert numbers(tagged, text) == expected


def test_a_version_without_the_tag_is_not_unequal_but_it_is_not_equal(tagged: Catalog) -> None:
    write(tagged, version(9, {}))
    assert 9 not in numbers(tagged, "tags.x != 'a'")
    assert 9 in numbers(tagged, "not tags.x = 'a'")


def test_what_has_no_metric_comes_last_in_either_direction(catalog: Catalog) -> None:
    values: dict[int, list[str | float]] = {1: [0.5], 2: [], 3: [0.9], 4: []}
    write(catalog, *(version(key, {"metrics.auc": kept}) for key, kept in values.items()))
    assert numbers(catalog, order_by="metrics.auc desc", text="") == [3, 1, 4, 2]
    assert numbers(catalog, order_by="metrics.auc", text="") == [1, 3, 2, 4]


def test_pages_neither_miss_nor_repeat_what_was_there_throughout(catalog: Catalog) -> None:
    write(catalog, *bulk(60))
    was_there = set(numbers(catalog, "", limit=1_000))
    seen: list[int] = []
    cursor, key = None, 1_000
    while True:
        with catalog.read() as connection:
            page = find(connection, "owner = 'team:ops'", limit=7, cursor=cursor)
        seen += [int((item.digest or "")[7:], 16) for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
        # Before, beside and after where the cursor stands.
        for created in (page.items[-1].created_at, "2025-01-01", "2027-01-01"):
            key += 1
            write(catalog, version(key, {"owner": ["team:ops"]}, created_at=created))
    assert len(seen) == len(set(seen))
    assert was_there <= set(seen)


def test_a_cursor_goes_with_its_own_search_in_whatever_spelling(tagged: Catalog) -> None:
    with tagged.read() as connection:
        cursor = find(connection, "tags.x like 'a%' AND params.n > 0", limit=1).next_cursor
        again = find(connection, "tags.x  like 'a%' and params.n > 0", cursor=cursor)
        assert [item.number for item in again.items] == [1, 1]
        for other in ("tags.x like 'a%'", ""):
            with pytest.raises(InvalidCursor, match="of another search"):
                find(connection, other, cursor=cursor)
        with pytest.raises(InvalidCursor, match="of another search"):
            find(connection, "tags.x like 'a%' and params.n > 0", order_by="model", cursor=cursor)


def cursor_of(*values: Any) -> str:
    """A cursor that says these things."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def test_a_cursor_that_is_none_is_refused(tagged: Catalog) -> None:
    with tagged.read() as connection:
        given = find(connection, "", limit=1).next_cursor or ""
        digest, *_ = json.loads(base64.urlsafe_b64decode(given + "=="))
        forged = [
            cursor_of(digest, "2026-01-01"),
            cursor_of(digest, "2026-01-01", "1"),
            cursor_of(digest, "2026-01-01", True),
            cursor_of(digest, "2026-01-01", 2**63),
            cursor_of(digest, None, 1),
            cursor_of(digest, "a\0b", 1),
            cursor_of({"digest": digest}),
            cursor_of(),
            "[" * 5_000,
        ]
        for cursor in ("", "x", given[:-3], given + "!", "é", "A" * 20_000, *forged):
            with pytest.raises(InvalidCursor):
                find(connection, "", cursor=cursor)


@pytest.mark.parametrize("limit", [0, -1, 1_001])
def test_a_page_has_one_to_a_thousand_items(tagged: Catalog, limit: int) -> None:
    with tagged.read() as connection, pytest.raises(InvalidQuery, match="a page of"):
        find(connection, "", limit=limit)


def test_a_name_that_nothing_has_is_no_error_and_a_note_says_what_is_near(catalog: Catalog) -> None:
    write(catalog, version(1, {"tags.team": ["risk"], "params.deep": ["yes"]}))
    with catalog.read() as connection:
        for text in ("tags.temm = 'risk'", "tags.temm = 'risk' or model = 'late_1'"):
            page = find(connection, text)
            assert page.notes == ("no version has tags.temm; did you mean tags.team?",)
        assert find(connection, "tags.team = 'nothing'").notes == ()
        assert find(connection, "", order_by="metrics.auc").notes == ("no version has metrics.auc",)


def test_a_name_known_as_another_type_is_an_error_that_says_so(catalog: Catalog) -> None:
    write(catalog, version(1, {"params.n": [200.0], "params.k": ["rbf"], "params.s?": ["true"]}))
    with catalog.read() as connection:
        for text, said in {
            "params.n = '200'": "params.n is compared with text, and known as a number only",
            "params.k != 1": "params.k is compared with a number, and known as text only",
            "params.s in ('true')": "params.s is compared with text, and known as a truth value",
            "not params.n = true": "params.n is compared with a truth value, and known as a number",
        }.items():
            with pytest.raises(InvalidQuery, match=said):
                find(connection, text)
        with pytest.raises(InvalidQuery, match="only numbers are ordered by"):
            find(connection, "", order_by="params.k")


def test_a_search_that_reads_too_much_names_a_term_to_add(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "GLANCE", 5)
    monkeypatch.setattr(planning, "LOOK", 10)
    write(catalog, *bulk(200))
    with catalog.read() as connection:
        for text in (
            "description like '%x%'",
            "tags.region > '' and not owner = 'team:ops'",
        ):
            with pytest.raises(QueryTooBroad) as caught:
                find(connection, text, budget=100)
            assert "100 versions were read" in caught.value.message
            assert caught.value.hint.startswith("add a term that an index answers: model = '…'")
        assert find(connection, "description like '%x%'", budget=201).items == ()
        assert len(find(connection, "not owner = 'nobody'", limit=10, budget=100).items) == 10


def test_the_plan_in_words_tells_what_leads_and_what_is_read_row_by_row(tagged: Catalog) -> None:
    with tagged.read() as connection:
        said = explain(
            connection,
            "tags.x = 'a' and params.n > 1 and created_at > '2025-01-01' and not stage = 'failed'",
        )
    assert said == (
        "walk: versions with tags.x = 'a', by index, in the order created_at desc",
        "window: created_at > '2025-01-01', by the same index",
        "test: not stage = 'failed', row by row",
        "test: params.n > 1, by key",
    )


def test_records_carry_what_a_table_needs(tagged: Catalog) -> None:
    write(tagged, model(1, {"tags.x": ["a"]}), entity="models")
    write(tagged, evaluation(2, {"metrics.auc": [0.5]}), entity="evaluations")
    with tagged.read() as connection:
        (found,) = find(connection, "tags.x = 'ab'").items
        assert isinstance(found, FoundVersion)
        assert (found.reference, found.stage, found.tags) == ("late_2:1", "staging", {"x": "ab"})
        (named,) = find(connection, "name = 'late_1'", entity="models").items
        assert (named.reference, named.tags) == ("late_1", {"x": "a"})
        (judged,) = find(connection, "passed = 'unknown'", entity="evaluations").items
        assert (judged.reference, judged.metrics) == ("late_2:1", {"auc": 0.5})
        assert find(connection, "passed = true", entity="evaluations").items == ()


def test_sql_in_a_value_is_a_value(tagged: Catalog) -> None:
    hostile = [
        "'; DROP TABLE text_terms; --",
        "' OR '1'='1",
        "%(p0)s :p0 ? {x} {id}",
        "\\",
        "\u202e" * 50,
        "x" * 4_000,
    ]
    with tagged.read() as connection:
        for text in hostile:
            quoted = text.replace("'", "''")
            for form in ("tags.x = '{}'", "tags.x like '%{}%'", "not params.x != '{}'"):
                find(connection, form.format(quoted))
            name = text.replace("`", "``")
            find(connection, f"tags.`{name}` = 'a' or tags.`{name}` is null")
        counted = connection.execute(sa.select(sa.func.count()).select_from(indexed_versions))
        assert counted.scalar() == 4
