"""Registered models: the named lines of versions, as they were last declared."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog import statements
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.ledger import REGISTRY, change
from registry_assets.catalog.stored import read_json
from registry_assets.catalog.tables import pointers, registered_models
from registry_assets.clock import Clock
from registry_assets.errors import NotFound
from registry_assets.manifest import Json, canonical_json, sha256_digest

PRODUCTION = "production"

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
        known = list(connection.execute(sa.select(table.c.name).order_by("name")).scalars())
        near = difflib.get_close_matches(name, known, n=1)
        listed = f"there are: {', '.join(known)}" if known else "none was ever declared"
        hint = f"did you mean {near[0]}?" if near else listed
        raise NotFound(f"no registered model is called {name!r}", hint=hint)
    return _record(row)


def list_models(connection: sa.Connection) -> tuple[ModelRecord, ...]:
    """Give every model, by name."""
    rows = connection.execute(sa.select(registered_models).order_by("name"))
    return tuple(_record(row) for row in rows)


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
) -> ModelRecord:
    """Record a declaration: a new model with its empty pointer, or what changed in one.

    Args:
        policy: gives the policy in force after this declaration from the one before it, None
            for a new model. Asked again under the write lock, so that of two declarations at
            once neither loses what the other made stricter.
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
        known = _row(connection, name)
    # Another process may declare the same name meanwhile: what it wrote is looked at again
    # under the write lock, and then from the start.
    if known is None:
        _create(catalog, name, declared, actor=actor, clock=clock)
        with catalog.read() as connection:
            known = _row(connection, name)
    if known is not None and _changed(known, declared(known)):
        _change(catalog, name, declared, actor=actor, clock=clock)
    with catalog.read() as connection:
        return get_model(connection, name)


def _create(catalog: Catalog, name: str, declared: Declared, *, actor: str, clock: Clock) -> None:
    with change(catalog, chain=REGISTRY, kind="model_declared", actor=actor, clock=clock) as draft:
        if _row(draft.connection, name) is not None:
            return
        created = draft.effective_at
        draft.insert(
            registered_models, name=name, next_version=1, created_at=created, **declared(None)
        )
        draft.insert(pointers, model=name, name=PRODUCTION, generation=0)
        draft.sentence = f"{name} was declared"


def _change(catalog: Catalog, name: str, declared: Declared, *, actor: str, clock: Clock) -> None:
    with change(catalog, chain=name, kind="declaration_changed", actor=actor, clock=clock) as draft:
        before = _row(draft.connection, name)
        assert before is not None
        after = declared(before)
        changed = _changed(before, after)
        if not changed:
            return
        draft.update(registered_models, {"name": name}, **after)
        draft.sentence = f"the declaration of {name} changed: {', '.join(changed)}"
        draft.facts = {"changed": list(changed)}


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
