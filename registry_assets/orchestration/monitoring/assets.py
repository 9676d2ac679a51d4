"""The assets `<model>/predictions`, `<model>/drift` and `<model>/performance`.

Partitioned as the features are. Each is what the registry recorded when it was made; the registry
is asked again at every materialization, and records nothing twice.
"""

from collections.abc import Callable, Iterator, Mapping

import dagster as dg

from registry_assets.catalog.observations import Kind
from registry_assets.declaration import Monitoring, RegisteredModel
from registry_assets.errors import RegistryError
from registry_assets.lifecycle.monitoring.recording import Observed
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.monitoring.checks import (
    observation_checks,
    observation_results,
    unobserved_results,
)
from registry_assets.orchestration.monitoring.views import View, read_view
from registry_assets.orchestration.presentation.monitoring import observation_metadata
from registry_assets.orchestration.resource import RegistryResource, asset_page, refuse, run_info
from registry_assets.orchestration.version_assets import asset_tags
from registry_assets.registry import Registry

_DESCRIPTIONS: Mapping[Kind, str] = {
    "predictions": "What the version in {pointer} says of each partition; every row names its"
    " version. Materialize a partition again to have it scored by what {pointer} holds now.",
    "drift": "How far the features of each partition are from those of the training, and the"
    " predictions from those that the promotion rested on.",
    "performance": "The metrics of the evaluation on what was really predicted, beside what was"
    " promised, once it is known what happened.",
}
_LOGGED = (
    "What was logged of each partition, by the versions that made it; every row names its version."
)


def observation_asset(
    declared: RegisteredModel,
    kind: Kind,
    partitions: dg.PartitionsDefinition[str] | None,
    source: RegistryResource,
) -> dg.AssetsDefinition:
    """Make one of the three assets of a watched model."""
    plan = declared.monitoring
    assert plan is not None
    key = Names(declared.name).observation_key(kind)
    specs = observation_checks(declared, kind, partitions)
    logged = kind == "predictions" and plan.predictions is not None

    @dg.asset(
        key=key,
        partitions_def=partitions,
        deps=_parents(declared, plan, kind),
        check_specs=specs,
        output_required=False,
        description=_LOGGED if logged else _DESCRIPTIONS[kind].format(pointer=plan.pointer),
        group_name=declared.name,
        kinds={"parquet"} if kind == "predictions" else {"report"},
        owners=list(declared.owners),
        tags=asset_tags(declared),
    )
    def observes(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        registry = source.open()
        partition = context.partition_key if context.has_partition_key else ""
        run = run_info(context.instance, context.run)
        links = {"asset": asset_page(key, partition)}
        if _holds_nothing(registry, declared.name, plan.pointer):
            why = f"{declared.name}@{plan.pointer} holds no version that could predict anything"
            context.log.warning("nothing is observed: %s", why)
            yield from unobserved_results(specs, why, partition=partition)
            return
        try:
            observed = _observe(registry, kind)(declared, partition, run=run, links=links)
            view = view_of(registry, declared, observed)
            metadata = view_metadata(registry, declared, view)
        except RegistryError as error:
            raise refuse(error) from error
        if observed.recorded.again:
            context.log.info("nothing is new: it was recorded before, and nobody is told again")
        yield dg.MaterializeResult(
            data_version=dg.DataVersion(view.digest),
            metadata=metadata,
            check_results=observation_results(specs, view, plan),
        )

    return observes


def view_of(registry: Registry, declared: RegisteredModel, observed: Observed) -> View:
    """Give what was just recorded as it is shown."""
    recorded = observed.recorded
    return read_view(registry, declared, recorded.observations, recorded.results)


def view_metadata(
    registry: Registry, declared: RegisteredModel, view: View
) -> dict[str, dg.MetadataValue | str | int | float]:
    """Give the metadata of a materialization, with the pages declared for the deployment."""
    newest = view.records[-1].version
    pages = registry.dashboards(declared, newest, partition=view.partition)
    return observation_metadata(registry, view, pages)


def _parents(declared: RegisteredModel, plan: Monitoring, kind: Kind) -> list[dg.AssetKey]:
    names = Names(declared.name)
    if kind == "predictions":
        features = dg.AssetKey.from_user_string(declared.features.key)
        log = plan.predictions.asset if plan.predictions else ""
        logs = [dg.AssetKey.from_user_string(log)] if log else []
        return [features, names.pointer_key(plan.pointer), *logs]
    labelled = kind == "performance" and plan.labels is not None
    labels = [dg.AssetKey.from_user_string(plan.labels.asset)] if labelled and plan.labels else []
    return [names.observation_key("predictions"), *labels]


def _observe(registry: Registry, kind: Kind) -> Callable[..., Observed]:
    return {
        "predictions": registry.observe_predictions,
        "drift": registry.observe_drift,
        "performance": registry.observe_performance,
    }[kind]


def _holds_nothing(registry: Registry, model: str, pointer: str) -> bool:
    if not registry.is_registered(model):
        return True
    held = {each.name: each.version for each in registry.pointers(model)}
    return held.get(pointer) is None
