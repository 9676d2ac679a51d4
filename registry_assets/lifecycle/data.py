"""Snapshots in and out: frames become manifests, and recipes become frames again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry_assets.canonical import Json
from registry_assets.catalog.snapshots import SnapshotRecord, record_snapshot
from registry_assets.declaration import ByKey, Holdout, LatestPartitions
from registry_assets.errors import DataUnusable
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.publishing import Publication
from registry_assets.manifest import Manifest, Parent, file_entries
from registry_assets.recipe import Recipe, SnapshotRef
from registry_assets.store.manifests import read_manifest

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

DATA_FILE = "data.parquet"
INPUT = "input:"
"""Role prefix of a snapshot's parents: the name under which the asset took them."""


@dataclass(frozen=True, slots=True)
class FeatureRows:
    """Rows of one features snapshot with the raw inputs they were made from.

    Args:
        features: what the estimator sees, without the kept columns.
        kept: target, keys and the like, on the same rows.
        inputs: raw frames by parameter name of the features function, rows first.
    """

    ref: SnapshotRef
    features: "pd.DataFrame"
    kept: "pd.DataFrame"
    inputs: Mapping[str, "pd.DataFrame"]


def store_snapshot(
    backends: Backends,
    value: "pd.DataFrame | pa.Table",
    *,
    asset: str,
    partition: str,
    kind: str,
    parents: Sequence[Parent],
    facts: Mapping[str, Json],
    run: RunInfo,
) -> SnapshotRecord:
    """Store a table as the snapshot of one asset's partition; equal content, equal digest.

    Raises:
        SnapshotRefused: Parquet would give columns back as something else; names them.
    """
    from registry_assets.snapshots import encode

    content = encode(value)
    publication = Publication.begin(backends)
    contents = {DATA_FILE: content.data}
    manifest = Manifest(
        kind=kind,
        files=file_entries(contents),
        parents=tuple(parents),
        facts={
            "asset": asset,
            "partition": partition,
            "rows": content.rows,
            "columns": [{"name": c.name, "type": c.type} for c in content.schema],
            **facts,
        },
    )
    digest = publication.put(manifest, contents)
    return record_snapshot(
        backends.catalog,
        asset=asset,
        partition=partition,
        digest=digest,
        kind=kind,
        rows=content.rows,
        size=len(content.data),
        parents=manifest.parents,
        confirm=lambda connection: publication.confirm(connection, digest),
        run_id=run.run_id,
        actor=run.actor,
        clock=backends.clock,
    )


def read_frame(backends: Backends, digest: str) -> "pd.DataFrame":
    """Read a snapshot's rows, verified."""
    from registry_assets.snapshots import decode_frame

    manifest = read_manifest(backends.store, digest)
    return decode_frame(backends.store.read(manifest.file(DATA_FILE).sha256))


def column_names(backends: Backends, ref: SnapshotRef) -> list[str]:
    """Give the names of a snapshot's columns, from its manifest alone."""
    columns: Any = read_manifest(backends.store, ref.digest).facts["columns"]
    return [str(column["name"]) for column in columns]


def read_feature_rows(backends: Backends, ref: SnapshotRef) -> FeatureRows:
    """Read a features snapshot together with the raw snapshots it was made from."""
    manifest = read_manifest(backends.store, ref.digest)
    frame = read_frame(backends, ref.digest)
    kept = _names(manifest, "kept")
    order = _names(manifest, "inputs")
    inputs = {name: _read_input(backends, manifest, name) for name in order}
    return FeatureRows(
        ref=ref,
        features=frame.drop(columns=kept),
        kept=frame[kept],
        inputs=inputs,
    )


def _read_input(backends: Backends, manifest: Manifest, name: str) -> "pd.DataFrame":
    """Read one input as `make_features` was given it: all its partitions, in their order."""
    import pandas as pd

    parts = [read_frame(backends, digest) for digest in manifest.parents_of(INPUT + name)]
    return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)


def row_sources(backends: Backends, ref: SnapshotRef) -> frozenset[tuple[str, ...]]:
    """Give the names that a features snapshot's rows go by: two that share one share rows.

    Its own name and digest, and those of the raw rows behind it: the same flights made into
    other features, by another asset, are the same flights.
    """
    manifest = read_manifest(backends.store, ref.digest)
    rows_name = _names(manifest, "inputs")[0]
    sources: set[tuple[str, ...]] = {(ref.asset, ref.partition), (ref.digest,)}
    for raw in manifest.parents_of(INPUT + rows_name):
        facts = read_manifest(backends.store, raw).facts
        sources |= {(str(facts["asset"]), str(facts["partition"])), (raw,)}
    return frozenset(sources)


def recorded_holdout(recipe: Recipe) -> Holdout:
    """Give the rule that a recipe was composed under; today's declaration may have another."""
    split = recipe.split
    if split["holdout"] != "by_key":
        return LatestPartitions(len(recipe.holdout))
    columns, share, seed = split["columns"], split["share"], split["seed"]
    assert isinstance(columns, list)
    assert isinstance(share, float)
    assert isinstance(seed, int)
    return ByKey(columns=tuple(map(str, columns)), share=share, seed=seed)


def held_out(holdout: Holdout, rows: FeatureRows) -> "pd.Series[bool]":
    """Tell which rows a holdout by key keeps from training; all, for one by partition."""
    import pandas as pd

    if isinstance(holdout, ByKey):
        require_columns(rows.kept.columns, holdout.columns, where=str(rows.ref), what="to split by")
        return pd.Series(holdout.mask(rows.kept))
    return pd.Series(True, index=rows.kept.index)


def require_columns(
    there: Iterable[object],
    columns: Sequence[str],
    *,
    where: str,
    what: str,
    hint: str = "materialize that partition again, with the code of the others",
) -> None:
    """Refuse a snapshot that has the columns `there` and not all of these.

    Pandas would fill a column that one partition lacks, and say nothing.

    Raises:
        DataUnusable: naming the snapshot and every column that it lacks.
    """
    found = list(map(str, there))
    absent = [column for column in columns if column not in found]
    if absent:
        raise DataUnusable(
            f"{where} has no column {', '.join(absent)} {what}; it has {', '.join(found)}",
            hint=hint,
        )


def require_evaluated(there: Iterable[object], columns: Sequence[str], *, where: str) -> None:
    """Refuse a holdout snapshot that lacks what the evaluation reads beside the features.

    Raises:
        DataUnusable: naming the snapshot and every column that it lacks.
    """
    require_columns(
        there,
        columns,
        where=where,
        what="that the evaluation reads",
        # A version keeps the snapshots it was trained on: only the next one has the column.
        hint="correct the name; or keep the column in features_asset(keep=[…]), materialize that"
        " partition again and retrain; or leave it out of Evaluation(…)",
    )


def _names(manifest: Manifest, fact: str) -> list[str]:
    value = manifest.facts.get(fact)
    if not isinstance(value, list):
        raise DataUnusable(
            f"{manifest.facts.get('asset')} is a snapshot without {fact}: not one of features",
            hint="make the features with features_asset(...)",
        )
    return [str(name) for name in value]
