"""Rows of the index, made in bulk, and a plain answer to every filter about them.

The answer goes through all rows in Python and knows no index: what searches are held against.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog.index_tables import (
    indexed_evaluations,
    indexed_models,
    indexed_versions,
    number_terms,
    text_terms,
)
from registry_assets.clock import timestamp
from registry_assets.search.fields import SEARCHED, Entity
from registry_assets.search.filters import (
    Absent,
    Among,
    And,
    Compare,
    Field,
    Filter,
    Like,
    Not,
    Or,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
TABLES = {
    "versions": indexed_versions,
    "models": indexed_models,
    "evaluations": indexed_evaluations,
}


@dataclass(frozen=True)
class Row:
    """One entity: the columns of its row, and its terms."""

    columns: dict[str, Any]
    terms: dict[str, list[str | float]] = field(default_factory=dict)

    @property
    def key(self) -> int:
        """What it is known by in the tables of terms."""
        return int(self.columns["id"])


def instant(number: int) -> str:
    """A moment; two that follow each other are often the same."""
    return timestamp(START + timedelta(hours=number // 2))


def version(key: int, terms: dict[str, list[str | float]], **columns: Any) -> Row:
    """A version with these terms."""
    given = {
        "id": key,
        "model": f"late_{key % 7}",
        "number": key // 7 + 1,
        "state": "committed",
        "stage": "staging",
        "digest": f"sha256:{key:064x}",
        "description": "",
        "tags": json.dumps(_of(terms, "tags.")),
        "metrics": json.dumps(_of(terms, "metrics.")),
        "code_commit": f"{key % 5:040x}",
        "actor": "ann",
        "created_at": instant(key),
    }
    return Row({**given, **columns}, terms)


def model(key: int, terms: dict[str, list[str | float]], **columns: Any) -> Row:
    """A model with these terms."""
    given = {
        "id": key,
        "name": f"late_{key}",
        "task": "binary",
        "risk": "low",
        "description": "",
        "tags": json.dumps(_of(terms, "tags.")),
        "created_at": instant(key),
    }
    return Row({**given, **columns}, terms)


def evaluation(key: int, terms: dict[str, list[str | float]], **columns: Any) -> Row:
    """An evaluation with these terms."""
    given = {
        "id": key,
        "model": f"late_{key % 7}",
        "version": key // 9 + 1,
        "digest": f"sha256:{key:064x}",
        "suite_digest": f"sha256:{key % 3:064x}",
        "passed": ("yes", "no", "unknown")[key % 3],
        "metrics": json.dumps(_of(terms, "metrics.")),
        "created_at": instant(key),
    }
    return Row({**given, **columns}, terms)


MAKERS = {"versions": version, "models": model, "evaluations": evaluation}


def bulk(count: int, *, seed: int = 1) -> list[Row]:
    """Many versions: tags that are frequent and rare, one of its own, a metric, parameters."""
    random = Random(seed)
    rows = []
    for key in range(1, count + 1):
        terms: dict[str, list[str | float]] = {
            "tags.team": [f"team-{random.randrange(10)}"],
            "tags.region": [f"region-{random.randrange(20)}"],
            "tags.ticket": [f"ticket-{key}"],
            "metrics.roc_auc": [random.random()],
            "params.max_iter": [float(random.choice([100, 200, 300]))],
            "owner": ["team:ops", f"team:{key % 3}"],
        }
        stage = random.choice(["staging", "archived", "rejected"])
        rows.append(version(key, terms, stage=stage))
    return rows


def fill(connection: sa.Connection, rows: Iterable[Row], *, entity: Entity = "versions") -> None:
    """Write rows into the index."""
    rows = list(rows)
    said = SEARCHED[entity].term
    kept: dict[sa.Table, list[dict[str, Any]]] = {text_terms: [], number_terms: []}
    for row in rows:
        for name, values in row.terms.items():
            for value in values:
                table = text_terms if isinstance(value, str) else number_terms
                term = {"entity": said, "id": row.key, "name": name, "value": value}
                kept[table].append({**term, "created_at": row.columns["created_at"]})
    if rows:
        connection.execute(sa.insert(TABLES[entity]), [row.columns for row in rows])
    for table, terms in kept.items():
        if terms:
            connection.execute(sa.insert(table), terms)


def matching(rows: Sequence[Row], found: Filter | None, *, entity: Entity) -> list[Row]:
    """The rows that a filter lets through."""
    return [row for row in rows if found is None or holds(row, found, entity)]


def ordered(rows: Sequence[Row], order: str, *, entity: Entity) -> list[Row]:
    """The rows in an order, what has no value last."""
    name, _, direction = order.partition(" ")
    with_value = [row for row in rows if _values(row, name, entity)]
    without = [row for row in rows if not _values(row, name, entity)]

    def key(row: Row) -> tuple[Any, ...]:
        columns = SEARCHED[entity].orders.get(name)
        if columns is not None:
            return tuple(row.columns[column] for column in columns)
        return (*_values(row, name, entity), row.columns["created_at"], row.key)

    newest = lambda row: (row.columns["created_at"], row.key)  # noqa: E731
    down = direction == "desc"
    return sorted(with_value, key=key, reverse=down) + sorted(without, key=newest, reverse=down)


def holds(row: Row, found: Filter, entity: Entity) -> bool:
    """Whether a filter is true of a row."""
    match found:
        case Not(inner):
            return not holds(row, inner, entity)
        case And(parts):
            return all(holds(row, part, entity) for part in parts)
        case Or(parts):
            return any(holds(row, part, entity) for part in parts)
        case Absent(asked, negated):
            return bool(_all_values(row, asked, entity)) is negated
        case Compare(asked, operator, value):
            return any(
                _compared(kept, operator, _moment(asked, value.value))
                for kept in _typed_values(row, asked, value.value, entity)
            )
        case Among(asked, values, negated):
            wanted = [value.value for value in values]
            kept = _typed_values(row, asked, wanted[0], entity)
            return any((one in wanted) is not negated for one in kept)
        case Like(asked, _, _, negated):
            return any(
                bool(_pattern(found).fullmatch(str(kept))) is not negated
                for kept in _typed_values(row, asked, "", entity)
            )


def _compared(kept: Any, operator: str, value: Any) -> bool:
    found: dict[str, bool] = {
        "=": kept == value,
        "!=": kept != value,
        "<": kept < value,
        "<=": kept <= value,
        ">": kept > value,
        ">=": kept >= value,
    }
    return found[operator]


def _moment(asked: Field, value: Any) -> Any:
    if str(asked) != "created_at":
        return value
    return timestamp(datetime.fromisoformat(value + "T00:00Z" if len(value) == 10 else value))


def _pattern(found: Like) -> re.Pattern[str]:
    said, characters = "", iter(found.pattern)
    for character in characters:
        if found.escape and character == found.escape:
            said += re.escape(next(characters))
        else:
            said += {"%": ".*", "_": "."}.get(character, re.escape(character))
    return re.compile(said, re.DOTALL)


def _typed_values(row: Row, asked: Field, like: Any, entity: Entity) -> list[Any]:
    """The values of the type that they are compared with."""
    if isinstance(like, bool):
        said = "yes" if like else "no"
        if str(asked) == "passed":
            return [row.columns["passed"] == said] if row.columns["passed"] != "unknown" else []
        return [kept == "true" for kept in row.terms.get(f"{asked.group}.{asked.name}?", [])]
    return [
        kept
        for kept in _values(row, _full(asked), entity)
        if isinstance(kept, str) is isinstance(like, str)
    ]


def _all_values(row: Row, asked: Field, entity: Entity) -> list[Any]:
    return [*_values(row, _full(asked), entity), *row.terms.get(f"{_full(asked)}?", [])]


def _values(row: Row, name: str, entity: Entity) -> list[Any]:
    known = SEARCHED[entity].find(name)
    if known is not None and known.column:
        kept = row.columns[known.column]
        return [] if kept is None else [kept]
    return row.terms.get(name, [])


def _full(asked: Field) -> str:
    return f"{asked.group}.{asked.name}" if asked.group else asked.name


def _of(terms: dict[str, list[str | float]], group: str) -> dict[str, Any]:
    return {
        name.removeprefix(group): kept[0] for name, kept in terms.items() if kept and group in name
    }
