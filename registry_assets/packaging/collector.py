"""The garbage collector, kept away while much is made that all stays."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the collector away while libraries are imported, or objects built, that all stay.

    It would look at them again and again: 0.15 s of 1.8 in a process that imports pandas,
    scikit-learn and skops, 3 ms of 39 at a boosting of 100 trees. Of two threads that load at
    once the first to end lets it go on, which costs the other time only.
    """
    ran = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if ran:
            gc.enable()
