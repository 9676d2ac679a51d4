"""Reads the fields of a written policy one by one, and notes every problem where it stands."""

import difflib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from registry_assets.canonical import Json, plain_json
from registry_assets.clock import timestamp
from registry_assets.errors import DeclarationError

LONGEST = 100 * 366 * 86_400
"""The longest time that a policy can name, in seconds: a century."""

_MOST = 10_000
_DURATION = re.compile(r"([0-9]{1,10})\s*(second|minute|hour|day|week)s?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}


class Fields:
    """One mapping of a policy, read field by field.

    Args:
        where: its place, such as `tiers.high`; empty for the whole.
        problems: what is wrong, each with its place; shared by all of one policy.
    """

    def __init__(self, value: object, where: str, problems: list[str]) -> None:
        self.where, self.problems = where, problems
        self._given: dict[str, Any] = {}
        self._asked: list[str] = []
        if isinstance(value, Mapping):
            self._given = {name: item for name, item in value.items() if isinstance(name, str)}
            for name in value:
                if not isinstance(name, str):
                    self.note("", f"has the name {_shown(name)}; expected a text: put it in quotes")
        elif value is not None:
            self.note("", f"is {_shown(value)}; expected names with values")

    def note(self, name: str, problem: str) -> None:
        """Note a problem of one field, or of the mapping itself."""
        place = ".".join(part for part in (self.where, name) if part) or "the policy"
        self.problems.append(f"{place} {problem}")

    def text(self, name: str, default: str | None = "") -> str:
        """Give a text; one that is missing and has no default is a problem."""
        value = self._take(name)
        if value is None:
            if default is None:
                self.note(name, "is missing")
            return default or ""
        if isinstance(value, bool | int | float):
            self.note(name, f"is {_shown(value)}; expected a text: put it in quotes")
        elif not isinstance(value, str):
            self.note(name, f"is {_shown(value)}; expected a text")
        else:
            return value
        return ""

    def optional(self, name: str) -> str | None:
        """Give a text, or None where there is none."""
        return self.text(name) or None

    def texts(self, name: str) -> tuple[str, ...]:
        """Give a list of texts; empty where it is missing."""
        value = self._take(name)
        if value is None:
            return ()
        if not isinstance(value, list | tuple):
            self.note(name, f"is {_shown(value)}; expected a list: [{value!s:.100}]")
            return ()
        for item in value:
            if not isinstance(item, str):
                self.note(name, f"holds {_shown(item)}; expected a text: put it in quotes")
        return tuple(item for item in value if isinstance(item, str))

    def texts_by_name(self, name: str) -> dict[str, tuple[str, ...]]:
        """Give a mapping of lists of texts, in which one text may stand without a list."""
        inner = self.section(name)
        if inner is None:
            return {}
        return {
            each: (value,) if isinstance(value, str) else inner.texts(each)
            for each, value in inner.rest().items()
        }

    def whole(self, name: str, default: int) -> int:
        """Give a whole number from 0 on."""
        value = self._take(name)
        if value is None:
            return default
        if type(value) is int and 0 <= value <= _MOST:
            return value
        self.note(name, f"is {_shown(value)}; expected a whole number of 0 to {_MOST:,}")
        return default

    def flag(self, name: str, words: Mapping[str, bool], *, default: bool) -> bool:
        """Give whether one of two words stands there."""
        value = self.text(name)
        if not value:
            return default
        if value not in words:
            self.note(name, f"is {_shown(value)}; expected {' or '.join(words)}")
        return words.get(value, default)

    def duration(self, name: str, default: int | None = None) -> int | None:
        """Give a time in seconds: `30 days`, `12 hours`, or a number of seconds."""
        value = self._take(name)
        if value is None:
            return default
        found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
        seconds = int(found[1]) * _SECONDS[found[2]] if found else value
        if type(seconds) is int and 0 <= seconds <= LONGEST:
            return seconds
        expected = "a time such as '30 days' or '12 hours', of a century at most"
        self.note(name, f"is {_shown(value)}; expected {expected}")
        return default

    def instant(self, name: str) -> str:
        """Give an instant with its zone, as the catalog writes it."""
        value = self._take(name)
        try:
            return timestamp(datetime.fromisoformat(value))
        except (TypeError, ValueError, OverflowError):
            self.note(
                name, f"is {_shown(value)}; expected an instant with its zone: 2026-12-20T00:00Z"
            )
            return timestamp(datetime(1970, 1, 1, tzinfo=UTC))

    def section(self, name: str) -> "Fields | None":
        """Give the fields of a mapping in here; None where it is missing."""
        value = self._take(name)
        return None if value is None else Fields(value, self._place(name), self.problems)

    def sections(self, name: str) -> Iterator[tuple[str, "Fields"]]:
        """Give the mappings in a mapping, by name."""
        inner = self.section(name)
        for each, value in inner.rest().items() if inner else ():
            yield each, Fields(value, f"{self._place(name)}.{each}", self.problems)

    def items(self, name: str) -> Iterator["Fields"]:
        """Give the mappings in a list."""
        value = self._take(name)
        if value is not None and not isinstance(value, list | tuple):
            self.note(name, f"is {_shown(value)}; expected a list")
            return
        for index, item in enumerate(value or (), start=1):
            yield Fields(item, f"{self._place(name)}[{index}]", self.problems)

    def json(self) -> dict[str, Json]:
        """Give everything as it stands there, as JSON."""
        try:
            return {name: plain_json(item, root=name) for name, item in self.rest().items()}
        except DeclarationError as error:
            self.note("", f"cannot be kept: {error.message}")
            return {}

    def rest(self) -> dict[str, Any]:
        """Give everything as it stands there."""
        self._asked += self._given
        return dict(self._given)

    def finish(self) -> None:
        """Note every field that nothing asked for."""
        for name in self._given:
            if name in self._asked:
                continue
            near = difflib.get_close_matches(name, self._asked, n=1)
            known = f"did you mean {near[0]}?" if near else f"known are {', '.join(self._asked)}"
            self.note(name, f"is not known: {known}")

    def _take(self, name: str) -> Any:
        self._asked.append(name)
        return self._given.get(name)

    def _place(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name


def _shown(value: object) -> str:
    return f"{value!r:.100}" if value is not None else "empty"
