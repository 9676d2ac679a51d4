"""What a database is set to, held against what the catalog's promises need of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.catalog.monitoring_tables import POST
from registry_assets.catalog.tables import VOUCHED, events

_QUICKLY_CHECKED = 256 * 2**20
"""Bytes: a catalog of 1.3 GB that was not in memory took 47 s."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; `mend` says what to do where it is not as needed, and is empty where it is."""

    name: str
    value: str
    mend: str = ""


def read_settings(connection: sa.Connection) -> tuple[Setting, ...]:
    """Give the settings that durability and integrity rest on, as they are for this connection."""
    read = _sqlite if connection.dialect.name == "sqlite" else _postgresql
    return tuple(read(connection))


def _sqlite(connection: sa.Connection) -> Iterator[Setting]:
    def pragma(name: str) -> str:
        return str(connection.exec_driver_sql(f"PRAGMA {name}").scalar()).lower()

    yield Setting("SQLite", str(connection.exec_driver_sql("SELECT sqlite_version()").scalar()))
    journal, synchronous = pragma("journal_mode"), pragma("synchronous")
    durable = (journal, synchronous) in (("wal", "2"), ("wal", "3"), ("delete", "3"))
    yield Setting(
        "journal_mode, synchronous",
        f"{journal}, {synchronous}",
        # WAL with NORMAL and DELETE with FULL each lost acknowledged commits in a power cut.
        ""
        if durable
        else "acknowledged changes may be lost in a power cut: make the catalog's"
        " file and folder writable, and close what else has it open",
    )
    kept = pragma("foreign_keys")
    yield Setting("foreign_keys", kept, "" if kept == "1" else "this is a defect: report it")
    size = int(pragma("page_count")) * int(pragma("page_size"))
    if size > _QUICKLY_CHECKED:
        said = f"left out at {size / 2**20:,.0f} MiB: `registry verify` reads all of it"
        yield Setting("quick_check", said)
        return
    page_problems = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    broken = "" if page_problems == "ok" else "the file is damaged: restore it from a backup"
    yield Setting("quick_check", str(page_problems), broken)


def _postgresql(connection: sa.Connection) -> Iterator[Setting]:
    def show(name: str) -> str:
        return str(connection.execute(sa.text(f"SHOW {name}")).scalar())

    yield Setting("PostgreSQL", show("server_version"))
    who = connection.execute(sa.text("SELECT current_user, current_schema()")).one()
    yield Setting("role, schema", f"{who[0]}, {who[1]}")
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        value = show(name)
        yield Setting(
            name,
            value,
            f"acknowledged changes may be lost: set {name} = on" if value == "off" else "",
        )
    may = _privileges(connection)
    lacking = [verb for verb, tables in may.items() if tables]
    yield Setting(
        "privileges",
        "read and write" if not lacking else f"may not {', '.join(lacking)} everywhere",
        "; ".join(f"{verb}: not on {', '.join(tables)}" for verb, tables in may.items() if tables),
    )


def _privileges(connection: sa.Connection) -> dict[str, list[str]]:
    """Give the tables on which this role lacks a privilege, by privilege."""
    lacking: dict[str, list[str]] = {"SELECT": [], "INSERT": []}
    for verb, tables in lacking.items():
        for table in (*VOUCHED, *POST, events):
            allowed = connection.execute(
                sa.text("SELECT has_table_privilege(:table, :verb)"),
                {"table": table.name, "verb": verb},
            ).scalar()
            if not allowed:
                tables.append(table.name)
    return lacking
