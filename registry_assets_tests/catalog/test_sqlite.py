"""A catalog in a file: its journal, its folder, and another file in its place."""

import multiprocessing
import os
import resource
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from registry_assets.catalog import sqlite
from registry_assets.catalog.engine import REVISIONS, Catalog
from registry_assets.catalog.sqlite import LIBRARY, SqliteDriver, journal_mode
from registry_assets.catalog.tables import heads
from registry_assets.errors import (
    CatalogBusy,
    CatalogError,
    CatalogTooOld,
    NoRegistry,
    OutcomeUnknown,
)
from registry_assets_tests.catalog.test_engine import chains, write_one

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a new catalog."""
    made = tmp_path / "catalog.sqlite"
    Catalog.create(made)
    return made


def turned_back(path: Path) -> None:
    """Let the file be as a library without a sound WAL has it."""
    with closing(LIBRARY.connect(str(path))) as connection:
        assert connection.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)


def mode_of(path: Path) -> str:
    """The journal mode that the file is in."""
    with closing(LIBRARY.connect(str(path))) as connection:
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


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


def test_the_newer_of_two_libraries_is_used() -> None:
    assert LIBRARY.sqlite_version_info >= sqlite3.sqlite_version_info
    assert journal_mode() == journal_mode(LIBRARY.sqlite_version_info)


@pytest.mark.parametrize("mode", [("DELETE", "EXTRA"), ("WAL", "FULL")])
def test_every_writer_is_durable_and_keeps_foreign_keys(
    path: Path, mode: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "journal_mode", lambda: mode)
    with Catalog.open(path).write() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {
        "journal_mode": mode[0].lower(),
        "synchronous": 3,  # EXTRA, which in WAL is FULL
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }


def test_a_file_of_an_older_library_is_turned_to_wal_by_the_first_writer(path: Path) -> None:
    turned_back(path)
    assert chains(Catalog.open(path)) == []
    assert mode_of(path) == "delete"
    write_one(path, "a")
    assert mode_of(path) == journal_mode()[0].lower()
    assert chains(Catalog.open(path)) == ["a"]


def test_a_file_that_others_are_reading_stays_as_it_is_and_is_durable(path: Path) -> None:
    turned_back(path)
    # Of the same library: two of them in one process do not see each other's locks.
    with closing(LIBRARY.connect(str(path), isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM heads").fetchall()
        with Catalog.open(path).write() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "delete"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 3
            reader.execute("COMMIT")


def test_what_is_not_there_is_not_created_by_opening(tmp_path: Path) -> None:
    with pytest.raises(NoRegistry, match="registry init"):
        Catalog.open(tmp_path / "catalog.sqlite")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["what?", "100%25", "a b", "#1", "ünï"])
def test_a_catalog_may_lie_in_a_folder_of_any_name(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "catalog.sqlite"
    Catalog.create(path)
    assert Catalog.open(path).revision() == REVISIONS[-1]
    assert Catalog.open(f"sqlite:///{path}").revision() == REVISIONS[-1]
    assert [file.name for file in tmp_path.iterdir()] == [folder]


def test_an_empty_file_is_an_older_catalog_that_can_be_made_one(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    path.touch()
    with pytest.raises(CatalogTooOld, match="schema none"):
        Catalog.open(path)
    assert path.read_bytes() == b""
    Catalog.create(path)
    assert Catalog.open(path).revision() == REVISIONS[-1]


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    path.write_text("the minutes of a meeting, long enough to be read as a header\n" * 40)
    before = path.read_bytes()
    for way_in in (Catalog.open, Catalog.create):
        with pytest.raises(CatalogError, match="not a database") as caught:
            way_in(path)
        assert "backup" in caught.value.hint
    assert path.read_bytes() == before


# Another file in its place


def test_a_backup_put_back_under_an_open_catalog_is_what_is_read(path: Path) -> None:
    backup = Path(shutil.copy(path, path.with_name("backup")))
    catalog = Catalog.open(path)
    write_one(path, "later")
    assert chains(catalog) == ["later"]
    backup.replace(path)
    path.with_name(f"{path.name}-wal").unlink(missing_ok=True)
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    assert chains(catalog) == []
    write_one(path, "after")
    assert chains(catalog) == ["after"]


def test_a_file_removed_under_an_open_catalog_is_missed_and_not_made_anew(path: Path) -> None:
    catalog = Catalog.open(path)
    path.unlink()
    with pytest.raises(NoRegistry, match="there is no catalog at"):
        catalog.revision()
    assert not path.exists()


# A folder that cannot be written


@pytest.fixture
def shelf() -> Iterator[Path]:
    """A catalog in a folder that everybody may read, and only its owner may write."""
    folder = Path(tempfile.mkdtemp(prefix="shelf-"))
    path = folder / "catalog.sqlite"
    Catalog.create(path)
    write_one(path, "a")
    folder.chmod(0o555)
    path.chmod(0o444)
    yield path
    folder.chmod(0o755)
    shutil.rmtree(folder)


def as_a_reader(task: Callable[[Path], Any], path: Path) -> Any:
    """Do something in a process that may not write there."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    process = context.Process(target=_as_a_reader, args=(task, path, there))
    process.start()
    answer = here.recv()
    process.join(60)
    here.close()
    there.close()
    if isinstance(answer, Exception):
        raise answer
    return answer


