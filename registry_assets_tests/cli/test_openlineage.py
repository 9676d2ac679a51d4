"""`openlineage`: nobody is told by default; what is told, what waits, and what was refused."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_assets.openlineage.destination import KEY, SETTING
from registry_assets_tests.catalog.history import lived_in
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.copies import copied
from registry_assets_tests.openlineage.schemas import valid
from registry_assets_tests.servers.receiver import Receiver, receiving, status


@pytest.fixture(scope="module")
def lived_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lived") / "project"
    lived_in(folder)
    return folder


@pytest.fixture
def folder(lived_folder: Path, tmp_path: Path) -> Path:
    return copied(lived_folder, tmp_path / "project")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def test_nobody_is_told_by_default(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SETTING, raising=False)
    ran = command("openlineage", folder=folder)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Nobody is told of lineage: REGISTRY_OPENLINEAGE is not set.\n")
    assert command("openlineage", "--send", folder=folder).code == 2
    assert command("openlineage", "--json", folder=folder).document == {
        "destination": None, "sent": 0, "waiting": 0, "error": None, "refused": [],
    }  # fmt: skip


def test_a_file_is_told_once(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, "file:told.jsonl")
    before = command("openlineage", "--json", folder=folder).document
    assert (before["destination"], before["sent"]) == (str(folder / "told.jsonl"), 0)
    assert before["waiting"] > 10
    assert not (folder / "told.jsonl").exists()
    ran = command("openlineage", "--send", folder=folder)
    assert (ran.code, ran.err) == (0, "")
    lines = (folder / "told.jsonl").read_text().splitlines()
    assert ran.out == (
        f"To {folder / 'told.jsonl'}: {len(lines)} events sent now.\n"
        "Everything in the ledger was told.\n"
    )
    for line in lines:
        valid(json.loads(line))
    again = command("openlineage", "--send", "--json", folder=folder).document
    assert (again["sent"], again["waiting"]) == (0, 0)


def test_what_is_not_taken_is_said_and_lost_nowhere(
    command: Command, folder: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, receiver.url)
    monkeypatch.setenv(KEY, "f00dcafe-secret")
    receiver.answers += [status(503, b"f00dcafe-secret is too much")]
    ran = command("openlineage", "--send", folder=folder)
    assert ran.code == 1
    assert "It was not taken: OpenLineage answered 503: ••• is too much.\n" in ran.out
    assert "Nothing is lost" in ran.out
    receiver.answers += [status(422, b"odd")]
    ran = command("openlineage", "--send", folder=folder)
    assert ran.code == 1
    assert "Refused: event " in ran.out
    assert ran.out.endswith("Next: `registry openlineage --retry` tells those once more.\n")
    (refused,) = command("openlineage", "--json", folder=folder).document["refused"]
    assert set(refused) == {"chain", "sequence", "error"}
    ran = command("openlineage", "--retry", folder=folder)
    assert (ran.code, ran.out.count("Refused")) == (0, 0)
    sent = {each.headers["authorization"] for each in receiver.requests}
    assert sent == {"Bearer f00dcafe-secret"}


def test_no_secret_is_kept(
    command: Command, folder: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, f"{receiver.url}/lineage?team=hidden-team-name")
    monkeypatch.setenv(KEY, "f00dcafe-secret")
    receiver.answers += [status(400, b"f00dcafe-secret hidden-team-name")] * 9
    assert command("openlineage", "--send", folder=folder).code == 1
    ran = command("openlineage", "--json", folder=folder)
    assert "••• •••" in ran.document["error"]
    kept = [path.read_bytes() for path in (folder / ".registry").glob("catalog.sqlite*")]
    assert any("•••".encode() in data for data in kept)
    for secret in ("f00dcafe", "hidden-team-name"):
        assert secret not in ran.out
        assert all(secret.encode() not in data for data in kept)


def test_mistakes_are_named(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, "lineage.jsonl")
    for arguments, said in (
        (("--send",), "REGISTRY_OPENLINEAGE is no address"),
        (("--send", "--retry"), "choose one"),
    ):
        ran = command("openlineage", *arguments, folder=folder)
        assert (ran.code, ran.out) == (2, "")
        assert said in ran.err
