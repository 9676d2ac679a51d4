"""Writers in PostgreSQL: those of one chain wait for each other, and no others do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from registry_assets.catalog.driver import Driver
from registry_assets.catalog.engine import Catalog, open_driver
from registry_assets.catalog.tables import heads
from registry_assets.errors import CatalogBusy, CatalogError
from registry_assets_tests.catalog.test_engine import chains


def write_head(catalog: Catalog, chain: str | None, beside: str | None = None) -> None:
    """Make one change."""
    with catalog.write(chain=chain, beside=beside) as connection:
        connection.execute(sa.insert(heads).values(chain=str(chain), sequence=1, digest="d"))


@contextmanager
def held(catalog: Catalog, chain: str | None, beside: str | None = None) -> Iterator[None]:
    """Let another session hold a chain."""
    other = Catalog(open_driver(URLS[catalog]))
    with other.write(chain=chain, beside=beside):
        yield


URLS: dict[Catalog, str] = {}


@pytest.fixture
def busy(postgresql_catalog: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    """A catalog whose writers do not wait long."""
    monkeypatch.setattr(Driver, "busy_seconds", 0.2)
    catalog = Catalog.open(postgresql_catalog)
    URLS[catalog] = postgresql_catalog
    yield catalog
    URLS.clear()


@pytest.mark.parametrize(("one", "other"), [("a", "a"), ("a", None), (None, "a"), (None, None)])
def test_who_waits_too_long_for_a_chain_is_told_so(
    busy: Catalog, one: str | None, other: str | None
) -> None:
    with held(busy, one), pytest.raises(CatalogBusy, match=r"for 0.2 s") as caught:
        write_head(busy, other)
    assert caught.value.transient
    assert "nothing was changed" in caught.value.hint
    write_head(busy, "b")


def test_writers_of_two_chains_do_not_wait_for_each_other(busy: Catalog) -> None:
    with held(busy, "a"):
        write_head(busy, "b")
    assert chains(busy) == ["b"]


def test_what_is_read_beside_a_chain_is_changed_by_nobody_meanwhile(busy: Catalog) -> None:
    with held(busy, "a", beside="r"):
        with pytest.raises(CatalogBusy):
            write_head(busy, "r")
        write_head(busy, "b", beside="r")
    with held(busy, "r"), pytest.raises(CatalogBusy):
        write_head(busy, "a", beside="r")
    write_head(busy, "r")
    assert chains(busy) == ["b", "r"]


def test_two_that_wait_for_each_other_are_parted(postgresql_catalog: str) -> None:
    catalog = Catalog.open(postgresql_catalog)
    for chain in ("a", "b"):
        write_head(catalog, chain)
    barrier, failures = threading.Barrier(2), []

    def cross(first: str, second: str) -> None:
        try:
            with catalog.write(chain=f"own {first}") as connection:
                for number, name in enumerate((first, second)):
                    row = sa.update(heads).where(heads.c.chain == name)
                    connection.execute(row.values(sequence=2))
                    if not number:
                        barrier.wait(10)
        except CatalogBusy as busy:
            failures.append(busy)

    threads = [threading.Thread(target=cross, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(failures) == 1
    assert "deadlock" in failures[0].message


def test_a_change_of_which_a_statement_failed_is_not_reported_as_made(
    postgresql_catalog: str,
) -> None:
    catalog = Catalog.open(postgresql_catalog)

    def swallow() -> None:
        with catalog.write(chain="a") as connection:
            connection.execute(sa.insert(heads).values(chain="a", sequence=1, digest="d"))
            with pytest.raises(sa.exc.DBAPIError):
                connection.exec_driver_sql("SELECT 1/0")

    with pytest.raises(CatalogError, match="a statement of this change had failed"):
        swallow()
    assert chains(catalog) == []
