"""What the catalog needs of a database: two kinds of transaction, and its errors in our words.

Here is what both have in common; `sqlite` and `postgresql` are the two. Nothing else in the
package asks which of them it works on.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import ClassVar

import sqlalchemy as sa

from registry_assets.catalog.pooling import Pool, Session
from registry_assets.errors import CatalogError, RegistryError


class Driver(ABC):
    """One catalog's database.

    Args:
        location: where it is, for people: no password is in it.
    """

    dialect: ClassVar[str]
    """`sqlite` or `postgresql`."""

    busy_seconds: ClassVar[float] = 30
    """So long a writer waits for another."""

    pool: Pool

    def __init__(self, location: str) -> None:
        self.location = location

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Give a connection in one consistent read transaction."""
        with self._session(self.begin_read) as session:
            yield session.connection
            self.end_read(session)

    @contextmanager
    def write(self, chain: str | None, beside: str | None = None) -> Iterator[sa.Connection]:
        """Give a connection that alone may change a chain, or any; commits unless it raises."""
        with self._session(partial(self.begin_write, chain=chain, beside=beside)) as session:
            yield session.connection
            if not self.pool.is_ours(session):
                raise CatalogError(
                    "this process was forked inside a change to the catalog, which is its parent's",
                    hint="make changes in the process that began them",
                )
            self.commit(session)

    @contextmanager
    def _session(self, begin: Callable[[Session], None]) -> Iterator[Session]:
        """Lend a session; whatever is raised with it is undone first, and said in our words."""
        session = None
        try:
            session = self.pool.take()
            try:
                begin(session)
            except Exception as error:
                if not self.is_lost(session, error):
                    raise
                # It had waited here, and the server is another one by now. Nothing was asked
                # of it yet, so a new one does as well.
                self.pool.discard(session)
                self.pool.close()
                session = self.pool.take()
                begin(session)
            session.connection.begin()
            yield session
        except BaseException as error:
            if session is not None:
                self._undo(session)
            if isinstance(error, Exception) and (said := self.translate(error)) is not None:
                raise said from error
            raise
        self.pool.give(session)

    def _undo(self, session: Session) -> None:
        if not self.pool.is_ours(session):
            return
        try:
            self.roll_back(session)
        except Exception as error:
            self.pool.discard(session)
            if self.translate(error) is None:
                raise
        else:
            self.pool.give(session)

    @abstractmethod
    def exists(self) -> bool:
        """Tell whether there is anything at the location that could be a catalog."""

    @abstractmethod
    def make_place(self) -> None:
        """Make what a new catalog needs before there can be tables."""

    @abstractmethod
    def begin_read(self, session: Session) -> None:
        """Begin a transaction in which every read sees one state."""

    @abstractmethod
    def begin_write(self, session: Session, chain: str | None, beside: str | None) -> None:
        """Begin a transaction that waits for other writers of the chain, of any if None.

        Args:
            beside: a chain that it only reads, whose writers wait until it has ended.
        """

    @abstractmethod
    def end_read(self, session: Session) -> None:
        """End a transaction that only read."""

    @abstractmethod
    def commit(self, session: Session) -> None:
        """Commit.

        Raises:
            OutcomeUnknown: it failed in a way that leaves open whether it was done.
        """

    @abstractmethod
    def roll_back(self, session: Session) -> None:
        """Undo what the session's transaction did, so that another may begin."""

    @abstractmethod
    def is_lost(self, session: Session, error: BaseException | None) -> bool:
        """Tell whether the session is of no more use because its server has gone."""

    @abstractmethod
    def translate(self, error: Exception) -> RegistryError | None:
        """Say the database's error in our words; None of what is none of its errors."""

    @abstractmethod
    def has_table(self, connection: sa.Connection, name: str) -> bool:
        """Tell whether the catalog has a table."""
