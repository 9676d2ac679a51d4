"""The rows of one partition as a deployment gets them, in batches: never all of them at once.

Scoring must not need more memory for a larger partition. So blobs are copied into files, in
constant memory and verified, and read from there a batch at a time. What rows are looked up in
is read in full, as `make_features` takes it.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_assets.errors import DataUnusable
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.data import DATA_FILE, INPUT, read_frame
from registry_assets.recipe import SnapshotRef
from registry_assets.store.manifests import read_manifest

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

BATCH_ROWS = 50_000
"""Rows that are scored at once: 20 columns of them take 8 MB."""

_BUFFER = 1 << 20
"""Bytes that are read from the disk at once, of each column."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some rows of a partition.

    Args:
        start: position of the first of them in the partition.
        raw: as they were before any feature was made, the outcome among them if it is known.
        kept: what was kept beside the features, on the same rows.
    """

    start: int
    raw: "pd.DataFrame"
    kept: "pd.DataFrame"


@dataclass(frozen=True, slots=True, eq=False)
class PartitionRows:
    """The rows of a features snapshot, on this machine's disk while they are read.

    Args:
        count: how many there are.
        columns: names of the raw rows' columns.
        references: what rows are looked up in, by the name that `make_features` has for it.
        kept: names of the columns kept beside the features.
    """

    ref: SnapshotRef
    count: int
    columns: tuple[str, ...]
    references: "dict[str, pd.DataFrame]"
    kept: tuple[str, ...]
    _raw: tuple[Path, ...]
    _features: Path

    def batches(self, rows: int = BATCH_ROWS) -> Iterator[Batch]:
        """Give all rows in their order, so many at a time.

        Raises:
            DataUnusable: there are not as many raw rows as features.
        """
        start = 0
        raw = _read(self._raw, rows)
        kept = _read([self._features], rows, columns=self.kept)
        for some, beside in zip(raw, kept, strict=False):
            if len(some) != len(beside):
                break
            yield Batch(start, some, beside)
            start += len(some)
        if start != self.count or next(raw, None) is not None:
            raise DataUnusable(
                f"{self.ref} has {self.count:,} rows of features, and not as many raw rows",
                hint=f"materialize {self.ref} again: features are made row by row",
            )


@contextmanager
def partition_rows(backends: Backends, ref: SnapshotRef) -> Iterator[PartitionRows]:
    """Open the rows behind a features snapshot; their files are gone afterwards.

    Raises:
        DataUnusable: it is no snapshot of features.
        BlobMissing, BlobCorrupt: bytes are not what their digest says.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="registry-rows-")))
        manifest = read_manifest(backends.store, ref.digest)
        names, kept = manifest.facts.get("inputs"), manifest.facts.get("kept")
        if not isinstance(names, list) or not isinstance(kept, list):
            raise DataUnusable(
                f"{ref} is no snapshot of features",
                hint="make the features with features_asset(...)",
            )
        rows_name, *others = map(str, names)
        raw = manifest.parents_of(INPUT + rows_name)
        features = folder / "features.parquet"
        backends.store.copy_to(manifest.file(DATA_FILE).sha256, features)
        held = _names(features)
        yield PartitionRows(
            ref=ref,
            count=_integer(manifest.facts["rows"]),
            columns=_columns(backends, raw),
            references={
                name: _reference(backends, manifest.parents_of(INPUT + name)) for name in others
            },
            _raw=tuple(
                _copied(backends, digest, folder / f"raw-{at}.parquet")
                for at, digest in enumerate(raw)
            ),
            _features=features,
            kept=tuple(str(name) for name in kept if name in held),
        )


def _columns(backends: Backends, digests: Sequence[str]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for digest in digests:
        columns: Any = read_manifest(backends.store, digest).facts["columns"]
        names |= dict.fromkeys(str(column["name"]) for column in columns)
    return tuple(names)


def _names(path: Path) -> tuple[str, ...]:
    """Give the names of a file's columns."""
    import pyarrow.parquet as pq

    return tuple(pq.read_schema(path).names)


def _copied(backends: Backends, digest: str, target: Path) -> Path:
    backends.store.copy_to(read_manifest(backends.store, digest).file(DATA_FILE).sha256, target)
    return target


def _reference(backends: Backends, digests: Sequence[str]) -> "pd.DataFrame":
    import pandas as pd

    parts = [read_frame(backends, digest) for digest in digests]
    return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)


def _read(
    paths: Sequence[Path], rows: int, *, columns: Sequence[str] | None = None
) -> "Iterator[pd.DataFrame]":
    """Give the rows of several files in turn, so many at a time, however the files are cut."""
    import pyarrow as pa

    waiting: list[pa.Table] = []
    held = 0
    for table in _tables(paths, rows, columns):
        if waiting and table.schema != waiting[0].schema:
            raise DataUnusable(
                "the partitions that these rows are made of have not the same columns",
                hint="materialize them again, with one version of their code",
            )
        waiting.append(table)
        held += table.num_rows
        while held >= rows:
            joined = pa.concat_tables(waiting)
            yield joined.slice(0, rows).to_pandas()
            waiting, held = [joined.slice(rows)], held - rows
    if held:
        yield pa.concat_tables(waiting).to_pandas()


def _tables(
    paths: Sequence[Path], rows: int, columns: Sequence[str] | None
) -> "Iterator[pa.Table]":
    import pyarrow as pa
    import pyarrow.parquet as pq

    chosen = None if columns is None else list(columns)
    for path in paths:
        # Else the columns of a million rows, a group of them, are held at once.
        with pq.ParquetFile(path, buffer_size=_BUFFER) as file:
            for batch in file.iter_batches(batch_size=rows, columns=chosen):
                yield pa.Table.from_batches([batch])


def _integer(value: Any) -> int:
    return int(value)
