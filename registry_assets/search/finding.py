"""A question answered: counted, planned, and read page by page within a budget of rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from registry_assets.errors import InvalidQuery, QueryTooBroad
from registry_assets.search.cursors import read_cursor, write_cursor
from registry_assets.search.fields import Entity
from registry_assets.search.naming import check_names
from registry_assets.search.planning import Lead, Plan, missing_lead, plan
from registry_assets.search.questions import NEWEST_FIRST, Question, read_question
from registry_assets.search.records import COLUMNS, RECORDS, Found, SearchPage
from registry_assets.search.statements import (
    AFTER,
    MOST,
    UNTIL,
    count_statement,
    edge_statement,
    gather_statement,
    newest_statement,
    walk_statement,
)
from registry_assets.search.unsearched import unsearched

BUDGET = 100_000
"""Rows that one page may cost to test."""
LONGEST_PAGE = 1_000

_FIRST_STEP = 2_000
_LARGEST_GROWTH = 4


def find(
    connection: sa.Connection,
    text: str = "",
    *,
    entity: Entity = "versions",
    order_by: str = NEWEST_FIRST,
    limit: int = 100,
    cursor: str | None = None,
    budget: int = BUDGET,
) -> SearchPage[Any]:
    """Give one page of what a filter lets through.

    Raises:
        InvalidQuery: filter, order, limit or cursor cannot be read, or types do not fit.
        QueryTooBroad: more rows would have to be tested than the budget allows.
    """
    if not 1 <= limit <= LONGEST_PAGE:
        raise InvalidQuery(
            f"a page of {limit} is none", hint=f"ask for 1 to {LONGEST_PAGE}, and go on by cursor"
        )
    question = read_question(text, entity, order_by, connection.dialect.name)
    after = () if cursor is None else read_cursor(question, cursor)
    search = _Search(connection, question, budget)
    if question.dialect.prepare:
        connection.exec_driver_sql(question.dialect.prepare)
    rows = search.page(search.plan(), after, limit + 1)
    record, width = RECORDS[entity], len(COLUMNS[entity])
    items: tuple[Found, ...] = tuple(map(record._make, (row[:width] for row in rows[:limit])))
    onward = write_cursor(question, tuple(rows[limit - 1][width:])) if len(rows) > limit else None
    notes: tuple[str, ...] = ()
    unordered = question.order.term is not None and bool(rows) and rows[0][width] is None
    if question.doubtful or unordered or not rows:
        notes = check_names(connection, question)
    if onward is None:
        notes += tuple(unsearched(connection, question))
    return SearchPage(items, onward, notes)


def explain(
    connection: sa.Connection,
    text: str = "",
    *,
    entity: Entity = "versions",
    order_by: str = NEWEST_FIRST,
) -> tuple[str, ...]:
    """Say how a filter would be answered: what leads, what is tested by key, what row by row."""
    question = read_question(text, entity, order_by, connection.dialect.name)
    if question.dialect.prepare:
        connection.exec_driver_sql(question.dialect.prepare)
    return _Search(connection, question, BUDGET).plan().sentences


@dataclass
class _Search:
    connection: sa.Connection
    question: Question
    budget: int
    examined: int = 0

    def plan(self) -> Plan:
        return plan(self.question, self._count, self._newest)

    def _count(self, leads: Sequence[Lead], limit: int) -> Sequence[int]:
        statement = count_statement(self.question, leads)
        return list(self._rows(statement, {MOST: limit + 1})[0])

    def _newest(self, lead: Lead) -> int:
        rows = self._rows(newest_statement(self.question, lead), {})
        return int(rows[0][0]) if rows else 0

    def page(self, plan: Plan, after: tuple[Any, ...], wanted: int) -> list[Any]:
        """Give the rows after some row in the order."""
        term = self.question.order.term
        if not plan.lead.walks:
            missing = term is not None and bool(after) and after[0] is None
            statement = gather_statement(plan, after=len(after), missing=missing)
            return self._rows(statement, {MOST: wanted, **_numbered(AFTER, after)})
        if term is None:
            return self._walk(plan, plan.lead, after, wanted)
        rows: list[Any] = []
        if not after or after[0] is not None:
            rows = self._walk(plan, plan.lead, after, wanted)
            after = ()
        if len(rows) < wanted and not plan.window:
            # What has no value is false for every condition on it, which is what a window is.
            rows += self._walk(plan, missing_lead(self.question), after, wanted - len(rows))
        return rows

    def _walk(self, plan: Plan, lead: Lead, after: tuple[Any, ...], wanted: int) -> list[Any]:
        if plan.few or not (plan.tests or lead.missing):
            statement = walk_statement(plan, lead, after=len(after))
            return self._rows(statement, {MOST: wanted, **_numbered(AFTER, after)})
        rows: list[Any] = []
        step = _FIRST_STEP
        while True:
            step = min(step, self.budget - self.examined)
            given = _numbered(AFTER, after)
            edge = self._rows(
                edge_statement(plan, lead, after=len(after)), {MOST: step - 1, **given}
            )
            statement = walk_statement(plan, lead, after=len(after), until=bool(edge))
            until = _numbered(UNTIL, tuple(edge[0])) if edge else {}
            rows += self._rows(statement, {MOST: wanted - len(rows), **given, **until})
            if not edge or len(rows) == wanted:
                return rows
            self.examined += step
            if self.examined >= self.budget:
                raise self._too_broad(plan, len(rows))
            after = tuple(edge[0])
            # As far as the rest of the page is likely to be, and half as far again.
            hits = max(1, len(rows))
            growth = 1.5 * (wanted - len(rows)) / hits
            step = int(step * min(growth, _LARGEST_GROWTH)) + 1

    def _rows(self, statement: str, params: Mapping[str, Any]) -> list[Any]:
        result = self.connection.exec_driver_sql(statement, {**self.question.params, **params})
        return list(result.fetchall())

    def _too_broad(self, plan: Plan, found: int) -> QueryTooBroad:
        entity = self.question.searched.entity
        slow = [part.said for part in plan.tests if not (part.place and part.bounds)]
        said = f"; {slow[0]} is tested row by row" if slow else ""
        return QueryTooBroad(
            f"{self.examined:,} {entity} were read for this page and {found:,} fit, and there are"
            f" more to read{said}",
            hint=self._narrower(plan),
        )

    def _narrower(self, plan: Plan) -> str:
        """Name a term that would leave less."""
        asked = {part.place.column for part in self.question.conditions if part.place}
        searched = self.question.searched
        name = "name" if searched.entity == "models" else "model"
        lines = []
        if name not in asked:
            lines.append(f"{name} = '…'")
        if "created_at" not in asked:
            lines.append("created_at >= '2026-01-01'")
        lines.append("a tag or a parameter that few have")
        return f"add a term that an index answers: {', '.join(lines[:-1])} or {lines[-1]}"


def _numbered(name: str, values: tuple[Any, ...]) -> dict[str, Any]:
    return {f"{name}{number}": value for number, value in enumerate(values)}
