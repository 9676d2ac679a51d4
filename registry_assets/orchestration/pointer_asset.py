"""The asset `<model>/production`: a materialization per promotion, decided by the registry."""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from registry_assets.catalog.models import PRODUCTION
from registry_assets.declaration import RegisteredModel
from registry_assets.errors import NotFound, RegistryError
from registry_assets.governance.decide import Held
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.lifecycle.reserving import declare_model
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.presentation import promotion_metadata
from registry_assets.orchestration.resource import RegistryResource, refuse, run_info
from registry_assets.orchestration.version_assets import asset_tags
from registry_assets.registry import Registry

VERIFIES = "verifies"


class PromoteConfig(dg.Config):
    """Which version to promote; without one, the sensor's own candidate, if it is ready."""

    version: int | None = Field(
        default=None,
        description="Version number. It is promoted only if the registry's gate lets it.",
    )
    reason: str = Field(default="", description="Why; recorded in the ledger.")


def pointer_asset(declared: RegisteredModel, source: RegistryResource) -> dg.AssetsDefinition:
    """Make the production asset of one registered model."""
    names = Names(declared.name)

    @dg.asset(
        key=names.pointer_key(PRODUCTION),
        deps=[dg.AssetDep(names.evaluation_key, partition_mapping=dg.AllPartitionMapping())],
        output_required=False,
        description=f"Which version of {declared.name} is in production. Whoever materializes"
        " it, the registry decides on the evidence. A version that is named in the config and"
        " held fails with every reason. Without one the newest candidate is taken; where it is"
        " held, or none waits, the run succeeds, moves nothing and says why in a warning."
        " `Unsynced` here means only that a newer evaluation exists.",
        group_name=declared.name,
        kinds={"pointer"},
        owners=list(declared.owners),
        tags=asset_tags(declared),
    )
    def production(
        context: dg.AssetExecutionContext, config: PromoteConfig
    ) -> Iterator[dg.MaterializeResult[None]]:
        registry = source.open()
        run = run_info(context.run.run_id, context.run.tags)
        try:
            _bring_into_force(registry, declared, run)
            number = config.version or _candidate(context, registry, declared.name)
            if number is None:
                return
            done = registry.promote(declared.name, number, run=run, reason=config.reason)
        except RegistryError as error:
            raise refuse(error) from error
        yield dg.MaterializeResult(
            data_version=dg.DataVersion(done.promotion.digest),
            metadata=promotion_metadata(done.promotion),
        )

    return production


def _bring_into_force(registry: Registry, declared: RegisteredModel, run: RunInfo) -> None:
    """Record today's declaration, so that nothing moves by gates or a policy of before."""
    if registry.is_registered(declared.name):
        declare_model(registry.backends, declared, actor=run.actor)


def _candidate(context: dg.AssetExecutionContext, registry: Registry, model: str) -> int | None:
    """Give the version that the sensor would promote; None, with a warning why, if none."""
    try:
        decision = registry.decision(model)
    except NotFound:
        context.log.warning("nothing to promote: %s has never been trained", model)
        return None
    if decision is None:
        context.log.warning("nothing to promote: no version waits above production's")
        return None
    if isinstance(decision.answer, Held):
        context.log.warning("nothing to promote: %s", decision.answer.sentence)
        return None
    return decision.standing.version.number


def pointer_check(declared: RegisteredModel, source: RegistryResource) -> dg.AssetChecksDefinition:
    """Make the check that every byte of the version in production still verifies."""
    names = Names(declared.name)

    @dg.asset_check(
        asset=names.pointer_key(PRODUCTION),
        name=VERIFIES,
        description="Every byte of the version in production, and of what it was made from,"
        " is what its digest says.",
    )
    def verifies() -> dg.AssetCheckResult:
        return verify_pointer(source.open(), declared.name)

    return verifies


def verify_pointer(registry: Registry, model: str) -> dg.AssetCheckResult:
    """Verify the version that a model's production holds, as its check shows it."""
    pointer = next(p for p in registry.pointers(model) if p.name == PRODUCTION)
    key = _verifies(model)
    if pointer.version is None:
        return dg.AssetCheckResult(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=False,
            description=f"{model} has nothing in production yet",
        )
    found = registry.verify(f"{model}@{PRODUCTION}")
    problems = [problem.sentence for problem in found.problems]
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=found.clean,
        description="; ".join(problems) or f"{found.blobs} blobs verify",
        metadata={"version": str(pointer.version), "digest": str(pointer.digest)},
    )


def is_verified(instance: dg.DagsterInstance, model: str, digest: str) -> bool:
    """Tell whether Dagster's last result of the check on production is about this version."""
    record = instance.get_latest_asset_check_evaluation_record(_verifies(model))
    event = record.event.dagster_event if record and record.event else None
    if event is None or event.event_type is not dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        return False
    shown = event.asset_check_evaluation_data.metadata.get("digest")
    return shown is not None and shown.value == digest


def _verifies(model: str) -> dg.AssetCheckKey:
    """Give the key of the check on a model's production."""
    return dg.AssetCheckKey(Names(model).pointer_key(PRODUCTION), VERIFIES)
