"""The asset check `freshness`: whether the partition that should be scored by now has been.

It speaks of data that did not come, so no materialization brings it about: the sensor asks for it
whenever it would say something else than it said last.
"""

from collections.abc import Iterator

import dagster as dg

from registry_assets.catalog.observations import CheckFinding
from registry_assets.catalog.versions import VersionRecord
from registry_assets.declaration import Monitoring, RegisteredModel
from registry_assets.errors import NotFound, RegistryError
from registry_assets.monitoring.freshness import FRESHNESS
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.monitoring.checks import (
    monitoring_result,
    said_of,
    unobserved_results,
)
from registry_assets.orchestration.presentation import version_identity
from registry_assets.orchestration.presentation.monitoring import finding_numbers, snapshot_list
from registry_assets.orchestration.resource import RegistryResource, asset_page, refuse, run_info
from registry_assets.orchestration.unstable.check_results import stored_results
from registry_assets.orchestration.untold import Untold
from registry_assets.registry import Registry

RULE = "The partition that should be scored by now has been."


def freshness_key(model: str) -> dg.AssetCheckKey:
    """Give the key of the check."""
    return dg.AssetCheckKey(Names(model).observation_key("predictions"), FRESHNESS)


def freshness_check(
    declared: RegisteredModel, source: RegistryResource
) -> dg.AssetChecksDefinition | None:
    """Make the check, if the declaration asks for it."""
    plan = declared.monitoring
    assert plan is not None
    if plan.freshness is None:
        return None
    key = freshness_key(declared.name)
    rule = f"{RULE} It may take {plan.freshness.days:g} days from the end of its period."

    @dg.asset_check(asset=key.asset_key, name=FRESHNESS, description=rule)
    def freshness(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        registry = source.open()
        links = {"asset": asset_page(key.asset_key)}
        try:
            found = registry.observe_freshness(
                declared, run=run_info(context.instance, context.run), links=links
            )
        except NotFound as error:
            return _nothing(key, error.message)
        except RegistryError as error:
            raise refuse(error) from error
        if found is None:
            return _nothing(key, f"{declared.name}@{plan.pointer} holds no version")
        return _result(key, plan, found.finding, found.watched.version, found.expected)

    return freshness


def find_untold_freshness(
    instance: dg.DagsterInstance, registry: Registry, declared: RegisteredModel
) -> Iterator[Untold]:
    """Find what was recorded last of the version that is deployed, and Dagster does not show."""
    plan = declared.monitoring
    if plan is None or plan.freshness is None:
        return
    held = {each.name: each for each in registry.pointers(declared.name)}.get(plan.pointer)
    if held is None or held.version is None:
        return
    recorded = registry.newest_result(declared.name, FRESHNESS, held.version)
    if recorded is None:
        return  # the sensor has it looked at
    key = freshness_key(declared.name)
    shown = next(stored_results(instance, key, None), None)
    said = said_of(recorded.finding)
    if shown is None or shown.evaluation.description != said:
        version = registry.version_numbered(declared.name, recorded.version).version
        result = _result(key, plan, recorded.finding, version, recorded.partition)
        yield Untold(result, None, f"{recorded.version_digest} {said}")


def _result(
    key: dg.AssetCheckKey,
    plan: Monitoring,
    finding: CheckFinding,
    version: VersionRecord,
    partition: str,
) -> dg.AssetCheckResult:
    return monitoring_result(
        key.asset_key,
        finding,
        plan,
        said=said_of(finding),
        metadata={
            **version_identity(version),
            "partition": partition or "none is expected",
            "outcome": finding.outcome,
            **finding_numbers(finding),
            "trained on": snapshot_list(version.recipe.train),
        },
    )


def _nothing(key: dg.AssetCheckKey, why: str) -> dg.AssetCheckResult:
    spec = dg.AssetCheckSpec(key.name, asset=key.asset_key)
    (result,) = unobserved_results([spec], why, partition="")
    return result
