"""How models are watched, as they were last declared: pages, checks, and who is told of alerts.

Kept because whoever delivers alerts, or shows a deployment, need not have the declaration's code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.catalog import statements
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.ledger import change
from registry_assets.catalog.monitoring_tables import monitored
from registry_assets.catalog.stored import read_json
from registry_assets.clock import Clock

MONITORING_DECLARED = "monitoring_declared"


@dataclass(frozen=True, slots=True)
class MonitoredRecord:
    """How one model is watched.

    Args:
        definition: what `Monitoring.definition()` gave; None where it is watched no more.
    """

    model: str
    definition: Mapping[str, Any] | None
    digest: str
    actor: str
    set_at: str


def read_monitored(connection: sa.Connection, model: str) -> MonitoredRecord | None:
    """Give how a model is watched; None where it never was."""
    row = statements.find(connection, monitored, model=model).one_or_none()
    if row is None:
        return None
    definition = read_json(row.definition, where=f"how {model} is watched")
    return MonitoredRecord(row.model, definition, row.digest, row.actor, row.set_at)


def declare_monitored(
    catalog: Catalog,
    *,
    model: str,
    definition: dict[str, Json] | None,
    actor: str,
    clock: Clock,
) -> None:
    """Record how a registered model is watched, if that is new or has changed.

    Args:
        definition: as `Monitoring.definition()` gives it; None where it is not watched.
    """
    text = canonical_json(definition).decode()
    with catalog.read() as connection:
        if _says(connection, model, definition, text):
            return
    with change(catalog, chain=model, kind=MONITORING_DECLARED, actor=actor, clock=clock) as draft:
        # Somebody else may have declared the same meanwhile.
        if _says(draft.connection, model, definition, text):
            return
        values = {
            "definition": text,
            "digest": sha256_digest(text.encode()),
            "actor": actor,
            "set_at": draft.effective_at,
        }
        if not draft.update(monitored, {"model": model}, **values):
            draft.insert(monitored, model=model, **values)
        said = "is watched no more" if definition is None else "is watched as it was declared now"
        draft.sentence = f"{model} {said}"
        draft.facts = {"digest": values["digest"]}


def _says(
    connection: sa.Connection, model: str, definition: dict[str, Json] | None, text: str
) -> bool:
    row = statements.find(connection, monitored, model=model).one_or_none()
    # Of a model that never was watched there is nothing to say.
    return definition is None if row is None else bool(row.definition == text)
