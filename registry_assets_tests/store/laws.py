"""What every store promises, tried on whichever it is: `test_laws.py` names them.

What only a disk can do wrong is in `test_folder.py`, what only a service can, in `test_s3.py`.
"""

import os
import threading
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry_assets.canonical import sha256_digest
from registry_assets.errors import (
    BlobCorrupt,
    BlobMissing,
    DeclarationError,
    InvalidName,
    InvalidReference,
    StoreError,
    StoreUnwritable,
)
from registry_assets.store import files
from registry_assets_tests.store.places import CLOCKS, Place, object_name
from registry_assets_tests.store.trash_laws import TrashLaws

LARGE = os.urandom(2_500_000)


class BlobLaws:
    """Bytes go in and come out, or it is said why not."""

    @pytest.mark.parametrize("data", [b"", b"x", LARGE], ids=["none", "one", "many"])
    def test_what_is_put_is_read_under_its_sha256(self, place: Place, data: bytes) -> None:
        digest = place.store.put(data)
        assert digest == sha256_digest(data)
        assert place.store.has(digest)
        assert place.store.read(digest) == place.opened().read(digest) == data
        place.store.verify(digest)
        assert place.names() == [object_name(digest)]

    def test_many_blobs_are_put_in_order_whether_they_are_there_or_not(self, place: Place) -> None:
        place.store.put(b"3")
        blobs = [b"%d" % (number % 70) for number in range(140)]
        assert place.store.put_all(blobs) == tuple(map(sha256_digest, blobs))
        assert place.opened().put_all(blobs) == tuple(map(sha256_digest, blobs))
        assert list(place.store.digests()) == sorted(set(map(sha256_digest, blobs)))
        assert place.store.put_all([]) == ()
        assert [name for name in place.names() if name.startswith("tmp/")] == []

    def test_entries_tell_size_and_time_sorted_by_digest(self, place: Place) -> None:
        assert list(place.store.entries()) == []
        before = datetime.now(UTC) - CLOCKS
        blobs = {sha256_digest(data): data for data in (b"", b"22", b"333")}
        place.store.put_all(list(blobs.values()))
        entries = list(place.store.entries())
        assert {blob.digest: blob.size for blob in entries} == {d: len(b) for d, b in blobs.items()}
        assert [blob.digest for blob in entries] == sorted(blobs) == list(place.store.digests())
        assert all(before < blob.modified < datetime.now(UTC) + CLOCKS for blob in entries)

    def test_what_has_another_name_is_no_blob(self, place: Place) -> None:
        digest = place.store.put(b"data")
        for name in ("notes.txt", "ab/notes.txt", f"ab/{'F' * 62}", f"zz/{'f' * 62}"):
            place.write(f"objects/sha256/{name}", b"not a blob")
        assert list(place.store.digests()) == [digest]
        assert [blob.digest for blob in place.store.entries()] == [digest]

    @pytest.mark.parametrize("damage", [b"date", b"dat", b"data ", b""])
    def test_damage_is_found_by_whoever_looks_and_nothing_covers_it_up(
        self, place: Place, tmp_path: Path, damage: bytes
    ) -> None:
        digest = place.store.put(b"data")
        place.write(object_name(digest), damage)
        source = tmp_path / "source"
        source.write_bytes(b"data")
        looks: list[Callable[[], object]] = [
            lambda: place.store.read(digest),
            lambda: place.store.verify(digest),
            lambda: place.store.copy_to(digest, tmp_path / "copy"),
            lambda: place.store.put(b"data"),
            lambda: place.store.put_all([b"other", b"data"]),
            lambda: place.store.put_file(source),
        ]
        for look in looks:
            with pytest.raises(BlobCorrupt) as found:
                look()
            assert (found.value.expected, found.value.actual) == (digest, sha256_digest(damage))
        assert place.read(object_name(digest)) == damage
        assert list(tmp_path.glob("*copy*")) == []

    def test_a_blob_that_is_gone_is_missed_by_its_digest(
        self, place: Place, tmp_path: Path
    ) -> None:
        digest = place.store.put(b"data")
        place.remove(object_name(digest))
        assert not place.store.has(digest)
        looks: list[Callable[[], object]] = [
            lambda: place.store.read(digest),
            lambda: place.store.verify(digest),
            lambda: place.store.copy_to(digest, tmp_path / "copy"),
            lambda: place.store.discard(digest),
        ]
        for look in looks:
            with pytest.raises(BlobMissing) as missed:
                look()
            assert missed.value.digest == digest
        assert not (tmp_path / "copy").exists()
        assert place.store.put(b"data") == digest
        assert place.store.read(digest) == b"data"

    @pytest.mark.parametrize("digest", ["", "sha256:..", "../../etc/passwd", "sha256:" + "A" * 64])
    def test_only_a_digest_becomes_a_name(self, place: Place, digest: str, tmp_path: Path) -> None:
        store = place.store
        for act in (store.read, store.verify, store.has, store.discard, store.restore, store.purge):
            with pytest.raises(InvalidReference):
                act(digest)
        with pytest.raises(InvalidReference):
            store.copy_to(digest, tmp_path / "copy")
        assert list(tmp_path.iterdir()) == []

    def test_eight_writers_of_the_same_bytes_all_succeed(self, place: Place) -> None:
        start = threading.Barrier(8)

        def put(_: int) -> str:
            store = place.opened()
            start.wait(timeout=60)
            return store.put(LARGE)

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(put, range(8))) == {sha256_digest(LARGE)}
        assert place.names() == [object_name(sha256_digest(LARGE))]
        assert place.store.read(sha256_digest(LARGE)) == LARGE


