"""SIGKILL between any two steps of the folder store, in a real process."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from registry_assets.canonical import sha256_digest
from registry_assets.faults import VARIABLE
from registry_assets.store import FolderStore

DATA = b"the bytes of a version"
PROGRAM = """
import sys
from pathlib import Path
from registry_assets.store import FolderStore

action, root, source = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
store = FolderStore(root)
if action == "put":
    store.put(source.read_bytes())
elif action == "put_file":
    store.put_file(source)
elif action == "put_all":
    store.put_all([*(b"%d" % number for number in range(9)), source.read_bytes()])
elif action in ("discard", "restore", "purge"):
    getattr(store, action)(sys.argv[4])
else:
    store.write_pointer("flight_delay", "production", source.read_bytes())
print("acknowledged")
"""
BLOB_POINTS = ["store.tmp_written", "store.fsynced", "store.linked"]
POINTER_POINTS = ["pointer_file.tmp_written", "pointer_file.fsynced", "pointer_file.renamed"]


def run(action: str, store: FolderStore, *, fault: str = "") -> "subprocess.CompletedProcess[str]":
    source = store.root.parent / "source"
    source.write_bytes(DATA)
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, action, store.root, source, sha256_digest(DATA)],
        env={VARIABLE: fault},
        capture_output=True,
        text=True,
        check=False,
    )


def killed_at(point: str, action: str, store: FolderStore) -> bool:
    done = run(action, store, fault=point)
    assert "acknowledged" not in done.stdout
    return done.returncode == -signal.SIGKILL


def leftovers(store: FolderStore) -> set[str]:
    """Files in the store that are neither intact blobs nor pointer files, by their folder."""
    found = {path for path in store.root.rglob("*") if path.is_file()}
    blobs = store.root / "objects" / "sha256"
    for digest in store.digests():
        store.verify(digest)
        name = digest.removeprefix("sha256:")
        found.remove(blobs / name[:2] / name[2:])
    found -= set((store.root / "trash").rglob("*"))
    found -= set((store.root / "pointers").glob("*/*.json"))
    return {path.parent.name for path in found}


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore.create(tmp_path / "store")


@pytest.mark.parametrize("point", BLOB_POINTS)
@pytest.mark.parametrize("action", ["put", "put_file"])
def test_a_put_killed_anywhere_leaves_only_temporary_files_and_can_be_repeated(
    store: FolderStore, action: str, point: str
) -> None:
    assert killed_at(point, action, store)
    assert leftovers(store) == {"tmp"}
    assert store.has(sha256_digest(DATA)) is (point == "store.linked")

    assert run(action, store).stdout == "acknowledged\n"
    assert store.read(sha256_digest(DATA)) == DATA
    assert leftovers(store) == {"tmp"}


@pytest.mark.parametrize("time", [1, 6, 10])
@pytest.mark.parametrize("point", ["store.tmp_written", "store.linked"])
def test_many_blobs_killed_in_the_middle_are_each_whole_or_absent_and_can_be_repeated(
    store: FolderStore, point: str, time: int
) -> None:
    assert killed_at(f"{point}:{time}", "put_all", store)
    assert leftovers(store) == {"tmp"}
    assert len(list(store.digests())) == (time if point == "store.linked" else 0)

    assert run("put_all", store).stdout == "acknowledged\n"
    assert len(list(store.digests())) == 10
    assert leftovers(store) == {"tmp"}
    assert store.clean_tmp(-1) == (10 if point == "store.linked" else time)
    assert leftovers(store) == set()


def test_a_discard_killed_after_its_move_has_happened_and_can_be_repeated(
    store: FolderStore,
) -> None:
    digest = store.put(DATA)
    assert killed_at("trash.discarded", "discard", store)
    for _ in range(2):
        assert not store.has(digest)
        assert [blob.digest for blob in store.trashed()] == [digest]
        assert run("discard", store).stdout == "acknowledged\n"


@pytest.mark.parametrize("then", ["restore", "discard", "purge"])
def test_a_restore_killed_between_its_steps_leaves_both_and_whatever_follows_is_done(
    store: FolderStore, then: str
) -> None:
    digest = store.put(DATA)
    store.discard(digest)
    assert killed_at("trash.restored", "restore", store)
    assert store.read(digest) == DATA
    assert [blob.digest for blob in store.trashed()] == [digest]

    assert run(then, store).stdout == "acknowledged\n"
    assert store.has(digest) is (then != "discard")
    assert len(list(store.trashed())) == (then == "discard")


@pytest.mark.parametrize("before", [None, b"the pointer before"])
@pytest.mark.parametrize("point", POINTER_POINTS)
def test_a_pointer_write_killed_anywhere_leaves_the_old_or_the_new_and_can_be_repeated(
    store: FolderStore, point: str, before: bytes | None
) -> None:
    if before is not None:
        store.write_pointer("flight_delay", "production", before)
    assert killed_at(point, "write_pointer", store)
    assert leftovers(store) <= {"tmp"}
    now = DATA if point == "pointer_file.renamed" else before
    assert store.read_pointer("flight_delay", "production") == now

    assert run("write_pointer", store).stdout == "acknowledged\n"
    assert store.read_pointer("flight_delay", "production") == DATA


def test_a_fault_point_can_be_named_by_how_often_it_was_reached(store: FolderStore) -> None:
    assert run("put", store, fault="store.linked:2").stdout == "acknowledged\n"
    assert run("put", store, fault="no.such.point").stdout == "acknowledged\n"
