"""Which differences are found between what stands there and what should, and which are a lag."""

from dataclasses import fields, replace

import pytest

from registry_assets.mirroring.comparing import find_differences
from registry_assets.mirroring.protocol import (
    ForeignFile,
    ForeignPointer,
    ForeignState,
    ForeignVersion,
    Outgoing,
    OutOfStep,
    Pointing,
    Receipt,
)

FILES = {"a": ForeignFile(1, "sha256:a"), "b": ForeignFile(2, "sha256:b")}
DIGESTS = {1: "sha256:" + "1" * 64, 2: "sha256:" + "2" * 64}


def receipt(version: int) -> Receipt:
    number = str(version + 10)
    return Receipt("http://m", "delay", number, "http://m/1", DIGESTS[version], FILES, "sha256:s")


def pointing(version: int, generation: int = 1) -> Pointing:
    return Pointing("production", version, DIGESTS[version], generation, str(version + 10))


def state(held: int | None = 1, *, versions: tuple[int, ...] = (1,)) -> ForeignState:
    there = {str(v + 10): ForeignVersion(str(v + 10), DIGESTS[v], FILES) for v in versions}
    pointer = ForeignPointer("production", str(held + 10), DIGESTS[held]) if held else None
    return ForeignState(True, {"production": pointer} if pointer else {}, there)


def kinds(
    found: ForeignState,
    *,
    holding: Pointing | None = None,
    told: Pointing | None = None,
    receipts: tuple[int, ...] = (1,),
) -> list[str]:
    differences = find_differences(
        found,
        pointers=("production",),
        holding={"production": holding} if holding else {},
        told={"production": told} if told else {},
        receipts={number: receipt(number) for number in receipts},
    )
    return [each.kind for each in differences]


def test_nothing_differs_where_all_is_there() -> None:
    assert kinds(state(), holding=pointing(1), told=pointing(1)) == []


@pytest.mark.parametrize(
    ("there", "holding", "told", "expected"),
    [
        # It has moved here, and nobody has told it.
        (state(1), pointing(2, 2), pointing(1), ["not_published", "pointer_behind"]),
        (state(None), pointing(2), None, ["not_published", "pointer_behind"]),
        # Somebody moved it, whether or not it has moved here since.
        (state(2, versions=(1, 2)), pointing(1), pointing(1), ["pointer_moved"]),
        (state(None), pointing(1), pointing(1), ["pointer_missing"]),
        (state(1), None, None, ["pointer_unexpected"]),
    ],
)
def test_a_move_there_is_told_from_what_was_only_not_told_yet(
    there: ForeignState, holding: Pointing | None, told: Pointing | None, expected: list[str]
) -> None:
    assert kinds(there, holding=holding, told=told) == expected


def test_what_was_told_and_not_noted_is_told_again() -> None:
    there = state(2, versions=(1, 2))
    found = kinds(there, holding=pointing(2, 2), told=pointing(1), receipts=(1, 2))
    assert found == ["pointer_behind"]


def test_moved_here_and_moved_there_is_no_lag() -> None:
    there = replace(state(1), pointers={"production": ForeignPointer("production", "99", None)})
    found = kinds(there, holding=pointing(2, 2), told=pointing(1), receipts=(1, 2))
    assert "pointer_moved" in found


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a": FILES["a"]}, ["artifact_missing"]),
        ({}, ["artifact_missing"]),
        ({**FILES, "c": ForeignFile(1)}, ["artifact_added"]),
        ({**FILES, "b": ForeignFile(2, "sha256:x")}, ["artifact_changed"]),
        ({**FILES, "b": ForeignFile(3)}, ["artifact_changed"]),
        ({**FILES, "b": ForeignFile(2)}, []),  # nobody has read it
        ({**FILES, "b": ForeignFile(None)}, []),
        (None, []),
    ],
)
def test_files_are_held_against_the_receipt(
    files: dict[str, ForeignFile] | None, expected: list[str]
) -> None:
    there = replace(state(), versions={"11": ForeignVersion("11", DIGESTS[1], files)})
    assert kinds(there, holding=pointing(1), told=pointing(1)) == expected


def test_only_what_was_not_told_is_a_lag() -> None:
    assert OutOfStep("pointer_behind", "production", "").is_lag
    assert not OutOfStep("pointer_moved", "production", "").is_lag


def test_a_receipt_comes_back_as_it_was_stored() -> None:
    assert Receipt.from_json(receipt(1).to_json()) == receipt(1)
    said = pointing(1).to_json()
    assert Pointing(**said) == pointing(1)  # type: ignore[arg-type]


def test_what_is_said_twice_has_one_name() -> None:
    texts = [each.name for each in fields(Outgoing) if each.type is str and each.name != "link"]
    said = dict.fromkeys(texts, "")
    first = Outgoing(**said, version=1, dirty=False, metrics={"a": 1.0})  # type: ignore[arg-type]
    assert first.sent_digest == replace(first).sent_digest
    assert first.sent_digest != replace(first, metrics={"a": 1.5}).sent_digest
