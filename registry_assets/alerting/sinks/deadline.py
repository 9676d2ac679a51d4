"""An end to an exchange as a whole: a server that sends a byte now and then keeps nobody waiting.

A socket's own timeout counts from the last byte. Who delivers has a minute for all sinks.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

SECONDS = 20.0
"""For one occasion, from the connection to the last byte of the answer."""
QUIET_SECONDS = 10.0
"""Without a byte."""


class Deadline:
    """Cuts the connection when the time is over."""

    def __init__(self, seconds: float, connection: Callable[[], socket.socket | None]) -> None:
        self.passed = threading.Event()
        self._connection = connection
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def cuts(self, connection: Callable[[], socket.socket | None]) -> None:
        """Say anew what to cut."""
        self._connection = connection

    def start(self) -> None:
        """Begin to count."""
        self._timer.start()

    def stop(self) -> None:
        """Count no longer."""
        self._timer.cancel()

    def check(self) -> None:
        """Raise TimeoutError when it is over: it may have passed before there was a connection."""
        if self.passed.is_set():
            raise TimeoutError("the time for one delivery is over")

    def _cut(self) -> None:
        self.passed.set()
        if (connected := self._connection()) is not None:
            with suppress(OSError):  # it has just ended by itself
                # Not SSLSocket's own, which takes away what the other thread reads with.
                socket.socket.shutdown(connected, socket.SHUT_RDWR)


@contextmanager
def deadline(
    connection: Callable[[], socket.socket | None], *, seconds: float
) -> Iterator[Deadline]:
    """Hold a block to a time; what it raises because of that becomes a TimeoutError.

    Args:
        connection: gives what to cut, once there is something.
    """
    kept = Deadline(seconds, connection)
    kept.start()
    try:
        yield kept
        kept.check()
    except Exception as error:
        if kept.passed.is_set() and not isinstance(error, TimeoutError):
            raise TimeoutError("the time for one delivery is over") from error
        raise
    finally:
        kept.stop()
