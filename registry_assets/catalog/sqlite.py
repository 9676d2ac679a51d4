"""The catalog in a SQLite file.

Every write begins IMMEDIATE. With a deferred BEGIN up to 96 % of read-then-write
transactions of concurrent writers failed at once in spite of a 30 s timeout; with
IMMEDIATE none of 1600 did.
"""

import os
import sqlite3
import urllib.parse
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from registry_assets.catalog.driver import Driver
from registry_assets.catalog.pooling import Pool, Session
from registry_assets.errors import (
    CatalogBusy,
    CatalogError,
    NoRegistry,
    OutcomeUnknown,
    RegistryError,
)


def library() -> ModuleType:
    """Give the newest SQLite there is: that of `pysqlite3`, else the one Python has."""
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        return sqlite3
    return dbapi2 if dbapi2.sqlite_version_info >= sqlite3.sqlite_version_info else sqlite3


LIBRARY = library()


class _Frozen(LIBRARY.Connection):  # type: ignore[misc, name-defined]
    """A connection that takes the file for one that does not change, and no locks."""


_BUSY, _LOCKED = sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED
_READONLY, _CANTOPEN = sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN


def journal_mode(version: tuple[int, int, int] = LIBRARY.sqlite_version_info) -> tuple[str, str]:
    """Give the journal mode for this library version, and the synchronous setting it needs.

    WAL+NORMAL and DELETE+FULL (Python's default) each lost 6 of 6 acknowledged commits in
    a simulated power cut; WAL+FULL and DELETE+EXTRA lost none. WAL has a corruption bug
    before 3.51.3, mended also in 3.44.6 and 3.50.7. A commit waits for the disk once in WAL
    and four times in DELETE.
    """
    mended = (
        version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    )
    return ("WAL", "FULL") if mended else ("DELETE", "EXTRA")


class SqliteDriver(Driver):
    """A catalog in a file."""

    dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path
        engine = sa.create_engine(
            "sqlite://",
            module=LIBRARY,
            creator=partial(_open_file, path, self.busy_seconds),
            poolclass=NullPool,
            pool_reset_on_return=None,
            hide_parameters=True,
        )
        self.pool = Pool(partial(_connect, engine, path), partial(_is_as_opened, path), lone=True)

    def exists(self) -> bool:
        """Tell whether the file is there."""
        return self.path.is_file()

    def make_place(self) -> None:
        """Make the folder and an empty file, where there is none."""
        if self.exists():
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch()
        except OSError as error:
            raise CatalogError(
                f"the catalog {self.path} cannot be made: {error.strerror}",
                hint="make its folder writable for this user",
            ) from error

    def begin_read(self, session: Session) -> None:
        """Begin; what the first read sees is what all see."""
        session.raw.execute("BEGIN")

    def begin_write(self, session: Session, chain: str | None, beside: str | None) -> None:
        """Wait for the file's one write lock, whatever the chain."""
        if not session.has_written:
            _turn_to_wal(session.raw, self.busy_seconds)
            session.has_written = True
        session.raw.execute("BEGIN IMMEDIATE")

    def end_read(self, session: Session) -> None:
        """End the transaction: the next one sees what others wrote meanwhile."""
        session.connection.commit()
        if _is_frozen(session) and not _is_as_opened(self.path, session):
            raise CatalogBusy(
                f"{self.path} was changed while it was read, and its folder cannot be written,"
                " so this process had no lock against that",
                hint="repeat; or make the folder writable for this user",
            )

    def commit(self, session: Session) -> None:
        """Commit, and wait for the disk."""
        try:
            session.connection.commit()
        except sa.exc.OperationalError as error:
            if _is_busy(error.orig):
                raise
            raise OutcomeUnknown(
                f"the catalog failed while it committed: {error.orig}",
                hint="the change may or may not have been made: repeat it to learn",
            ) from error

    def roll_back(self, session: Session) -> None:
        """Roll back, also where SQLAlchemy has not begun."""
        session.connection.rollback()
        if session.raw.in_transaction:
            session.raw.rollback()

    def is_lost(self, session: Session, error: BaseException | None) -> bool:
        """Tell that a file has no server that could go."""
        return False

    def translate(self, error: Exception) -> RegistryError | None:
        """Tell busy, refused, unreadable and damaged apart."""
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        # The driver has two ways to say it.
        if isinstance(cause, UnicodeDecodeError) or "decode to UTF-8" in str(cause):
            return _damaged("a text in it is not UTF-8")
        if not isinstance(cause, LIBRARY.Error):
            return None
        if _is_busy(cause):
            return CatalogBusy(
                f"another process held the catalog's write lock for {self.busy_seconds} s",
                hint="nothing was changed; repeat, or look for a process that hangs",
            )
        if isinstance(cause, LIBRARY.IntegrityError):
            return CatalogError(
                f"the catalog refused the change: {cause}",
                hint="nothing was changed; `registry verify` tells whether the catalog is sound",
            )
        if isinstance(cause, LIBRARY.OperationalError):
            return CatalogError(
                f"the catalog did not answer: {cause}",
                hint="nothing was changed; check that its file and folder can be written",
            )
        return _damaged(str(cause))

    def has_table(self, connection: sa.Connection, name: str) -> bool:
        """Look the table up in the file's own list."""
        query = sa.text("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :name")
        return connection.execute(query, {"name": name}).scalar() is not None


