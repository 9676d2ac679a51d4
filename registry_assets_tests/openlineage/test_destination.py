"""Where events go: read from the environment, sent in full or not at all, and no secret shown."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from registry_assets.errors import DeliveryFailed, LineageInvalid
from registry_assets.openlineage.destination import (
    KEY,
    SETTING,
    FileDestination,
    HttpDestination,
    find_destination,
)
from registry_assets_tests.servers.receiver import receiving, status

SECRET = "f00dcafe-secret"


@pytest.mark.parametrize("said", ["", "  "])
def test_nobody_is_told_unless_somebody_asks(tmp_path: Path, said: str) -> None:
    assert find_destination(tmp_path, {SETTING: said, KEY: SECRET}) is None
    assert find_destination(tmp_path, {}) is None


def test_a_file_is_named_from_the_projects_folder(tmp_path: Path) -> None:
    for said, path in (
        ("file:told.jsonl", tmp_path / "told.jsonl"),
        (f"file:{tmp_path}/there.jsonl", tmp_path / "there.jsonl"),
        (f"file://{tmp_path}/there.jsonl", tmp_path / "there.jsonl"),
    ):
        assert find_destination(tmp_path, {SETTING: said}) == FileDestination(path)


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ("https://lineage.example.com", "https://lineage.example.com/api/v1/lineage"),
        ("https://lineage.example.com/", "https://lineage.example.com/api/v1/lineage"),
        ("https://lineage.example.com/mine", "https://lineage.example.com/mine"),
        ("https://lineage.example.com/?a=b", "https://lineage.example.com/api/v1/lineage?a=b"),
        ("https://lineage.example.com?a=b", "https://lineage.example.com/api/v1/lineage?a=b"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000/api/v1/lineage"),
    ],
)
def test_an_address_alone_means_the_usual_place_on_it(tmp_path: Path, said: str, url: str) -> None:
    found = find_destination(tmp_path, {SETTING: said, KEY: SECRET})
    assert found == HttpDestination(url, SECRET)
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("lineage.jsonl", "is no address"),
        ("file:", "names no file"),
        ("file://elsewhere/lineage.jsonl", "of another machine"),
        ("ftp://lineage.example.com", "is no address"),
        (f"https://me:{SECRET}@lineage.example.com", "holds a user or password"),
        ("http://lineage.example.com", "would be sent for everybody to read"),
    ],
)
def test_what_cannot_be_used_is_refused_and_not_shown(tmp_path: Path, said: str, why: str) -> None:
    with pytest.raises(LineageInvalid, match=why) as refused:
        find_destination(tmp_path, {SETTING: said, KEY: SECRET})
    assert refused.value.hint
    assert SECRET not in f"{refused.value.message} {refused.value.hint}"


def test_a_line_is_an_event(tmp_path: Path) -> None:
    file = FileDestination(tmp_path / "told.jsonl")
    for number in (1, 2):
        file.send({"number": number})
    lines = file.path.read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"number": 1}, {"number": 2}]
    with pytest.raises(DeliveryFailed, match="cannot be written"):
        FileDestination(tmp_path / "nowhere" / "told.jsonl").send({})


FULL = """
import resource, signal, sys
from pathlib import Path
from registry_assets.errors import DeliveryFailed
from registry_assets.openlineage.destination import FileDestination
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
file = FileDestination(Path(sys.argv[1]))
file.send({"number": 1})
room = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (file.path.stat().st_size + int(sys.argv[2]), room[1]))
try:
    file.send({"number": 2})
except DeliveryFailed as error:
    print(error.message)
resource.setrlimit(resource.RLIMIT_FSIZE, room)
file.send({"number": 2})
file.send({"number": 3})
"""
"""Sends where there is room for a part of the second event only, and then for all."""


@pytest.mark.parametrize("room", [0, 1, 5, 12])
def test_what_a_full_disk_left_of_a_line_takes_no_other_with_it(tmp_path: Path, room: int) -> None:
    path = tmp_path / "told.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path), str(room)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cannot be written" in done.stdout
    lines = path.read_bytes().splitlines()
    part = b'{"number":2}'[:room]
    assert lines == [b'{"number":1}', *([part] if part else []), b'{"number":2}', b'{"number":3}']


def test_a_post_is_an_event_and_the_key_is_in_no_error() -> None:
    with receiving() as receiver:
        there = HttpDestination(f"{receiver.url}/api/v1/lineage", SECRET)
        there.send({"number": 1})
        (got,) = receiver.requests
        assert (got.path, got.body) == ("/api/v1/lineage", b'{"number":1}')
        assert got.headers["authorization"] == f"Bearer {SECRET}"
        receiver.answers += [status(400, f"not {SECRET}".encode()), status(503), status(302)]
        for permanent in (True, False, False):
            with pytest.raises(DeliveryFailed) as failed:
                there.send({"number": 2})
            assert failed.value.permanent is permanent
            assert SECRET not in failed.value.message


def test_what_was_told_is_remembered_by_the_address_and_not_the_key() -> None:
    one, other = (HttpDestination("https://a.example/lineage?team=1", key) for key in "ab")
    assert one.identity == other.identity
    assert one.identity != HttpDestination("https://b.example/lineage").identity
    assert one.shown == "https://a.example/lineage"
