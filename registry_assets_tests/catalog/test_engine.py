"""Opening the catalog, and what happens when another process is in the way."""

import multiprocessing
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry_assets.catalog import engine, sqlite
from registry_assets.catalog.driver import Driver
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.sqlite import journal_mode
from registry_assets.catalog.tables import heads
from registry_assets.errors import (
    CatalogBusy,
    CatalogError,
    CatalogTooNew,
    CatalogTooOld,
    NoRegistry,
    OutcomeUnknown,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a new catalog."""
    made = tmp_path / "catalog.sqlite"
    Catalog.create(made)
    return made


def at_revision(path: Path, revision: str) -> None:
    """Let another release have written the catalog."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.commit()


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 37, 2), ("DELETE", "EXTRA")),
        ((3, 40, 1), ("DELETE", "EXTRA")),
        ((3, 44, 5), ("DELETE", "EXTRA")),
        ((3, 44, 6), ("WAL", "FULL")),
        ((3, 45, 0), ("DELETE", "EXTRA")),
        ((3, 50, 6), ("DELETE", "EXTRA")),
        ((3, 50, 7), ("WAL", "FULL")),
        ((3, 51, 0), ("DELETE", "EXTRA")),
        ((3, 51, 2), ("DELETE", "EXTRA")),
        ((3, 51, 3), ("WAL", "FULL")),
        ((3, 52, 0), ("WAL", "FULL")),
        ((4, 0, 0), ("WAL", "FULL")),
    ],
)
def test_wal_is_used_only_where_its_corruption_is_mended(
    version: tuple[int, int, int], mode: tuple[str, str]
) -> None:
    assert journal_mode(version) == mode


@pytest.mark.parametrize("mode", [("DELETE", "EXTRA"), ("WAL", "FULL")])
def test_every_connection_is_durable_and_keeps_foreign_keys(
    path: Path, mode: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "journal_mode", lambda: mode)
    with Catalog.open(path).read() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {
        "journal_mode": mode[0].lower(),
        "synchronous": 3,  # EXTRA: in WAL the same as FULL
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }


def test_what_is_not_there_is_not_created_by_opening(tmp_path: Path) -> None:
    with pytest.raises(NoRegistry, match="registry init"):
        Catalog.open(tmp_path / "catalog.sqlite")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["what?", "100%25", "a b", "#1", "ünï"])
