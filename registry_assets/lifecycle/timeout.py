"""A limit on how long a block may run, for training code that does not end."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from registry_assets.errors import TrainingTimeout


class _Stop(BaseException):
    """Ends the block; no `except Exception` of the training code keeps it."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """End the block once it has run for `seconds`, and raise TrainingTimeout.

    By SIGALRM, which Python delivers between two bytecodes of the main thread: a single
    call into C that never returns is beyond it, and elsewhere than in the main thread
    there is no limit. For both, Dagster's `dagster/max_runtime` tag, set on the training
    job from the same declaration, ends the run from outside.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise _Stop

    before = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    except _Stop:
        raise TrainingTimeout(
            f"training ran longer than the {seconds:g} s that the declaration allows",
            hint="raise train_timeout, or train less",
        ) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
