"""The index: what searches, stages and lineage questions go by, derived from the rows.

Kept up inside the transaction of every change: `ledger.change` hands over the rows that it
wrote, and what is derived from them is written anew. So nothing can forget it, and a search
sees what a read of the rows would. It can be made again at any time: `lifecycle.reindexing`.

A term is what can be asked about by name: `tags.team`, `params.max_iter`, `metrics.roc_auc`.
Text and numbers are different types, and stand in different tables; a truth value is the
text `true` or `false` under a name that ends in `?`.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog import statements
from registry_assets.catalog.index_tables import (
    edges,
    indexed_evaluations,
    indexed_models,
    indexed_versions,
    number_terms,
    text_terms,
)
from registry_assets.catalog.tables import (
    descriptions,
    evaluations,
    marks,
    pointers,
    promotions,
    registered_models,
    tags,
    verdicts,
    versions,
)
from registry_assets.manifest import Parent

Stage = Literal["development", "staging", "production", "archived", "rejected", "failed"]
Entity = Literal["model", "version", "evaluation"]
Touched = tuple[str, Mapping[str, Any]]
"""A row that was written: its table, and its primary key."""

LONGEST_TERM = 500
"""Characters of a text that can be asked about: PostgreSQL indexes no value beyond 2,700 bytes."""

OF_THE_MODEL = 0
"""The number under which words about the model itself stand, not about a version."""

_KEPT_OF_EVALUATIONS = ("id", "model", "version", "digest", "suite_digest", "created_at")
_PASSED: Mapping[bool | None, str] = {True: "yes", False: "no", None: "unknown"}
_STAGE_OF: Mapping[str, Stage] = {"yes": "staging", "no": "rejected", "unknown": "development"}

_NO_METRICS = sa.delete(number_terms).where(
    number_terms.c.entity == "version",
    number_terms.c.id == sa.bindparam("of"),
    number_terms.c.name >= "metrics.",
    number_terms.c.name < "metrics/",  # the character after the full stop
)
_NO_GATES = sa.delete(text_terms).where(
    text_terms.c.entity == "evaluation",
    text_terms.c.id == sa.bindparam("of"),
    text_terms.c.name >= "gates.",
    text_terms.c.name < "gates/",
)
_PASSED_UNDER_THE_SUITE = (
    sa.select(indexed_evaluations.c.passed)
    .where(
        indexed_evaluations.c.model == sa.bindparam("of"),
        indexed_evaluations.c.version == sa.bindparam("at"),
        indexed_evaluations.c.suite_digest
        == sa.select(registered_models.c.suite_digest)
        .where(registered_models.c.name == sa.bindparam("of"))
        .scalar_subquery(),
    )
    .order_by(indexed_evaluations.c.id.desc())
    .limit(1)
)


def refresh(connection: sa.Connection, touched: Iterable[Touched]) -> None:
    """Bring the index up to these rows, which this transaction has written."""
    models: set[str] = set()
    numbers: set[tuple[str, int]] = set()
    stages: set[tuple[str, int]] = set()
    for table, key in touched:
        match table:
            case "registered_models":
                models.add(key["name"])
            case "versions" | "tags" | "descriptions":
                numbers.add((key["model"], key["number"]))
            case "marks":
                stages.add((key["model"], key["number"]))
            case "promotions":
                stages |= _moved(connection, key)
            case _:
                pass  # evaluations: `add_evaluation`, which knows whether it passed
    models |= {model for model, number in numbers if number == OF_THE_MODEL}
    for model in models:
        _index_model(connection, model)
    for model, number in numbers:
        if number != OF_THE_MODEL:
            index_version(connection, model, number)
    for model, number in stages - numbers:
        _restage(connection, model, number)


def version_entry(
    connection: sa.Connection, model: str, number: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what the index holds of a version: its row, and its terms but those of metrics."""
    row = statements.find(connection, versions, model=model, number=number).one()
    facts: Mapping[str, Any] = json.loads(row.metadata or "{}")
    shown = effective_tags(connection, model, number, facts.get("tags", {}))
    values = {
        "state": row.state,
        "stage": derive_stage(connection, model, number, state=row.state),
        "digest": row.digest,
        "description": edited_description(connection, model, number),
        "tags": _text(shown),
        "code_commit": facts.get("code_commit"),
        "actor": row.actor,
        "created_at": row.reserved_at,
    }
    params: Mapping[str, Any] = json.loads(json.loads(row.recipe)["params"])
    terms: dict[str, Any] = {
        **{f"tags.{name}": value for name, value in shown.items()},
        **{f"params.{name}": value for name, value in params.items()},
        **{f"properties.{name}": value for name, value in facts.get("properties", {}).items()},
        "owner": list(facts.get("owners", ())),
    }
    return values, terms


