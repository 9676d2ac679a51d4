"""What the index holds of a version: its row, its evaluation's row, terms and edges."""

from functools import cache
from typing import Any

import sqlalchemy as sa

from benchmarks.bulk.forms import RowForm, Values
from benchmarks.bulk.rows import ACTOR, CODE_COMMIT, Made
from benchmarks.subject.declaration import PARAMS
from registry_assets.canonical import canonical_json
from registry_assets.catalog import index_tables

Rows = list[tuple[Any, ...]]


class Index:
    """The rows of the index tables."""

    def __init__(self, made: Made) -> None:
        def measured(auc: float, loss: float) -> str:
            return canonical_json({"roc_auc": auc, "log_loss": loss}).decode()

        def version(
            indexed_id: int,
            model: str,
            number: int,
            stage: str,
            digest: str,
            team: str,
            region: str,
            auc: float,
            loss: float,
            reserved_at: str,
        ) -> Any:
            tags: Any = made.tags(model, number, team, region)
            return {
                "id": indexed_id,
                "model": model,
                "number": number,
                "state": "committed",
                "stage": stage,
                "digest": digest,
                "description": "",
                "tags": canonical_json(tags).decode(),
                "metrics": measured(auc, loss),
                "code_commit": CODE_COMMIT,
                "actor": ACTOR,
                "created_at": reserved_at,
            }

        def evaluation(
            evaluation_id: int,
            model: str,
            number: int,
            evaluation_digest: str,
            evaluated_at: str,
            auc: float,
            loss: float,
        ) -> Any:
            return {
                "id": evaluation_id,
                "model": model,
                "version": number,
                "digest": evaluation_digest,
                "suite_digest": made.model.suite_digest,
                "passed": "yes",
                "metrics": measured(auc, loss),
                "created_at": evaluated_at,
            }

        suite: Any = made.model.suite()
        (gate,) = suite["gates"]
        self._gate = f"gates.{gate['name']}"
        self._made = made
        self._version = RowForm(index_tables.indexed_versions, version)
        self._evaluation = RowForm(index_tables.indexed_evaluations, evaluation)

    def rows(self, values: Values) -> dict[sa.Table, Rows]:
        """Give all rows of one version."""
        return {
            index_tables.indexed_versions: [self._version.row(values)],
            index_tables.indexed_evaluations: [self._evaluation.row(values)],
            index_tables.text_terms: self._text_terms(values),
            index_tables.number_terms: self._number_terms(values),
            index_tables.edges: self._edges(values),
        }

    def _text_terms(self, values: Values) -> Rows:
        said = self._made.tags(values["model"], values["number"], values["team"], values["region"])
        terms = [(f"tags.{name}", value) for name, value in said.items()]
        terms += [("owner", owner) for owner in self._made.model.owners]
        return [
            *_terms(index_tables.text_terms, _version(values), terms),
            *_terms(index_tables.text_terms, _evaluation(values), [(self._gate, "passed")]),
        ]

    def _number_terms(self, values: Values) -> Rows:
        params = {**PARAMS, "random_state": values["number"]}
        told = [(f"params.{name}", float(value)) for name, value in params.items()]
        measured = [("metrics.roc_auc", values["auc"]), ("metrics.log_loss", values["loss"])]
        return [
            *_terms(index_tables.number_terms, _version(values), told + measured),
            *_terms(index_tables.number_terms, _evaluation(values), measured),
        ]

    def _edges(self, values: Values) -> Rows:
        digest, evaluation = values["digest"], values["evaluation_digest"]
        edges = [(digest, "train", ref.digest) for ref in self._made.train]
        edges += [(evaluation, "holdout", ref.digest) for ref in self._made.holdout]
        edges.append((evaluation, "version", digest))
        return [
            _in_order(index_tables.edges, {"child": child, "role": role, "parent": parent})
            for child, role, parent in edges
        ]


def _version(values: Values) -> dict[str, Any]:
    return {
        "entity": "version",
        "id": values["indexed_id"],
        "created_at": values["reserved_at"],
    }


def _evaluation(values: Values) -> dict[str, Any]:
    return {
        "entity": "evaluation",
        "id": values["evaluation_id"],
        "created_at": values["evaluated_at"],
    }


def _terms(table: sa.Table, entity: dict[str, Any], terms: list[tuple[str, Any]]) -> Rows:
    return [_in_order(table, {**entity, "name": name, "value": value}) for name, value in terms]


def _in_order(table: sa.Table, row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple([row[name] for name in _names(table)])


@cache
def _names(table: sa.Table) -> tuple[str, ...]:
    return tuple(table.columns.keys())
