"""The assets `<model>/<pointer>`: a materialization per promotion, decided by the registry."""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from registry_assets.declaration import RegisteredModel
from registry_assets.errors import NotFound, PromotionHeld, RegistryError
from registry_assets.governance.decide import Held
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.lifecycle.promoting import Promoted
from registry_assets.lifecycle.reserving import declare_model
from registry_assets.orchestration.checks import check_event
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.moves import moves_result
from registry_assets.orchestration.presentation import promotion_metadata
from registry_assets.orchestration.recalled import pointer_recall_result
from registry_assets.orchestration.resource import RegistryResource, refuse, run_info
from registry_assets.orchestration.version_assets import asset_tags
from registry_assets.references import Reference
from registry_assets.registry import Registry

VERIFIES = "verifies"


class PromoteConfig(dg.Config):
    """Which version to promote; without one, the sensor's own candidate, if it is ready."""

    version: int | None = Field(
        default=None,
        description="Version number. It is promoted only if the registry's gate lets it.",
    )
    reason: str = Field(default="", description="Why; recorded in the ledger.")


def pointer_asset(
    declared: RegisteredModel, pointer: str, source: RegistryResource
) -> dg.AssetsDefinition:
    """Make the asset of one pointer of a registered model."""
    names = Names(declared.name)

    @dg.asset(
        key=names.pointer_key(pointer),
        deps=[dg.AssetDep(names.evaluation_key, partition_mapping=dg.AllPartitionMapping())],
        output_required=False,
        description=f"Which version of {declared.name} is in {pointer}. Whoever materializes"
        " it, the registry decides on the evidence. A version that is named in the config and"
        " held fails with every reason. Without one the newest candidate is taken; where it is"
        " held, or none waits, the run succeeds, moves nothing and says why in a warning."
        " `Unsynced` here means only that a newer evaluation exists.",
        group_name=declared.name,
        kinds={"pointer"},
        owners=list(declared.owners),
        tags=asset_tags(declared),
    )
    def holds(
        context: dg.AssetExecutionContext, config: PromoteConfig
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckEvaluation]:
        registry = source.open()
        run = run_info(context.instance, context.run)
        try:
            _bring_into_force(registry, declared, run)
            done = _promote(context, registry, declared.name, pointer, config, run=run)
        except PromotionHeld as error:
            yield from _checks_of_what_stays(context.instance, registry, declared.name, pointer)
            raise refuse(error) from error
        except RegistryError as error:
            raise refuse(error) from error
        if done is None:
            yield from _checks_of_what_stays(context.instance, registry, declared.name, pointer)
            return
        if not done.moved:
            context.log.info("nothing was moved: %s holds that version already", pointer)
        yield dg.MaterializeResult(
            data_version=dg.DataVersion(done.promotion.digest),
            metadata=promotion_metadata(
                done.promotion,
                dashboards=registry.deployment_pages(
                    declared.name, done.promotion.version, pointer=pointer
                ),
            ),
        )

    return holds


def _checks_of_what_stays(
    instance: dg.DagsterInstance, registry: Registry, model: str, pointer: str
) -> Iterator[dg.AssetCheckEvaluation]:
    """Give the checks of the version that the pointer goes on to hold.

    Dagster planned them for this run and skips them after it: without these, what is live would
    be shown as one whose checks failed, because somebody asked for another version.
    """
    if registry.is_registered(model) and registry.pointer(model, pointer).version is not None:
        yield check_event(verify_pointer(registry, model, pointer), None)
        yield check_event(pointer_recall_result(registry, model, pointer), None)
        yield check_event(moves_result(instance, registry, model, pointer), None)


def _bring_into_force(registry: Registry, declared: RegisteredModel, run: RunInfo) -> None:
    """Record today's declaration, so that nothing moves by gates or a policy of before."""
    if registry.is_registered(declared.name):
        declare_model(registry.backends, declared, actor=run.actor)


def _promote(
    context: dg.AssetExecutionContext,
    registry: Registry,
    model: str,
    pointer: str,
    config: PromoteConfig,
    *,
    run: RunInfo,
) -> Promoted | None:
    """Promote what is asked for, or the candidate; None, with a warning why, if there is none."""
    asked = config.version
    if asked is None:
        number = _candidate(context, registry, model, pointer)
    else:
        number = Reference(model, asked).version
    if number is None:
        return None
    try:
        return registry.promote(model, number, pointer=pointer, run=run, reason=config.reason)
    except PromotionHeld as error:
        if asked is not None:
            raise
        # It was ready a moment ago: another pointer, or another run, has moved meanwhile.
        context.log.warning("nothing to promote: %s", error.message)
        return None


def _candidate(
    context: dg.AssetExecutionContext, registry: Registry, model: str, pointer: str
) -> int | None:
    """Give the version that the sensor would promote; None, with a warning why, if none."""
    try:
        decision = registry.decision(model, pointer=pointer)
    except NotFound:
        context.log.warning("nothing to promote: %s has never been trained", model)
        return None
    if decision is None:
        context.log.warning("nothing to promote: no version waits above %s's", pointer)
        return None
    if isinstance(decision.answer, Held):
        context.log.warning("nothing to promote: %s", decision.answer.sentence)
        return None
    return decision.standing.version.number


def pointer_check(
    declared: RegisteredModel, pointer: str, source: RegistryResource
) -> dg.AssetChecksDefinition:
    """Make the check that every byte of the version that a pointer holds still verifies."""

    @dg.asset_check(
        asset=Names(declared.name).pointer_key(pointer),
        name=VERIFIES,
        description=f"Every byte of the version in {pointer}, and of what it was made from,"
        " is what its digest says.",
    )
    def verifies() -> dg.AssetCheckResult:
        return verify_pointer(source.open(), declared.name, pointer)

    return verifies


def verify_pointer(registry: Registry, model: str, pointer: str) -> dg.AssetCheckResult:
    """Verify the version that a pointer holds, as its check shows it."""
    held = next((p for p in registry.pointers(model) if p.name == pointer), None)
    key = _verifies(model, pointer)
    if held is None or held.version is None:
        return dg.AssetCheckResult(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=False,
            description=f"{model} has nothing in {pointer} yet",
        )
    found = registry.verify(f"{model}@{pointer}")
    problems = [problem.sentence for problem in found.problems]
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=found.clean,
        description="; ".join(problems) or f"{found.blobs} blobs verify",
        metadata={"version": str(held.version), "digest": str(held.digest)},
    )


def is_verified(instance: dg.DagsterInstance, model: str, pointer: str, digest: str) -> bool:
    """Tell whether Dagster's last result of the check on a pointer is about this version."""
    record = instance.get_latest_asset_check_evaluation_record(_verifies(model, pointer))
    event = record.event.dagster_event if record and record.event else None
    if event is None or event.event_type is not dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        return False
    shown = event.asset_check_evaluation_data.metadata.get("digest")
    return shown is not None and shown.value == digest


def _verifies(model: str, pointer: str) -> dg.AssetCheckKey:
    """Give the key of the check on a pointer."""
    return dg.AssetCheckKey(Names(model).pointer_key(pointer), VERIFIES)
