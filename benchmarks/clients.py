"""Clients that ask a service again and again, each as soon as it is answered.

Written on the sockets: a library for HTTP would take most of the time that is measured.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

_HOST = "127.0.0.1"


@dataclass
class Asked:
    """What clients were told.

    Args:
        milliseconds: of each request, in the order in which they ended.
        failures: what was wrong with those that were not answered as expected.
        versions: how many requests each version answered, where the service says which.
    """

    milliseconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and what has to be answered.

    Args:
        answers: the key of the predictions in the answer.
        expected: predictions, by the version that says so; "" where the service names none.
    """

    path: str
    body: str
    answers: str
    expected: Mapping[str, Sequence[Any]]


def load(*, port: int, question: Mapping[str, Any], clients: int, seconds: float) -> dict[str, Any]:
    """Let so many clients ask for so long; runs in a worker of its own."""
    asked = asyncio.run(ask(port, Question(**question), clients=clients, seconds=seconds))
    return {
        "milliseconds": asked.milliseconds,
        "failures": asked.failures,
        "versions": asked.versions,
    }


async def ask(port: int, question: Question, *, clients: int, seconds: float) -> Asked:
    """Let so many clients ask for so long, each on one connection."""
    asked, known = Asked(), dict[bytes, str]()
    until = perf_counter() + seconds
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(_client(port, question, until, asked, known))
    return asked


async def _client(
    port: int, question: Question, until: float, asked: Asked, known: dict[bytes, str]
) -> None:
    request = _request(question)
    reader, writer = await asyncio.open_connection(_HOST, port)
    try:
        while (started := perf_counter()) < until:
            writer.write(request)
            status, body = await _answer(reader)
            asked.milliseconds.append(1000 * (perf_counter() - started))
            # What was looked at once is not read again: that would slow the others down.
            if body not in known:
                known[body] = _version(question, status, body, asked)
            version = known[body]
            asked.versions[version] = asked.versions.get(version, 0) + 1
    except (OSError, EOFError) as error:
        asked.failures.append(f"{type(error).__name__}: {error}")
    finally:
        writer.close()


def _request(question: Question) -> bytes:
    body = question.body.encode()
    head = (
        f"POST {question.path} HTTP/1.1\r\nHost: {_HOST}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    first, *lines = head.splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return int(first.split()[1]), await reader.readexactly(int(fields["content-length"]))


def _version(question: Question, status: int, body: bytes, asked: Asked) -> str:
    """Give the version that answered, having looked whether it says what it should."""
    if status != 200:
        asked.failures.append(f"{status}: {body[:200]!r}")
        return ""
    document = json.loads(body)
    version = str(document.get("version", ""))
    if document[question.answers] != question.expected.get(version):
        asked.failures.append(f"version {version!r} answered {body[:200]!r}")
    return version
