"""What the migrations build is what the code believes it works on."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from registry_assets.catalog import migrations
from registry_assets.catalog.engine import REVISIONS, Catalog, open_driver
from registry_assets.catalog.index_tables import INDEX
from registry_assets.catalog.migrations import upgrade
from registry_assets.catalog.monitoring_tables import POST
from registry_assets.catalog.tables import VOUCHED, imported_rows, metadata, settings
from registry_assets.errors import CatalogTooOld
from registry_assets_tests.catalog.projects import Databases, Project

TABLES = sorted(metadata.tables)
PARTS = (
    "columns",
    "pk_constraint",
    "foreign_keys",
    "indexes",
    "unique_constraints",
    "check_constraints",
)


@pytest.fixture(scope="module")
def migrated(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """A catalog made by the migrations."""
    return Catalog.create(databases.project(tmp_path_factory.mktemp("migrated")).catalog)


@pytest.fixture(scope="module")
def declared(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """A database made from `tables.py`."""
    driver = open_driver(databases.project(tmp_path_factory.mktemp("declared")).catalog)
    driver.make_place()
    with driver.write(None) as connection:
        metadata.create_all(connection)
    return Catalog(driver)


def test_a_migration_of_tables_to_themselves_has_nothing_to_do(migrated: Catalog) -> None:
    with migrated.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("table", TABLES)
def test_each_table_is_the_declared_one(migrated: Catalog, declared: Catalog, table: str) -> None:
    # Alembic's own comparison passes over CHECK constraints, names and collations.
    with migrated.read() as built, declared.read() as wanted:
        for part in PARTS:
            assert described(sa.inspect(built), table, part) == described(
                sa.inspect(wanted), table, part
            )


def test_a_catalog_of_the_first_release_is_brought_to_this_one(nothing: Project) -> None:
    driver = open_driver(nothing.catalog)
    driver.make_place()
    upgrade(Catalog(driver), "0001")
    with pytest.raises(CatalogTooOld, match="at schema 0001"):
        Catalog.open(nothing.catalog)
    assert Catalog.create(nothing.catalog).revision() == REVISIONS[-1]


def test_there_are_no_other_tables(migrated: Catalog) -> None:
    with migrated.read() as connection:
        names = sa.inspect(connection).get_table_names()
    assert sorted(names) == sorted([*TABLES, "alembic_version"])


@pytest.mark.parametrize("table", ["verdicts", "monitoring_results"])
def test_the_numbers_of_a_verdict_and_a_result_are_checked(migrated: Catalog, table: str) -> None:
    with migrated.read() as connection:
        names = {c["name"] for c in sa.inspect(connection).get_check_constraints(table)}
    assert names == {
        f"ck_{table}_outcome",
        *(f"ck_{table}_{column}_finite" for column in ("value", "low", "high", "threshold")),
    }


def test_the_revisions_are_those_the_release_knows_in_one_line() -> None:
    assert migrations.__file__ is not None
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    in_order = [revision.revision for revision in script.walk_revisions()][::-1]
    assert tuple(in_order) == REVISIONS


def test_every_table_is_vouched_for_but_the_ledgers_own_the_post_and_what_is_derived() -> None:
    others = {"events", "heads", settings.name, imported_rows.name, *(t.name for t in POST)}
    assert {table.name for table in (*VOUCHED, *INDEX)} == set(TABLES) - others


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])  # type: ignore[no-untyped-call]
def test_no_name_stands_twice_in_one_schema(dialect: sa.Dialect) -> None:
    for table in metadata.sorted_tables:
        names = [str(constraint.name) for constraint in table.constraints]
        assert len(set(names)) == len(names), table.name
        assert max(map(len, names)) <= 63  # PostgreSQL cuts longer ones
        assert str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=dialect))


def described(inspector: sa.Inspector, table: str, part: str) -> list[str]:
    """One aspect of a table, whatever order it was built in."""
    found: Any = getattr(inspector, f"get_{part}")(table)
    parts = found if isinstance(found, list) else [found]
    return sorted(str(sorted(map(spelled, entry.items()))) for entry in parts)


def spelled(pair: tuple[str, Any]) -> tuple[str, str]:
    """Name and value of one aspect; what a partial index is for is SQL, and compared as text."""
    name, value = pair
    if isinstance(value, dict):
        value = {option: str(said) for option, said in sorted(value.items())}
    return name, str(value)
