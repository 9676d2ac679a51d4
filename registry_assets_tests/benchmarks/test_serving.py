"""Serving beside MLflow: every answer is looked at, and the page says what was found."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.clients import Asked, Question, ask
from benchmarks.run import workspace
from benchmarks.serving import LOADS, Load, Served, missed, run
from benchmarks.serving_page import write_page
from registry_assets_tests.benchmarks.test_harness import MACHINE

QUESTION = Question("/predict", "{}", "prediction", {"1": [True]})
RIGHT = b'{"version": 1, "prediction": [true]}'
OURS = Served("ours", 8, 1, 100, 10.0, 20.0, 30.0, 2.0, 800.0, {"1": 100})
PEER = replace(OURS, side="mlflow", median=15.0, p99=30.0, processor=4.0, versions={"": 100})
MOVED = replace(OURS, versions={"1": 60, "2": 40}, moves=3)


@asynccontextmanager
async def answering(status: int, body: bytes) -> AsyncIterator[int]:
    """A server that gives one answer to everything."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n{}")
                head = f"HTTP/1.1 {status} Said\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
        except asyncio.IncompleteReadError:
            writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def told(status: int, body: bytes) -> Asked:
    async def asking() -> Asked:
        async with answering(status, body) as port:
            return await ask(port, QUESTION, clients=2, seconds=0.1)

    return asyncio.run(asking())


def test_every_answer_is_looked_at() -> None:
    asked = told(200, RIGHT)
    assert asked.failures == []
    assert asked.versions == {"1": len(asked.milliseconds)}
    assert len(asked.milliseconds) > 4
    for status, body, said in (
        (503, RIGHT, "503: "),
        (200, RIGHT.replace(b"true", b"false"), "version '1' answered"),
        (200, RIGHT.replace(b"1", b"2"), "version '2' answered"),
    ):
        assert told(status, body).failures[0].startswith(said)


@pytest.mark.thorough
def test_both_sides_answer_and_ours_follows_the_pointer() -> None:
    with workspace() as folder:
        found, moved = run([Load(2, 3)], folder, samples=1, seconds=0.5, say=lambda _: None)
    assert [(each.side, each.clients, each.rows) for each in found] == [
        ("ours", 2, 3),
        ("mlflow", 2, 3),
    ]
    assert all(each.requests and each.longest >= each.p99 >= each.median for each in found)
    assert all(each.processor > 0 for each in (*found, moved))
    assert [dict(each.versions) for each in found] == [
        {"1": found[0].requests},
        {"": found[1].requests},
    ]
    assert set(moved.versions) == {"1", "2"}
    assert moved.moves >= 2


def test_what_is_slower_than_mlflow_is_missed() -> None:
    assert missed([OURS, PEER]) == []
    slower = replace(OURS, median=16.0)
    assert missed([slower, PEER]) == [slower]


def test_the_page_says_what_was_found(tmp_path: Path) -> None:
    machine = replace(MACHINE, ours={**MACHINE.ours, "mlflow": "3.17.2"})
    write_page([OURS, PEER], MOVED, machine, load=3.0, docs=tmp_path)
    page = (tmp_path / "performance-serving.md").read_text()
    row = "| 8 | 1 | `examples/serve` | 10.0 ms | 20.0 ms | 30.0 ms | 800 | 2.00 ms |"
    assert f"{row} 1.50× | 1.50× | 2.0× | ≥ 1× | ✓ |" in page
    assert "Of 100 requests (60 by version 1, 40 by version 2) none failed" in page
    assert "its load was 3.0" in page
    assert len(LOADS) == len({(load.clients, load.rows) for load in LOADS})
