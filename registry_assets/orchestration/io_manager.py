"""The IO manager that makes a versioned snapshot of whatever table an asset returns.

A pandas DataFrame or pyarrow Table becomes one manifest per partition. Its digest is
Dagster's data version, and it names the digests of the snapshots that the step loaded: the
graph in the UI and the chain in the store are one lineage.
"""

from typing import Any
from weakref import WeakKeyDictionary

import dagster as dg
import pyarrow as pa

from registry_assets.canonical import Json
from registry_assets.catalog.snapshots import SnapshotRecord
from registry_assets.errors import NotFound, RegistryError
from registry_assets.lifecycle.data import INPUT
from registry_assets.manifest import Parent
from registry_assets.orchestration.resource import RegistryResource, refuse, run_info
from registry_assets.orchestration.unstable import set_data_version, step_attempt
from registry_assets.registry import Registry

FACTS = "registry/facts"
"""Definition metadata: facts that an asset wants in the manifests of its snapshots."""

KIND = "registry/kind"
"""Definition metadata: `dataset` (the default) or `features`."""


def asset_name(key: dg.AssetKey) -> str:
    """Give an asset key as the registry writes it, parts joined by slashes."""
    return key.to_user_string()


class SnapshotIOManager(dg.IOManager):
    """Stores tables as snapshots in the registry and loads the current ones."""

    def __init__(self, source: RegistryResource) -> None:
        self._source = source
        # What each try of a step has loaded, so that its outputs can name it: they are
        # handled after its inputs were loaded, in the same process.
        self._loaded: WeakKeyDictionary[object, list[Parent]] = WeakKeyDictionary()

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Store the table; refuse one that Parquet would give back as something else."""
        given = context.definition_metadata
        try:
            snapshot = self._source.open().store_snapshot(
                obj,
                asset=asset_name(context.asset_key),
                partition=context.asset_partition_key if context.has_asset_partitions else "",
                kind=str(given.get(KIND, "dataset")),
                parents=self._loaded.get(step_attempt(context), []),
                facts=_facts(given.get(FACTS, {})),
                run=run_info(context.step_context.instance, context.step_context.dagster_run),
            )
        except RegistryError as error:
            raise refuse(error) from error
        set_data_version(context, snapshot.digest)
        context.add_output_metadata(snapshot_metadata(self._source.open(), snapshot))

    def load_input(self, context: dg.InputContext) -> Any:
        """Load the current snapshot of the upstream asset, of several partitions in order."""
        registry = self._source.open()
        asset = asset_name(context.asset_key)
        partitions = context.asset_partition_keys if context.has_asset_partitions else [""]
        current = {snapshot.partition: snapshot for snapshot in registry.snapshots(asset)}
        parents = self._loaded.setdefault(step_attempt(context), [])
        frames = []
        for partition in partitions:
            if partition not in current:
                where = f"{asset}[{partition}]" if partition else asset
                error = NotFound(
                    f"{where} has no snapshot in the registry", hint=f"materialize {where} first"
                )
                raise refuse(error)
            digest = current[partition].digest
            parents.append(Parent(INPUT + context.name, digest))
            frames.append(registry.read_frame(digest))
        return _joined(frames, context)


def _joined(frames: list[Any], context: dg.InputContext) -> Any:
    import pandas as pd

    frame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    wants_table = context.dagster_type.typing_type is pa.Table
    return pa.Table.from_pandas(frame, preserve_index=False) if wants_table else frame


def _facts(given: Any) -> dict[str, Json]:
    value = getattr(given, "value", given)
    return dict(value) if isinstance(value, dict) else {}


def snapshot_metadata(registry: Registry, snapshot: SnapshotRecord) -> dict[str, Any]:
    """Describe a snapshot for people: rows, schema, size, digest and parents."""
    manifest = registry.manifest(snapshot.digest)
    columns = manifest.facts["columns"]
    assert isinstance(columns, list)
    schema = dg.TableSchema(
        [dg.TableColumn(str(c["name"]), str(c["type"])) for c in columns if isinstance(c, dict)]
    )
    metadata: dict[str, Any] = {
        "dagster/row_count": snapshot.rows,
        "dagster/column_schema": schema,
        "digest": snapshot.digest,
        "size (bytes)": snapshot.size,
    }
    if manifest.parents:
        metadata["made from"] = dg.MetadataValue.md(
            "\n".join(
                f"- {parent.role.removeprefix(INPUT)}: `{parent.digest}`"
                for parent in manifest.parents
            )
        )
    return metadata
