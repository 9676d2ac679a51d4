"""How a statement of a plan is written for SQLite and for PostgreSQL.

A plan is told to the database, not left to it: neither has statistics of a table that nobody
analyzed, and a wrong guess reads a million rows for a page of a hundred. In SQLite CROSS JOIN
keeps the order of the tables, INDEXED BY names the index, and a unary + hides a column from
the choice of one. In PostgreSQL a LATERAL subquery with OFFSET 0 is fetched row by row in the
order of what is before it, and the local settings leave only index scans.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

ANY, ONE = "%", "_"
Pattern = Sequence[tuple[bool, str]]
"""A `like` pattern in pieces: whether it is a wildcard, and the character."""


def select(
    what: str, of: str, where: Sequence[str] = (), *, order: str = "", rest: str = ""
) -> str:
    """Write a SELECT of parts that are SQL already: nothing that anybody typed is in them."""
    conditions = ("WHERE", " AND ".join(where)) if where else ()
    ordered = ("ORDER BY", order) if order else ()
    return " ".join(
        part for part in ("SELECT", what, "FROM", of, *conditions, *ordered, rest) if part
    )


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is written in another way."""

    name: Literal["sqlite", "postgresql"]
    prepare: str
    """A statement to make once in each transaction before a plan; empty where none is needed."""

    def mark(self, name: str) -> str:
        """Write the place of a parameter."""
        return f":{name}" if self.name == "sqlite" else f"%({name})s"

    def blind(self, expression: str, *, number: bool) -> str:
        """Write a column so that no index is chosen for what it is compared with."""
        if self.name == "sqlite":
            return f"+{expression}"
        return f"({expression} + 0)" if number else f"({expression} || '')"

    def tested(self, expression: str, *, number: bool) -> str:
        """Write a term's value where the term is found by its key, and by nothing else."""
        # SQLite reads the value in the key as well. PostgreSQL, of a table that it has no
        # statistics of, took the index of values, 10,000 entries for each row: 540 ms a page.
        return expression if self.name == "sqlite" else self.blind(expression, number=number)

    def term(self, alias: str, key: str, entity: str, name: str) -> list[str]:
        """Write which row of the terms it is: the one of this key, and by that key alone."""
        # PostgreSQL 18 skips through the index of values where all but its last column is
        # given, 110 pages for each row; of what is hidden from it, it reads the four by the key.
        of, said = f"{alias}.entity", f"{alias}.name"
        if self.name != "sqlite":
            of, said = self.blind(of, number=False), self.blind(said, number=False)
        return [f"{alias}.id = {key}", f"{of} = '{entity}'", f"{said} = {name}"]

    def table(self, table: str, alias: str, index: str) -> str:
        """Write a table that is read by this index; empty leaves it to the key."""
        hint = f" INDEXED BY {index}" if index and self.name == "sqlite" else ""
        return f"{table} AS {alias}{hint}"

    def fetch(self, table: str, key: str, alias: str) -> str:
        """Write the join of a row by its key to rows that come in an order, which stays."""
        if self.name == "sqlite":
            return f"CROSS JOIN {table} AS {alias} ON {alias}.id = {key}"
        row = select("*", f"{table} AS r", [f"r.id = {key}"], rest="OFFSET 0")
        return f"CROSS JOIN LATERAL ({row}) AS {alias}"

    def fetch_number(self, entity: str, key: str, name: str, alias: str) -> str:
        """Write the join of a number that an entity may have, NULL where it has none."""
        found = self.term(alias, key, entity, name)
        if self.name == "sqlite":
            return f"LEFT JOIN number_terms AS {alias} ON {' AND '.join(found)}"
        row = select(f"{alias}.value", f"number_terms AS {alias}", found, rest="OFFSET 0")
        return f"LEFT JOIN LATERAL ({row}) AS {alias} ON true"

    def fenced(self, select: str) -> str:
        """Write a subquery that is made as it stands, and not merged into the rest."""
        return select if self.name == "sqlite" else f"{select} OFFSET 0"

    def like(self, expression: str, mark: str) -> str:
        """Write a match that tells small letters from capitals."""
        # SQLite's own LIKE does not; its GLOB does, and has other wildcards.
        return f"{expression} {'GLOB' if self.name == 'sqlite' else 'LIKE'} {mark}"

    def pattern(self, pieces: Pattern) -> str:
        """Write a pattern for `like`."""
        if self.name == "sqlite":
            wild = {ANY: "*", ONE: "?"}
            return "".join(
                wild[text] if wildcard else f"[{text}]" if text in "*?[" else text
                for wildcard, text in pieces
            )
        return "".join(
            text if wildcard or text not in (ANY, ONE, "\\") else f"\\{text}"
            for wildcard, text in pieces
        )


SQLITE = Dialect("sqlite", "")
POSTGRESQL = Dialect(
    "postgresql",
    "SELECT "
    + ", ".join(
        f"set_config('{name}', 'off', true)"
        for name in ("enable_seqscan", "enable_bitmapscan", "enable_sort", "jit")
    ),
)


def find_dialect(name: str) -> Dialect:
    """Give the dialect of a database, by SQLAlchemy's name of it."""
    return SQLITE if name == "sqlite" else POSTGRESQL
