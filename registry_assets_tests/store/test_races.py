"""Several processes storing the same bytes at the same moment."""

import multiprocessing
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from registry_assets.canonical import sha256_digest
from registry_assets.store import Store, create_store, open_store
from registry_assets_tests.store.places import Prefix

PROCESSES = 4


def contents(turn: int) -> bytes:
    return b"%d " % turn * 20_000


def put_in_step(location: str, barrier: Barrier, rounds: int) -> None:
    store = open_store(location)
    for turn in range(rounds):
        barrier.wait(timeout=60)
        # Acknowledged means readable at once, whoever stored it.
        assert store.read(store.put(contents(turn))) == contents(turn)


def race(store: Store, *, rounds: int) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES)
    writers = [
        context.Process(target=put_in_step, args=(store.location, barrier, rounds))
        for _ in range(PROCESSES)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * PROCESSES

    expected = sorted(sha256_digest(contents(turn)) for turn in range(rounds))
    assert list(store.digests()) == expected
    for digest in expected:
        store.verify(digest)


def test_every_writer_of_the_same_bytes_succeeds_and_one_blob_results(tmp_path: Path) -> None:
    race(create_store(tmp_path / "store"), rounds=40)
    assert list((tmp_path / "store" / "tmp").iterdir()) == []


def test_so_it_is_in_a_bucket(s3_location: str, s3_client: Any) -> None:
    # Few rounds: the server keeps losers waiting for a second or three.
    place = Prefix(s3_location, s3_client)
    race(place.store, rounds=3)
    assert [name for name in place.names() if not name.startswith("objects/")] == []
