"""What is found, as light as it can be: the rows themselves, with names.

Named tuples, for a frozen dataclass takes 1.2 µs to make, and a hundred of them a third of the
search. JSON in them is parsed when it is read.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from registry_assets.catalog.indexing import Stage
from registry_assets.search.fields import Entity


class FoundVersion(NamedTuple):
    """A version, as it stands in the index."""

    model: str
    number: int
    stage: Stage
    state: str
    digest: str | None
    description: str
    commit: str | None
    actor: str
    created_at: str
    tags_json: str
    metrics_json: str

    @property
    def reference(self) -> str:
        """How it is named: `model:12`."""
        return f"{self.model}:{self.number}"

    @property
    def tags(self) -> Mapping[str, str]:
        """Its tags in force."""
        return _parsed(self.tags_json)

    @property
    def metrics(self) -> Mapping[str, float]:
        """The values of its newest evaluation; none where there is none."""
        return _parsed(self.metrics_json)


class FoundModel(NamedTuple):
    """A registered model, as it stands in the index."""

    name: str
    task: str
    risk: str
    description: str
    created_at: str
    tags_json: str

    @property
    def reference(self) -> str:
        """How it is named."""
        return self.name

    @property
    def tags(self) -> Mapping[str, str]:
        """Its tags in force."""
        return _parsed(self.tags_json)


class FoundEvaluation(NamedTuple):
    """An evaluation, as it stands in the index.

    Args:
        passed: whether every gate did when it was judged: `yes`, `no` or `unknown`.
    """

    id: int
    model: str
    version: int
    digest: str
    suite: str
    passed: str
    created_at: str
    metrics_json: str

    @property
    def reference(self) -> str:
        """The version it is about: `model:12`."""
        return f"{self.model}:{self.version}"

    @property
    def metrics(self) -> Mapping[str, float]:
        """Its values."""
        return _parsed(self.metrics_json)


Found: TypeAlias = FoundVersion | FoundModel | FoundEvaluation
T = TypeVar("T", FoundVersion, FoundModel, FoundEvaluation)

RECORDS: Mapping[Entity, type[Found]] = {
    "versions": FoundVersion,
    "models": FoundModel,
    "evaluations": FoundEvaluation,
}

COLUMNS: Mapping[Entity, Sequence[str]] = {
    "versions": (
        "model",
        "number",
        "stage",
        "state",
        "digest",
        "description",
        "code_commit",
        "actor",
        "created_at",
        "tags",
        "metrics",
    ),
    "models": ("name", "task", "risk", "description", "created_at", "tags"),
    "evaluations": (
        "id",
        "model",
        "version",
        "digest",
        "suite_digest",
        "passed",
        "created_at",
        "metrics",
    ),
}
"""The columns of each record's fields, in their order."""


@dataclass(frozen=True, slots=True)
class SearchPage(Generic[T]):
    """One page of what was found.

    Args:
        next_cursor: where the next page begins; None on the last.
        notes: what the asker may have got wrong: a name that nothing has; on the last page, how
            many imported versions are not searched.
    """

    items: tuple[T, ...]
    next_cursor: str | None
    notes: tuple[str, ...] = ()


def _parsed(text: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(text)
    return found