def index_version(connection: sa.Connection, model: str, number: int) -> None:
    """Write a version's row and its terms anew."""
    values, terms = version_entry(connection, model, number)
    created = values["created_at"]
    table = indexed_versions
    key = {"model": model, "number": number}
    found = statements.find(connection, table, "id", "metrics", **key).one_or_none()
    if found is None:
        row = {**key, "metrics": "{}", **values}
        (made,) = statements.insert(connection, table, row)
        _add_terms(connection, "version", made, terms, created)
        return
    statements.update(connection, table, {"id": found.id}, values)
    measured = {f"metrics.{name}": value for name, value in json.loads(found.metrics).items()}
    _replace_terms(connection, "version", found.id, {**terms, **measured}, created)


def add_evaluation(
    connection: sa.Connection, evaluation: int, *, passed: bool | None, parents: Iterable[Parent]
) -> None:
    """Index an evaluation, the newest of its version, and judge the version's stage anew.

    Args:
        passed: whether every gate did: None where it is not known.
    """
    row = statements.find(connection, evaluations, id=evaluation).one()
    values = {
        name: found["value"]
        for name, found in json.loads(row.metrics).items()
        if _is_number(found.get("value"))
    }
    indexed = {
        **{name: getattr(row, name) for name in _KEPT_OF_EVALUATIONS},
        "passed": _PASSED[passed],
        "metrics": _text(values),
    }
    statements.insert(connection, indexed_evaluations, indexed)
    measured = {f"metrics.{name}": value for name, value in values.items()}
    terms = {**measured, **_gate_terms(connection, row)}
    _add_terms(connection, "evaluation", row.id, terms, row.created_at)
    add_edges(connection, row.digest, parents)
    table = indexed_versions
    key = {"model": row.model, "number": row.version}
    version = statements.find(connection, table, "id", "created_at", **key).one()
    statements.update(connection, table, {"id": version.id}, {"metrics": _text(values)})
    connection.execute(_NO_METRICS, {"of": version.id})
    _add_terms(connection, "version", version.id, measured, version.created_at)
    _restage(connection, row.model, row.version)


def judge_again(connection: sa.Connection, evaluation: int, *, passed: bool | None) -> None:
    """Bring an evaluation, and its version's stage, up to a verdict that came after it."""
    row = statements.find(connection, evaluations, id=evaluation).one()
    statements.update(
        connection, indexed_evaluations, {"id": evaluation}, {"passed": _PASSED[passed]}
    )
    connection.execute(_NO_GATES, {"of": evaluation})
    terms = _gate_terms(connection, row)
    _add_terms(connection, "evaluation", evaluation, terms, row.created_at)
    _restage(connection, row.model, row.version)


def add_edges(connection: sa.Connection, child: str, parents: Iterable[Parent]) -> None:
    """Index what a manifest was made from; what is known already stays as it is."""
    wanted = {(parent.role, parent.digest) for parent in parents}
    if not wanted:
        return
    found = statements.find(connection, edges, "role", "parent", child=child)
    known = {(row.role, row.parent) for row in found}
    rows = [
        {"child": child, "role": role, "parent": parent} for role, parent in sorted(wanted - known)
    ]
    statements.insert_all(connection, edges, rows)


def derive_stage(connection: sa.Connection, model: str, number: int, *, state: str) -> Stage:
    """Derive a version's stage from the rows as they stand: it is never kept as a truth."""
    if state == "failed":
        return "failed"
    if _there_is(connection, pointers, model=model, version=number):
        return "production"
    mark = statements.find(connection, marks, "mark", model=model, number=number).scalar()
    if mark in ("archived", "rejected"):
        return "archived" if mark == "archived" else "rejected"
    if _there_is(connection, promotions, model=model, version=number):
        return "archived"
    if state != "committed":
        return "development"
    asked = {"of": model, "at": number}
    passed = statements.select(connection, _PASSED_UNDER_THE_SUITE, asked).scalar()
    return _STAGE_OF[passed or "unknown"]


def _index_model(connection: sa.Connection, model: str) -> None:
    row = statements.find(connection, registered_models, name=model).one()
    risk = str(json.loads(row.policy).get("risk", ""))
    shown = effective_tags(connection, model, OF_THE_MODEL, json.loads(row.tags))
    values = {
        "task": row.task,
        "risk": risk,
        "description": edited_description(connection, model, OF_THE_MODEL) or row.description,
        "tags": _text(shown),
        "created_at": row.created_at,
    }
    terms = {f"tags.{name}": value for name, value in shown.items()}
    terms["owner"] = json.loads(row.owners)
    table = indexed_models
    found = statements.find(connection, table, "id", name=model).scalar()
    if found is None:
        new = {"name": model, **values}
        (made,) = statements.insert(connection, table, new)
        _add_terms(connection, "model", made, terms, row.created_at)
        return
    statements.update(connection, table, {"id": found}, values)
    _replace_terms(connection, "model", found, terms, row.created_at)
    _restage_waiting(connection, model, row.suite_digest)


