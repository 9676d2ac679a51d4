"""Every call by which a step changes something outside its process, and what may befall it.

These are the calls that Python makes: of the file system, of the catalog's database, and of
the service that a store is in. What SQLite writes inside one of them is `test_system_calls.py`.
Not a test.
"""

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

FILES = (
    *("open", "read", "readv", "write", "fchmod", "fsync"),
    *("link", "mkdir", "replace", "rename", "utime", "unlink", "copy_file_range"),
)
ERRORS = tuple(
    getattr(errno, name) for name in ("EIO", "ENOSPC", "EACCES", "EMFILE", "EDQUOT", "EROFS")
)
PREFIXES = ("os.", "sql.", "s3.")
KILLED_AT_EVERY_CALL = ("commit", "promote")

Interfere = Callable[[str], None]


@contextmanager
def watched(interfere: Interfere) -> Iterator[None]:
    """Tell of every call by its name, just before it is made: `os.fsync`, `sql.commit`, …

    `sql.committed` and `s3.sent` are told when the answer is there. For use in a process, or at
    a time, in which nobody else makes such calls.
    """
    from botocore.httpsession import URLLib3Session
    from sqlalchemy.engine.default import DefaultDialect

    from registry_assets.catalog import statements

    def before(name: str, function: Callable[..., Any], after: str = "") -> Callable[..., Any]:
        def called(*given: Any, **options: Any) -> Any:
            interfere(name)
            answer = function(*given, **options)
            if after:
                interfere(after)
            return answer

        return called

    with pytest.MonkeyPatch.context() as patch:
        for name in FILES:
            patch.setattr(os, name, before(f"os.{name}", getattr(os, name)))
        for method, name, after in (
            ("do_execute", "sql.execute", ""),
            ("do_commit", "sql.commit", "sql.committed"),
        ):
            called = before(name, getattr(DefaultDialect, method), after)
            patch.setattr(DefaultDialect, method, called)
        for method in ("_execute", "_execute_all"):
            called = before("sql.execute", getattr(statements, method))
            patch.setattr(statements, method, called)
        patch.setattr(URLLib3Session, "send", before("s3.send", URLLib3Session.send, "s3.sent"))
        yield


def at(call: str, act: Callable[[], None]) -> Interfere:
    """Act at one call: `os.fsync:3` is the third flush."""
    wanted, _, number = call.partition(":")
    made: Counter[str] = Counter()

    def interfere(name: str) -> None:
        made[name] += 1
        if name == wanted and made[name] == int(number or 1):
            act()

    return interfere


@contextmanager
def failing(call: str, number: int) -> Iterator[None]:
    """Let one call fail with an error of the system's."""

    def fail() -> None:
        raise OSError(number, os.strerror(number))

    with watched(at(call, fail)):
        yield


def every(calls: Counter[str], *, sampled: bool) -> list[str]:
    """Give the calls to interfere with: each one, or of each kind the first, middle and last."""
    found = []
    for name, count in sorted(calls.items()):
        numbers = {1, count // 2 + 1, count} if sampled else range(1, count + 1)
        found += [f"{name}:{number}" for number in sorted(numbers)]
    return found
