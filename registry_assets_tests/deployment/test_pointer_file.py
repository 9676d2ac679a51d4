"""The pointer file: read only where it is whole, and of the pointer that was asked for."""

import json
from typing import Any

import pytest

from registry_assets.deployment.pointer_file import PointerFile, told_generation
from registry_assets.errors import PointerFileInvalid, RegistryError
from registry_assets_tests.deployment.conftest import MODEL, pointer_file
from registry_assets_tests.lifecycle.changes import refused

GOOD = pointer_file().to_bytes()


def read(data: bytes) -> PointerFile:
    return PointerFile.from_bytes(data, model=MODEL, pointer="production")


def changed(**changes: Any) -> bytes:
    return json.dumps(
        {**json.loads(GOOD), **changes}, sort_keys=True, separators=(",", ":")
    ).encode()


def without(field: str) -> bytes:
    document = json.loads(GOOD)
    del document[field]
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def test_what_is_written_is_read_back() -> None:
    assert read(GOOD) == pointer_file()
    assert read(changed()) == pointer_file()
    assert json.loads(GOOD)["format"] == "registry_assets/pointer/1"
    assert told_generation(GOOD) == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no JSON"),
        (GOOD[:-9], "no JSON"),
        (b"\xff" + GOOD, "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[1]", "holds a list"),
        (GOOD + b" " * 2**20, "bytes long"),
        (changed(format="registry_assets/pointer/2"), "upgrade to that release"),
        (without("format"), "format None"),
        (without("policy"), "policy"),
        (changed(shadow=1), "shadow"),
        (changed(model="seat_credit"), "'seat_credit'"),
        (changed(pointer="canary"), "'canary'"),
        (changed(model="flight\u202eyaled"), "\\u202e"),
        (changed(model=None), "None"),
        (changed(version=0), "version"),
        (changed(version=True), "version"),
        (changed(generation="2"), "generation is '2'"),
        (changed(generation=2.5), "generation is 2.5"),
        (changed(generation=2.0), "generation is 2.0"),
        (changed(generation=0), "generation is 0"),
        (changed(generation=-1), "generation is -1"),
        (changed(generation=2**53), "generation is 9007199254740992"),
        (changed(generation=None), "generation is None"),
        (changed(digest="a" * 64), "no digest"),
        (changed(digest="sha256:" + "A" * 64), "no digest"),
        (changed(digest=["sha256:"]), "no digest"),
        (changed(policy="low"), "no digest"),
        (changed(moved_at="yesterday"), "moved_at"),
        (changed(moved_at=1), "moved_at"),
        (changed(evidence=[]), "evidence"),
        (changed(evidence={"value": float("nan")}), "NaN"),
        (GOOD.replace(b'"version":1', b'"version":1,"version":2'), "canonical"),
        (GOOD.replace(b'"version":1', b'"version": 1'), "canonical"),
    ],
)
def test_whatever_is_no_pointer_file_of_this_pointer_is_refused(data: bytes, said: str) -> None:
    with refused(PointerFileInvalid, "flight_delay@production", "cannot be believed") as caught:
        read(data)
    if said != "NaN":  # which of its parts said so is the JSON library's own business
        assert said in str(caught.value)
    assert str(caught.value).isprintable() or "\n" in str(caught.value)
    assert "\u202e" not in str(caught.value)


@pytest.mark.parametrize("data", [None, b"", b"{", b"[]", b"7", changed(generation="9")])
def test_what_is_damaged_tells_of_no_generation(data: bytes | None) -> None:
    assert told_generation(data) == 0


def test_none_can_be_made_that_could_not_be_read() -> None:
    for changes in ({"generation": 0}, {"digest": "no"}, {"model": "No"}, {"moved_at": "now"}):
        with pytest.raises(RegistryError):
            pointer_file(**changes)
