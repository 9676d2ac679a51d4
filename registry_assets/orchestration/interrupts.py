"""Ctrl-C that is not lost, whoever was running when it came.

Dagster handles it by itself while a run or a tick is under way, and forgets it where that ends
a moment later; Python prints and drops what is raised inside a finalizer. Whatever the handler
of the moment does, the interpreter also writes the signal's number to the file given here.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Interrupts:
    """What came since `watch` began; outside the main thread, where no signal comes, nothing."""

    def __init__(self) -> None:
        self._came = False
        self._read: int | None = None

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Notice what comes inside the block."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._read, write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(write, False)
        before = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            self._look()
            os.close(write)
            os.close(self._read)
            self._read = None

    def check(self) -> None:
        """Raise the interrupt that came since the last call, if one did.

        Raises:
            KeyboardInterrupt: for whoever waits for it.
        """
        if self.forget():
            raise KeyboardInterrupt

    def forget(self) -> bool:
        """Tell whether one came since the last call, for a caller who knows of it already."""
        self._look()
        came, self._came = self._came, False
        return came

    def _look(self) -> None:
        if self._read is None:
            return
        with suppress(BlockingIOError):
            while received := os.read(self._read, 64):
                self._came = self._came or signal.SIGINT in received
