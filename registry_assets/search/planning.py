"""Which index leads to what is asked for, and what is tested of each row that it leads to.

There are two ways. To *walk* is to go along an index that has the rows in the order asked
for, test each and stop when the page is full: right where much is found. To *gather* is to
take all that an index finds, test and sort it: right where little is found. Which it is, is
decided by counting, each condition up to a limit, so that a count costs less than a page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from registry_assets.search.conditions import Condition
from registry_assets.search.fields import NEWEST, Index
from registry_assets.search.questions import Question

GLANCE = 1_000
"""A condition that leaves at most so many leads at once, without a second count."""
LOOK = 5_000
"""A condition that leaves at most so many is gathered: that takes a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Lead:
    """An index to go by.

    Args:
        conditions: what the index answers.
        table: whose index it is: the entity's row, or terms.
        index: its name, where SQLite can be told.
        keys: the columns it is in order by, after what it is equal in; none to gather by.
        missing: it walks what the order has no value for.
    """

    conditions: tuple[Condition, ...]
    table: str
    index: str
    keys: Index = ()
    missing: bool = False

    @property
    def of_one_model(self) -> bool:
        """Whether it goes through the versions of one model: their numbers say how many."""
        places = [(part.place.table, part.place.column) for part in self.conditions if part.place]
        return places == [("indexed_versions", "model")]

    @property
    def walks(self) -> bool:
        """Whether it gives the rows in the order asked for."""
        return bool(self.keys)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a question is answered.

    Args:
        window: conditions on what the rows are in order by: where the walk begins and ends.
        tests: conditions that are tested of each row, the cheapest first.
        few: what the lead finds is known to be few; there is no need to watch the budget.
    """

    question: Question
    lead: Lead
    window: tuple[Condition, ...]
    tests: tuple[Condition, ...]
    few: bool

    @property
    def sentences(self) -> tuple[str, ...]:
        """The plan in words."""
        entity, order = self.question.searched.entity, self.question.order
        led = " and ".join(part.said for part in self.lead.conditions)
        if not self.lead.walks:
            lines = [f"gather: all {entity} with {led}, by index; then sort by {order}"]
        elif led:
            lines = [f"walk: {entity} with {led}, by index, in the order {order}"]
        else:
            lines = [f"walk: all {entity} in the order {order}, by index"]
        lines += [f"window: {part.said}, by the same index" for part in self.window]
        for part in self.tests:
            how = "by key" if part.place is not None and part.bounds else "row by row"
            lines.append(f"test: {part.said}, {how}")
        return tuple(lines)


Count = Callable[[Sequence[Lead], int], Sequence[int]]
"""Counts what each lead finds, up to a limit."""
Newest = Callable[[Lead], int]
"""Gives the newest number of a lead of one model: it has no more versions than that."""


def plan(question: Question, count: Count, newest: Newest) -> Plan:
    """Choose the lead.

    Args:
        count: asked only where there is a choice.
        newest: asked before, for it costs one row and not a thousand.
    """
    window = tuple(part for part in question.conditions if _is_window(question, part))
    walks = _walks(question)
    base = base_lead(question)
    others = [
        part
        for part in question.conditions
        if part.indexed
        and part not in window
        and not any(part in lead.conditions for lead in walks)
    ]
    gathers = [_gather(question, part) for part in others]
    if not gathers and len(walks) <= 1:
        return _with(question, walks[0] if walks else base, window, few=False)
    for walk in walks:
        if walk.of_one_model and newest(walk) <= GLANCE:
            return _with(question, walk, window, few=True)
    leads = [*walks, *gathers]
    # One lead has no other to be left for before it is known to be short enough.
    for limit in (GLANCE, LOOK) if len(leads) > 1 else (LOOK,):
        counts = count(leads, limit)
        fewest = min(range(len(leads)), key=counts.__getitem__)
        if counts[fewest] <= limit:
            return _with(question, leads[fewest], window, few=True)
    return _with(question, walks[0] if walks else base, window, few=False)


def base_lead(question: Question) -> Lead:
    """Give the walk through everything in the order asked for."""
    order = question.order
    if order.term is not None:
        return Lead((), order.term.table, _index_name(question, order.term.index), order.keys)
    table = question.searched.table.name
    return Lead((), table, _index_name(question, order.keys), order.keys)


def missing_lead(question: Question) -> Lead:
    """Give the walk through what has no value to be ordered by: it comes last."""
    table = question.searched.table.name
    return Lead((), table, _index_name(question, NEWEST), NEWEST, missing=True)


def _is_window(question: Question, part: Condition) -> bool:
    """Tell whether a condition is about the first column of the order."""
    order, place = question.order, part.place
    several = any(bound.side == "point" for bound in part.bounds) and not part.equal
    if place is None or not part.bounds or several:
        return False
    if order.term is not None:
        return (place.table, place.name) == (order.term.table, order.term.name)
    return not place.name and place.column == order.keys[0]


def _walks(question: Question) -> list[Lead]:
    """Give the walks along what is equal to a value; of two columns, where an index has both."""
    order = question.order
    if order.term is not None:
        return []
    equal = [
        part
        for part in question.conditions
        if part.indexed and part.equal and not _is_window(question, part)
    ]
    leads = []
    for part in equal:
        assert part.place is not None
        if part.place.name:
            if order.keys == NEWEST:
                index = _index_name(question, part.place.index)
                leads.append(Lead((part,), part.place.table, index, NEWEST))
            continue
        wanted = (part.place.column, *order.keys)
        if wanted in question.indexes:
            leads.append(Lead((part,), part.place.table, question.indexes[wanted], order.keys))
    return _joined(question, leads)


def _joined(question: Question, leads: list[Lead]) -> list[Lead]:
    """Put in the place of two walks the one whose index has both columns."""
    for one in leads:
        for other in leads:
            (first,), (second,) = one.conditions, other.conditions
            assert first.place is not None
            assert second.place is not None
            wanted = (first.place.column, second.place.column, *question.order.keys)
            if first is not second and wanted in question.indexes and not first.place.name:
                name = question.indexes[wanted]
                together = Lead((first, second), one.table, name, one.keys)
                return [together, *(lead for lead in leads if lead not in (one, other))]
    return leads


def _gather(question: Question, part: Condition) -> Lead:
    assert part.place is not None
    return Lead((part,), part.place.table, _index_name(question, part.place.index))


def _index_name(question: Question, columns: Index) -> str:
    if columns and columns[0] == "entity":
        return ""
    return question.indexes.get(columns, "")


def _with(question: Question, lead: Lead, window: tuple[Condition, ...], *, few: bool) -> Plan:
    answered = {id(part) for part in lead.conditions if part.exact}
    answered |= {id(part) for part in window if part.exact}
    tests = [part for part in question.conditions if id(part) not in answered]
    # Columns of the row first, then terms by their key, then what is neither.
    tests.sort(key=lambda part: (not part.row, not part.bounds))
    return Plan(question, lead, window, tuple(tests), few)
