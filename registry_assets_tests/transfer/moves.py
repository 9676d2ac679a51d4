"""How history is carried from one registry into another, and what both then say. Not a test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog.alerts import list_alerts
from registry_assets.catalog.ledger import REGISTRY
from registry_assets.catalog.observations import list_observations, list_results, newest_result
from registry_assets.catalog.tables import VOUCHED, events, imported_rows, imports
from registry_assets.registry import Registry
from registry_assets.transfer.importing import Imported
from registry_assets_tests.catalog.history import PERSON, History, lived_in

FULL = "late"


def full_past(folder: Path) -> History:
    """A registry with two models, data that nothing was trained on, and a reserved number."""
    history = lived_in(folder)
    history.declare("other")
    history.version(1, model="other")
    history.reserve("waits", seed=9)
    return history


def carry(
    origin: Registry, target: Registry, at: Path, models: Sequence[str] | None = None
) -> Imported:
    """Export, and import what was exported; sound on the other side."""
    origin.export(at, models)
    came = target.import_from(at, run=PERSON)
    assert target.verify().problems == ()
    return came


def said(registry: Registry, model: str) -> dict[str, Any]:
    """What a registry answers about a model, whatever numbers its rows have."""
    versions = [
        (
            found.version,
            found.stage,
            found.evaluation and (found.evaluation.digest, found.evaluation.metrics),
            [(v.version_digest, v.finding) for v in found.verdicts],
        )
        for found in registry.versions(model)
    ]
    return {
        "model": registry.model(model),
        "versions": versions,
        "evaluations": [e.digest for e in registry.evaluations(model)],
        "pointers": registry.pointers(model),
        "promotions": registry.promotions(model),
        "holds": registry.holds(model),
        "watched": _watched(registry, model),
        "log": registry.log(model),
        "file": registry.backends.store.read_pointer(model, "production"),
    }


def _watched(registry: Registry, model: str) -> dict[str, Any]:
    """What was observed of a model, what checks found in it, and its alerts."""
    with registry.backends.catalog.read() as connection:
        seen = list_observations(connection, model)
        return {
            "observations": [
                (
                    replace(row, id=0),
                    [
                        replace(each, id=0, observation_id=0)
                        for each in list_results(connection, row.id)
                    ],
                )
                for row in seen
            ],
            "alerts": list_alerts(connection, model, states=("open", "acknowledged", "resolved")),
            "fresh": [
                replace(found, id=0)
                for number in sorted({row.version for row in seen})
                if (found := newest_result(connection, model, "freshness", number)) is not None
            ],
        }


def rows(registry: Registry) -> dict[str, list[Mapping[str, Any]]]:
    """Every row and event of a catalog."""
    with registry.backends.catalog.read() as connection:
        return {
            table.name: [
                dict(row)
                for row in connection.execute(
                    sa.select(table).order_by(*table.primary_key)
                ).mappings()
            ]
            for table in (*VOUCHED, imported_rows, events)
        }


def own_events(registry: Registry) -> list[str]:
    """The kinds of the events in a registry's own chain."""
    return [event.kind for event in registry.log(REGISTRY)]


def segments(registry: Registry, model: str) -> list[tuple[int, str]]:
    """Up to which event a model's history was made where."""
    return [
        (row["sequence"], row["origin"])
        for row in rows(registry)[imports.name]
        if row["model"] == model
    ]


def identity(registry: Registry) -> str:
    """A registry's identity."""
    from registry_assets.catalog.provenance import read_identity

    with registry.backends.catalog.read() as connection:
        return read_identity(connection)


@dataclass
class Steps:
    """What a progress was told."""

    told: list[tuple[str, int, int]] = field(default_factory=list)

    def __call__(self, what: str, done: int, total: int) -> None:
        """Note it."""
        self.told.append((what, done, total))
