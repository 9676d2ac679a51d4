"""Forms: canonical JSON of one shape, filled in by name.

`canonical_json` takes some 30 µs for a row, and one version is twenty of them. A form asks
it once, with marks where the values will stand, and from then on only replaces marks. So
that it cannot drift from the product, every thousandth text is held against
`canonical_json` again.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.catalog.ledger import sealed
from registry_assets.catalog.tables import events

CHECK_EVERY = 1000

Values = Mapping[str, Any]
Make = Callable[..., Any]


class Form:
    """The canonical JSON of `make(**values)`, for values that need no escaping.

    Args:
        make: gives the JSON value, or its canonical bytes. Its parameters are the names of the
            values: one annotated `str` is text, or a digest where its name says so; any other
            is a number.
    """

    def __init__(self, make: Make) -> None:
        self._make = make
        self._filled = 0
        parameters = inspect.signature(make).parameters.values()
        self.marks = {each.name: _mark(each, place) for place, each in enumerate(parameters)}
        self._template = self.template(_written(make(**self.marks)))
        unused = [name for name in self.marks if f"%({name})s" not in self._template]
        if unused:
            raise ValueError(f"{make} makes nothing of {', '.join(unused)}")

    def template(self, text: str) -> str:
        """Give a text in which marks stand as a template for their values."""
        text = text.replace("%", "%%")
        # The longest first: the shortened form of a digest is the beginning of that digest.
        for name, mark in sorted(self.marks.items(), key=lambda item: -len(str(item[1]))):
            text = text.replace(str(mark), f"%({name})s")
        return text

    def fill(self, values: Values) -> str:
        """Give the canonical JSON for these values; further names are passed over."""
        text = self._template % values
        if self._filled % CHECK_EVERY == 0:
            expected = _written(self._make(**{name: values[name] for name in self.marks}))
            if text != expected:
                raise AssertionError(f"form and product differ:\n{text}\n{expected}")
        self._filled += 1
        return text

    def digest(self, values: Values) -> str:
        """Give the digest of the canonical JSON for these values."""
        return sha256_digest(self.fill(values).encode())


class RowForm(Form):
    """One table's row: its values in the table's order, and its digest."""

    def __init__(self, table: sa.Table, make: Callable[..., dict[str, Any]]) -> None:
        super().__init__(_complete(table, make))
        self.table = table
        row = self._make(**self.marks)
        self._columns = [self._column(row[column.name]) for column in table.columns]

    def row(self, values: Values) -> tuple[Any, ...]:
        """Give the row's values."""
        return tuple(
            [
                values[content]
                if named
                else content % values
                if content.__class__ is str
                else content
                for named, content in self._columns
            ]
        )

    def _column(self, value: Any) -> tuple[bool, Any]:
        """Give the name of the value that a column is, or its template, or what it always is."""
        for name, mark in self.marks.items():
            if value == mark:
                return True, name
        return False, self.template(value) if isinstance(value, str) else value


class EventForm(Form):
    """One kind of event, sealed into its chain."""

    def __init__(self, kind: str, make: Callable[..., dict[str, Json]]) -> None:
        super().__init__(make)
        self.kind = kind
        self._columns = tuple(events.columns.keys())
        self._sealed = 0

    def event(
        self, values: Values, *, chain: str, sequence: int, previous: str
    ) -> tuple[tuple[Any, ...], str]:
        """Give the event's row, in its table's order, and its digest."""
        body = self.fill(values)
        content = (
            f'{{"body":{body},"chain":"{chain}","kind":"{self.kind}",'
            f'"previous":"{previous}","sequence":{sequence}}}'
        )
        digest = sha256_digest(content.encode())
        if self._sealed % CHECK_EVERY == 0:
            made = self._make(**{name: values[name] for name in self.marks})
            if sealed(chain, sequence, previous, self.kind, made).digest != digest:
                raise AssertionError(f"{self.kind} is sealed otherwise by the product: {content}")
        self._sealed += 1
        row = {
            "chain": chain,
            "sequence": sequence,
            "digest": digest,
            "previous": previous,
            "kind": self.kind,
            "body": body,
        }
        return tuple([row[column] for column in self._columns]), digest


def _complete(table: sa.Table, make: Callable[..., dict[str, Any]]) -> Make:
    def complete(**values: Any) -> dict[str, Any]:
        row = make(**values)
        if unknown := set(row) - set(table.columns.keys()):
            raise ValueError(f"{table.name} has no {', '.join(unknown)}")
        return {column.name: row.get(column.name) for column in table.columns}

    complete.__signature__ = inspect.signature(make)  # type: ignore[attr-defined]
    return complete


def _written(value: Any) -> str:
    return (value if isinstance(value, bytes) else canonical_json(value)).decode()


def _mark(parameter: inspect.Parameter, place: int) -> str | int:
    """A value of the right kind that stands nowhere by chance."""
    if parameter.annotation is not str:
        return 7_000_000_000_000_000 + place
    if parameter.name.endswith("digest"):
        return sha256_digest(parameter.name.encode())
    return f"@{place}@{parameter.name}@"
