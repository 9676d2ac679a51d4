"""What went wrong in the client, in few words: of which kind it is, and what was said."""

import re
from collections.abc import Iterator
from typing import Any

_AWAY = re.compile(
    r"dial tcp|connection re(fused|set)|no such host|i/o timeout|deadline exceeded|timed out"
    r"|giving up after|EOF|TLS|certificate|Max retries exceeded",
    re.IGNORECASE,
)
_LONGEST = 4000


class Absent(Exception):
    """There is no such thing there."""


class Elsewhere(Exception):
    """It names files that are not on that server."""


def told(error: BaseException) -> dict[str, Any]:
    """Give an error as it is told to who asked.

    `kind` is `absent`, `elsewhere`, `missing` where the client is not installed, `unreachable`
    where it does not answer, or `refused`.
    """
    said = " ".join(str(error).split())[:_LONGEST]
    kinds = {"Absent": "absent", "Elsewhere": "elsewhere", "NotInstalledError": "missing"}
    kind = kinds.get(type(error).__name__)
    if kind is not None:
        return {"kind": kind, "said": said, "status": None}
    status = next(filter(None, map(_status, _chain(error))), None)
    words = " ".join(str(each) for each in _chain(error))
    if status is not None:
        away = status >= 500 or status in (408, 429)
    else:
        away = isinstance(error, TimeoutError) or bool(_AWAY.search(words))
    said = said or type(error).__name__
    return {"kind": "unreachable" if away else "refused", "said": said, "status": status}


def status_of(error: BaseException) -> int | None:
    """Give the status of the answer that an error is about, if there was one."""
    return next(filter(None, map(_status, _chain(error))), None)


def _status(error: BaseException) -> int | None:
    response = getattr(error, "response", None)
    found = getattr(response, "http_status", None) or getattr(response, "status_code", None)
    return int(found) if found else None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or getattr(error, "exc", None) or error.__context__
