"""Several processes storing the same bytes at the same moment."""

import multiprocessing
from multiprocessing.synchronize import Barrier
from pathlib import Path

from registry_assets.manifest import sha256_digest
from registry_assets.store import FolderStore

PROCESSES = 4
ROUNDS = 40


def contents(turn: int) -> bytes:
    return b"%d " % turn * 20_000


def put_in_step(root: Path, barrier: Barrier) -> None:
    store = FolderStore.create(root)
    for turn in range(ROUNDS):
        barrier.wait(timeout=60)
        # Acknowledged means readable at once, whoever stored it.
        assert store.read(store.put(contents(turn))) == contents(turn)


def test_every_writer_of_the_same_bytes_succeeds_and_one_blob_results(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES)
    writers = [
        context.Process(target=put_in_step, args=(tmp_path / "store", barrier))
        for _ in range(PROCESSES)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * PROCESSES

    store = FolderStore(tmp_path / "store")
    expected = sorted(sha256_digest(contents(turn)) for turn in range(ROUNDS))
    assert list(store.digests()) == expected
    for digest in expected:
        store.verify(digest)
    assert list((store.root / "tmp").iterdir()) == []
