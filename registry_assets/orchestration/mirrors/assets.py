"""The assets `<model>/<mirror>`: a materialization per publication, with its receipts."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from pydantic import Field

from registry_assets.declaration import Mirror, RegisteredModel
from registry_assets.errors import RegistryError
from registry_assets.lifecycle.mirroring.standing import Standing
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.presentation.cells import table
from registry_assets.orchestration.resource import RegistryResource, refuse, run_info
from registry_assets.orchestration.version_assets import asset_tags

_MOST_SHOWN = 20
"""Versions of a mirror, in the table of a materialization."""


class MirrorConfig(dg.Config):
    """Whether to put right what somebody changed there."""

    repair: bool = Field(
        default=False,
        description="Compare every byte there, and put right what was changed there: moved"
        " aliases, missing versions, other bytes.",
    )


def mirror_asset(
    declared: RegisteredModel, mirror: Mirror, source: RegistryResource
) -> dg.AssetsDefinition:
    """Make the asset of one mirror of a registered model."""
    names = Names(declared.name)
    kind = str(mirror.definition().get("kind", "registry"))

    @dg.asset(
        key=names.mirror_key(mirror.mirror),
        deps=_parents(declared, mirror),
        output_required=False,
        description=_described(declared, mirror),
        group_name=declared.name,
        kinds={kind},
        owners=list(declared.owners),
        tags=asset_tags(declared),
    )
    def mirrors(
        context: dg.AssetExecutionContext, config: MirrorConfig
    ) -> Iterator[dg.MaterializeResult[None]]:
        registry = source.open()
        if not registry.is_registered(declared.name):
            context.log.warning("nothing to publish: %s has never been trained", declared.name)
            return
        run = run_info(context.instance, context.run)
        try:
            if config.repair:
                done = registry.repair_mirror(declared, mirror.mirror, run=run)
                for each in done.amiss:
                    context.log.info("was amiss: %s", each.sentence)
                published = done.published
            else:
                published = registry.publish_to_mirror(declared, mirror.mirror, run=run)
        except RegistryError as error:
            raise refuse(error) from error
        standing = registry.mirror_standing(declared.name, mirror.mirror)
        if standing is None:
            context.log.warning("nothing to publish: %s", _nothing_yet(mirror))
            return
        if not published.moved:
            context.log.info("nothing was to be told: all of it is there already")
        yield dg.MaterializeResult(
            data_version=dg.DataVersion(standing.digest), metadata=standing_metadata(standing)
        )

    return mirrors


def standing_metadata(standing: Standing) -> dict[str, Any]:
    """Describe what stands in a mirror; of many versions, the newest and those that are held."""
    # Digests last: a narrow page shows the left end of a table, and its links belong there.
    pointers = [
        {
            "pointer": name,
            "version": f"{standing.model}:{each.version}",
            "there": each.number,
            "generation": each.generation,
            "digest": each.digest,
        }
        for name, each in sorted(standing.pointers.items())
    ]
    held = {each.version for each in standing.pointers.values()}
    shown = held | set(sorted(standing.receipts)[-_MOST_SHOWN:])
    receipts = [
        {
            "version": f"{standing.model}:{number}",
            "there": each.number,
            "page": each.url,
            "files": len(each.files),
            "bytes": sum(file.size or 0 for file in each.files.values()),
            "digest": each.digest,
            "sent": each.sent_digest,
        }
        for number, each in sorted(standing.receipts.items())
        if number in shown
    ]
    metadata: dict[str, Any] = {
        "server": standing.address,
        "called there": standing.name,
        "versions there": len(standing.receipts),
    }
    if pointers:
        metadata["pointers"] = table(pointers)
    metadata["receipts"] = table(receipts)
    newest = standing.receipts[max(held or standing.receipts)]
    metadata["page"] = dg.MetadataValue.url(newest.url)
    return metadata


def _nothing_yet(mirror: Mirror) -> str:
    what = "no version is committed" if mirror.publish == "commit" else "no pointer holds a version"
    return f"{what} yet"


def _parents(declared: RegisteredModel, mirror: Mirror) -> list[dg.AssetDep | dg.AssetKey]:
    names = Names(declared.name)
    parents: list[dg.AssetDep | dg.AssetKey] = [
        names.pointer_key(pointer) for pointer in declared.pointers
    ]
    if mirror.publish == "commit":
        every = dg.AllPartitionMapping()
        parents.append(dg.AssetDep(names.model_key, partition_mapping=every))
    return parents


def _described(declared: RegisteredModel, mirror: Mirror) -> str:
    said: Mapping[str, Any] = mirror.definition()
    where = f" at {said['address']}" if said.get("address") else ""
    which = (
        "every version, once it is committed"
        if mirror.publish == "commit"
        else "the versions that pointers hold"
    )
    return (
        f"{declared.name} as {said.get('name') or declared.name} in the registry"
        f" `{mirror.mirror}`{where}: {which}, and what each pointer holds. Looked up by digest, so"
        " that nothing is there twice; pointers are set last, and read back. It follows the"
        " pointers and never holds or moves one. Safe to materialize by hand; with `repair` in"
        " the config, what somebody changed there is put right."
    )
