"""Who is told how far an export or an import has come."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many bytes of it are, and of how many."""


def silent(_what: str, _done: int, _total: int) -> None:
    """Tell nobody."""
