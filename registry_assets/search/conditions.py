"""What a filter's names mean: which column or term each stands for, and the SQL that says so.

Types are checked here, with errors that point into the filter. Values go into SQL as
parameters only; what is written into it are names from `fields` and nothing of the filter.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal

from registry_assets.clock import timestamp
from registry_assets.errors import InvalidQuery
from registry_assets.search.dialects import ANY, Dialect, select
from registry_assets.search.fields import Index, Known, Searched
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
    Value,
)
from registry_assets.search.mistakes import mistake, near
from registry_assets.search.patterns import pieces_of, prefix_of, text_after

TEXT, NUMBER = "text_terms", "number_terms"
Side = Literal["low", "high", "point"]
SIDES: tuple[Side, ...] = ("low", "high", "point")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is kept: in a column of the entity's row, or under a name among the terms.

    Args:
        name: the term's name; empty for a column.
        mark: of the parameter that holds the name.
        index: the columns of the index that begins with the value; none where there is none.
    """

    table: str
    column: str
    name: str = ""
    mark: str = ""
    index: Index = ()

    def matches(self, alias: str, entity: str) -> tuple[str, ...]:
        """Write which rows of the table are about it: for a column all are."""
        if not self.name:
            return ()
        return (f"{alias}.entity = '{entity}'", f"{alias}.name = {self.mark}")


@dataclass(frozen=True, slots=True)
class Named:
    """A name of a group that a filter speaks of, where nobody may ever have given one.

    Args:
        name: with its group, and without the mark of a truth value.
        at: where in the filter it stands.
        use: compared with a value, asked whether it is there, or ordered by.
    """

    place: Place
    name: str
    at: int
    use: Literal["compared", "asked", "order"] = "compared"


