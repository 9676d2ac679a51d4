"""From SQLite and a folder to PostgreSQL and S3, and home again: digests, numbers and ledger."""

from pathlib import Path

import pytest

from registry_assets.clock import ReplayClock
from registry_assets.home import CATALOG, SIGNING_KEY, STORE
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import MODEL, START, History, new_history
from registry_assets_tests.catalog.test_indexing import content
from registry_assets_tests.transfer.moves import carry, identity, rows, said


@pytest.fixture
def elsewhere(
    postgresql_catalog: str, s3_location: str, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """Catalog and store are in PostgreSQL and in S3."""
    monkeypatch.setenv(CATALOG, postgresql_catalog)
    monkeypatch.setenv(STORE, s3_location)
    return monkeypatch


def test_history_goes_to_postgresql_and_s3_and_home_again(
    origin: History, elsewhere: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = History(Registry.init(tmp_path / "there", clock=ReplayClock(START)), origin.clock)
    assert there.catalog.location.startswith("postgresql")
    there.declare("mine")
    there.version(1, model="mine")
    carry(origin.registry, there.registry, tmp_path / "there.tar")
    assert said(there.registry, MODEL) == said(origin.registry, MODEL)
    there.promote(there.version(40))
    there.snapshot("2013-07")
    assert there.registry.verify().problems == ()
    for variable in (CATALOG, STORE):
        elsewhere.delenv(variable)
    carry(there.registry, origin.registry, tmp_path / "home.tar")
    third = new_history(tmp_path / "third").registry
    carry(there.registry, third, tmp_path / "third.tar")
    for model in (MODEL, "mine"):
        assert said(origin.registry, model) == said(there.registry, model)
        assert said(third, model) == said(there.registry, model)


def test_a_backup_goes_into_the_other_database_and_store(
    origin: History, elsewhere: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    origin.registry.backup(tmp_path / "sqlite")
    elsewhere.setenv(SIGNING_KEY, str(origin.registry.home.signing_key))
    there, _ = Registry.restore(tmp_path / "sqlite", tmp_path / "there", clock=origin.clock)
    assert there.verify().problems == ()
    assert identity(there) == identity(origin.registry)
    assert rows(there) == rows(origin.registry)
    assert content(there.backends.catalog) == content(origin.catalog)
    # The database goes on after the numbers that were put back.
    went_on = History(there, origin.clock)
    went_on.snapshot("2013-08")
    went_on.promote(went_on.version(40))
    assert there.verify().problems == ()
    there.backup(tmp_path / "postgresql.tar")
    for variable in (CATALOG, STORE):
        elsewhere.delenv(variable)
    back, _ = Registry.restore(tmp_path / "postgresql.tar", tmp_path / "back", clock=origin.clock)
    assert back.verify().problems == ()
    assert rows(back) == rows(there)


def test_a_backup_is_the_same_bytes_from_either_database(
    origin: History, elsewhere: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    origin.registry.backup(tmp_path / "sqlite.tar")
    there, _ = Registry.restore(tmp_path / "sqlite.tar", tmp_path / "there", clock=origin.clock)
    there.backup(tmp_path / "postgresql.tar")
    assert (tmp_path / "sqlite.tar").read_bytes() == (tmp_path / "postgresql.tar").read_bytes()
