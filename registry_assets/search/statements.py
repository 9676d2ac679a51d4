"""The SQL of a plan: text, for the order of its joins is the point, and values are parameters.

Aliases: `e` is the entity's row, `d` the terms that lead to it, `t` a term that is tested, `o`
the number that is ordered by, `k` the keys of a page.
"""

from collections.abc import Sequence

from registry_assets.search.conditions import Side
from registry_assets.search.dialects import select
from registry_assets.search.fields import NEWEST
from registry_assets.search.planning import Lead, Plan
from registry_assets.search.questions import Question
from registry_assets.search.records import COLUMNS

MOST = "most"
"""The parameter that holds how many rows."""
AFTER, UNTIL = "after", "until"
"""What the names of the parameters begin with that hold where a page begins, and a step ends."""


def count_statement(question: Question, leads: Sequence[Lead]) -> str:
    """Write the count of what each lead finds, at most `most` of them."""
    entity, dialect = question.searched.term, question.dialect
    counts = []
    for lead in leads:
        where = [sql for part in lead.conditions for sql in part.source("d", entity)]
        table = dialect.table(lead.table, "d", lead.index)
        found = select("1", table, where, rest=f"LIMIT {dialect.mark(MOST)}")
        counts.append(f"({select('count(*)', f'({found}) AS c')})")
    return f"SELECT {', '.join(counts)}"


def newest_statement(question: Question, lead: Lead) -> str:
    """Write the look at the newest number of a lead of one model."""
    where = [sql for part in lead.conditions for sql in part.source("e", question.searched.term)]
    source = f"{lead.table} AS e"
    return select("e.number", source, where, order="e.number DESC", rest="LIMIT 1")


def walk_statement(plan: Plan, lead: Lead, *, after: int = 0, until: bool = False) -> str:
    """Write one page of a walk, or one step of it.

    Args:
        after: how many values say where it begins; 0 begins at the beginning.
        until: it ends at a row.
    """
    question = plan.question
    alias, keys = _alias(question, lead), _keys(question, lead)
    dialect = question.dialect
    source = dialect.table(lead.table, alias, lead.index)
    if alias != "e":
        source += " " + dialect.fetch(question.searched.table.name, f"{alias}.id", "e")
    where = [*_walked(plan, lead, after=after, until=until), *_tests(plan, f"{alias}.id", lead)]
    shown = ["NULL", *keys] if lead.missing else keys
    return select(
        f"{_columns(question)}, {', '.join(shown)}",
        source,
        where,
        order=_ordered(question, keys),
        rest=f"LIMIT {dialect.mark(MOST)}",
    )


def edge_statement(plan: Plan, lead: Lead, *, after: int = 0) -> str:
    """Write the search for the row of a walk that comes after `most` others."""
    question = plan.question
    keys, dialect = _keys(question, lead), question.dialect
    source = dialect.table(lead.table, _alias(question, lead), lead.index)
    return select(
        ", ".join(keys),
        source,
        _walked(plan, lead, after=after, until=False),
        order=_ordered(question, keys),
        rest=f"LIMIT 1 OFFSET {dialect.mark(MOST)}",
    )


def gather_statement(plan: Plan, *, after: int = 0, missing: bool = False) -> str:
    """Write one page of what is gathered.

    Args:
        missing: where it begins, there was no value left to be ordered by.
    """
    question, lead = plan.question, plan.lead
    entity, dialect, order = question.searched.term, question.dialect, question.order
    row = question.searched.table.name
    (found,) = lead.conditions
    distinct = "DISTINCT " if found.many else ""
    source = dialect.table(lead.table, "d", lead.index)
    gathered = select(f"{distinct}d.created_at, d.id", source, found.source("d", entity))
    keys = [f"d.{key}" for key in NEWEST]
    joins = ""
    if order.term is not None:
        keys = ["o.value", *keys]
        joins += " " + dialect.fetch_number(entity, "d.id", order.term.mark, "o")
    elif order.keys != NEWEST:
        keys = [f"e.{key}" for key in order.keys]
    if keys[0].startswith("e.") or any(part.row for part in plan.tests):
        joins = " " + dialect.fetch(row, "d.id", "e") + joins
    where = [sql for part in plan.window for sql in part.within(keys[0])]
    where += _tests(plan, "d.id", lead)
    if after:
        where.append(_gathered_after(question, keys, missing=missing))
    named = [f"k{number}" for number in range(len(keys))]
    shown = ", ".join(f"{key} AS {name}" for key, name in zip(keys, named, strict=True))
    page = select(
        f"{shown}, d.id AS id",
        f"({dialect.fenced(gathered)}) AS d{joins}",
        where,
        order=_ordered(question, keys),
        rest=f"LIMIT {dialect.mark(MOST)}",
    )
    keys = [f"k.{name}" for name in named]
    return select(
        f"{_columns(question)}, {', '.join(keys)}",
        f"({page}) AS k {dialect.fetch(row, 'k.id', 'e')}",
        order=_ordered(question, keys),
    )