class FileLaws:
    """Files go in by their path, and blobs come out as new files."""

    def test_a_file_is_stored_under_the_digest_of_its_bytes(
        self, place: Place, tmp_path: Path
    ) -> None:
        source = tmp_path / "large.bin"
        source.write_bytes(LARGE)
        for _ in range(2):
            assert place.store.put_file(source) == (sha256_digest(LARGE), len(LARGE))
        assert place.store.read(sha256_digest(LARGE)) == LARGE
        assert place.names() == [object_name(sha256_digest(LARGE))]

    def test_what_is_no_regular_file_is_refused_without_waiting(
        self, place: Place, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_bytes(b"")
        (tmp_path / "link").symlink_to(tmp_path / "file")
        (tmp_path / "folder").mkdir()
        os.mkfifo(tmp_path / "fifo")
        for name in ("link", "fifo", "folder", "absent"):
            with pytest.raises(StoreError, match=f"{name} cannot be read"):
                place.store.put_file(tmp_path / name)
        assert place.names() == []

    def test_a_file_that_changes_while_it_is_read_is_refused(
        self, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = tmp_path / "growing"
        source.write_bytes(b"x" * 10)
        read = files.pieces

        def read_while_another_writes(handle: int, path: Path) -> object:
            yield from read(handle, path)
            source.write_bytes(b"y" * 11)

        monkeypatch.setattr(files, "pieces", read_while_another_writes)
        with pytest.raises(StoreError, match="changed while it was read"):
            place.store.put_file(source)
        assert place.names() == []

    @pytest.mark.parametrize("data", [b"", LARGE], ids=["none", "many"])
    def test_a_copy_is_a_new_file_of_those_bytes_alone(
        self, place: Place, tmp_path: Path, data: bytes
    ) -> None:
        target = tmp_path / "copies" / "model.bin"
        digest = place.store.put(data)
        with pytest.raises(StoreUnwritable, match=r"model\.bin cannot be written"):
            place.store.copy_to(digest, target)
        target.parent.mkdir()
        place.store.copy_to(digest, target)
        assert target.read_bytes() == data
        with pytest.raises(StoreUnwritable, match="File exists"):
            place.store.copy_to(place.store.put(b"other"), target)
        assert target.read_bytes() == data
        assert list(target.parent.iterdir()) == [target]

    def test_large_files_pass_through_little_memory(self, place: Place, tmp_path: Path) -> None:
        source = tmp_path / "source"
        with source.open("wb") as file:
            file.truncate(40_000_000)
        tracemalloc.start()
        try:
            digest = place.store.put_file(source).digest
            place.store.verify(digest)
            place.store.copy_to(digest, tmp_path / "copy")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert (tmp_path / "copy").stat().st_size == 40_000_000
        assert peak < 12_000_000


class PointerLaws:
    """Pointer files are the only ones that change, and change as a whole."""

    def test_a_pointer_file_gives_back_what_was_written_last(self, place: Place) -> None:
        assert place.store.read_pointer("flight_delay", "production") is None
        for data in (b"1", b"22", b"22", b""):
            place.store.write_pointer("flight_delay", "production", data)
            assert place.opened().read_pointer("flight_delay", "production") == data
        assert place.store.read_pointer("flight_delay", "shadow") is None
        assert place.names() == ["pointers/flight_delay/production.json"]

    def test_pointers_are_listed_sorted_and_what_has_another_name_is_none(
        self, place: Place
    ) -> None:
        assert list(place.store.pointers()) == []
        written = [("a", "z"), ("a_b", "a"), ("a", "production"), ("a1", "b")]
        for model, pointer in written:
            place.store.write_pointer(model, pointer, b"")
        place.write("pointers/a/notes.txt", b"")
        place.write("pointers/A/production.json", b"")
        assert list(place.store.pointers()) == sorted(written)

    @pytest.mark.parametrize(("model", "pointer"), [("../m", "p"), ("m", "../p"), ("m", "p/q")])
    def test_only_names_become_pointers(self, place: Place, model: str, pointer: str) -> None:
        with pytest.raises(InvalidName):
            place.store.write_pointer(model, pointer, b"")
        with pytest.raises(InvalidName):
            place.store.read_pointer(model, pointer)
        assert place.names() == []

    def test_a_reader_sees_whole_pointer_files_only(self, place: Place) -> None:
        contents = [letter * 50_000 for letter in (b"a", b"b")]
        place.store.write_pointer("m", "production", contents[0])
        done = threading.Event()
        seen: set[bytes | None] = set()

        def read() -> None:
            while not done.is_set():
                seen.add(place.store.read_pointer("m", "production"))

        reader = threading.Thread(target=read)
        reader.start()
        for turn in range(100):
            place.store.write_pointer("m", "production", contents[turn % 2])
        done.set()
        reader.join()
        assert seen <= set(contents)


class StoreLaws(BlobLaws, FileLaws, PointerLaws, TrashLaws):
    """All of them, and what a store says of itself."""

    def test_a_store_is_claimed_once(self, place: Place) -> None:
        assert place.store.identity() is None
        for _ in range(2):
            place.store.claim("ours")
        with pytest.raises(StoreError, match="belongs to the registry ours") as refusal:
            place.opened().claim("theirs")
        assert "REGISTRY_STORE" in refusal.value.hint
        assert place.opened().identity() == "ours"
        assert place.names() == ["registry.json"]

    def test_of_many_that_claim_a_store_at_once_one_gets_it(self, place: Place) -> None:
        start = threading.Barrier(4)

        def claim(number: int) -> str:
            start.wait(timeout=60)
            try:
                place.store.claim(f"registry {number}")
            except StoreError:
                return ""
            return f"registry {number}"

        with ThreadPoolExecutor(4) as pool:
            owners = [owner for owner in pool.map(claim, range(4)) if owner]
        assert owners == [place.store.identity()]

    @pytest.mark.parametrize("identity", ["x" * 201, "a\x00b", "\u202eltr"])
    def test_an_identity_is_plain_text(self, place: Place, identity: str) -> None:
        with pytest.raises(DeclarationError):
            place.store.claim(identity)
        assert place.store.identity() is None

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"{", "damaged"),
            (b"[]", "damaged"),
            (b'{"format":"registry_assets/store/1"}', "damaged"),
            (b'{"format":"registry_assets/store/2","registry":"x"}', "this release reads"),
        ],
    )
    def test_an_identity_that_cannot_be_read_is_no_absent_one(
        self, place: Place, content: bytes, words: str
    ) -> None:
        place.write("registry.json", content)
        with pytest.raises(StoreError, match=words):
            place.store.identity()
        with pytest.raises(StoreError, match=words):
            place.store.claim("ours")

    def test_leftovers_in_tmp_are_removed_once_they_are_old(self, place: Place) -> None:
        digest = place.store.put(b"data")
        place.write("tmp/left_by_a_crash", b"part of someth")
        assert place.store.clean_tmp(3600) == 0
        assert place.store.clean_tmp(-5) == 1
        assert place.names() == [object_name(digest)]

    def test_what_the_promises_rest_on_can_be_tried_out_and_leaves_nothing(
        self, place: Place
    ) -> None:
        probes = place.store.self_test()
        assert [probe for probe in probes if not probe.passed] == []
        assert {"put_if_absent", "race"} < {probe.name for probe in probes}
        assert all(probe.sentence for probe in probes)
        assert place.names() == []
