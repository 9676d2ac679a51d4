"""Events of a run that does not execute the asset: what is missing in the log becomes one.

Used by the job that reports what is missing, and by the one that moves a pointer back. Results
of checks come before the materialization: whatever ends the run between them, the
materialization is still missing, and is reported again.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from registry_assets.orchestration.checks import check_event
from registry_assets.orchestration.missing import Missing
from registry_assets.orchestration.pointer_asset import is_verified, verify_pointer
from registry_assets.orchestration.presentation import promotion_metadata
from registry_assets.registry import Registry

Event = dg.AssetMaterialization | dg.AssetCheckEvaluation


def promotion_events(
    instance: dg.DagsterInstance, registry: Registry, model: str, pointer: str, missing: Missing
) -> Iterator[Event]:
    """Make the events of one promotion of a pointer, or of a rollback."""
    promotion = registry.promotion(model, pointer, missing.generation or 0)
    if promotion is None:
        return
    newest = promotion.generation == registry.pointer(model, pointer).generation
    if newest and not is_verified(instance, model, pointer, promotion.digest):
        yield check_event(verify_pointer(registry, model, pointer), None)
    pages = registry.deployment_pages(model, promotion.version, pointer=pointer)
    yield materialization(missing, promotion_metadata(promotion, dashboards=pages))


def materialization(missing: Missing, metadata: Mapping[str, Any]) -> dg.AssetMaterialization:
    """Make the materialization that is missing, under the data version that the registry knows."""
    return dg.AssetMaterialization(
        asset_key=missing.asset,
        partition=missing.partition,
        metadata=metadata,
        tags={
            "dagster/data_version": missing.digest,
            "dagster/data_version_is_user_provided": "true",
        },
    )
