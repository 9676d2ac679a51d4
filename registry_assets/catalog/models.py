"""Registered models: the named lines of versions, as they were last declared."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.catalog import statements
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.ledger import REGISTRY, Change, change
from registry_assets.catalog.stored import read_json
from registry_assets.catalog.tables import pointers as pointer_rows
from registry_assets.catalog.tables import registered_models
from registry_assets.clock import Clock
from registry_assets.declaration import pointers as declared_pointers
from registry_assets.errors import NotFound

PRODUCTION = declared_pointers.PRODUCTION
_NEARBY = 200
_LISTED = 20

PolicyRule = Callable[[Mapping[str, Any] | None], dict[str, Json]]
Declared = Callable[[Mapping[str, Any] | None], dict[str, str]]


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """One registered model as the catalog knows it, whether or not code still declares it."""

    name: str
    description: str
    task: str
    owners: tuple[str, ...]
    tags: Mapping[str, str]
    suite: Mapping[str, Any]
    suite_digest: str
    policy: Mapping[str, Any]
    policy_digest: str
    created_at: str

    @property
    def headline(self) -> str:
        """The metric shown first."""
        return str(self.suite["evaluation"]["metrics"][0])


def get_model(connection: sa.Connection, name: str) -> ModelRecord:
    """Give one model.

    Raises:
        NotFound: with the nearest name there is.
    """
    table = registered_models
    row = statements.find(connection, table, name=name).one_or_none()
    if row is None:
        near = near_names(connection, name)
        hint = f"did you mean {near[0]}?" if near else _listed(connection)
        raise NotFound(f"no registered model is called {name!r}", hint=hint)
    return _record(row)


def list_models(
    connection: sa.Connection, *, after: str = "", limit: int | None = None
) -> tuple[ModelRecord, ...]:
    """Give every model, by name.

    Args:
        after: only the names that come after this one.
        limit: at most so many.
    """
    table = registered_models
    query = sa.select(table).where(table.c.name > after).order_by(table.c.name).limit(limit)
    return tuple(_record(row) for row in connection.execute(query))


def near_names(connection: sa.Connection, name: str) -> list[str]:
    """Give the model's name that was meant by a mistyped one, if any is near.

    Looked for among those that stand close to it by the alphabet, for there may be 10,000.
    """
    column = registered_models.c.name
    upward = sa.select(column).where(column >= name).order_by(column).limit(_NEARBY)
    downward = sa.select(column).where(column < name).order_by(column.desc()).limit(_NEARBY)
    known = [found for query in (downward, upward) for found in connection.execute(query).scalars()]
    return difflib.get_close_matches(name, known, n=1)


def _listed(connection: sa.Connection) -> str:
    column = registered_models.c.name
    query = sa.select(column).order_by(column).limit(_LISTED + 1)
    known = list(connection.execute(query).scalars())
    if not known:
        return "none was ever declared"
    more = "" if len(known) <= _LISTED else " and more: `registry models` lists them"
    return f"there are: {', '.join(known[:_LISTED])}{more}"


def declare(
    catalog: Catalog,
    *,
    name: str,
    description: str,
    task: str,
    owners: tuple[str, ...],
    tags: Mapping[str, str],
    suite: dict[str, Json],
    policy: PolicyRule,
    actor: str,
    clock: Clock,
    pointers: Sequence[str] = (PRODUCTION,),
) -> ModelRecord:
    """Record a declaration: a new model with its empty pointers, or what changed in one.

    Args:
        policy: gives the policy in force after this declaration from the one before it, None
            for a new model. Asked again under the write lock, so that of two declarations at
            once neither loses what the other made stricter.
        pointers: those that it must have. One that was declared before stays: it may hold a
            version, and has a history.
    """

    def declared(before: Mapping[str, Any] | None) -> dict[str, str]:
        in_force = policy(None if before is None else _read(before["policy"], name))
        return {
            "description": description,
            "task": task,
            "owners": _text(list(owners)),
            "tags": _text(dict(tags)),
            "suite": _text(suite),
            "suite_digest": sha256_digest(canonical_json(suite)),
            "policy": _text(in_force),
            "policy_digest": sha256_digest(canonical_json(in_force)),
        }

    with catalog.read() as connection:
        known, lacking = _row(connection, name), _lacking(connection, name, pointers)
    # Another process may declare the same name meanwhile: what it wrote is looked at again
    # under the write lock, and then from the start.
    if known is None:
        _create(catalog, name, declared, pointers, actor=actor, clock=clock)
        with catalog.read() as connection:
            known, lacking = _row(connection, name), _lacking(connection, name, pointers)
    if known is not None and (lacking or _changed(known, declared(known))):
        _change(catalog, name, declared, pointers, actor=actor, clock=clock)
    with catalog.read() as connection:
        return get_model(connection, name)


def _create(
    catalog: Catalog,
    name: str,
    declared: Declared,
    pointers: Sequence[str],
    *,
    actor: str,
    clock: Clock,
) -> None:
    with change(catalog, chain=REGISTRY, kind="model_declared", actor=actor, clock=clock) as draft:
        if _row(draft.connection, name) is not None:
            return
        created = draft.effective_at
        draft.insert(
            registered_models, name=name, next_version=1, created_at=created, **declared(None)
        )
        _add_pointers(draft, name, pointers)
        draft.sentence = f"{name} was declared"


def _change(
    catalog: Catalog,
    name: str,
    declared: Declared,
    pointers: Sequence[str],
    *,
    actor: str,
    clock: Clock,
) -> None:
    with change(catalog, chain=name, kind="declaration_changed", actor=actor, clock=clock) as draft:
        before = _row(draft.connection, name)
        assert before is not None
        after = declared(before)
        changed, lacking = _changed(before, after), _lacking(draft.connection, name, pointers)
        said = [*changed, *(f"the pointer {pointer} is new" for pointer in lacking)]
        if not said:
            return
        if changed:
            draft.update(registered_models, {"name": name}, **after)
        _add_pointers(draft, name, lacking)
        draft.sentence = f"the declaration of {name} changed: {', '.join(said)}"
        draft.facts = {"changed": [*changed]}
        if lacking:
            draft.facts["pointers"] = [*lacking]


def _add_pointers(draft: Change, model: str, names: Sequence[str]) -> None:
    for name in names:
        draft.insert(pointer_rows, model=model, name=name, generation=0)


def _lacking(connection: sa.Connection, model: str, pointers: Sequence[str]) -> list[str]:
    """Name the pointers that are declared and not there yet, in the order of the declaration."""
    there = set(statements.find(connection, pointer_rows, "name", model=model).scalars())
    return [pointer for pointer in pointers if pointer not in there]


def _changed(before: Mapping[str, Any], declared: Mapping[str, str]) -> list[str]:
    """Name what differs, by what people wrote: a digest only repeats it."""
    differing = (key for key, value in declared.items() if before[key] != value)
    return sorted(key for key in differing if not key.endswith("_digest"))


def _row(connection: sa.Connection, name: str) -> Mapping[str, Any] | None:
    row = statements.find(connection, registered_models, name=name).mappings().one_or_none()
    return None if row is None else dict(row)


def _text(value: Json) -> str:
    return canonical_json(value).decode()


def _read(text: str, name: str) -> Any:
    return read_json(text, where=f"the declaration of {name}")


def _record(row: sa.Row[Any]) -> ModelRecord:
    def read(text: str) -> Any:
        return _read(text, row.name)

    return ModelRecord(
        name=row.name,
        description=row.description,
        task=row.task,
        owners=tuple(read(row.owners)),
        tags=read(row.tags),
        suite=read(row.suite),
        suite_digest=row.suite_digest,
        policy=read(row.policy),
        policy_digest=row.policy_digest,
        created_at=row.created_at,
    )
