"""`registry evidence`, and what `show`, `archive` and `collect` say of how long things are kept."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry_assets.canonical import sha256_digest
from registry_assets.clock import ReplayClock
from registry_assets.governance.document import Person, PointerRules
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import History
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_show import flat
from registry_assets_tests.governance.people import AT_WORK, governed
from registry_assets_tests.lifecycle.packs import unpack
from registry_assets_tests.worlds import SENSOR

JUNE = ReplayClock(datetime(2013, 6, 1, 6, tzinfo=UTC))


@pytest.fixture
def kept(copied: Path, tmp_path: Path) -> Path:
    """A copy in which the model of high risk is in production, and is to be kept."""
    registry = Registry.open(copied, clock=JUNE)
    world = governed(History(registry, JUNE), tmp_path / "keys")
    alice = Person(name="alice", emails=("alice@example.com",))
    rules = PointerRules(roles=("risk",), unsigned=True)
    world.activate(world.document(rules, more=(alice,)))
    said = world.statement(1, "bob", model="seat_credit")
    registry.record_unsigned(said, run=AT_WORK)
    registry.promote("seat_credit", 1, run=SENSOR)
    return copied


def test_a_pack_is_written_and_its_digest_shown(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "pack.zip"
    ran = command("evidence", "flight_delay@production", "--out", str(file), width=120)
    assert ran.code == 0
    assert f"Wrote the evidence about flight_delay:2 to {file}:" in flat(ran.out)
    assert sha256_digest(file.read_bytes()) in ran.out
    assert "1 signature can be checked without this program" in ran.out
    assert "3 things that it cannot show" not in ran.out  # no policy is in force: one more
    pack = unpack(file, tmp_path / "pack")
    assert pack.check() == []
    assert "no policy is in force" in pack.text("index.html")


def test_as_json_it_is_one_document_that_lists_every_file(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "pack.zip"
    said = command("evidence", "flight_delay:3", "--out", str(file), "--json").document
    assert (said["reference"], said["version"], said["retention"]) == ("flight_delay:3", 3, None)
    assert (said["file"], said["size"]) == (str(file), file.stat().st_size)
    assert said["sha256"] == sha256_digest(file.read_bytes())
    with zipfile.ZipFile(file) as opened:
        assert [each["path"] for each in said["files"]] == opened.namelist()
        index = json.loads(opened.read("index.json"))
    assert said["not_known"] == index["not_known"]
    # It was rejected by its gates, and says so.
    assert {verdict["outcome"] for verdict in index["verdicts"]} >= {"failed"}


def test_a_file_that_is_there_is_never_replaced(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "pack.zip"
    file.write_text("mine")
    ran = command("evidence", "flight_delay:2", "--out", str(file))
    assert (ran.code, ran.out) == (3, "")
    assert "File exists" in ran.err
    assert file.read_text() == "mine"


def test_what_was_never_committed_has_no_evidence(command: Command, tmp_path: Path) -> None:
    for reference in ("flight_delay:4", "flight_delay:9", "flight_delay", "seat_credit@production"):
        ran = command("evidence", reference, "--out", str(tmp_path / "pack.zip"))
        assert (ran.code, ran.out) == (2, ""), reference
    assert list(tmp_path.iterdir()) == []


def test_how_long_a_version_is_kept_is_shown(command: Command, kept: Path, tmp_path: Path) -> None:
    said = "kept for 10 years after the last day on which production holds it, by default"
    assert said in flat(command("show", "seat_credit:1", folder=kept, width=200).out)
    document = command("show", "seat_credit:1", "--json", folder=kept).document
    assert document["retention"] == {
        "until": None, "years": 10, "tier": "high", "by_policy": False, "held_by": ["production"],
    }  # fmt: skip
    assert command("show", "flight_delay:2", "--json", folder=kept).document["retention"] is None
    file = tmp_path / "pack.zip"
    ran = command("evidence", "seat_credit:1", "--out", str(file), folder=kept)
    assert said in flat(ran.out)
    index = unpack(file, tmp_path / "pack").document("index.json")
    assert index["retention"]["years"] == 10
    # Nobody signed it, and that is said for ever.
    assert index["approvals"][0]["signed"] is False
    assert any("no key signed them" in each for each in index["not_known"])


def test_archiving_and_collecting_say_what_is_kept(command: Command, kept: Path) -> None:
    registry = Registry.open(kept, clock=JUNE)
    number = History(registry, JUNE).version(7, model="seat_credit")
    ran = command("archive", f"seat_credit:{number}", folder=kept)
    assert (ran.code, "kept" in ran.out) == (0, False)  # no pointer ever held it
    command("unarchive", f"seat_credit:{number}", folder=kept)
    said = registry.prepare_approval(
        "seat_credit", number, person="bob", reason="as it was"
    ).statement
    registry.record_unsigned(said, run=AT_WORK)
    registry.promote("seat_credit", number, run=SENSOR)
    ran = command("archive", "seat_credit:1", folder=kept, width=200)
    assert "It is kept until 2023-06-01, 10 years after the last day" in ran.out
    document = command("archive", "seat_credit:1", "--json", folder=kept).document
    assert (document["changed"], document["retention"]["until"]) == (False, "2023-06-01")
    # By the machine's clock that is over, but not for the one that production holds.
    ran = command("collect", folder=kept, width=200)
    assert "1 version among them under retention" in flat(ran.out)
    assert command("collect", "--json", folder=kept).document["retained"] == 1
