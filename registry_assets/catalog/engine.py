"""Connections: how the catalog is opened, and the one way to read it and to write it.

Every write begins IMMEDIATE. With a deferred BEGIN up to 96 % of read-then-write
transactions of concurrent writers failed at once in spite of a 30 s timeout; with
IMMEDIATE none of 1600 did.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from registry_assets.errors import (
    CatalogBusy,
    CatalogError,
    CatalogTooNew,
    CatalogTooOld,
    NoRegistry,
    OutcomeUnknown,
)

REVISIONS = ("0001", "0002")
"""Every schema revision this release knows, oldest first; the last is current."""

BUSY_SECONDS = 30


def journal_mode(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> tuple[str, str]:
    """Give SQLite's journal mode and synchronous setting for this library version.

    WAL+NORMAL and DELETE+FULL (Python's default) each lost 6 of 6 acknowledged commits in
    a simulated power cut; WAL+FULL and DELETE+EXTRA lost none. WAL has a corruption bug
    before 3.51.3, mended also in 3.44.6 and 3.50.7.
    """
    mended = (
        version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    )
    return ("WAL", "FULL") if mended else ("DELETE", "EXTRA")


class Catalog:
    """An open catalog: `read()` and `write()` give a connection inside a transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, path: Path) -> "Catalog":
        """Open the catalog in a SQLite file, which must exist and be of this release.

        Raises:
            NoRegistry: there is no such file.
            CatalogTooNew: a newer release wrote it.
            CatalogTooOld: it awaits a migration.
        """
        if not path.is_file():
            raise NoRegistry(
                f"there is no catalog at {path}", hint="run `registry init` in the project's folder"
            )
        catalog = cls(_sqlite_engine(path))
        catalog.check_revision()
        return catalog

    @classmethod
    def create(cls, path: Path) -> "Catalog":
        """Create the catalog in a SQLite file, or bring an existing one to this release.

        Raises:
            CatalogTooNew: a newer release wrote it.
            CatalogError: the file is no catalog, or cannot be written.
        """
        from registry_assets.catalog.migrations import upgrade

        path.parent.mkdir(parents=True, exist_ok=True)
        catalog = cls(_sqlite_engine(path))
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
        """Give the schema revision that the catalog is at, or None for an empty file."""
        with self.read() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
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

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Give a connection in one consistent read transaction."""
        with _translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Give a connection that holds the write lock; commits unless the body raises.

        Raises:
            CatalogBusy: another process held the lock for too long; nothing was changed.
            CatalogError: the catalog refused; nothing was changed.
            OutcomeUnknown: it failed while it committed.
        """
        writer = self.engine.execution_options(registry_write=True)
        with _translated(), writer.connect() as connection, connection.begin() as transaction:
            yield connection
            _commit(transaction)


def _sqlite_engine(path: Path) -> sa.Engine:
    # No pool: a connection must not live on across a fork, and opening one costs 0.1 ms.
    # Not a URL in a text: a folder may have a question mark or a percent sign in its name.
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), poolclass=NullPool)

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        # SQLAlchemy emits BEGIN itself below; the driver must not emit its own.
        connection.isolation_level = None
        journal, synchronous = journal_mode()
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        cursor.execute(f"PRAGMA journal_mode = {journal}")
        cursor.execute(f"PRAGMA synchronous = {synchronous}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get("registry_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _commit(transaction: sa.RootTransaction) -> None:
    try:
        transaction.commit()
    except sa.exc.OperationalError as error:
        if _is_busy(error):
            raise
        raise OutcomeUnknown(
            f"the catalog failed while it committed: {error.orig}",
            hint="the change may or may not have been made: repeat it to learn",
        ) from error


def _is_busy(error: sa.exc.OperationalError) -> bool:
    text = str(error.orig)
    return "locked" in text or "busy" in text


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sa.exc.OperationalError as error:
        if _is_busy(error):
            raise CatalogBusy(
                f"another process held the catalog's write lock for {BUSY_SECONDS} s",
                hint="nothing was changed; repeat, or look for a process that hangs",
            ) from error
        raise CatalogError(
            f"the catalog did not answer: {error.orig}",
            hint="nothing was changed; check that its file and folder can be written",
        ) from error
    except sa.exc.IntegrityError as error:
        raise CatalogError(
            f"the catalog refused the change: {error.orig}",
            hint="nothing was changed; `registry verify` tells whether the catalog is sound",
        ) from error
    except sa.exc.DatabaseError as error:
        raise CatalogError(
            f"the catalog cannot be read: {error.orig}",
            hint="it is damaged or no catalog: restore it from a backup",
        ) from error


def foreign_programs(connection: sa.Connection) -> list[str]:
    """Name the triggers and views in a SQLite catalog: no release puts any there."""
    if connection.dialect.name != "sqlite":
        return []
    found = connection.execute(
        sa.text("SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view')")
    )
    return sorted(f"{row.type} {row.name}" for row in found)


def has_history(path: Path) -> bool | None:
    """Tell whether anything was ever recorded in a SQLite catalog, of whatever release.

    None where there is no catalog at all.
    """
    if not path.exists():
        return None
    with Catalog(_sqlite_engine(path)).read() as connection:
        if not sa.inspect(connection).has_table("events"):
            return None
        return connection.execute(sa.text("SELECT 1 FROM events LIMIT 1")).scalar() is not None
