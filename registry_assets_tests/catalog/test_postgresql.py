"""PostgreSQL: how it is reached, and what is said where it is not."""

import logging
import os
import socket
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry_assets.catalog.engine import Catalog, catalog_exists, has_history
from registry_assets.catalog.tables import heads, metadata
from registry_assets.errors import (
    CatalogError,
    CatalogUnreachable,
    NoRegistry,
    RegistryError,
)
from registry_assets_tests.catalog.test_chains import write_head
from registry_assets_tests.catalog.test_engine import chains
from registry_assets_tests.servers.postgresql import PASSWORD, PostgresServer, changed
from registry_assets_tests.servers.proxy import Proxy


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_spelling_of_the_scheme_leads_there(postgresql_catalog: str, scheme: str) -> None:
    url = scheme + postgresql_catalog.removeprefix("postgresql")
    assert Catalog.open(url).location.startswith("postgresql://")


def test_another_scheme_is_refused() -> None:
    with pytest.raises(NoRegistry, match="mysql://"):
        Catalog.open("mysql://root:secret@host/db")


def test_the_password_comes_by_any_of_the_usual_means(
    postgresql_catalog: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sa.make_url(postgresql_catalog)
    secret, bare = str(url.password), changed(postgresql_catalog, password="")
    with pytest.raises(CatalogError, match="password"):
        Catalog.open(bare)
    with monkeypatch.context() as patch:
        patch.setenv("PGPASSWORD", secret)
        assert Catalog.open(bare).revision()
    passwords = tmp_path / "pgpass"
    passwords.write_text("*:*:*:*:" + secret.replace("\\", "\\\\").replace(":", "\\:") + "\n")
    passwords.chmod(0o600)
    with monkeypatch.context() as patch:
        patch.setenv("PGPASSFILE", str(passwords))
        assert Catalog.open(bare).revision()
    service = tmp_path / "services"
    parts = {"host": url.host, "port": url.port, "dbname": url.database, "user": url.username}
    lines = [f"{key}={value}" for key, value in {**parts, "password": secret}.items()]
    service.write_text("\n".join(["[registry]", *lines, ""]))
    monkeypatch.setenv("PGSERVICEFILE", str(service))
    assert Catalog.open("postgresql://?service=registry").location == (
        "postgresql://?service=registry"
    )
    monkeypatch.setenv("PGSERVICE", "registry")
    assert Catalog.open("postgresql://").revision()


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def silent(url: str) -> str:
    """Let somebody listen who never answers."""
    listener = socket.create_server(("127.0.0.1", 0))
    SILENT.append(listener)
    there = changed(url, host="127.0.0.1", port=listener.getsockname()[1])
    return f"{there}?connect_timeout=2"


SILENT: list[socket.socket] = []
OUT_OF_REACH: dict[str, tuple[Callable[[str], str], type[RegistryError]]] = {
    "a wrong password": (lambda url: changed(url, password="hunter2:@/x"), CatalogError),
    "a database that is not there": (lambda url: changed(url, database="gone"), CatalogError),
    "a port that nobody listens on": (
        lambda url: changed(url, host="127.0.0.1", port=closed_port()),
        CatalogUnreachable,
    ),
    "a host that never answers": (silent, CatalogUnreachable),
    "a port that is no number": (
        lambda url: url.replace(f":{sa.make_url(url).port}/", ":5432x/"),
        NoRegistry,
    ),
    "a password that is not encoded": (
        lambda url: f"postgresql://ann:{PASSWORD}@half@127.0.0.1/db",
        NoRegistry,
    ),
    "an option that there is not": (lambda url: f"{url}?nonsense=1", CatalogError),
    "a password among the parameters": (
        lambda url: changed(url, password="", query={"password": "hunter2:@/x"}),
        CatalogError,
    ),
}


@pytest.mark.parametrize("case", OUT_OF_REACH)
def test_what_cannot_be_reached_is_said_without_the_password(
    postgresql_catalog: str, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    change, kind = OUT_OF_REACH[case]
    url = change(postgresql_catalog)
    with caplog.at_level(logging.DEBUG), pytest.raises(RegistryError) as caught:
        Catalog.open(url)
    while SILENT:
        SILENT.pop().close()
    assert type(caught.value) is kind
    assert caught.value.hint
    said = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
    assert not [secret for secret in SECRETS if secret in said]


SECRETS = (PASSWORD, "hunter2", "not%3A", "%2Fsecret", "half")
"""The passwords used here, as they are and as they are spelled."""


def test_a_password_shows_neither_in_the_location_nor_in_any_repr(postgresql_catalog: str) -> None:
    catalog = Catalog.open(postgresql_catalog)
    with catalog.read() as connection:
        shown = [catalog.location, repr(catalog), repr(connection.engine), repr(connection)]
    assert not [text for text in shown for secret in SECRETS if secret in text]


def test_without_psycopg2_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "registry_assets.catalog.postgresql")
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with pytest.raises(NoRegistry) as caught:
        Catalog.open("postgresql://ann:secret@host/db")
    assert caught.value.hint == 'pip install "registry_assets[postgres]"'
    assert "secret" not in str(caught.value)


def test_a_server_that_is_too_old_is_refused(proxied: tuple[Catalog, Proxy]) -> None:
    catalog, proxy = proxied
    with catalog.read() as connection:
        shown = str(connection.exec_driver_sql("SHOW server_version").scalar())
    says = b"server_version\0"
    proxy.instead[says + shown[:2].encode()] = says + b"12"
    catalog.driver.pool.close()
    with pytest.raises(CatalogError, match="is PostgreSQL 12; this release needs 13 or newer"):
        catalog.revision()


def test_a_database_that_cannot_hold_every_text_is_refused(
    postgresql: PostgresServer, postgresql_catalog: str
) -> None:
    postgresql.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    url = changed(postgresql_catalog, database="latin")
    with pytest.raises(CatalogError, match="encoded in LATIN1"):
        Catalog.create(url)
    postgresql.drop(url)


def test_a_database_without_a_catalog_is_told_from_one_with(postgresql: PostgresServer) -> None:
    url = postgresql.database()
    with pytest.raises(NoRegistry, match="there is no catalog at postgresql://"):
        Catalog.open(url)
    assert not catalog_exists(url)
    assert has_history(url) is None
    write_head(Catalog.create(url), "a")
    assert catalog_exists(url)
    assert has_history(url) is False
    postgresql.drop(url)


def test_two_registries_share_a_database_in_schemas_of_their_own(
    postgresql: PostgresServer, postgresql_catalog: str
) -> None:
    other = f"{postgresql_catalog}?options=-csearch_path%3Dother"
    with pytest.raises(CatalogError, match="no schema to work in"):
        Catalog.open(other)
    postgresql.execute("CREATE SCHEMA other", database=postgresql_catalog)
    first, second = Catalog.open(postgresql_catalog), Catalog.create(other)
    with first.write() as connection:
        write_head(second, "a")  # under no lock of the first
        assert connection.execute(sa.select(heads)).all() == []
    assert (chains(first), chains(second)) == ([], ["a"])


def test_every_text_is_compared_by_its_bytes(postgresql_catalog: str) -> None:
    texts = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, sa.Text)
    }
    with Catalog.open(postgresql_catalog).read() as connection:
        found = connection.execute(
            sa.text(
                "SELECT table_name, column_name, collation_name FROM information_schema.columns"
                " WHERE table_schema = current_schema() AND data_type = 'text'"
            )
        )
        assert {tuple(row) for row in found} == {(*text, "C") for text in texts}


def test_a_role_that_may_only_read_reads(
    postgresql: PostgresServer, postgresql_catalog: str
) -> None:
    name = f"reader_{os.getpid()}"
    for statement in (
        f"CREATE ROLE {name} LOGIN PASSWORD 'r'",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}",
    ):
        postgresql.execute(statement, database=postgresql_catalog)
    reader = Catalog.open(changed(postgresql_catalog, username=name, password="r"))
    assert chains(reader) == []
    with pytest.raises(CatalogError, match="permission denied") as caught:
        write_head(reader, "a")
    assert not caught.value.transient
    postgresql.drop(postgresql_catalog)
    postgresql.execute(f"DROP ROLE {name}")


def test_a_commit_waits_for_the_disk_whatever_the_server_is_told(
    postgresql: PostgresServer, postgresql_catalog: str
) -> None:
    name = sa.make_url(postgresql_catalog).database
    postgresql.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    show = "SHOW synchronous_commit"
    catalog = Catalog.open(postgresql_catalog)
    with catalog.read() as connection:
        assert connection.exec_driver_sql(show).scalar() == "off"
    with catalog.write(chain="a") as connection:
        assert connection.exec_driver_sql(show).scalar() == "on"
