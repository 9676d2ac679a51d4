"""An alert, what happened to it, and the JSON that they are stored and sent as.

Texts in here may hold what users and their data wrote. What is no text is replaced where a value
is made, and what is too long cut: an alert must get through whatever its reason is called.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self, TypeVar

import cattrs

from registry_assets.canonical import LARGEST_INTEGER, Json
from registry_assets.declaration.alerting import SEVERITIES
from registry_assets.errors import AlertUnreadable
from registry_assets.recipe import SnapshotRef
from registry_assets.references import clean_text

STATES = ("open", "acknowledged", "resolved")
KINDS = ("opened", "repeated", "escalated", "acknowledged", "retrained", "resolved")
"""What can happen to an alert."""

FORMAT = "registry_assets/alert/1"
OCCASION_FORMAT = "registry_assets/occasion/1"

WASSERSTEIN = "Wasserstein distance"
"""What is measured of numbers: in standard deviations; before and after are the means."""

LONGEST_SENTENCE = 1000
_LONGEST = 300
_LONGEST_URL = 2000
_MOST_MOVED = 50
_MOST_LINKS = 30

Figure = int | float | str | None
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Moved:
    """One thing that moved: a column, a metric, a count.

    Args:
        name: of the column or the metric.
        before: what it was in the reference, or was promised to be: a number, or a text.
        after: what it is now.
        value: what was judged: a distance, a difference, a share.
        threshold: from where on that fails.
        measure: what `value` is, such as `Wasserstein distance`.
    """

    name: str
    before: Figure = None
    after: Figure = None
    value: Figure = None
    threshold: Figure = None
    measure: str = ""

    def __post_init__(self) -> None:
        _clean(self, "name", "measure")
        for each in ("before", "after", "value", "threshold"):
            object.__setattr__(self, each, _sayable(getattr(self, each)))


@dataclass(frozen=True, slots=True)
class Lineage:
    """What the version was made of.

    Args:
        code_dirty: whether the code had changes that the commit does not have.
        trained_at: an instant, as the catalog writes it.
        run_url: where the run is shown.
    """

    datasets: tuple[SnapshotRef, ...] = ()
    features: tuple[SnapshotRef, ...] = ()
    code_commit: str = ""
    code_dirty: bool = False
    run_id: str = ""
    run_url: str = ""
    trained_at: str = ""

    def __post_init__(self) -> None:
        _clean(self, "code_commit", "run_id", "trained_at")
        _clean(self, "run_url", limit=_LONGEST_URL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What was found about one version on one pointer, and what became of it.

    Law: `Alert.from_json(alert.to_json()) == alert`.

    Args:
        registry: the catalog's identity.
        number: counts the alerts of the model, from 1.
        digest: of the version's manifest.
        generation: of the pointer, when it was found.
        check: what failed: `feature_drift`, `freshness`, …
        sentence: what was found, for people.
        count: how often, by now.
        opened_at, last_at: instants as the catalog writes them: first and newest finding.
        partition: in which it was found last; empty where it is of none.
        moved: what moved and by how much, the worst first.
        links: by name: `report`, `run`, `asset`, and the dashboards declared. Addresses, or
            paths where there is no server.

    Raises:
        ValueError: a severity or state that there is not.
    """

    registry: str
    model: str
    number: int
    version: int
    digest: str
    pointer: str
    generation: int
    check: str
    severity: str
    sentence: str
    opened_at: str
    last_at: str
    state: str = "open"
    count: int = 1
    partition: str = ""
    moved: tuple[Moved, ...] = ()
    lineage: Lineage = field(default_factory=Lineage)
    links: Mapping[str, str] = field(default_factory=dict)
    acknowledged_by: str = ""
    acknowledged_at: str = ""
    acknowledged_why: str = ""
    resolved_at: str = ""
    resolved_why: str = ""

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES or self.state not in STATES:
            raise ValueError(f"an alert of severity {self.severity!r} and state {self.state!r}")
        _clean(self, "partition", "acknowledged_by")
        _clean(
            self, "sentence", "acknowledged_why", "resolved_why", limit=LONGEST_SENTENCE, lines=True
        )
        # More than anybody reads; and a sink may refuse what is too long.
        object.__setattr__(self, "moved", tuple(self.moved)[:_MOST_MOVED])
        links = list(self.links.items())[:_MOST_LINKS]
        cleaned = {_cleaned(name): _cleaned(url, limit=_LONGEST_URL) for name, url in links}
        object.__setattr__(self, "links", cleaned)

    @property
    def name(self) -> str:
        """`flight_delay/3`: how people and commands call it."""
        return f"{self.model}/{self.number}"

    @property
    def key(self) -> str:
        """Tells it from every alert of every registry."""
        return f"{self.registry}/{self.name}"

    @property
    def reference(self) -> str:
        """`flight_delay:2`."""
        return f"{self.model}:{self.version}"

    @property
    def target(self) -> str:
        """`flight_delay@production`."""
        return f"{self.model}@{self.pointer}"

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON, with finite numbers only."""
        return {"format": FORMAT, **_converter().unstructure(self)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read back what `to_json` gave.

        Raises:
            AlertUnreadable: it is damaged, or a newer release wrote it.
        """
        return _read(cls, value, FORMAT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Something that happened to an alert, of which sinks are told; `alert` is as it was then.

    Law: `Occasion.from_json(occasion.to_json()) == occasion`.

    Args:
        kind: one of `KINDS`.
        at: an instant, as the catalog writes it.
        sentence: what happened, for people.
        sequence: counts the occasions of the alert, from 1.

    Raises:
        ValueError: a kind that there is not.
    """

    kind: str
    alert: Alert
    at: str
    sentence: str
    sequence: int

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"an occasion of the kind {self.kind!r}")
        _clean(self, "sentence", limit=LONGEST_SENTENCE, lines=True)

    @property
    def key(self) -> str:
        """`flight_delay/3/1`: the same at every attempt, so that a sink knows it again."""
        return f"{self.alert.name}/{self.sequence}"

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON, its alert included."""
        return {
            "format": OCCASION_FORMAT,
            "kind": self.kind,
            "key": self.key,
            "at": self.at,
            "sentence": self.sentence,
            "sequence": self.sequence,
            "alert": self.alert.to_json(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read back what `to_json` gave.

        Raises:
            AlertUnreadable: it is damaged, or a newer release wrote it.
        """
        return _read(cls, value, OCCASION_FORMAT)


def at_least(severity: str, minimum: str) -> bool:
    """Tell whether a severity is as bad as another one, or worse."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(minimum)


def _cleaned(text: str, *, limit: int = _LONGEST, lines: bool = False) -> str:
    cut = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return clean_text(cut if lines else " ".join(cut.split()), limit=limit)


def _clean(value: object, *names: str, limit: int = _LONGEST, lines: bool = False) -> None:
    for name in names:
        text = _cleaned(getattr(value, name), limit=limit, lines=lines)
        object.__setattr__(value, name, text)


def _sayable(figure: Figure) -> Figure:
    if isinstance(figure, str):
        return _cleaned(figure)
    if figure is None or (math.isfinite(figure) and abs(figure) <= LARGEST_INTEGER):
        return figure
    # JSON cannot say it, and somebody has to hear of it: this may be what went wrong.
    return str(figure)


def _read(kind: "type[_Read]", value: Mapping[str, Any], expected: str) -> "_Read":
    found = value.get("format") if isinstance(value, Mapping) else None
    if found != expected:
        raise AlertUnreadable(
            f"a stored alert has the format {found!r:.100}, expected {expected!r}",
            hint="it was written by a newer release: upgrade registry_assets",
        )
    try:
        read: _Read = _converter().structure(value, kind)
    except (cattrs.BaseValidationError, KeyError, TypeError, ValueError) as error:
        raise AlertUnreadable(
            f"a stored alert cannot be read: {_first(error)}",
            hint="`registry verify` tells whether the catalog was changed",
        ) from error
    return read


def _first(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"[:_LONGEST]


@cache
def _converter() -> cattrs.Converter:
    made = cattrs.Converter(unstruct_collection_overrides={tuple: list})
    made.register_structure_hook(Figure, lambda value, _: _figure(value))
    made.register_structure_hook(str, lambda value, _: _exactly(str, value))
    made.register_structure_hook(int, lambda value, _: _exactly(int, value))
    made.register_structure_hook(bool, lambda value, _: _exactly(bool, value))
    made.register_structure_hook(Occasion, _occasion)
    return made


def _occasion(value: Mapping[str, Any], _: object) -> Occasion:
    rest = {name: value[name] for name in ("kind", "at", "sentence", "sequence")}
    return Occasion(alert=Alert.from_json(value["alert"]), **rest)


def _figure(value: object) -> Figure:
    if value is None or isinstance(value, int | float | str):
        return value
    raise TypeError(f"{value!r:.100} is no number and no text")


def _exactly(kind: type, value: object) -> Any:
    # `str(None)` and `int("2")` would read what nobody wrote.
    if type(value) is kind:
        return value
    raise TypeError(f"{value!r:.100} is no {kind.__name__}")
