"""Compare what two versions were trained and judged on: snapshots, rows, columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from registry_assets.canonical import Json
from registry_assets.lifecycle.comparing.changes import Changes, changes_between
from registry_assets.lifecycle.data import INPUT
from registry_assets.lifecycle.reading import Reader, manifest_name
from registry_assets.manifest import Manifest
from registry_assets.recipe import Recipe, SnapshotRef


@dataclass(frozen=True, slots=True)
class Part:
    """One snapshot as one side has it; rows are None where its manifest cannot be read."""

    digest: str
    rows: int | None


@dataclass(frozen=True, slots=True)
class SnapshotChange:
    """One partition of an asset before and after; `name` is `flights[2013-03]`."""

    name: str
    before: Part | None
    after: Part | None

    @property
    def kind(self) -> str:
        """Whether it was added, removed or changed, or is the same."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        return "same" if self.before.digest == self.after.digest else "changed"


@dataclass(frozen=True, slots=True)
class SnapshotChanges:
    """The snapshots in one role, by name.

    Args:
        rows: how many rows all of them have, before and after; None where not all are known.
    """

    snapshots: tuple[SnapshotChange, ...]
    rows: tuple[int | None, int | None]

    @property
    def changed(self) -> tuple[SnapshotChange, ...]:
        """Those that are not the same."""
        return tuple(change for change in self.snapshots if change.kind != "same")


@dataclass(frozen=True, slots=True)
class DataChanges:
    """What two versions were made from and judged on.

    Args:
        datasets: the snapshots that the features were made from.
        columns: the columns of each asset, as `flights.origin`, and their types; of an
            asset's last partition on either side.
    """

    train: SnapshotChanges
    holdout: SnapshotChanges
    datasets: SnapshotChanges
    columns: Changes


def compare_data(reader: Reader, before: Recipe, after: Recipe) -> DataChanges:
    """Compare the data of two recipes."""
    raw_before, raw_after = _behind(reader, before), _behind(reader, after)
    last_before = {**_last(reader, before.train), **_by_asset(raw_before)}
    last_after = {**_last(reader, after.train), **_by_asset(raw_after)}
    return DataChanges(
        train=_compare(_parts(reader, before.train), _parts(reader, after.train)),
        holdout=_compare(_parts(reader, before.holdout), _parts(reader, after.holdout)),
        datasets=_compare(_raw_parts(raw_before), _raw_parts(raw_after)),
        columns=changes_between(_columns(last_before), _columns(last_after)),
    )


def _parts(reader: Reader, refs: Iterable[SnapshotRef]) -> dict[str, Part]:
    return {
        str(ref): Part(ref.digest, _rows(reader.manifest(ref.digest, of=str(ref)))) for ref in refs
    }


def _raw_parts(manifests: Mapping[str, Manifest]) -> dict[str, Part]:
    return {manifest_name(m): Part(digest, _rows(m)) for digest, m in manifests.items()}


def _behind(reader: Reader, recipe: Recipe) -> dict[str, Manifest]:
    """Give the raw snapshots behind a recipe's features, by digest, in order."""
    found: dict[str, Manifest] = {}
    for ref in (*recipe.train, *recipe.holdout):
        features = reader.manifest(ref.digest, of=str(ref))
        for parent in features.parents if features else ():
            if not parent.role.startswith(INPUT) or parent.digest in found:
                continue
            of = f"{parent.role.removeprefix(INPUT)} behind {ref}"
            manifest = reader.manifest(parent.digest, of=of)
            if manifest is not None:
                found[parent.digest] = manifest
    return found


def _last(reader: Reader, refs: Iterable[SnapshotRef]) -> dict[str, Manifest]:
    manifests = (reader.manifest(ref.digest, of=str(ref)) for ref in refs)
    return {str(m.facts["asset"]): m for m in manifests if m is not None}


def _by_asset(manifests: Mapping[str, Manifest]) -> dict[str, Manifest]:
    return {str(manifest.facts["asset"]): manifest for manifest in manifests.values()}


def _columns(manifests: Mapping[str, Manifest]) -> dict[str, Json]:
    return {
        f"{asset}.{column['name']}": column["type"]
        for asset, manifest in manifests.items()
        for column in _schema(manifest)
    }


def _schema(manifest: Manifest) -> list[dict[str, Json]]:
    found = manifest.facts.get("columns")
    columns = found if isinstance(found, list) else []
    return [c for c in columns if isinstance(c, dict) and {"name", "type"} <= c.keys()]


def _rows(manifest: Manifest | None) -> int | None:
    rows = manifest.facts.get("rows") if manifest else None
    return rows if isinstance(rows, int) else None


def _compare(before: Mapping[str, Part], after: Mapping[str, Part]) -> SnapshotChanges:
    names = dict.fromkeys([*before, *after])
    return SnapshotChanges(
        snapshots=tuple(SnapshotChange(n, before.get(n), after.get(n)) for n in names),
        rows=(_total(before.values()), _total(after.values())),
    )


def _total(parts: Iterable[Part]) -> int | None:
    rows = [part.rows for part in parts]
    return None if None in rows else sum(row or 0 for row in rows)