def test_a_catalog_may_lie_in_a_folder_of_any_name(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "catalog.sqlite"
    Catalog.create(path)
    assert Catalog.open(path).revision() == engine.REVISIONS[-1]
    assert [file.name for file in tmp_path.iterdir()] == [folder]


def test_creating_again_changes_nothing(path: Path) -> None:
    before = path.read_bytes()
    Catalog.create(path)
    assert path.read_bytes() == before


def test_a_catalog_of_a_newer_release_is_refused_and_left_alone(path: Path) -> None:
    at_revision(path, "0999")
    before = path.read_bytes()
    for way_in in (Catalog.open, Catalog.create):
        with pytest.raises(CatalogTooNew, match="schema 0999") as caught:
            way_in(path)
        assert "newer release" in caught.value.hint
    assert path.read_bytes() == before


def test_a_catalog_of_an_older_release_says_what_to_run(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "REVISIONS", (*engine.REVISIONS, "0999"))
    with pytest.raises(CatalogTooOld, match="this release needs 0999") as caught:
        Catalog.open(path)
    assert "registry init" in caught.value.hint


def test_an_empty_file_is_an_older_catalog_that_can_be_made_one(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    path.touch()
    with pytest.raises(CatalogTooOld, match="schema none"):
        Catalog.open(path)
    Catalog.create(path)
    assert Catalog.open(path).revision() == engine.REVISIONS[-1]


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    path.write_text("the minutes of a meeting, long enough to be read as a header\n" * 40)
    before = path.read_bytes()
    for way_in in (Catalog.open, Catalog.create):
        with pytest.raises(CatalogError, match="not a database") as caught:
            way_in(path)
        assert "backup" in caught.value.hint
    assert path.read_bytes() == before


def test_a_migration_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE verdicts (mine INTEGER)")
    with pytest.raises(CatalogError):
        Catalog.create(path)
    with closing(sqlite3.connect(path)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
    assert names == ["verdicts"]


def test_a_change_that_fails_leaves_nothing(path: Path) -> None:
    catalog = Catalog.open(path)

    def half_a_change() -> None:
        with catalog.write() as connection:
            connection.execute(sa.insert(heads).values(chain="a", sequence=1, digest="d"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_a_change()
    assert chains(catalog) == []


def test_what_a_constraint_refuses_is_an_error_of_ours(path: Path) -> None:
    catalog = Catalog.open(path)

    def twice() -> None:
        with catalog.write() as connection:
            for _ in range(2):
                connection.execute(sa.insert(heads).values(chain="a", sequence=1, digest="d"))

    with pytest.raises(CatalogError, match="refused the change: UNIQUE") as caught:
        twice()
    assert "nothing was changed" in caught.value.hint
    assert chains(catalog) == []


def test_two_reads_in_one_transaction_agree(path: Path) -> None:
    catalog = Catalog.open(path)
    query = sa.select(heads.c.chain)
    with catalog.read() as connection:
        before = connection.execute(query).scalars().all()
        writer = threading.Thread(target=write_one, args=(path, "other"))
        writer.start()
        writer.join(timeout=0.3)  # waits for the reader, or has its own copy
        assert connection.execute(query).scalars().all() == before
    writer.join(timeout=30)
    assert chains(catalog) == ["other"]


def test_a_writer_waits_for_another_process(path: Path) -> None:
    with lock_held(path, seconds=1.0):
        started = time.monotonic()
        write_one(path, "mine")
        waited = time.monotonic() - started
    assert waited > 0.3
    assert chains(Catalog.open(path)) == ["mine"]


def test_a_writer_gives_up_with_a_transient_error(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Driver, "busy_seconds", 0.2)
    with lock_held(path, seconds=30), pytest.raises(CatalogBusy, match=r"for 0.2 s") as caught:
        write_one(path, "mine")
    assert caught.value.transient
    assert "nothing was changed" in caught.value.hint
    assert chains(Catalog.open(path)) == []


def test_a_reader_does_not_wait_for_a_writer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Driver, "busy_seconds", 0)
    with lock_held(path, seconds=30):
        assert chains(Catalog.open(path)) == []
        assert chains(Catalog.create(path)) == []


def test_a_disk_that_fails_during_the_commit_leaves_the_outcome_open(path: Path) -> None:
    Catalog.open(path)
    process = multiprocessing.get_context("spawn").Process(
        target=commit_beyond_the_limit, args=(path,)
    )
    process.start()
    process.join()
    assert process.exitcode == 0
    # What was made of it is whole, one way or the other.
    assert chains(Catalog.open(path)) in ([], ["c" * 100_000])


def commit_beyond_the_limit(path: Path) -> None:
    """Commit more than files may grow to, in a process that can be limited."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    catalog = Catalog.open(path)

    def change() -> None:
        with catalog.write() as connection:
            connection.execute(sa.insert(heads).values(chain="c" * 100_000, sequence=1, digest="d"))
            resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    with pytest.raises(OutcomeUnknown, match="while it committed"):
        change()


def chains(catalog: Catalog) -> list[str]:
    """The chains that have a head."""
    with catalog.read() as connection:
        return list(connection.execute(sa.select(heads.c.chain)).scalars())


def write_one(path: Path, chain: str) -> None:
    """Make one change."""
    with Catalog.open(path).write() as connection:
        connection.execute(sa.insert(heads).values(chain=chain, sequence=1, digest="d"))


@contextmanager
def lock_held(path: Path, *, seconds: float) -> Iterator[None]:
    """Let another process hold the write lock for some time, or until the block ends."""
    script = (
        "import sqlite3, sys, time\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('BEGIN IMMEDIATE')\n"
        "print('held', flush=True)\n"
        "time.sleep(float(sys.argv[2]))\n"
        "connection.execute('ROLLBACK')\n"
    )
    command = [sys.executable, "-c", script, str(path), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield
        finally:
            holder.kill()
