"""Tells cheaply whether registry or Dagster have moved since everything was found in place.

A look through 10,000 versions costs a tenth of a second and more; this costs a few rows. It
sees every change of the registry, and of Dagster what materializes, wipes, or deletes runs
and partitions. What it might not see is found by the look that comes now and then.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

import dagster as dg

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.catalog.ledger import REGISTRY
from registry_assets.declaration import RegisteredModel
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.monitoring.views import KINDS
from registry_assets.registry import Registry

SWEEP_SECONDS = 600
"""After so long everything is looked through, whether or not anything has moved."""

SNAPSHOTS = "-snapshots"
"""What is watched beside the models; no model can have this name."""

RECALLS = "-recalls"
"""The same, once any data was recalled."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was complete at an earlier look, as a sensor remembers it.

    Args:
        swept_at: when everything was looked through, in seconds since 1970.
        complete: the state in which nothing was missing, by model.
    """

    swept_at: float
    complete: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, cursor: str | None, *, now: float) -> Self:
        """Read a sensor's cursor; nothing was seen where it says nothing, or too long ago."""
        try:
            found = json.loads(cursor or "")
            swept_at, complete = float(found["swept_at"]), dict(found["complete"])
        except (ValueError, TypeError, KeyError):
            return cls(now)  # of another release, or none: everything is looked through
        if not swept_at <= now < swept_at + SWEEP_SECONDS:
            return cls(now)
        return cls(swept_at, complete)

    def to_text(self) -> str:
        """Give the cursor that `read` reads."""
        return json.dumps({"swept_at": self.swept_at, "complete": dict(self.complete)})

    def is_complete(self, name: str, state: str) -> bool:
        """Whether nothing was missing in exactly this state."""
        return self.complete.get(name) == state

    def after(self, complete: Mapping[str, str]) -> "Seen":
        """Give what is remembered after a look."""
        return Seen(self.swept_at, complete)


def read_states(
    instance: dg.DagsterInstance,
    registry: Registry,
    *,
    models: Iterable[RegisteredModel],
    snapshots: Iterable[dg.AssetKey],
) -> dict[str, str]:
    """Give the state of each model, and of the snapshots: a text that changes with it."""
    runs = instance.get_runs_count()
    states = {SNAPSHOTS: _digest([runs, _head(registry, REGISTRY), *_assets(instance, snapshots)])}
    active = registry.policy()
    policy = active.digest if active else None
    for model in models:
        names = Names(model.name)
        keys = [names.model_key, names.evaluation_key, *map(names.pointer_key, model.pointers)]
        if model.monitoring is not None:
            keys += map(names.observation_key, KINDS)
        keys += [names.mirror_key(mirror.mirror) for mirror in model.mirrors]
        partitions = sorted(instance.get_dynamic_partitions(names.versions))
        # One that was just declared may have moved long ago, and Dagster knows nothing of it.
        watched: list[Json] = [runs, _head(registry, model.name), list(model.pointers), policy]
        states[model.name] = _digest([*watched, list(partitions), *_assets(instance, keys)])
    if registry.recalls():
        # Whatever moves may come to stand on recalled data, or off it.
        states[RECALLS] = _digest([[name, state] for name, state in states.items()])
    return states


def _head(registry: Registry, chain: str) -> str:
    return registry.head(chain).digest


def _assets(instance: dg.DagsterInstance, keys: Iterable[dg.AssetKey]) -> list[Json]:
    """Give the newest materialization of each asset, and when it was wiped."""
    found: list[Json] = []
    for record in instance.get_asset_records(list(keys)):
        entry = record.asset_entry
        details = entry.asset_details
        wiped = details.last_wipe_timestamp if details else None
        key = entry.asset_key.to_user_string()
        found.append([key, entry.last_materialization_storage_id, wiped])
    return sorted(found, key=str)


def _digest(state: list[Json]) -> str:
    return sha256_digest(canonical_json(state))
