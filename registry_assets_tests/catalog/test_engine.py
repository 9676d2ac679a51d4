"""Opening, reading and writing a catalog, on both databases."""

import gc
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry_assets.catalog import engine
from registry_assets.catalog.driver import Driver
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.tables import heads
from registry_assets.errors import CatalogBusy, CatalogError, CatalogTooNew, CatalogTooOld
from registry_assets.home import Location
from registry_assets_tests.catalog.projects import Project

SEVERAL = 8


@pytest.fixture
def location(empty: Project) -> Location:
    """Where a new catalog is."""
    return empty.catalog


def at_revision(location: Location, revision: str) -> None:
    """Let another release have written the catalog."""
    with Catalog.open(location).write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :r"), {"r": revision})


def chains(catalog: Catalog) -> list[str]:
    """The chains that have a head."""
    with catalog.read() as connection:
        return list(connection.execute(sa.select(heads.c.chain).order_by("chain")).scalars())


def write_one(location: Location, chain: str) -> None:
    """Make one change."""
    with Catalog.open(location).write(chain=chain) as connection:
        connection.execute(sa.insert(heads).values(chain=chain, sequence=1, digest="d"))


def content(catalog: Catalog) -> dict[str, list[str]]:
    """Every row there is."""
    with catalog.read() as connection:
        names = sa.inspect(connection).get_table_names()
        return {
            name: sorted(map(str, connection.exec_driver_sql(f'SELECT * FROM "{name}"')))
            for name in names
        }


def test_creating_again_changes_nothing(location: Location) -> None:
    before = content(Catalog.open(location))
    Catalog.create(location)
    assert content(Catalog.open(location)) == before


def test_a_catalog_of_a_newer_release_is_refused_and_left_alone(location: Location) -> None:
    catalog = Catalog.open(location)
    at_revision(location, "0999")
    before = content(catalog)
    for way_in in (Catalog.open, Catalog.create):
        with pytest.raises(CatalogTooNew, match="schema 0999") as caught:
            way_in(location)
        assert "newer release" in caught.value.hint
    assert content(catalog) == before


def test_a_catalog_of_an_older_release_says_what_to_run(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "REVISIONS", (*engine.REVISIONS, "0999"))
    with pytest.raises(CatalogTooOld, match="this release needs 0999") as caught:
        Catalog.open(location)
    assert "registry init" in caught.value.hint


def test_a_migration_that_fails_half_way_leaves_nothing(nothing: Project) -> None:
    driver = engine.open_driver(nothing.catalog)
    driver.make_place()
    with driver.write(None) as connection:
        connection.exec_driver_sql("CREATE TABLE verdicts (mine INTEGER)")
    with pytest.raises(CatalogError):
        Catalog.create(nothing.catalog)
    with driver.read() as connection:
        assert sa.inspect(connection).get_table_names() == ["verdicts"]