def _restage(connection: sa.Connection, model: str, number: int) -> None:
    key = {"model": model, "number": number}
    state = statements.find(connection, versions, "state", **key).scalar_one()
    stage = derive_stage(connection, model, number, state=state)
    statements.update(connection, indexed_versions, key, {"stage": stage})


def _restage_waiting(connection: sa.Connection, model: str, suite_digest: str) -> None:
    """Judge the versions on their way by the suite in force: another one asks other things.

    In one statement, for a model may have 100,000 of them.
    """
    found, marked = indexed_evaluations, sa.alias(marks)
    passed = (
        sa.select(found.c.passed)
        .where(
            found.c.model == model,
            found.c.version == indexed_versions.c.number,
            found.c.suite_digest == suite_digest,
        )
        .order_by(found.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rejected_by_hand = (
        sa.select(sa.literal(1))
        .where(
            marked.c.model == model,
            marked.c.number == indexed_versions.c.number,
            marked.c.mark == "rejected",
        )
        .exists()
    )
    connection.execute(
        sa.update(indexed_versions)
        .where(
            indexed_versions.c.model == model,
            indexed_versions.c.stage.in_(list(_STAGE_OF.values())),
            ~rejected_by_hand,
        )
        .values(stage=sa.case(dict(_STAGE_OF), value=passed, else_="development"))
    )


def _moved(connection: sa.Connection, key: Mapping[str, Any]) -> set[tuple[str, int]]:
    """Give the versions that a promotion concerns: the one that came, the one that went."""
    row = statements.find(connection, promotions, "version", "from_version", **key).one()
    return {(key["model"], number) for number in row if number is not None}


def effective_tags(
    connection: sa.Connection, model: str, number: int, declared: Mapping[str, str]
) -> dict[str, str]:
    """Give the tags that hold: the declared ones, with what people changed in them."""
    said = statements.find(connection, tags, "name", "value", model=model, number=number)
    together = {**declared, **{row.name: row.value for row in said}}
    return {name: value for name, value in sorted(together.items()) if value is not None}


def edited_description(connection: sa.Connection, model: str, number: int) -> str:
    """Give what people made of a description; empty where it is as declared."""
    found = statements.find(connection, descriptions, "text", model=model, number=number)
    return str(found.scalar() or "")


def _gate_terms(connection: sa.Connection, evaluation: sa.Row[Any]) -> dict[str, str]:
    """Give the outcome of each gate; of a check that ran again, the newest."""
    key = {
        "model": evaluation.model,
        "version": evaluation.version,
        "evaluation_id": evaluation.id,
    }
    rows = statements.find(connection, verdicts, "id", "gate", "outcome", **key)
    newest_last = sorted(rows, key=lambda row: row.id)
    return {f"gates.{row.gate}": row.outcome for row in newest_last}


def _there_is(connection: sa.Connection, table: sa.Table, **key: Any) -> bool:
    return statements.find(connection, table, "model", **key).first() is not None


def _replace_terms(
    connection: sa.Connection, entity: Entity, key: int, terms: Mapping[str, Any], created: str
) -> None:
    for table in (text_terms, number_terms):
        statements.delete(connection, table, entity=entity, id=key)
    _add_terms(connection, entity, key, terms, created)


def _add_terms(
    connection: sa.Connection, entity: Entity, key: int, terms: Mapping[str, Any], created: str
) -> None:
    rows: dict[sa.Table, list[dict[str, Any]]] = {text_terms: [], number_terms: []}
    for table, said, kept in typed_terms(terms):
        rows[table].append(
            {"entity": entity, "id": key, "name": said, "value": kept, "created_at": created}
        )
    for table, values in rows.items():
        statements.insert_all(connection, table, values)


def typed_terms(terms: Mapping[str, Any]) -> Iterator[tuple[sa.Table, str, str | float]]:
    """Give the table, name and value under which each term is kept."""
    for name, value in terms.items():
        yield from _typed(name, value)


def _typed(name: str, value: Any) -> Iterator[tuple[sa.Table, str, str | float]]:
    """Give what is kept of a value: nothing of what is neither text, number nor truth value."""
    if len(name) > LONGEST_TERM:
        return
    if isinstance(value, bool):
        yield text_terms, f"{name}?", "true" if value else "false"
    elif _is_number(value):
        yield number_terms, name, float(value)
    elif isinstance(value, str) and len(value) <= LONGEST_TERM:
        yield text_terms, name, value
    elif isinstance(value, list):
        for item in {item for item in value if isinstance(item, str)}:
            yield from _typed(name, item)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _text(value: Mapping[str, Json]) -> str:
    return canonical_json(dict(value)).decode()
