"""A diagnosis of whatever is there, and of what is not."""

import json
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from registry_assets.catalog import settings as catalog_settings
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.ledger import append
from registry_assets.catalog.tables import settings
from registry_assets.cli.app import registry as command
from registry_assets.errors import StoreError
from registry_assets.home import Home
from registry_assets.lifecycle.diagnosing import Diagnosis, diagnose
from registry_assets.registry import Registry


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A healthy registry."""
    return Registry.init(tmp_path / "project").home


def found_in(home: Home) -> dict[tuple[str, str], Diagnosis]:
    """Everything that was looked at, by part and subject."""
    return {(each.part, each.subject): each for each in diagnose(home)}


def without_catalog(home: Home) -> None:
    """Let the catalog be gone, with what SQLite keeps beside it."""
    for file in Path(home.catalog).parent.glob("catalog.sqlite*"):
        file.unlink()


def test_a_healthy_registry_has_nothing_wrong_and_says_what_it_is_on(home: Home) -> None:
    found = found_in(home)
    assert [each for each in found.values() if each.health == "wrong"] == []
    assert found["catalog", "schema"].found.endswith("of this release")
    assert found["catalog", "journal_mode, synchronous"].found.startswith(("wal", "delete"))
    assert found["store", "race"].health == "good"
    assert found["catalog and store", "belong together"].health == "good"


def test_a_large_catalog_is_left_to_verify(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found_in(home)["catalog", "quick_check"].found == "ok"
    monkeypatch.setattr(catalog_settings, "_QUICKLY_CHECKED", 1000)
    asked = found_in(home)["catalog", "quick_check"]
    assert (asked.health, "`registry verify`" in asked.found) == ("good", True)


def test_looking_changes_nothing(home: Home) -> None:
    before = sorted(Path(home.store).rglob("*"))
    diagnose(home)
    assert sorted(Path(home.store).rglob("*")) == before


def test_a_catalog_that_is_gone_does_not_hide_what_the_store_is_like(home: Home) -> None:
    without_catalog(home)
    found = found_in(home)
    assert found["catalog", "opens"].health == "wrong"
    assert "registry init" in found["catalog", "opens"].mend
    assert found["store", "race"].health == "good"


def test_a_store_that_is_gone_says_so(home: Home) -> None:
    shutil.rmtree(home.store)
    assert found_in(home)["store", "opens"].health == "wrong"


def test_a_store_of_another_registry_is_wrong_and_not_taken_over(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Registry.init(tmp_path / "other")
    other.backends.store.put(b"theirs")
    monkeypatch.setenv("REGISTRY_STORE", str(other.home.store))
    found = found_in(home)["catalog and store", "belong together"]
    assert found.health == "wrong"
    assert "REGISTRY_STORE" in found.mend
    with Catalog.open(home.catalog).write() as connection:
        append(connection, chain="-registry", kind="note", body={"recorded_at": ""})
    with pytest.raises(StoreError, match="belongs to the registry"):
        Registry.init(home.folder)


def test_an_index_of_another_release_is_wrong(home: Home) -> None:
    with Catalog.open(home.catalog).write() as connection:
        of_then = sa.update(settings).where(settings.c.name == "indexed").values(value="0")
        connection.execute(of_then)
    assert "registry rebuild" in found_in(home)["catalog", "index"].mend


def test_a_clock_that_is_behind_what_was_recorded_is_wrong(home: Home) -> None:
    with Catalog.open(home.catalog).write() as connection:
        later = {"recorded_at": "2999-01-01T00:00:00.000000Z"}
        append(connection, chain="-registry", kind="note", body=dict(later))
    assert "NTP" in found_in(home)["catalog", "clock"].mend


def test_a_file_that_is_no_database_is_an_answer_and_no_crash(home: Home) -> None:
    without_catalog(home)
    Path(home.catalog).write_bytes(b"no database" * 100)
    assert found_in(home)["catalog", "opens"].health == "wrong"


def test_the_command_says_it_and_ends_with_1_where_something_is_wrong(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home.folder)
    answer = CliRunner().invoke(command, ["doctor"])
    assert answer.exit_code == 0, answer.output
    assert "Nothing is wrong" in answer.output
    shutil.rmtree(home.store)
    answer = CliRunner().invoke(command, ["doctor", "--json"])
    assert answer.exit_code == 1
    document = json.loads(answer.output)
    assert document["healthy"] is False
    assert [each["subject"] for each in document["diagnoses"] if each["health"] == "wrong"] == [
        "opens"
    ]
