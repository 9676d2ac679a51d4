"""One process at a time, for what takes longer than a transaction may: a publication elsewhere.

What is held ends with the process that holds it, whichever way it ends: nothing is left behind
that somebody would have to clear away.
"""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from registry_assets.catalog.engine import Catalog
from registry_assets.errors import Conflict

_LOOKS_EVERY = 0.2


@contextmanager
def alone(catalog: Catalog, name: str, *, wait: float) -> Iterator[None]:
    """Hold a name that no other process holds meanwhile; others wait so many seconds.

    Raises:
        Conflict: somebody else held it for longer.
    """
    if catalog.driver.dialect == "sqlite":
        with _file(catalog, name, wait):
            yield
    else:
        with _session(catalog, name, wait):
            yield


@contextmanager
def _file(catalog: Catalog, name: str, wait: float) -> Iterator[None]:
    from registry_assets.catalog.sqlite import SqliteDriver

    assert isinstance(catalog.driver, SqliteDriver)
    folder = catalog.driver.path.parent / "locks"
    folder.mkdir(exist_ok=True)
    with (folder / sha256(name.encode()).hexdigest()[:32]).open("ab") as file:

        def take() -> bool:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        _wait(take, name, wait)
        yield  # closing the file lets go


@contextmanager
def _session(catalog: Catalog, name: str, wait: float) -> Iterator[None]:
    pool = catalog.driver.pool
    session = pool.take()
    try:
        raw: Any = session.raw
        # In no transaction: one that is open for minutes keeps the server from cleaning up.
        raw.set_session(autocommit=True)
        with raw.cursor() as cursor:

            def take() -> bool:
                cursor.execute(
                    "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || %s, 0))",
                    (f"\x1fregistry_assets alone\x1f{name}",),
                )
                return bool(cursor.fetchone()[0])

            _wait(take, name, wait)
            yield
    finally:
        # Not given back: the server lets go of the lock when the session ends.
        pool.discard(session)


def _wait(take: Callable[[], bool], name: str, wait: float) -> None:
    until = time.monotonic() + wait
    while not take():
        if time.monotonic() > until:
            raise Conflict(
                f"another process is at {name} since more than {wait:g} s",
                hint="nothing was changed; repeat when it has ended, or look for one that hangs",
            )
        time.sleep(_LOOKS_EVERY)
