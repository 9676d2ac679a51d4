"""Named points at which a test can kill this process, as a power button would.

A crash is only survived where it was tried. Code that must survive one calls
`reached("store.linked")` between its steps. That does nothing, unless the environment
says `REGISTRY_FAULT=store.linked` (or `store.linked:3` for the third time): then the
process dies at once by SIGKILL, without cleaning up.
"""

import os
import signal
from collections import Counter

VARIABLE = "REGISTRY_FAULT"

_times_reached: Counter[str] = Counter()


def reached(name: str) -> None:
    """Die here if this is the point, and the time, that the environment names."""
    fault = os.environ.get(VARIABLE)
    if not fault:
        return
    point, _, time = fault.partition(":")
    if point != name:
        return
    _times_reached[name] += 1
    if _times_reached[name] == int(time or 1):
        os.kill(os.getpid(), signal.SIGKILL)
