"""Connections that wait to be used again, and what becomes of them when a process forks.

Opening one and setting it up costs ten times what an indexed read does. A connection is used
by one thread at a time, and never by two processes: that is kept here, for both databases.
"""

import os
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from registry_assets.errors import CatalogError

_KEPT = 8
"""More than this many idle connections are closed rather than kept."""

_FORK_WAITS = 1.0
"""Seconds that a fork waits for the transactions of other threads, which take milliseconds."""


@dataclass(slots=True, eq=False)
class Session:
    """One connection, and the driver's own object below it.

    Args:
        mark: of SQLite, what identifies the file: a replaced one is noticed by it.
        has_written: whether what a first write needs was done.
    """

    connection: sa.Connection
    raw: Any
    mark: object = None
    has_written: bool = False

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


class Pool:
    """Sessions to one database.

    Args:
        connect: opens one.
        fits: whether one that waited may still be used.
        lone: whether a process must not be forked while one is open. SQLite counts the locks
            that its process holds on a file; a child inherits the count and not the locks, and
            would write where it is not alone. Closing the inherited handle does not mend that.
    """

    def __init__(
        self,
        connect: Callable[[], Session],
        fits: Callable[[Session], bool],
        *,
        lone: bool,
    ) -> None:
        self._connect = connect
        self._fits = fits
        self.lone = lone
        self._idle: list[Session] = []
        self._used: dict[Session, int] = {}
        self._gate = threading.Condition()
        self._fork_waits = False
        self._locks_inherited = False
        # The list, not the pool: whoever lets go of a catalog has closed it.
        weakref.finalize(self, _close_all, self._idle)
        _pools.add(self)

    def take(self) -> Session:
        """Give a session that nobody else uses, idle or new.

        Raises:
            CatalogError: this process was forked while a transaction ran in its parent.
        """
        while session := self._take_idle():
            if self._fits(session):
                return session
            self.discard(session)
        if not self.lone:
            return self._note_used(self._connect())
        with self._gate:  # a fork while a file is being opened is a fork with an open file
            return self._note_used(self._connect())

    def _take_idle(self) -> Session | None:
        with self._gate:
            if self._fork_waits:
                self._gate.wait_for(lambda: not self._fork_waits)
            self._refuse_inherited_locks()
            return self._note_used(self._idle.pop()) if self._idle else None

    def _note_used(self, session: Session) -> Session:
        self._used[session] = threading.get_ident()
        return session

    def give(self, session: Session) -> None:
        """Take a session back that is in no transaction."""
        with self._gate:
            if self._used.pop(session, None) is None:
                return  # inherited by a fork: not ours to use or to close
            keep = len(self._idle) < _KEPT
            if keep:
                self._idle.append(session)
            self._gate.notify_all()
        if not keep:
            session.close()

    def discard(self, session: Session) -> None:
        """Close a session that is of no more use."""
        with self._gate:
            ours = self._used.pop(session, None) is not None
            self._gate.notify_all()
        if ours:
            session.close()

    def close(self) -> None:
        """Close what is idle."""
        with self._gate:
            _close_all(self._idle)

    def is_ours(self, session: Session) -> bool:
        """Tell whether a session in use was taken in this process."""
        return session in self._used

    def _refuse_inherited_locks(self) -> None:
        if self._locks_inherited:
            raise CatalogError(
                "this process was forked in the middle of a transaction of its parent, so it"
                " cannot tell which locks on the catalog are its own",
                hint="start processes by spawn or forkserver, or fork while nothing uses the"
                " registry",
            )

    def before_fork(self, deadline: float) -> None:
        """Let the transactions of other threads end, and none begin until the fork is done."""
        self._gate.acquire()
        if not self.lone:
            return
        here = threading.get_ident()
        self._fork_waits = True
        self._gate.wait_for(
            lambda: all(thread == here for thread in self._used.values()),
            timeout=max(0.0, deadline - time.monotonic()),
        )
        self._fork_waits = False
        _close_all(self._idle)

    def after_in_parent(self) -> None:
        """Let transactions begin again."""
        self._gate.notify_all()
        self._gate.release()

    def after_in_child(self) -> None:
        """Forget the parent's sessions without touching them."""
        _inherited.extend((*self._idle, *self._used))
        self._locks_inherited = self._locks_inherited or (self.lone and bool(self._used))
        self._idle.clear()
        self._used = {}
        self._gate = threading.Condition()


def _close_all(sessions: list[Session]) -> None:
    while sessions:
        sessions.pop().close()


_pools: "weakref.WeakSet[Pool]" = weakref.WeakSet()
_forking: dict[int, list[Pool]] = {}
_inherited: list[Session] = []
"""The parent's: never finalized, as that would close them, and the server's end with them."""


def _before_fork() -> None:
    deadline = time.monotonic() + _FORK_WAITS
    pools = sorted(_pools, key=id)  # one order, so that two forks at once wait in no ring
    for pool in pools:
        pool.before_fork(deadline)
    _forking[threading.get_ident()] = pools


def _after_in_parent() -> None:
    for pool in _forking.pop(threading.get_ident()):
        pool.after_in_parent()


def _after_in_child() -> None:
    for pool in _forking.pop(threading.get_ident()):
        pool.after_in_child()


os.register_at_fork(
    before=_before_fork, after_in_parent=_after_in_parent, after_in_child=_after_in_child
)
