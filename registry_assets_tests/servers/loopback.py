"""A port of this machine for a server that is stopped and started again, and whether it answers.

Not a test.
"""

import random
import socket
import urllib.request
from contextlib import suppress


def lasting_port() -> int:
    """Give a free port that is free again after its server has stopped."""
    # Below what the system gives to outgoing connections.
    for port in random.sample(range(22_000, 32_000), 200):
        with socket.socket() as attempt, suppress(OSError):
            attempt.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def answers(url: str) -> bool:
    """Tell whether a page is there."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