def _as_a_reader(task: Callable[[Path], Any], path: Path, answer: Any) -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    try:
        answer.send(task(path))
    except CatalogError as error:
        answer.send(type(error)(error.message))


def read_chains(path: Path) -> list[str]:
    """What a reader finds."""
    return chains(Catalog.open(path))


def test_a_catalog_in_a_folder_that_cannot_be_written_is_read(shelf: Path) -> None:
    assert as_a_reader(read_chains, shelf) == ["a"]


def test_a_catalog_that_others_write_meanwhile_is_read_as_it_is_then(shelf: Path) -> None:
    shelf.parent.chmod(0o755)
    shelf.chmod(0o644)
    catalog = Catalog.open(shelf)
    with catalog.write() as connection:
        connection.execute(sa.insert(heads).values(chain="b", sequence=1, digest="d"))
    for beside in shelf.parent.iterdir():
        beside.chmod(0o644)
    assert as_a_reader(read_chains, shelf) == ["a", "b"]


def test_changes_that_cannot_be_read_are_not_left_out_in_silence(shelf: Path) -> None:
    shelf.parent.chmod(0o755)
    shelf.with_name("catalog.sqlite-wal").write_bytes(b"x" * 100)
    shelf.parent.chmod(0o555)
    with pytest.raises(CatalogError, match=r"changes lie in catalog\.sqlite-wal beside it"):
        as_a_reader(read_chains, shelf)


def read_while_it_changes(path: Path) -> None:
    """Read, and let the file be another one before the end."""
    catalog = Catalog.open(path)
    with catalog.read() as connection:
        connection.execute(sa.select(heads)).all()
        os.utime(path, ns=(1, 1))


def test_a_file_that_changes_under_a_reader_without_locks_is_noticed(shelf: Path) -> None:
    if os.geteuid() == 0:
        os.chown(shelf, NOBODY, NOBODY)
    with pytest.raises(CatalogBusy, match="was changed while it was read"):
        as_a_reader(read_while_it_changes, shelf)


def write_there(path: Path) -> None:
    """Try to write."""
    write_one(path, "b")


def test_writing_there_is_refused(shelf: Path) -> None:
    with pytest.raises(CatalogError, match="readonly database"):
        as_a_reader(write_there, shelf)


# A disk that fails


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


def test_the_driver_names_its_file(path: Path) -> None:
    assert repr(Catalog(SqliteDriver(path))) == f"Catalog({str(path)!r})"
