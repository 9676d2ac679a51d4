"""Every search goes by an index: read from the plans that the databases make for it."""

import re
from typing import Any

import pytest
import sqlalchemy as sa

from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.imported_tables import imported_versions
from registry_assets.search.finding import find

INDEXED = {
    "one tag": "tags.team = 'team-3'",
    "two tags": "tags.team = 'team-3' and tags.region = 'region-7'",
    "a tag of its own": "tags.ticket = 'ticket-77'",
    "a range": "metrics.roc_auc > 0.5",
    "a narrow range": "metrics.roc_auc > 0.999",
    "in": "tags.ticket in ('ticket-1', 'ticket-2', 'nothing')",
    "a prefix": "tags.ticket like 'ticket-77%'",
    "a column": "stage = 'staging' and metrics.roc_auc >= 0.2 and metrics.roc_auc < 0.9",
    "two columns": "model = 'late_3' and stage = 'archived'",
    "a column in": "model in ('late_3', 'late_4') and number > 3".replace("number", "version"),
    "a column's prefix": "digest like 'sha256:00%' and tags.team > 'team-8'",
    "a time": "created_at >= '2026-05-01' and created_at < '2026-06-01' and actor = 'ann'",
    "everything": "",
    "there is one": "tags.ticket is not null",
    "all together": "stage = 'staging' and tags.team = 'team-2' and metrics.roc_auc > 0.8"
    " and params.max_iter >= 200 and created_at > '2026-01-01' and owner = 'team:ops'",
}
ORDERS = ["created_at desc", "metrics.roc_auc desc", "version asc", "model asc"]


def plans(connection: sa.Connection, text: str, **asked: Any) -> list[str]:
    """The database's plan of each statement of a search, and of its second page."""
    made: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, params: Any, *_rest: Any) -> None:
        made.append((statement, params))

    sa.event.listen(connection, "before_cursor_execute", note)
    page = find(connection, text, limit=20, **asked)
    if page.next_cursor:
        find(connection, text, limit=20, cursor=page.next_cursor, **asked)
    sa.event.remove(connection, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    found = []
    for statement, params in made:
        # What was imported is in no index of the search: it is counted, up to a bound.
        if "set_config" in statement or f" {imported_versions.name} i " in statement:
            continue
        rows = connection.exec_driver_sql(explain + statement, params).fetchall()
        found.append("\n".join(str(row[-1]) for row in rows))
    assert found
    return found


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("text", INDEXED.values(), ids=INDEXED)
def test_every_search_goes_by_an_index(filled: Catalog, text: str, order: str) -> None:
    with filled.read() as connection:
        for plan in plans(connection, text, order_by=order):
            _assert_indexed(plan)


@pytest.mark.parametrize("text", INDEXED.values(), ids=INDEXED)
def test_it_does_so_in_a_database_that_knows_its_statistics(analyzed: Catalog, text: str) -> None:
    with analyzed.read() as connection:
        for plan in plans(connection, text):
            _assert_indexed(plan)


def _assert_indexed(plan: str) -> None:
    # In SQLite a scan that names its index walks it; of a table, nothing may be scanned.
    for line in re.findall(r"SCAN .*", plan):
        walked = re.search(r"^SCAN e USING (COVERING )?INDEX", line)
        assert walked or re.fullmatch(r"SCAN (k|d|c|CONSTANT ROW|\(subquery-\d+\))", line), plan
    assert "Seq Scan" not in plan
    assert "Bitmap" not in plan
    assert "Hash" not in plan.replace("HashAggregate", "")


def test_a_term_is_tested_by_its_key(filled: Catalog, analyzed: Catalog) -> None:
    for catalog in (filled, analyzed):
        with catalog.read() as connection:
            made = "\n".join(
                plan
                for name in ("two tags", "a range", "a column", "all together")
                for plan in plans(connection, INDEXED[name])
            )
        tested = re.findall(r"SEARCH t .*|.* on \w+_terms t .*", made)
        assert tested
        for line in tested:
            assert "sqlite_autoindex_" in line or "using pk_" in line, line


def test_a_walk_reads_in_the_order_asked_for_and_sorts_nothing(analyzed: Catalog) -> None:
    texts = ["", INDEXED["one tag"], INDEXED["two columns"], INDEXED["a range"]]
    for text in texts:
        with analyzed.read() as connection:
            for plan in plans(connection, text):
                assert "Sort" not in plan, plan
                assert "TEMP B-TREE" not in plan, plan


def test_a_page_deep_inside_begins_where_the_cursor_says(filled: Catalog) -> None:
    with filled.read() as connection:
        first, second = plans(connection, "tags.team = 'team-3'")
    assert re.search(r"\(created_at,id\)<\(\?,\?\)|Index Cond: .*ROW\(created_at, id\) <", second)
    assert "(created_at" not in first.replace("created_at_id", "")
