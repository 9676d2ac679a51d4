"""The store in a folder: what only a disk can do wrong. What every store promises: `laws.py`."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_assets.canonical import sha256_digest
from registry_assets.errors import (
    BlobCorrupt,
    OutcomeUnknown,
    StoreError,
    StoreUnwritable,
)
from registry_assets.store import FolderStore, open_store


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore.create(tmp_path / "store")


def blob(store: FolderStore, digest: str) -> Path:
    name = digest.removeprefix("sha256:")
    return store.root / "objects" / "sha256" / name[:2] / name[2:]


def overwrite(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def everything_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if not path.is_dir()]


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> FolderStore:
    return FolderStore.create(tmp_path_factory.mktemp("shared"))


@settings(deadline=None)  # a flush takes as long as the disk is busy
@given(data=st.binary())
def test_what_is_put_is_read_under_its_sha256(shared_store: FolderStore, data: bytes) -> None:
    digest = shared_store.put(data)
    assert digest == sha256_digest(data)
    assert shared_store.read(digest) == data


@settings(deadline=None)
@given(data=st.binary(min_size=1), where=st.integers(min_value=0), bit=st.integers(0, 7))
def test_every_flipped_bit_is_found(
    shared_store: FolderStore, data: bytes, where: int, bit: int
) -> None:
    digest = shared_store.put(data)
    flipped = bytearray(data)
    flipped[where % len(data)] ^= 1 << bit
    overwrite(blob(shared_store, digest), bytes(flipped))
    try:
        for look in (shared_store.read, shared_store.verify):
            with pytest.raises(BlobCorrupt) as found:
                look(digest)
            assert found.value.expected == digest
            assert found.value.actual == sha256_digest(bytes(flipped))
    finally:
        blob(shared_store, digest).unlink()


def test_a_truncated_blob_is_found(store: FolderStore) -> None:
    digest = store.put(b"x" * 3_000_000)
    os.truncate(blob(store, digest), 2_999_999)
    with pytest.raises(BlobCorrupt):
        store.read(digest)
    with pytest.raises(BlobCorrupt):
        store.verify(digest)


def test_a_blob_swapped_for_a_link_or_a_folder_is_not_read(store: FolderStore) -> None:
    digest = store.put(b"data")
    path = blob(store, digest)
    elsewhere = store.root / "elsewhere"
    elsewhere.write_bytes(b"data")
    path.unlink()
    path.symlink_to(elsewhere)
    with pytest.raises(StoreError, match="symbolic link"):
        store.read(digest)
    path.unlink()
    path.mkdir()
    with pytest.raises(StoreError, match="not a regular file"):
        store.read(digest)


def test_a_stored_blob_is_read_only_and_leaves_nothing_in_tmp(store: FolderStore) -> None:
    digest = store.put(b"data")
    assert blob(store, digest).stat().st_mode & 0o777 == 0o444
    assert everything_in(store.root / "tmp") == []


# Durability and failing disks


def test_bytes_are_flushed_before_their_name_and_the_name_before_success(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    fsync, link, replace = os.fsync, os.link, Path.replace

    def watched_fsync(handle: int) -> None:
        fsync(handle)
        path = Path(f"/proc/self/fd/{handle}").readlink()
        calls.append("flush file" if path.parent.name == "tmp" else f"flush {path.name}")

    def watched_link(*args: object, **kwargs: object) -> None:
        link(*args, **kwargs)  # type: ignore[arg-type]
        calls.append("name")

    def watched_replace(self: Path, target: Path) -> Path:
        calls.append("name")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "link", watched_link)
    monkeypatch.setattr(Path, "replace", watched_replace)
    fanout = store.put(b"data").removeprefix("sha256:")[:2]
    assert calls == ["flush file", "flush sha256", "name", f"flush {fanout}"]
    calls.clear()
    store.put(b"data")
    assert calls == []  # this object has seen to that already
    FolderStore(store.root).put(b"data")
    assert calls == ["flush sha256", f"flush {fanout}"]  # another cannot know
    calls.clear()
    store.write_pointer("m", "production", b"data")
    assert calls == ["flush pointers", "flush file", "name", "flush m"]


def failing_fsync(*, of_folders: bool) -> Callable[[int], None]:
    # A disk that fails only at fsync cannot be had without a kernel module.
    fsync = os.fsync

    def fail(handle: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{handle}") is of_folders:  # noqa: PTH112
            raise OSError(errno.EIO, "Input/output error", "somewhere")
        fsync(handle)

    return fail


def test_a_file_whose_flush_fails_is_thrown_away(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing_fsync(of_folders=False))
        with pytest.raises(StoreUnwritable, match="Input/output error") as failure:
            store.put(b"data")
        assert "check it" in failure.value.hint
    assert everything_in(store.root) == []
    store.verify(store.put(b"data"))


def test_a_name_whose_flush_fails_is_an_unknown_outcome_that_repeating_resolves(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing_fsync(of_folders=True))
        with pytest.raises(OutcomeUnknown):
            store.put(b"data")
        with pytest.raises(OutcomeUnknown):
            store.write_pointer("m", "production", b"data")
    store.verify(store.put(b"data"))
    store.write_pointer("m", "production", b"data")
    assert store.read_pointer("m", "production") == b"data"


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("RLIMIT_FSIZE, (1000, 1000)", "File too large"),
        ("RLIMIT_NOFILE, (3, 3)", "Too many open files"),
    ],
)
def test_a_limit_of_the_system_is_named_and_nothing_is_stored(
    store: FolderStore, limit: str, words: str
) -> None:
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from registry_assets.errors import StoreUnwritable\n"
        "from registry_assets.store import FolderStore\n"
        "store = FolderStore(Path(sys.argv[1]))\n"
        f"resource.setrlimit(resource.{limit})\n"
        "try:\n"
        "    store.put(b'x' * 2000)\n"
        "except StoreUnwritable as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, store.root], capture_output=True, text=True, check=True
    )
    assert words in done.stdout
    assert "ulimit" in done.stdout
    assert everything_in(store.root) == []


def test_of_many_blobs_each_folder_is_flushed_once_after_every_name_in_it(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, str]] = []
    fsync, link = os.fsync, os.link

    def watched_fsync(handle: int) -> None:
        fsync(handle)
        path = Path(f"/proc/self/fd/{handle}").readlink()
        calls.append(("file" if path.parent.name == "tmp" else "folder", path.name))

    def watched_link(source: Path, target: Path, *, follow_symlinks: bool) -> None:
        link(source, target, follow_symlinks=follow_symlinks)
        calls.append(("name", target.parent.name))

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "link", watched_link)
    blobs = [b"%d" % number for number in range(200)]
    fanouts = [digest.removeprefix("sha256:")[:2] for digest in store.put_all(blobs)]
    kinds = "".join(kind[:2] for kind, _ in calls)
    assert kinds == "fi" * 200 + "fo" + "na" * 200 + "fo" * len(set(fanouts))
    assert calls[200] == ("folder", "sha256")
    assert sorted(name for _, name in calls[401:]) == sorted(set(fanouts))


def test_a_flush_that_fails_among_many_is_told_and_every_draft_thrown_away(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = [b"%d" % number for number in range(20)]
    for of_folders, error in ((False, StoreUnwritable), (True, OutcomeUnknown)):
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", failing_fsync(of_folders=of_folders))
            with pytest.raises(error, match="Input/output error"):
                store.put_all(blobs)
        assert everything_in(store.root / "tmp") == []
    assert store.put_all(blobs) == tuple(map(sha256_digest, blobs))


def test_a_blob_that_is_put_again_is_as_young_as_a_new_one(store: FolderStore) -> None:
    digest = store.put(b"data")
    os.utime(blob(store, digest), (1, 1))
    (old,) = store.entries()
    assert old.modified == datetime.fromtimestamp(1, UTC)
    store.put(b"data")
    (young,) = store.entries()
    assert datetime.now(UTC) - young.modified < timedelta(seconds=10)


def test_a_store_of_the_first_release_gets_its_trash_when_it_needs_one(store: FolderStore) -> None:
    digest = store.put(b"data")
    assert not (store.root / "trash").exists()
    assert list(store.trashed()) == []
    store.discard(digest)
    assert [blob.digest for blob in store.trashed()] == [digest]


def test_a_forked_process_flushes_with_threads_of_its_own(store: FolderStore) -> None:
    store.put_all([b"%d" % number for number in range(20)])
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from registry_assets.store import FolderStore\n"
        "store = FolderStore(Path(sys.argv[1]))\n"
        "store.put_all([b'parent %d' % number for number in range(20)])\n"
        "child = os.fork()\n"
        "store.put_all([b'%d %d' % (child == 0, number) for number in range(20)])\n"
        "if child:\n"
        "    assert os.waitpid(child, 0)[1] == 0\n"
    )
    subprocess.run([sys.executable, "-c", program, store.root], check=True, timeout=60)
    assert len(list(store.digests())) == 80


# Creating and opening


def test_creating_is_repeatable_and_keeps_what_is_there(store: FolderStore) -> None:
    digest = store.put(b"data")
    assert FolderStore.create(store.root).read(digest) == b"data"


@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_a_store_that_cannot_be_made_says_where_and_why(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnwritable, match="file cannot be written") as failure:
        FolderStore.create(tmp_path / "file" / below)
    assert "is a file" in failure.value.hint or "file of that name" in failure.value.hint


def test_a_store_that_became_unwritable_says_where_and_why(store: FolderStore) -> None:
    (store.root / "tmp").rmdir()
    (store.root / "tmp").write_text("")
    with pytest.raises(StoreUnwritable, match=r"tmp/.* cannot be written: Not a directory"):
        store.put(b"data")


def test_opening_what_is_no_store_is_refused_and_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no store") as failure:
        open_store(tmp_path / "absent")
    assert "registry init" in failure.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_store_is_opened_by_text_or_path(store: FolderStore) -> None:
    digest = store.put(b"data")
    assert open_store(str(store.root)).read(digest) == b"data"
    assert open_store(store.root).read(digest) == b"data"


@pytest.mark.parametrize("location", ["gs://bucket/prefix", "file:///tmp/store", "http://host"])
def test_a_store_that_is_neither_folder_nor_bucket_is_refused_by_its_scheme(location: str) -> None:
    with pytest.raises(StoreError, match=f"no {location.partition(':')[0]} store"):
        open_store(location)


@pytest.mark.parametrize("fails_at", [1, 2])
def test_a_large_file_is_copied_also_where_the_system_cannot(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    data, copy, calls = os.urandom(3_000_000), os.copy_file_range, count(1)

    def limited(origin: int, handle: int, length: int) -> int:
        if next(calls) >= fails_at:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return copy(origin, handle, min(length, 1_000_000))

    (tmp_path / "large.bin").write_bytes(data)
    monkeypatch.setattr(os, "copy_file_range", limited)
    stored = store.put_file(tmp_path / "large.bin")
    assert stored == (sha256_digest(data), len(data))
    assert store.read(stored.digest) == data
    store.copy_to(stored.digest, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == data
    assert next(calls) > fails_at


def test_a_large_file_whose_flush_failed_is_not_flushed_again(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "large.bin").write_bytes(os.urandom(3_000_000))
    flushed = []

    def failing(handle: int) -> None:
        flushed.append(handle)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(StoreUnwritable):
        store.put_file(tmp_path / "large.bin")
    assert len(flushed) == 1
    assert list(store.digests()) == []
    assert list((store.root / "tmp").iterdir()) == []
