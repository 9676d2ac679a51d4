"""What is wrong with the rows that a deployment was given, or with what was logged of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from registry_assets.canonical import Json
from registry_assets.evaluation.report.texts import plural

PROBLEMS: Mapping[str, str] = MappingProxyType(
    {
        "no_rows": "there are no rows",
        "unreadable": "the rows cannot be read",
        "missing_column": "a column is not there",
        "changed_type": "a column is of another type",
        "not_scored": "the version cannot score these rows",
        "all_missing": "a column has no value at all",
        "missing_values": "more values are missing than in training",
        "infinite_values": "numbers that are infinite",
        "unseen_values": "values that the training never had",
        "duplicate_rows": "rows occur more than once",
        "unknown_version": "predictions of a version that there is not",
        "retired_version": "predictions of a version that is archived, rejected or recalled",
        "other_version": "predictions of a version that the pointer did not hold",
        "no_prediction": "rows without a prediction",
        "unknown_class": "predictions that are none of the classes of their version",
        "no_probabilities": "probabilities that cannot be any",
        "unusable_labels": "outcomes that are not what the model tells",
        "labels_without_predictions": "outcomes of which nothing was predicted",
        "predictions_without_labels": "predictions of which no outcome is known",
        "duplicate_labels": "several outcomes of one row",
    }
)
"""Kinds of problem, and what each means."""


@dataclass(frozen=True, slots=True)
class QualityProblem:
    """One thing that is wrong.

    Args:
        kind: one of `PROBLEMS`.
        column: the column it is about; "" for whole rows.
        count: rows that it concerns.
        sentence: with the numbers, for people.
    """

    kind: str
    column: str
    count: int
    sentence: str

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {
            "kind": self.kind,
            "column": self.column,
            "count": self.count,
            "sentence": self.sentence,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave."""
        return cls(value["kind"], value["column"], int(value["count"]), value["sentence"])


@dataclass(frozen=True, slots=True)
class QualityResult:
    """All that is wrong with some rows; nothing, if they can be relied on.

    Args:
        rows: how many were looked at.
    """

    rows: int
    problems: tuple[QualityProblem, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    @property
    def sentence(self) -> str:
        """Every problem; or that there is none."""
        said = "; ".join(problem.sentence for problem in self.problems)
        if said:
            return said
        one = self.rows == 1
        return f"{plural(self.rows, 'row')}, and nothing is wrong with {'it' if one else 'them'}"

    def to_json(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {"rows": self.rows, "problems": [each.to_json() for each in self.problems]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave."""
        problems = tuple(map(QualityProblem.from_json, value["problems"]))
        return cls(int(value["rows"]), problems)
