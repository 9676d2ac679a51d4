"""Hold the index against the rows it is derived from; nothing vouches for it besides."""

import json
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog.index_tables import (
    indexed_evaluations,
    indexed_models,
    indexed_versions,
    number_terms,
    text_terms,
)
from registry_assets.catalog.indexing import typed_terms, version_entry
from registry_assets.catalog.tables import evaluations, registered_models, versions
from registry_assets.errors import RegistryError
from registry_assets.lifecycle.auditing import Findings

_LOST = "is in the catalog and not in the index"
_EXTRA = "is in the index and not in the catalog"
_DIFFERS = "is in the index as something else than the rows make it"


def check_index(connection: sa.Connection, found: Findings) -> None:
    """Note every model, version and evaluation of which the index is not what it should be."""
    models = _keys(connection, registered_models, "name")
    versions_there = _keys(connection, versions, "model", "number")
    evaluated = _keys(connection, evaluations, "id", "model", "version", "digest")
    _compare("model", models, _keys(connection, indexed_models, "name"), found)
    indexed = _keys(connection, indexed_versions, "model", "number")
    _compare("version", versions_there, indexed, found)
    columns = ("id", "model", "version", "digest")
    _compare("evaluation", evaluated, _keys(connection, indexed_evaluations, *columns), found)
    for model, number in sorted(versions_there & indexed, key=repr):
        _check_version(connection, str(model), int(number), found)


def _keys(connection: sa.Connection, table: sa.Table, *columns: str) -> set[tuple[Any, ...]]:
    rows = connection.execute(sa.select(*(table.c[name] for name in columns)))
    return {tuple(row) for row in rows}


def _compare(
    what: str, rows: set[tuple[Any, ...]], indexed: set[tuple[Any, ...]], found: Findings
) -> None:
    for key in sorted(rows - indexed, key=repr):
        _note(f"{what} {', '.join(map(str, key))}", _LOST, found)
    for key in sorted(indexed - rows, key=repr):
        _note(f"{what} {', '.join(map(str, key))}", _EXTRA, found)


def _check_version(connection: sa.Connection, model: str, number: int, found: Findings) -> None:
    try:
        values, terms = version_entry(connection, model, number)
    except (ValueError, KeyError, TypeError, RegistryError, sa.exc.NoResultFound):
        return  # its row was changed, and is named for that
    table = indexed_versions
    row = connection.execute(
        sa.select(table).where(table.c.model == model, table.c.number == number)
    ).one_or_none()
    where, touches = f"version {model}, {number}", (f"{model}:{number}",)
    if row is None:  # in the table, and not found by its key: the file is damaged
        _note(where, _LOST, found, touches=touches)
        return
    try:
        measured = {f"metrics.{name}": value for name, value in json.loads(row.metrics).items()}
    except (ValueError, TypeError, AttributeError):
        _note(where, _DIFFERS, found, touches=touches)
        return
    wanted = {(kept.name, name, value) for kept, name, value in typed_terms({**terms, **measured})}
    there = {
        (kept.name, found_term.name, found_term.value)
        for kept in (text_terms, number_terms)
        for found_term in connection.execute(
            sa.select(kept.c.name, kept.c.value).where(
                kept.c.entity == "version", kept.c.id == row.id
            )
        )
    }
    as_it_is = {name: getattr(row, name) for name in values}
    if as_it_is != values or there != wanted:
        _note(where, _DIFFERS, found, touches=touches)


def _note(subject: str, said: str, found: Findings, *, touches: tuple[str, ...] = ()) -> None:
    sentence = f"{subject} {said}; `registry rebuild` makes the index anew"
    found.add("index_differs", subject, sentence, touches)
