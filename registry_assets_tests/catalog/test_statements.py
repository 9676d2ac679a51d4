"""The plain statements say the same by the driver's cursor and by SQLAlchemy, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import pytest
import sqlalchemy as sa

from registry_assets.catalog import statements
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.index_tables import indexed_models, number_terms, text_terms
from registry_assets.catalog.tables import verdicts
from registry_assets.errors import CatalogError
from registry_assets_tests.catalog.projects import Project
from registry_assets_tests.catalog.statements import statements as watched

BY = pytest.mark.parametrize("by", [nullcontext, watched], ids=["cursor", "sqlalchemy"])
TEXT = "é \N{GRINNING FACE} ' \" % :x %(y)s ?"
MODEL = {"task": "binary", "risk": "low", "description": TEXT, "tags": "{}", "created_at": "1"}


class Undone(Exception):
    """Raised so that a change is not kept."""


@contextmanager
def writing(project: Project, by: Any) -> Iterator[sa.Connection]:
    """Give a connection in a change of its own, and undo it at the end."""
    with by(), suppress(Undone), Catalog.open(project.catalog).write() as found:
        yield found
        raise Undone


@BY
def test_a_row_is_found_as_it_was_inserted(empty: Project, by: Any) -> None:
    with writing(empty, by) as connection:
        (first,) = statements.insert(connection, indexed_models, {"name": TEXT, **MODEL})
        (second,) = statements.insert(connection, indexed_models, {"name": "b", **MODEL})
        assert second > first
        row = statements.find(connection, indexed_models, name=TEXT).one()
        assert row._asdict() == {"id": first, "name": TEXT, **MODEL}
        found = statements.find(connection, indexed_models, "risk", "name", id=second).one()
        assert tuple(found) == ("low", "b")
        newest = statements.newest(connection, indexed_models, "id", "name", risk="low")
        assert newest is not None
        assert newest.name == "b"
        assert statements.newest(connection, indexed_models, "id", "name", risk="high") is None


@BY
def test_rows_are_inserted_together_and_keep_their_numbers(empty: Project, by: Any) -> None:
    rows = [
        {"id": 1, "entity": "version", "name": f"metrics.{n}", "value": n / 7, "created_at": "1"}
        for n in range(5)
    ]
    with writing(empty, by) as connection:
        statements.insert_all(connection, number_terms, [])
        statements.insert_all(connection, number_terms, rows[:1])
        statements.insert_all(connection, number_terms, rows[1:])
        key = {"entity": "version", "id": 1}
        kept = statements.find(connection, number_terms, "name", "value", **key)
        assert {row.name: row.value for row in kept} == {r["name"]: r["value"] for r in rows}


@BY
def test_rows_without_a_value_are_found_and_changed(empty: Project, by: Any) -> None:
    term = {"id": 1, "entity": "version", "name": "tags.a", "value": TEXT, "created_at": "1"}
    with writing(empty, by) as connection:
        assert statements.insert(connection, text_terms, term) == (1, "version", "tags.a", TEXT)
        asked = {"id": 1, "name": "tags.a"}
        assert statements.update(connection, text_terms, asked, {"created_at": "2"}) == 1
        assert statements.update(connection, text_terms, {"id": 2}, {"created_at": "2"}) == 0
        assert statements.find(connection, text_terms, "created_at", id=1).scalar() == "2"
        assert statements.find(connection, verdicts, "gate", evaluation_id=None).all() == []
        assert statements.delete(connection, text_terms, id=1) == 1
        assert statements.find(connection, text_terms, id=1).one_or_none() is None


@BY
def test_what_the_database_refuses_is_said_in_our_words(empty: Project, by: Any) -> None:
    model = {"name": "a", **MODEL}
    catalog = Catalog.open(empty.catalog)

    def twice() -> None:
        with by(), catalog.write() as connection:
            statements.insert(connection, indexed_models, model)
            statements.insert(connection, indexed_models, model)

    with pytest.raises(CatalogError, match="refused"):
        twice()
