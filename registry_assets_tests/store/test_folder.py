"""The folder store: content addressing, verified reads, and honest answers to bad disks."""

import errno
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_assets.errors import (
    BlobCorrupt,
    BlobMissing,
    InvalidName,
    InvalidReference,
    OutcomeUnknown,
    StoreError,
    StoreUnwritable,
)
from registry_assets.manifest import sha256_digest
from registry_assets.store import FolderStore, files, open_store


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


@settings(max_examples=20, deadline=None)  # each one makes and flushes a store of its own
@given(blobs=st.sets(st.binary(max_size=3), max_size=8))
def test_digests_are_those_of_what_was_put_sorted(blobs: set[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = FolderStore.create(Path(folder))
        for data in blobs:
            store.put(data)
            store.put(data)
        assert list(store.digests()) == sorted(map(sha256_digest, blobs))


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


def test_a_removed_blob_is_missed_by_its_digest(store: FolderStore) -> None:
    digest = store.put(b"data")
    assert store.has(digest)
    blob(store, digest).unlink()
    assert not store.has(digest)
    for look in (store.read, store.verify):
        with pytest.raises(BlobMissing) as missed:
            look(digest)
        assert missed.value.digest == digest


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


def test_putting_bytes_whose_blob_is_corrupt_says_so_and_replaces_nothing(
    store: FolderStore, tmp_path: Path
) -> None:
    digest = store.put(b"data")
    overwrite(blob(store, digest), b"date")
    (tmp_path / "source").write_bytes(b"data")
    with pytest.raises(BlobCorrupt, match="expected sha256:"):
        store.put(b"data")
    with pytest.raises(BlobCorrupt, match="expected sha256:"):
        store.put_file(tmp_path / "source")
    assert blob(store, digest).read_bytes() == b"date"


def test_a_stored_blob_is_read_only_and_leaves_nothing_in_tmp(store: FolderStore) -> None:
    digest = store.put(b"data")
    assert blob(store, digest).stat().st_mode & 0o777 == 0o444
    assert everything_in(store.root / "tmp") == []


@pytest.mark.parametrize("digest", ["", "sha256:..", "../../etc/passwd", "sha256:" + "A" * 64])
def test_only_a_digest_becomes_a_path(store: FolderStore, digest: str) -> None:
    for look in (store.read, store.verify, store.has):
        with pytest.raises(InvalidReference):
            look(digest)


def test_files_of_other_names_are_no_digests(store: FolderStore) -> None:
    digest = store.put(b"data")
    (blob(store, digest).parent / "notes.txt").write_text("not a blob")
    (store.root / "objects" / "sha256" / ".DS_Store").write_text("not a blob")
    assert list(store.digests()) == [digest]


# Files put by path


def test_a_file_is_stored_under_the_digest_of_its_bytes(store: FolderStore, tmp_path: Path) -> None:
    source = tmp_path / "large.bin"
    data = os.urandom(2_500_000)
    source.write_bytes(data)
    for _ in range(2):
        assert store.put_file(source) == (sha256_digest(data), len(data))
    assert store.read(sha256_digest(data)) == data
    assert everything_in(store.root / "tmp") == []


def test_what_is_no_regular_file_is_refused_without_waiting(
    store: FolderStore, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    os.mkfifo(tmp_path / "fifo")
    for name in ("link", "fifo", "store", "absent"):
        with pytest.raises(StoreError, match=f"{name} cannot be read"):
            store.put_file(tmp_path / name)
    assert list(store.digests()) == []


def test_a_file_that_changes_while_it_is_read_is_refused(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "growing"
    source.write_bytes(b"x" * 10)
    read_pieces = files.pieces

    def pieces_while_another_writes(handle: int, path: Path) -> Iterator[memoryview]:
        yield from read_pieces(handle, path)
        source.write_bytes(b"y" * 11)

    monkeypatch.setattr(files, "pieces", pieces_while_another_writes)
    with pytest.raises(StoreError, match="changed while it was read"):
        store.put_file(source)
    assert everything_in(store.root) == []


# Pointer files


def test_a_pointer_file_gives_back_what_was_written_last(store: FolderStore) -> None:
    assert store.read_pointer("flight_delay", "production") is None
    for data in (b"1", b"22", b""):
        store.write_pointer("flight_delay", "production", data)
        assert store.read_pointer("flight_delay", "production") == data
    assert store.read_pointer("flight_delay", "shadow") is None
    assert everything_in(store.root / "tmp") == []


@pytest.mark.parametrize(("model", "pointer"), [("../m", "p"), ("m", "../p"), ("m", "p/q")])
def test_only_names_become_pointer_paths(store: FolderStore, model: str, pointer: str) -> None:
    with pytest.raises(InvalidName):
        store.write_pointer(model, pointer, b"")
    with pytest.raises(InvalidName):
        store.read_pointer(model, pointer)


def test_a_reader_sees_whole_pointer_files_only(store: FolderStore) -> None:
    contents = [letter * 50_000 for letter in (b"a", b"b")]
    store.write_pointer("m", "production", contents[0])
    done = threading.Event()
    seen: set[bytes | None] = set()

    def read() -> None:
        while not done.is_set():
            seen.add(store.read_pointer("m", "production"))

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(100):
        store.write_pointer("m", "production", contents[turn % 2])
    done.set()
    reader.join()
    assert seen <= set(contents)


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


# Trash, identity, leftovers


def test_what_is_discarded_can_be_restored_until_it_is_purged(store: FolderStore) -> None:
    kept, digest = store.put_all([b"kept", b"data"])
    store.discard(digest)
    store.discard(digest)
    assert [blob.digest for blob in store.entries()] == [kept]
    assert [blob.digest for blob in store.trashed()] == [digest]
    assert store.restore(digest)
    assert store.read(digest) == b"data"
    assert not store.restore(digest)
    store.discard(digest)
    store.purge(digest)
    assert not store.restore(digest)
    assert not store.has(digest)


def test_a_store_is_claimed_once(store: FolderStore) -> None:
    assert store.identity() is None
    store.claim("ours")
    store.claim("ours")
    with pytest.raises(StoreError, match="belongs to the registry ours"):
        store.claim("theirs")
    assert store.identity() == "ours"


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


@pytest.mark.parametrize("location", ["s3://bucket/prefix", "file:///tmp/store", "http://host"])
def test_a_store_that_is_no_folder_is_refused_by_its_scheme(location: str) -> None:
    with pytest.raises(StoreError, match=f"no {location.partition(':')[0]} store"):
        open_store(location)