def _damaged(what: str) -> CatalogError:
    return CatalogError(
        f"the catalog cannot be read: {what}",
        hint="it is damaged or no catalog: restore it from a backup",
    )


def foreign_programs(connection: sa.Connection) -> list[str]:
    """Name triggers and views."""
    found = connection.execute(
        sa.text("SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view')")
    )
    return sorted(f"{row.type} {row.name}" for row in found)


def damages(connection: sa.Connection) -> list[str]:
    """Say what SQLite finds wrong in its file, where an index and its table differ for one.

    What a row may hold is left out: rows are held against the ledger.
    """
    found = connection.execute(sa.text("PRAGMA integrity_check(20)")).scalars()
    return [said for said in found if said != "ok" and not said.startswith("CHECK constraint")]


def _connect(engine: sa.Engine, path: Path) -> Session:
    """Open the file that is there, and note which one it is."""
    while True:
        before = _identity(path)
        connection = engine.connect()
        raw = connection.connection.dbapi_connection
        session = Session(connection, raw, before)
        if _is_frozen(session):
            session.mark = _state(path)
        if _is_as_opened(path, session):
            return session
        session.close()


def _is_as_opened(path: Path, session: Session) -> bool:
    """Tell whether the path still leads to the file that the session has open.

    A backup that was put back, or a registry made anew, is another file under the same
    name; the session would go on in the old one.
    """
    return session.mark == (_state(path) if _is_frozen(session) else _identity(path))


def _identity(path: Path) -> tuple[int, int]:
    found = _stat(path)
    return found.st_dev, found.st_ino


def _state(path: Path) -> tuple[int, int, int, int, int]:
    """Give what differs after any change to a file, and how long its log of changes is."""
    found = _stat(path)
    return *_identity(path), found.st_mtime_ns, found.st_size, _log_size(path)


def _stat(path: Path) -> os.stat_result:
    try:
        return os.stat(path)  # noqa: PTH116  # a third of the time of Path.stat, at every read
    except FileNotFoundError as error:
        raise NoRegistry(
            f"there is no catalog at {path}", hint="run `registry init` in the project's folder"
        ) from error


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _log_size(path: Path) -> int:
    try:
        return _log(path).stat().st_size
    except FileNotFoundError:
        return 0


def _open_file(path: Path, busy_seconds: float) -> Any:
    """Open the file; where its folder cannot be written, as one that does not change.

    WAL needs a file beside it, even to read. Without one SQLite reads only what it is told
    will not change, which is checked after every read; and only where no log of changes
    lies there, as that would not be read.
    """
    try:
        return _opened(path, "mode=rw", busy_seconds, LIBRARY.Connection)
    except LIBRARY.OperationalError as error:
        if not _is_barred(error) or os.access(path.parent, os.W_OK):
            raise
        if _log_size(path):
            raise CatalogError(
                f"{path} cannot be read here: changes lie in {_log(path).name} beside it, and"
                " the folder cannot be written",
                hint="make the folder writable for this user, or let one who may write it run"
                " `registry doctor`",
            ) from error
    return _opened(path, "mode=ro&immutable=1", busy_seconds, _Frozen)


def _opened(path: Path, mode: str, busy_seconds: float, kind: type[Any]) -> Any:
    # Quoted: a folder may have a question mark or a percent sign in its name.
    uri = f"file:{urllib.parse.quote(str(path))}?{mode}"
    # Begin and commit are ours, so the driver emits none. The pool lends a connection to one
    # thread at a time, which SQLite allows.
    raw = LIBRARY.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, factory=kind
    )
    try:
        raw.execute(f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")
        # What DELETE needs. In WAL it is no more than FULL, and it remains enough when
        # another process turns the file back to DELETE.
        raw.execute("PRAGMA synchronous = EXTRA")
        raw.execute("PRAGMA foreign_keys = ON")
        # KiB, and only as much as is read: with SQLite's 2 MB a search of 100,000 versions by
        # two tags took half as long again.
        raw.execute("PRAGMA cache_size = -65536")
        raw.execute("SELECT 1 FROM sqlite_master LIMIT 1")
    except BaseException:
        raw.close()
        raise
    return raw


def _is_frozen(session: Session) -> bool:
    return isinstance(session.raw, _Frozen)


def _turn_to_wal(raw: Any, busy_seconds: float) -> None:
    """Bring the file to the journal mode of this library, unless others are at work in it.

    Then it stays as it is, which is durable too. Only writers do this: reading changes nothing.
    """
    wanted, _ = journal_mode()
    if raw.execute("PRAGMA journal_mode").fetchone()[0] == wanted.lower():
        return
    raw.execute("PRAGMA busy_timeout = 0")
    try:
        raw.execute(f"PRAGMA journal_mode = {wanted}")
    except LIBRARY.OperationalError as error:
        if not _is_busy(error):
            raise
    finally:
        raw.execute(f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")


def _is_barred(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (_READONLY, _CANTOPEN)


def _is_busy(error: BaseException | None) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (_BUSY, _LOCKED)
