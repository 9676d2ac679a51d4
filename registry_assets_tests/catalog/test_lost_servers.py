"""A PostgreSQL that is lost: before a commit nothing was changed, at one it is not known."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.ledger import read_head
from registry_assets.catalog.tables import heads
from registry_assets.catalog.versions import reserve
from registry_assets.clock import system_clock
from registry_assets.errors import CatalogUnreachable, OutcomeUnknown
from registry_assets_tests.catalog.history import MODEL, lived_in, recipe, reopened
from registry_assets_tests.catalog.projects import PostgresDatabases, Project
from registry_assets_tests.catalog.test_chains import write_head
from registry_assets_tests.catalog.test_engine import chains
from registry_assets_tests.servers.postgresql import PostgresServer, changed
from registry_assets_tests.servers.proxy import Proxy, proxy_to

COMMIT = b"COMMIT\0"


def test_a_session_ended_before_the_commit_has_changed_nothing(
    postgresql: PostgresServer, postgresql_catalog: str
) -> None:
    catalog = Catalog.open(postgresql_catalog)

    def change() -> None:
        with catalog.write(chain="a") as connection:
            connection.execute(sa.insert(heads).values(chain="a", sequence=1, digest="d"))
            postgresql.disconnect(postgresql_catalog)
            connection.execute(sa.insert(heads).values(chain="b", sequence=1, digest="d"))

    with pytest.raises(CatalogUnreachable, match="was lost") as caught:
        change()
    assert caught.value.transient
    assert "nothing was changed" in caught.value.hint
    assert chains(catalog) == []
    write_head(catalog, "a")


def test_a_reader_whose_session_ends_is_told_and_the_next_one_reads(
    postgresql: PostgresServer, postgresql_catalog: str
) -> None:
    catalog = Catalog.open(postgresql_catalog)

    def look_twice() -> None:
        with catalog.read() as connection:
            connection.execute(sa.select(heads)).all()
            postgresql.disconnect(postgresql_catalog)
            connection.execute(sa.select(heads)).all()

    with pytest.raises(CatalogUnreachable):
        look_twice()
    assert chains(catalog) == []


def test_what_was_read_counts_even_if_the_server_is_gone_by_then(
    postgresql: PostgresServer, postgresql_catalog: str
) -> None:
    catalog = Catalog.open(postgresql_catalog)
    with catalog.read() as connection:
        found = connection.execute(sa.select(heads)).all()
        postgresql.disconnect(postgresql_catalog)
    assert found == []


def test_a_server_restarted_between_two_calls_costs_neither_of_them(
    postgresql: PostgresServer, postgresql_catalog: str
) -> None:
    catalog = Catalog.open(postgresql_catalog)
    write_head(catalog, "a")
    postgresql.restart(postgresql_catalog)
    assert chains(catalog) == ["a"]
    postgresql.restart(postgresql_catalog)
    write_head(catalog, "b")
    assert chains(catalog) == ["a", "b"]


def test_a_connection_that_died_unnoticed_costs_a_writer_nothing(
    proxied: tuple[Catalog, Proxy],
) -> None:
    catalog, proxy = proxied
    write_head(catalog, "a")
    proxy.cut_before = b"BEGIN"  # as if the other end had been gone before this
    with pytest.raises(CatalogUnreachable):
        write_head(catalog, "b")
    assert proxy.cuts == 2  # the old connection, and the new one in its place
    proxy.once = True
    write_head(catalog, "a2")
    assert proxy.cuts == 3
    assert chains(catalog) == ["a", "a2"]


@pytest.mark.parametrize("done", [False, True])
def test_a_connection_cut_at_the_commit_leaves_the_outcome_open(
    proxied: tuple[Catalog, Proxy], *, done: bool
) -> None:
    catalog, proxy = proxied
    if done:
        proxy.cut_after = COMMIT
    else:
        proxy.cut_before = COMMIT
    with pytest.raises(OutcomeUnknown, match="failed while it committed") as caught:
        write_head(catalog, "a")
    assert caught.value.transient
    assert proxy.cuts == 1
    proxy.cut_before = proxy.cut_after = b""
    assert chains(catalog) == (["a"] if done else [])


@pytest.mark.parametrize("done", [False, True])
def test_repeating_what_was_cut_at_the_commit_gives_the_one_true_answer(
    postgresql: PostgresServer, tmp_path: Path, *, done: bool
) -> None:
    project = PostgresDatabases(postgresql).project(tmp_path / "project")
    with project.settings():
        lived_in(project.folder)
    url = sa.make_url(project.url)
    with proxy_to(str(url.host), int(url.port or 5432)) as proxy:
        through = Project(project.folder, changed(project.url, host="127.0.0.1", port=proxy.port))
        with through.settings():
            history = reopened(project.folder)
            with history.catalog.read() as connection:
                before = read_head(connection, MODEL)
            proxy.cut_after, proxy.cut_before = (COMMIT, b"") if done else (b"", COMMIT)
            with pytest.raises(OutcomeUnknown):
                ask(history.catalog)
            proxy.cut_after = proxy.cut_before = b""
            assert ask(history.catalog) == ask(history.catalog) == 4
            with history.catalog.read() as connection:
                assert read_head(connection, MODEL).sequence == before.sequence + 1
            assert history.registry.verify().problems == ()
    postgresql.drop(project.url)


def ask(catalog: Catalog) -> int:
    """Ask for a number, always in the same request."""
    found = reserve(
        catalog,
        recipe(77),
        request="the one",
        trigger="manual",
        actor="ann",
        reason="",
        clock=system_clock,
    )
    return found.version.number