def _alias(question: Question, lead: Lead) -> str:
    return "e" if lead.table == question.searched.table.name else "d"


def _keys(question: Question, lead: Lead) -> list[str]:
    alias = _alias(question, lead)
    return [f"{alias}.{key}" for key in lead.keys]


def _columns(question: Question) -> str:
    return ", ".join(f"e.{column}" for column in COLUMNS[question.searched.entity])


def _walked(plan: Plan, lead: Lead, *, after: int, until: bool) -> list[str]:
    """Write which part of the index is walked."""
    question = plan.question
    order, entity = question.order, question.searched.term
    alias, keys = _alias(question, lead), _keys(question, lead)
    where = [sql for part in lead.conditions for sql in part.source(alias, entity)]
    if order.term is not None and not lead.missing:
        where += order.term.matches(alias, entity)
    begin: Side = "high" if order.descending else "low"
    end: Side = "low" if order.descending else "high"
    # One bound to a side: of two, a database takes one, and reads over the rest row by row.
    sides: list[Side] = ["point"]
    if after:
        where.append(_beyond(question, keys, AFTER, after, beyond="<" if begin == "high" else ">"))
    else:
        sides.append(begin)
    if until:
        where.append(
            _beyond(question, keys, UNTIL, len(keys), beyond=">=" if end == "low" else "<=")
        )
    else:
        sides.append(end)
    if not lead.missing:
        where += [sql for part in plan.window for sql in part.within(keys[0], tuple(sides))]
    return where


def _beyond(question: Question, keys: list[str], name: str, given: int, *, beyond: str) -> str:
    """Compare the keys with a row's; of its values the last ones are theirs."""
    first = given - len(keys)
    marks = [question.dialect.mark(f"{name}{first + number}") for number in range(len(keys))]
    if len(keys) == 1:
        return f"{keys[0]} {beyond} {marks[0]}"
    return f"({', '.join(keys)}) {beyond} ({', '.join(marks)})"


def _gathered_after(question: Question, keys: list[str], *, missing: bool) -> str:
    beyond = "<" if question.order.descending else ">"
    if question.order.term is None:
        return _beyond(question, keys, AFTER, len(keys), beyond=beyond)
    if missing:
        newest = _beyond(question, keys[1:], AFTER, len(keys), beyond=beyond)
        return f"(o.value IS NULL AND {newest})"
    return f"(o.value IS NULL OR {_beyond(question, keys, AFTER, len(keys), beyond=beyond)})"


def _tests(plan: Plan, key: str, lead: Lead) -> list[str]:
    tests = [f"({part.test.replace('{id}', key)})" for part in plan.tests]
    term = plan.question.order.term
    if lead.missing and term is not None:
        found = plan.question.dialect.term("t", key, plan.question.searched.term, term.mark)
        tests.append(f"({select('1', f'{term.table} AS t', found, rest='LIMIT 1')}) IS NULL")
    return tests


def _ordered(question: Question, keys: list[str]) -> str:
    direction = "DESC" if question.order.descending else "ASC"
    said = [f"{key} {direction}" for key in keys]
    gathered = keys[0] in ("o.value", "k.k0") and question.order.term is not None
    # What has no number comes last in both databases and both directions.
    return ", ".join([f"({keys[0]} IS NULL)", *said] if gathered else said)