@dataclass(frozen=True, slots=True)
class Bound:
    """One side of what an index can find, as SQL with `{x}` for the value."""

    side: Side
    sql: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One of the terms that a filter joins by `and`.

    Args:
        said: as it was written.
        test: SQL that tells whether it is true of the entity `{id}` with the row `e`.
        place: where the value is kept; None where no one index can answer.
        bounds: what the index finds; none where it cannot.
        exact: what the index finds is what is true; otherwise it is tested besides.
        row: the test reads the entity's row.
        many: an entity may be found more than once.
        names: the names of groups it speaks of.
    """

    said: str
    test: str
    place: Place | None = None
    bounds: tuple[Bound, ...] = ()
    exact: bool = True
    row: bool = False
    many: bool = False
    names: tuple[Named, ...] = ()

    @property
    def indexed(self) -> bool:
        """Whether an index can lead to what it is true of."""
        return self.place is not None and bool(self.bounds)

    def within(self, value: str, sides: tuple[Side, ...] = SIDES) -> list[str]:
        """Write those sides of what the index finds, for a value in SQL."""
        return [bound.sql.replace("{x}", value) for bound in self.bounds if bound.side in sides]

    @property
    def equal(self) -> bool:
        """Whether it asks for one value."""
        return len(self.bounds) == 1 and self.bounds[0].sql.startswith("{x} = ")

    def source(self, alias: str, entity: str) -> list[str]:
        """Write which rows of its table the index finds."""
        assert self.place is not None
        value = f"{alias}.{self.place.column}"
        return [*self.place.matches(alias, entity), *self.within(value)]


@dataclass
class Binder:
    """Binds the filters of one text to an entity, and collects their parameters."""

    text: str
    searched: Searched
    dialect: Dialect
    params: dict[str, Any] = field(default_factory=dict)

    def conditions(self, found: Filter | None) -> tuple[Condition, ...]:
        """Give the terms that a filter joins by `and`.

        Raises:
            InvalidQuery: a name that is no field, or a value of another type.
        """
        if found is None:
            return ()
        parts = found.filters if isinstance(found, And) else (found,)
        return tuple(self._condition(part) for part in parts)

    def mark(self, value: Any) -> str:
        """Add a parameter; give its place in SQL."""
        name = f"p{len(self.params)}"
        self.params[name] = value
        return self.dialect.mark(name)

    def _condition(self, part: Filter) -> Condition:
        match part:
            case Not(inner):
                found = self._condition(inner)
                return Condition(str(part), f"NOT ({found.test})", row=found.row, names=found.names)
            case And(parts) | Or(parts):
                found_all = [self._condition(inner) for inner in parts]
                word = " AND " if isinstance(part, And) else " OR "
                return Condition(
                    str(part),
                    word.join(f"({found.test})" for found in found_all),
                    row=any(found.row for found in found_all),
                    names=tuple(name for found in found_all for name in found.names),
                )
            case Absent():
                return self._absent(part)
            case _:
                return self._leaf(part)

    def _leaf(self, part: Compare | Among | Like) -> Condition:
        known = self.find(part.field)
        bounds, test, exact, number, truth = self._predicate(part, known)
        name = part.field.name + ("?" if truth else "")
        (place,) = self._places(known, name, tables=(NUMBER if number else TEXT,))
        if not place.index:
            bounds = ()
        single = len(bounds) == 1 and bounds[0].sql.startswith("{x} = ")
        return Condition(
            str(part),
            self._test(place, known, test, number=number),
            place,
            bounds,
            exact=exact,
            row=not place.name,
            many=bool(place.name) and not number and not single,
            names=(Named(place, f"{known.name}.{part.field.name}", part.field.at),)
            if known.names
            else (),
        )

    def _predicate(
        self, part: Compare | Among | Like, known: Known
    ) -> tuple[tuple[Bound, ...], str, bool, bool, bool]:
        """Give bounds, test, whether they are the same, and the type: number, truth value."""
        match part:
            case Compare(_, operator, value):
                kept = self._typed(known, part.field, value, operator)
                if isinstance(value.value, bool) and operator not in ("=", "!="):
                    raise self._mistake(value.at, "a truth value is compared by = and !=")
                sql = f"{{x}} {'<>' if operator == '!=' else operator} {self.mark(kept)}"
                side: Side = {"=": "point", "<": "high", "<=": "high"}.get(operator, "low")  # type: ignore[assignment]
                bounds = () if operator == "!=" else (Bound(side, sql),)
                return bounds, sql, True, _is_number(kept), _is_truth(known, value)
            case Among(_, values, negated):
                kept_all = [self._typed(known, part.field, value, "in") for value in values]
                if len({type(value.value) is bool for value in values}) > 1 or (
                    len({_is_number(kept) for kept in kept_all}) > 1
                ):
                    raise self._mistake(values[1].at, "expected values of one type")
                # As many places as the next power of two: few statements for all lengths.
                kept_all += [kept_all[-1]] * (
                    (1 << (len(kept_all) - 1).bit_length()) - len(kept_all)
                )
                marks = ", ".join(self.mark(kept) for kept in kept_all)
                sql = f"{{x}} {'NOT ' if negated else ''}IN ({marks})"
                bounds = () if negated else (Bound("point", sql),)
                return bounds, sql, True, _is_number(kept_all[0]), _is_truth(known, values[0])
            case Like():
                return *self._like(part, known), False, False

    def _like(self, part: Like, known: Known) -> tuple[tuple[Bound, ...], str, bool]:
        if known.kind in ("number", "whole number", "instant"):
            raise self._mistake(part.at, f"{part.field} is no text, so it is not like any")
        pieces = pieces_of(part)
        if pieces is None:
            raise self._mistake(part.at, f"the pattern ends in its escape {part.escape!r}")
        prefix = prefix_of(pieces)
        rest = pieces[len(prefix) :]
        test = self.dialect.like("{x}", self.mark(self.dialect.pattern(pieces)))
        if part.negated:
            return (), f"NOT ({test})", True
        if not rest:
            sql = f"{{x}} = {self.mark(prefix)}"
            return (Bound("point", sql),), sql, True
        bounds: tuple[Bound, ...] = ()
        if prefix:
            bounds = (Bound("low", f"{{x}} >= {self.mark(prefix)}"),)
            if after := text_after(prefix):
                bounds = (*bounds, Bound("high", f"{{x}} < {self.mark(after)}"))
        return bounds, test, rest == [(True, ANY)]

    def _absent(self, part: Absent) -> Condition:
        known = self.find(part.field)
        if known.column:
            there = f"e.{known.column} IS NOT NULL" if known.nullable else "1 = 1"
            test = there if part.negated else f"NOT ({there})"
            return Condition(str(part), test, row=True)
        name = part.field.name
        places = list(self._places(known, name, tables=_tables(known)))
        if TEXT in _tables(known) and known.kind != "text":
            places += self._places(known, f"{name}?", tables=(TEXT,))
        there = " OR ".join(self._test(place, known, "", number=False) for place in places)
        named = Named(places[0], places[0].name, part.field.at, use="asked")
        names = (named,) if known.names else ()
        if not part.negated:
            return Condition(str(part), f"NOT ({there})", names=names)
        if len(places) > 1:
            return Condition(str(part), there, names=names)
        # Every value there is: the index has them side by side.
        everything = (Bound("low", "{x} IS NOT NULL"),)
        many = places[0].table == TEXT
        return Condition(str(part), there, places[0], everything, many=many, names=names)

    def find(self, asked: Field) -> Known:
        """Give the field of that name.

        Raises:
            InvalidQuery: there is none; names those that are near.
        """
        known = self.searched.find(asked.group or asked.name)
        if known is not None and known.names == bool(asked.group):
            return known
        if known is not None:
            form = f"{known.name}.name" if known.names else known.name
            raise self._mistake(asked.at, f"expected {form}")
        names = [known.name for known in self.searched.fields]
        said = ", ".join(known.said for known in self.searched.fields)
        raise mistake(
            self.text,
            asked.at,
            f"{self.searched.entity} have no field {asked}",
            hint=near(asked.group or asked.name, names) or f"they have {said}",
        )

    def _places(self, known: Known, name: str, *, tables: tuple[str, ...]) -> Iterator[Place]:
        if known.column:
            yield Place(self.searched.table.name, known.column, index=known.index)
            return
        full = f"{known.name}.{name}" if known.names else known.name
        mark = self.mark(full)
        for table in tables:
            index = ("entity", "name", "value", "created_at", "id")
            yield Place(table, "value", full, mark, index)

    def _test(self, place: Place, known: Known, predicate: str, *, number: bool) -> str:
        if not place.name:
            number = known.kind == "whole number"
            value = self.dialect.blind(f"e.{place.column}", number=number)
            test = predicate.replace("{x}", value)
            return f"(e.{place.column} IS NOT NULL AND {test})" if known.nullable else test
        found = self.dialect.term("t", "{id}", self.searched.term, place.mark)
        if predicate:
            value = self.dialect.tested("t.value", number=number)
            found.append(predicate.replace("{x}", value))
        # A scalar subquery and not EXISTS: that, databases turn into joins of their own order.
        return f"({select('1', f'{place.table} AS t', found, rest='LIMIT 1')}) IS NOT NULL"

    def _typed(self, known: Known, asked: Field, value: Value, operator: str) -> Any:
        """Give a value as it is kept.

        Raises:
            InvalidQuery: it is of another type than the field.
        """
        kept = value.value
        match known.kind:
            case "instant":
                return self._instant(asked, value, operator)
            case "whole number":
                if isinstance(kept, bool) or not isinstance(kept, int):
                    raise self._mistake(value.at, f"{asked} is a whole number")
                return kept
            case "number":
                if isinstance(kept, bool | str):
                    raise self._mistake(value.at, f"{asked} is a number")
                return float(kept)
            case "text":
                if isinstance(kept, bool) and known.name == "passed":
                    return "yes" if kept else "no"
                if not isinstance(kept, str):
                    hint = f"write {asked} {operator} '{value}'"
                    raise self._mistake(value.at, f"{asked} is text", hint)
                if known.choices and kept not in known.choices:
                    said = ", ".join(known.choices)
                    hint = near(kept, known.choices)
                    raise self._mistake(value.at, f"{asked} is one of {said}", hint)
                return kept
            case _:
                if isinstance(kept, bool):
                    return "true" if kept else "false"
                return kept if isinstance(kept, str) else float(kept)

    def _instant(self, asked: Field, value: Value, operator: str) -> str:
        example = f"write {asked} >= '2026-01-01' and {asked} < '2026-01-02T12:00Z'"
        if operator not in ("<", "<=", ">", ">="):
            # A date is its first moment, and next to nothing was made just then.
            raise self._mistake(asked.at, f"{asked} is compared by < <= > >=", example)
        wrong = self._mistake(value.at, "expected a date, or an instant with its zone", example)
        if not isinstance(value.value, str):
            raise wrong
        try:
            if len(value.value) == len("2026-01-01"):
                day = date.fromisoformat(value.value)
                return timestamp(datetime(day.year, day.month, day.day, tzinfo=UTC))
            return timestamp(datetime.fromisoformat(value.value))
        except (ValueError, OverflowError):
            raise wrong from None

    def _mistake(self, at: int, what: str, hint: str = "") -> InvalidQuery:
        return mistake(self.text, at, what, hint=hint)


def _tables(known: Known) -> tuple[str, ...]:
    return {"text": (TEXT,), "number": (NUMBER,)}.get(known.kind, (TEXT, NUMBER))


def _is_number(kept: Any) -> bool:
    return isinstance(kept, float)


def _is_truth(known: Known, value: Value) -> bool:
    return isinstance(value.value, bool) and not known.column