def test_a_change_that_fails_leaves_nothing(location: Location) -> None:
    catalog = Catalog.open(location)

    def half_a_change() -> None:
        with catalog.write(chain="a") as connection:
            connection.execute(sa.insert(heads).values(chain="a", sequence=1, digest="d"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_a_change()
    assert chains(catalog) == []
    write_one(location, "a")
    assert chains(catalog) == ["a"]


def test_what_a_constraint_refuses_is_an_error_of_ours(location: Location) -> None:
    catalog = Catalog.open(location)

    def twice() -> None:
        with catalog.write(chain="a") as connection:
            for _ in range(2):
                connection.execute(sa.insert(heads).values(chain="a", sequence=1, digest="d"))

    with pytest.raises(CatalogError, match=r"(?i)refused the change: .*unique") as caught:
        twice()
    assert "nothing was changed" in caught.value.hint
    assert chains(catalog) == []


def test_a_statement_that_is_none_is_an_error_of_ours(location: Location) -> None:
    def ask() -> None:
        with Catalog.open(location).read() as connection:
            connection.exec_driver_sql("SELECT * FROM nowhere")

    with pytest.raises(CatalogError, match="nowhere"):
        ask()


def test_two_reads_in_one_transaction_agree(location: Location) -> None:
    catalog = Catalog.open(location)
    query = sa.select(heads.c.chain)
    with catalog.read() as connection:
        before = connection.execute(query).scalars().all()
        writer = threading.Thread(target=write_one, args=(location, "other"))
        writer.start()
        writer.join(timeout=0.5)  # waits for the reader, or has its own copy
        assert connection.execute(query).scalars().all() == before
    writer.join(timeout=30)
    assert chains(catalog) == ["other"]


def test_a_change_sees_what_the_one_before_it_made(location: Location) -> None:
    catalog = Catalog.open(location)
    write_one(location, "a")

    def count_up(turns: int) -> None:
        for _ in range(turns):
            with catalog.write(chain="a") as connection:
                (now,) = connection.execute(sa.select(heads.c.sequence)).scalars()
                connection.execute(sa.update(heads).values(sequence=now + 1))

    together(count_up, 10)
    with catalog.read() as connection:
        assert connection.execute(sa.select(heads.c.sequence)).scalar() == 1 + 10 * SEVERAL


def test_threads_share_a_catalog_and_no_connection(location: Location) -> None:
    catalog = Catalog.open(location)
    in_use: set[int] = set()

    def read_often(turns: int) -> None:
        for _ in range(turns):
            with catalog.read() as connection:
                mine = id(connection.connection.dbapi_connection)
                assert mine not in in_use
                in_use.add(mine)
                assert (
                    connection.execute(sa.select(sa.func.count()).select_from(heads)).scalar() == 0
                )
                in_use.remove(mine)

    together(read_often, 30)
    assert in_use == set()


def together(task: Callable[[int], None], turns: int) -> None:
    """Let several threads do a task at once; what one of them raises is raised here."""
    with ThreadPoolExecutor(SEVERAL) as pool:
        for done in [pool.submit(task, turns) for _ in range(SEVERAL)]:
            done.result(60)


def test_a_writer_waits_for_another_process(location: Location) -> None:
    with lock_held(location, seconds=1.0):
        started = time.monotonic()
        write_one(location, "mine")
        waited = time.monotonic() - started
    assert waited > 0.3
    assert chains(Catalog.open(location)) == ["mine"]


def test_a_writer_gives_up_with_a_transient_error(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Driver, "busy_seconds", 0.2)
    with (
        lock_held(location, seconds=30),
        pytest.raises(CatalogBusy, match=r"for 0.2 s") as caught,
    ):
        write_one(location, "mine")
    assert caught.value.transient
    assert "nothing was changed" in caught.value.hint
    assert chains(Catalog.open(location)) == []


def test_a_reader_does_not_wait_for_a_writer(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Driver, "busy_seconds", 0.001)
    with lock_held(location, seconds=30):
        assert chains(Catalog.open(location)) == []
        assert chains(Catalog.create(location)) == []


@contextmanager
def lock_held(location: Location, *, seconds: float) -> Iterator[None]:
    """Let another process hold the lock over all chains for some time, or until the block ends."""
    context = multiprocessing.get_context("forkserver")
    holds, ends = context.Event(), context.Event()
    holder = context.Process(target=hold, args=(location, holds, ends, seconds))
    holder.start()
    assert holds.wait(60)
    try:
        yield
    finally:
        ends.set()
        holder.join(60)
        holder.close()


def hold(location: Location, holds: Event, ends: Event, seconds: float) -> None:
    """Hold the lock over all chains, and change nothing."""
    with Catalog.open(location).write():
        holds.set()
        ends.wait(seconds)


def test_letting_go_of_a_catalog_closes_what_it_had_open(location: Location) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    Catalog.open(location)
    gc.collect()  # what other tests left in circles would go in the middle of this one
    before = open_files()
    kept = [Catalog.open(location) for _ in range(5)]
    assert open_files() > before
    kept.clear()
    assert open_files() == before
