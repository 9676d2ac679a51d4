"""Which rows are looked at apart: by the values of a column, by bins, by a named condition.

What becomes of them is in `registry_assets.evaluation.slices`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import TYPE_CHECKING, Any

from registry_assets.canonical import Json
from registry_assets.declaration.checks import finite, require
from registry_assets.declaration.conditions import columns_read
from registry_assets.declaration.sources import source_digest
from registry_assets.errors import DeclarationError

if TYPE_CHECKING:
    import pandas as pd

_MOST_BINS = 100


@dataclass(frozen=True, slots=True)
class Column:
    """One slice per value of a column; a plain name in `Evaluation(slices=…)` means this."""

    column: str

    def __post_init__(self) -> None:
        _check_column(self.column, "a slice")

    @property
    def name(self) -> str:
        """What the slices go by: the column."""
        return self.column

    def definition(self) -> Json:
        """Give it as JSON."""
        return self.column


@dataclass(frozen=True, slots=True)
class Bins:
    """One slice per range of a numeric column.

    Args:
        edges: ascending, where one range ends and the next begins, each belonging to the range
            above it; or a number of ranges, of about equally many rows of the holdout each.
        name: what the slices go by; the column unless said otherwise.
    """

    column: str
    edges: tuple[float, ...] | int
    name: str = ""

    def __post_init__(self) -> None:
        _check_column(self.column, "Bins")
        require(
            isinstance(self.name, str),
            f"Bins({self.column!r}, …, name={self.name!r})",
            "give a text: what the slices go by",
        )
        object.__setattr__(self, "name", self.name or self.column)
        if isinstance(self.edges, Integral) and not isinstance(self.edges, bool):
            object.__setattr__(self, "edges", int(self.edges))  # numpy's as well
        if isinstance(self.edges, int):
            require(
                not isinstance(self.edges, bool) and 2 <= self.edges <= _MOST_BINS,
                f"Bins({self.column!r}, {self.edges!r})",
                f"give 2 to {_MOST_BINS} ranges, or the edges between them: [500, 1000]",
            )
            return
        edges = _edges(self.column, self.edges)
        object.__setattr__(self, "edges", edges)
        require(
            0 < len(edges) < _MOST_BINS and list(edges) == sorted(set(edges)),
            f"Bins({self.column!r}, {list(edges)})",
            "give edges that ascend, each once: [500, 1000] makes three ranges",
        )

    def definition(self) -> Json:
        """Give it as JSON."""
        edges: Json = self.edges if isinstance(self.edges, int) else list(self.edges)
        return {"column": self.column, "edges": edges, "name": self.name}


@dataclass(frozen=True, slots=True)
class Where:
    """The rows that meet a condition, under a name.

    Args:
        condition: as `DataFrame.eval` takes it, `"dep_minute >= 1320"`; or a function of the
            frame, giving a bool for each row.
        source: the digest of what the function does; empty for a text.
        columns: those that the text reads; what a function reads only it knows.
    """

    name: str
    condition: "str | Callable[[pd.DataFrame], Any]"
    source: str = field(init=False, repr=False, compare=False, default="")
    columns: tuple[str, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        require(
            isinstance(self.name, str) and bool(self.name.strip()),
            f"Where({self.name!r}, …) has no name",
            'say what its rows are: Where("night flights", "dep_minute >= 1320")',
        )
        require(
            callable(self.condition)
            or (isinstance(self.condition, str) and bool(self.condition.strip())),
            f"Where({self.name!r}, {self.condition!r}) has no condition",
            'give text such as "dep_minute >= 1320", or a function of the frame',
        )
        what = f"the condition of Where({self.name!r}, …)"
        if isinstance(self.condition, str):
            object.__setattr__(self, "columns", columns_read(self.condition, what=what))
        else:
            # Now, not when it is asked for: an object may change while it is at work.
            object.__setattr__(self, "source", source_digest(self.condition, what=what))

    def definition(self) -> Json:
        """Give it as JSON; with its source, so that another condition is another suite."""
        if isinstance(self.condition, str):
            return {"name": self.name, "condition": self.condition}
        return {"name": self.name, "source": self.source}


Slicing = Column | Bins | Where


def slicings(given: Sequence[object]) -> tuple[Slicing, ...]:
    """Give what `Evaluation(slices=…)` names; raise DeclarationError for anything else."""
    found: list[Slicing] = []
    for each in given:
        if isinstance(each, Column | Bins | Where):
            found.append(each)
        elif isinstance(each, str):
            found.append(Column(each))
        else:
            raise DeclarationError(
                f"Evaluation(slices=…) holds {each!r}",
                hint='give columns, Bins("distance", [500, 1000]) or'
                ' Where("night flights", "dep_minute >= 1320")',
            )
    return tuple(found)


def columns_of(slicing: Slicing) -> tuple[str, ...]:
    """Give the columns that a slicing is known to read."""
    return slicing.columns if isinstance(slicing, Where) else (slicing.column,)


def _check_column(column: object, what: str) -> None:
    require(
        isinstance(column, str) and bool(column),
        f"{what} is by {column!r}",
        "give the name of a column of the features, or kept beside them",
    )


def _edges(column: str, edges: object) -> tuple[float, ...]:
    if not isinstance(edges, Iterable) or isinstance(edges, str):
        raise DeclarationError(
            f"Bins({column!r}, {edges!r})", hint="give edges, [500, 1000], or a number of ranges"
        )
    return tuple(finite(edge, f"an edge of Bins({column!r}, …)") for edge in edges)
