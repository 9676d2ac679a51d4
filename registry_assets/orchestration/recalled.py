"""Asset checks that say whether the data behind something was recalled.

One on every snapshot, on every version and on every pointer. Each is evaluated with what it is
about, and goes out of date when somebody recalls data or lifts that, which is no run: whoever
looks for what Dagster is missing (`missing`) finds those here, and has them reported. Where
nothing was ever recalled there is nothing to look for, and a result that is not there says
nothing.
"""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from registry_assets.declaration import RegisteredModel
from registry_assets.errors import NotFound
from registry_assets.orchestration.io_manager import asset_name
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.resource import RegistryResource
from registry_assets.orchestration.unstable import quiet_previews
from registry_assets.orchestration.unstable.check_results import last_outcomes
from registry_assets.orchestration.untold import Untold
from registry_assets.registry import Registry

NOT_RECALLED = "not_recalled"
RULE = "No data that it was made from, or is judged by, was found to be wrong."

_NEXT = "`registry recalls` lists what was recalled, and what each pointer can go back to"

Held = Mapping[str | None, str]
"""The digest of what an asset holds, by partition; None for one without partitions."""
Why = Mapping[str | None, tuple[str, ...]]
"""Why that is recalled, a sentence each; nothing of what is not."""


def recall_result(
    asset: dg.AssetKey, recalled: Sequence[str], *, digest: str
) -> dg.AssetCheckResult:
    """Give the result of the check, from the reasons why it fails."""
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=NOT_RECALLED,
        passed=not recalled,
        severity=dg.AssetCheckSeverity.ERROR,
        description="; ".join(recalled) or "nothing behind it is recalled",
        metadata={"digest": digest, **({"next": dg.MetadataValue.text(_NEXT)} if recalled else {})},
    )


def snapshot_check(
    asset: dg.AssetsDefinition, key: dg.AssetKey, source: RegistryResource
) -> dg.AssetChecksDefinition:
    """Make the check of an asset that is stored as snapshots."""
    with quiet_previews():

        @dg.asset_check(
            asset=key, name=NOT_RECALLED, description=RULE, partitions_def=asset.partitions_def
        )
        def not_recalled(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
            registry, name = source.open(), asset_name(key)
            partition = context.partition_key if context.has_partition_key else ""
            digests = {each.partition: each.digest for each in registry.snapshots(name)}
            recalled = registry.recalled_partitions(name).get(partition, ())
            return recall_result(key, recalled, digest=digests.get(partition, "none"))

    return not_recalled


def pointer_recall_check(
    declared: RegisteredModel, pointer: str, source: RegistryResource
) -> dg.AssetChecksDefinition:
    """Make the check of the version that a pointer holds."""
    key = Names(declared.name).pointer_key(pointer)

    @dg.asset_check(asset=key, name=NOT_RECALLED, description=RULE)
    def not_recalled() -> dg.AssetCheckResult:
        return pointer_recall_result(source.open(), declared.name, pointer)

    return not_recalled


def pointer_recall_result(registry: Registry, model: str, pointer: str) -> dg.AssetCheckResult:
    """Look whether data behind the version that a pointer holds is recalled."""
    held = registry.pointer(model, pointer)
    recalled = registry.recalled_versions(model).get(held.version or 0, ())
    return recall_result(Names(model).pointer_key(pointer), recalled, digest=held.digest or "none")


def find_untold(
    instance: dg.DagsterInstance,
    registry: Registry,
    *,
    models: Sequence[RegisteredModel],
    snapshots: Sequence[dg.AssetKey],
) -> Iterator[Untold]:
    """Find the results that are other than Dagster shows, now that data was recalled or lifted."""
    for key in snapshots:
        name = asset_name(key)
        held = {each.partition or None: each.digest for each in registry.snapshots(name)}
        found = registry.recalled_partitions(name)
        recalled = {partition or None: said for partition, said in found.items()}
        yield from _differing(instance, key, held, recalled)
    for model in models:
        try:
            yield from _of_model(instance, registry, model)
        except NotFound:
            continue  # declared in code, and never trained


def _of_model(
    instance: dg.DagsterInstance, registry: Registry, model: RegisteredModel
) -> Iterator[Untold]:
    names, recalled = Names(model.name), registry.recalled_versions(model.name)
    versions: Held = {str(each.number): each.digest for each in registry.committed(model.name)}
    by_key: Why = {str(number): said for number, said in recalled.items()}
    yield from _differing(instance, names.model_key, versions, by_key)
    for pointer in registry.pointers(model.name):
        if pointer.version is not None and pointer.name in model.pointers:
            why: Why = {None: recalled.get(pointer.version, ())}
            held: Held = {None: str(pointer.digest)}
            yield from _differing(instance, names.pointer_key(pointer.name), held, why)


def _differing(
    instance: dg.DagsterInstance, key: dg.AssetKey, held: "Held", recalled: "Why"
) -> Iterator[Untold]:
    """Give what fails and is not shown so, and what is shown to fail and does not any more."""
    passed = last_outcomes(instance, dg.AssetCheckKey(key, NOT_RECALLED))
    for partition, digest in held.items():
        said = recalled.get(partition, ())
        if bool(said) is (passed.get(partition) is not False):
            result = recall_result(key, said, digest=digest)
            yield Untold(result, partition, f"{digest} {'; '.join(said)}")
