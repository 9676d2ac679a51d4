"""Projects on each database: made once, as every commit waits for the disk, and then copied.

Not a test.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
import sqlalchemy as sa

from registry_assets.catalog.engine import open_driver
from registry_assets.home import CATALOG, Home, Location
from registry_assets_tests.copies import copied
from registry_assets_tests.servers.postgresql import PostgresServer


@dataclass(frozen=True, slots=True)
class Project:
    """A folder, and the URL of its catalog where that is not a file in it."""

    folder: Path
    url: str = ""

    @property
    def catalog(self) -> Location:
        """Where the catalog is."""
        return self.url or Home(self.folder).catalog

    @contextmanager
    def settings(self) -> Iterator[None]:
        """Let REGISTRY_CATALOG say so, here and in the processes begun meanwhile."""
        with pytest.MonkeyPatch.context() as patch:
            if self.url:
                patch.setenv(CATALOG, self.url)
            yield

    @contextmanager
    def tampering(self) -> Iterator[sa.Connection]:
        """Change the catalog as an intruder does, past every constraint but NOT NULL."""
        driver = open_driver(self.catalog)
        session = driver.pool.take()
        connection = session.connection
        if driver.dialect == "sqlite":
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        else:
            for table, name in connection.exec_driver_sql(CONSTRAINTS).all():
                connection.exec_driver_sql(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
        connection.commit()
        yield connection
        connection.commit()
        driver.pool.discard(session)


CONSTRAINTS = """
    SELECT relname, conname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
    WHERE contype IN ('c', 'f', 'u') AND relnamespace = 'public'::regnamespace
    ORDER BY contype = 'u'
"""


class Databases(Protocol):
    """One kind of database that projects can have their catalogs in."""

    name: str

    def project(self, folder: Path) -> Project:
        """Give a project in which nothing is yet."""

    def copy(self, project: Project, folder: Path) -> Project:
        """Copy a project that nobody has open."""

    def drop(self, project: Project) -> None:
        """Let go of a project's catalog."""


class SqliteFiles:
    """A file in the project's folder."""

    name = "sqlite"

    def project(self, folder: Path) -> Project:
        """Give a project in which nothing is yet."""
        return Project(folder)

    def copy(self, project: Project, folder: Path) -> Project:
        """Copy the folder."""
        return Project(copied(project.folder, folder))

    def drop(self, project: Project) -> None:
        """Leave it to pytest, which removes the folder."""


class PostgresDatabases:
    """A database on the server of this worker."""

    name = "postgresql"

    def __init__(self, server: PostgresServer) -> None:
        self.server = server

    def project(self, folder: Path) -> Project:
        """Give a project in which nothing is yet."""
        return Project(folder, self.server.database())

    def copy(self, project: Project, folder: Path) -> Project:
        """Copy folder and database."""
        if project.folder.exists():
            copied(project.folder, folder)
        return Project(folder, self.server.database(template=project.url))

    def drop(self, project: Project) -> None:
        """Remove the database."""
        self.server.drop(project.url)
