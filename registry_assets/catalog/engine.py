"""How the catalog is opened, and the one way to read it and to write it.

It is a SQLite file or a PostgreSQL schema; the neighbours `sqlite` and `postgresql` know how.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import sqlalchemy as sa

from registry_assets.catalog.driver import Driver
from registry_assets.errors import CatalogTooNew, CatalogTooOld, NoRegistry
from registry_assets.home import Location, is_url

REVISIONS = ("0001", "0002", "0003", "0004", "0005")
"""Every schema revision this release knows, oldest first; the last is current."""


class Catalog:
    """An open catalog: `read()` and `write()` give a connection inside a transaction."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver

    def __repr__(self) -> str:
        return f"Catalog({self.location!r})"

    @property
    def location(self) -> str:
        """Where it is, for people: no password is in it."""
        return self.driver.location

    @classmethod
    def open(cls, location: Location) -> "Catalog":
        """Open a catalog, which must exist and be of this release.

        Args:
            location: the path of a SQLite file, `sqlite:///path`, or `postgresql://…`.

        Raises:
            NoRegistry: there is none.
            CatalogTooNew: a newer release wrote it.
            CatalogTooOld: it awaits a migration.
            CatalogUnreachable: its server does not answer.
        """
        catalog = cls(open_driver(location))
        if not catalog.driver.exists():
            raise NoRegistry(
                f"there is no catalog at {catalog.location}",
                hint="run `registry init` in the project's folder",
            )
        catalog.check_revision()
        return catalog

    @classmethod
    def create(cls, location: Location) -> "Catalog":
        """Create a catalog, or bring an existing one to this release.

        Raises:
            CatalogTooNew: a newer release wrote it.
            CatalogError: what is there is no catalog, or cannot be written.
        """
        from registry_assets.catalog.migrations import upgrade

        catalog = cls(open_driver(location))
        catalog.driver.make_place()
        found = catalog.revision()
        if found == REVISIONS[-1]:
            # Nothing to write, so no write lock: opening never waits for a long writer.
            return catalog
        if found not in (None, *REVISIONS):
            catalog.check_revision()
        upgrade(catalog)
        catalog.check_revision()
        return catalog

    def revision(self) -> str | None:
        """Give the schema revision that the catalog is at, or None where there are no tables."""
        with self.read() as connection:
            if not self.driver.has_table(connection, "alembic_version"):
                return None
            found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
            return None if found is None else str(found)

    def check_revision(self) -> None:
        """Raise unless the catalog is of exactly this release's schema."""
        found = self.revision()
        if found == REVISIONS[-1]:
            return
        if found is None or found in REVISIONS:
            raise CatalogTooOld(
                f"the catalog is at schema {found or 'none'}, this release needs {REVISIONS[-1]}",
                hint="run `registry init` to migrate it; nothing is lost",
            )
        raise CatalogTooNew(
            f"the catalog is at schema {found}, which this release does not know"
            f" (it knows {', '.join(REVISIONS)})",
            hint="a newer release of registry_assets wrote it: upgrade this installation",
        )

    def read(self) -> AbstractContextManager[sa.Connection]:
        """Give a connection in one consistent read transaction.

        Raises:
            CatalogError: the catalog cannot be read.
            CatalogUnreachable: its server does not answer.
        """
        return self.driver.read()

    def write(
        self, *, chain: str | None = None, beside: str | None = None
    ) -> AbstractContextManager[sa.Connection]:
        """Give a connection that alone may change a chain; commits unless the body raises.

        Whatever the body reads of that chain's rows stays as it is until the commit. Writers
        of other chains go on meanwhile in PostgreSQL, and wait in SQLite.

        Args:
            chain: a registered model's name, or the registry's own chain. None takes all
                chains, for what touches more than one: migration, import, collection.
            beside: another chain, of which what the body reads stays as it is as well. Only its
                own writers wait for that.

        Raises:
            CatalogBusy: another process held the lock for too long; nothing was changed.
            CatalogError: the catalog refused; nothing was changed.
            CatalogUnreachable: the server was lost before the commit; nothing was changed.
            OutcomeUnknown: it failed while it committed.
        """
        return self.driver.write(chain, beside)


def open_driver(location: Location) -> Driver:
    """Give the driver of the database at a location; connects to nothing yet.

    Raises:
        NoRegistry: the location is of no kind that there is.
    """
    if not is_url(location):
        from registry_assets.catalog.sqlite import SqliteDriver

        return SqliteDriver(Path(location))
    text = str(location)
    scheme, _, rest = text.partition("://")
    match scheme:
        case "sqlite":
            from registry_assets.catalog.sqlite import SqliteDriver

            # As SQLAlchemy writes them: three slashes are relative, four absolute.
            return SqliteDriver(Path(rest.removeprefix("/")).absolute())
        case "postgres" | "postgresql" | "postgresql+psycopg2":
            from registry_assets.catalog.postgresql import PostgresqlDriver

            return PostgresqlDriver(text)
    raise NoRegistry(
        f"a catalog cannot be in {scheme}://",
        hint="give the path of a SQLite file, or postgresql://user@host/database",
    )


def catalog_exists(location: Location) -> bool:
    """Tell whether there is a catalog at a location, of whatever release."""
    return open_driver(location).exists()


def shown_location(location: Location) -> str:
    """Give a catalog's location for people: no password is in it."""
    return open_driver(location).location


def foreign_programs(connection: sa.Connection) -> list[str]:
    """Name the triggers, rules and views in a catalog: no release puts any there."""
    if connection.dialect.name == "sqlite":
        from registry_assets.catalog import sqlite

        return sqlite.foreign_programs(connection)
    from registry_assets.catalog import postgresql

    return postgresql.foreign_programs(connection)


def damages(connection: sa.Connection) -> list[str]:
    """Say what the database itself finds wrong; of PostgreSQL only its administrator can ask."""
    if connection.dialect.name == "sqlite":
        from registry_assets.catalog import sqlite

        return sqlite.damages(connection)
    return []


def has_history(location: Location, *, but_for: Sequence[str] = ()) -> bool | None:
    """Tell whether anything was ever recorded in a catalog, of whatever release.

    None where there is no catalog at all.

    Args:
        but_for: kinds of events that do not count.
    """
    driver = open_driver(location)
    if not driver.exists():
        return None
    with driver.read() as connection:
        if not driver.has_table(connection, "events"):
            return None
        query = sa.text("SELECT 1 FROM events WHERE kind NOT IN :kinds LIMIT 1")
        kinds = sa.bindparam("kinds", list(but_for), type_=sa.Text(), expanding=True)
        return connection.execute(query.bindparams(kinds)).scalar() is not None
