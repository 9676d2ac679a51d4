"""What was observed and Dagster's event log is missing, made again from catalog and store."""

from collections.abc import Iterator

import dagster as dg

from registry_assets.declaration import RegisteredModel
from registry_assets.orchestration.checks import check_event
from registry_assets.orchestration.events import Event, materialization
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.missing import Missing
from registry_assets.orchestration.monitoring.assets import view_metadata
from registry_assets.orchestration.monitoring.checks import observation_checks, observation_results
from registry_assets.orchestration.monitoring.views import KINDS, read_view
from registry_assets.registry import Registry


def is_observation(model: RegisteredModel, asset: dg.AssetKey) -> bool:
    """Tell whether an asset is one of those that a watched model has."""
    keys = map(Names(model.name).observation_key, KINDS)
    return model.monitoring is not None and asset in keys


def observation_events(
    registry: Registry, model: RegisteredModel, missing: Missing
) -> Iterator[Event]:
    """Make the events of one observation: results of checks, and the materialization."""
    plan = model.monitoring
    assert plan is not None
    kind = next(kind for kind in KINDS if kind == missing.asset.path[-1])
    records = registry.observations(model.name, kind, partition=missing.partition or "")
    if not records or records[0].digest != missing.digest:
        return  # observed again since it was found missing: the next look finds that
    results = [result for record in records for result in registry.results(record)]
    view = read_view(registry, model, records, results)
    specs = observation_checks(model, kind, None)
    metadata = view_metadata(registry, model, view)
    for result in observation_results(specs, view, plan):
        yield check_event(result, missing.partition)
    yield materialization(missing, metadata)
