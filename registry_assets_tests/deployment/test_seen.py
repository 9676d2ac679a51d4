"""An older pointer than was seen before is refused, by this process and by the next."""

import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from registry_assets.deployment.seen import SeenPointers, StateNotKept, state_folder
from registry_assets.errors import PointerMovedBack, PointerRewritten, StateFileInvalid
from registry_assets_tests.deployment.conftest import OTHER_DIGEST, pointer_file
from registry_assets_tests.lifecycle.changes import refused

Started = Callable[[], None]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REGISTRY_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def state_file(seen: SeenPointers) -> Path:
    path = seen.path(pointer_file())
    assert path is not None
    return path


@pytest.mark.usefixtures("state")
def test_generations_may_only_grow(another_process: Started) -> None:
    for generation in (1, 2, 2, 7):
        SeenPointers("s3://bucket").accept(pointer_file(generation=generation))
        another_process()
    seen = SeenPointers("s3://bucket")
    with refused(
        PointerMovedBack, "moved 6 times", "generation 7", str(state_file(seen))
    ) as caught:
        seen.accept(pointer_file(generation=6))
    assert isinstance(caught.value, PointerMovedBack)
    assert (caught.value.seen, caught.value.found) == (7, 6)
    seen.accept(pointer_file(generation=7))


@pytest.mark.usefixtures("state")
def test_one_generation_has_one_digest(another_process: Started) -> None:
    SeenPointers("s3://bucket").accept(pointer_file())
    another_process()
    with refused(PointerRewritten, OTHER_DIGEST, "rewrote the pointer file"):
        SeenPointers("s3://bucket").accept(pointer_file(digest=OTHER_DIGEST))


@pytest.mark.usefixtures("state", "another_process")
def test_stores_models_and_pointers_are_told_apart() -> None:
    SeenPointers("s3://bucket").accept(pointer_file(generation=5))
    SeenPointers("s3://other").accept(pointer_file())
    SeenPointers("s3://bucket").accept(pointer_file(model="seat_credit"))
    SeenPointers("s3://bucket").accept(pointer_file(pointer="canary"))


@pytest.mark.usefixtures("state", "another_process")
def test_a_person_who_removes_the_file_lets_an_older_registry_in() -> None:
    seen = SeenPointers("s3://bucket")
    seen.accept(pointer_file(generation=5))
    state_file(seen).unlink()
    seen.accept(pointer_file(generation=2))
    with pytest.raises(PointerMovedBack):
        seen.accept(pointer_file(generation=1))


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-5],
        lambda data: b"[]",
        lambda data: b"{}",
        lambda data: b"\xff",
        lambda data: data.replace(b'"generation":3', b'"generation":"3"'),
        lambda data: data.replace(b'"generation":3', b'"generation":true'),
        lambda data: data.replace(b"sha256:a", b"sha256:x"),
        lambda data: data.replace(b"flight_delay", b"seat_credit"),
        lambda data: data.replace(b"seen/1", b"seen/2"),
        lambda data: json.dumps({**json.loads(data), "store": "s3://other"}).encode(),
    ],
)
def test_a_damaged_state_file_is_no_state_at_all_and_is_named(
    another_process: Started, damage: Callable[[bytes], bytes]
) -> None:
    seen = SeenPointers("s3://bucket")
    seen.accept(pointer_file(generation=3))
    path = state_file(seen)
    path.write_bytes(damage(path.read_bytes()))
    another_process()
    with refused(StateFileInvalid, str(path), "generation 4", "remove that file"):
        seen.accept(pointer_file(generation=4))
    path.unlink()
    seen.accept(pointer_file(generation=4))


def test_where_nothing_can_be_written_the_process_remembers_and_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, another_process: Started
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REGISTRY_STATE", str(tmp_path / "file" / "state"))
    seen = SeenPointers("s3://bucket")
    with pytest.warns(StateNotKept, match="remembered by this process alone") as told:
        seen.accept(pointer_file(generation=2))
    assert "Not a directory" in str(told[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        seen.accept(pointer_file(generation=3))
        with refused(PointerMovedBack, "start this process anew"):
            seen.accept(pointer_file(generation=2))
    another_process()
    with pytest.warns(StateNotKept):
        SeenPointers("s3://bucket").accept(pointer_file(generation=1))


def test_a_file_that_can_be_read_counts_also_where_none_can_be_written(
    state: Path, another_process: Started
) -> None:
    seen = SeenPointers("s3://bucket")
    seen.accept(pointer_file(generation=5))
    (state_file(seen).parent / ".lock").unlink()
    (state_file(seen).parent / ".lock").mkdir()  # as good as a read-only disk, for root too
    another_process()
    with pytest.raises(PointerMovedBack):
        seen.accept(pointer_file(generation=4))
    with pytest.warns(StateNotKept):
        seen.accept(pointer_file(generation=6))
    assert json.loads(state_file(seen).read_bytes())["generation"] == 5
    with pytest.raises(PointerMovedBack):
        seen.accept(pointer_file(generation=5))
    assert state.is_dir()


def test_where_it_is_kept_follows_the_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REGISTRY_STATE", str(tmp_path))
    assert state_folder() == tmp_path
    monkeypatch.setenv("REGISTRY_STATE", " ")
    monkeypatch.setenv("XDG_STATE_HOME", "/var/state")
    assert state_folder() == Path("/var/state/registry_assets")
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/alice")
    assert state_folder() == Path("/home/alice/.local/state/registry_assets")


PROGRAM = """
import sys
from registry_assets.deployment.seen import SeenPointers
from registry_assets.errors import PointerMovedBack
from registry_assets_tests.deployment.conftest import pointer_file
for generation in range(int(sys.argv[1]), 200, 4):
    try:
        SeenPointers("s3://bucket").accept(pointer_file(generation=generation))
    except PointerMovedBack as error:
        assert error.seen > generation
"""


def test_processes_that_write_at_once_leave_the_latest(state: Path) -> None:
    started = [subprocess.Popen([sys.executable, "-c", PROGRAM, str(n)]) for n in range(1, 5)]
    assert [process.wait(120) for process in started] == [0] * 4
    (path,) = state.rglob("*.json")
    assert json.loads(path.read_bytes())["generation"] == 199
    assert sorted(entry.name for entry in path.parent.iterdir()) == [".lock", path.name]
