"""Score a partition as a deployment would: with the packaged code and estimator, batch by batch.

In the same pass the profiles of what the version saw and said are made, so that drift needs no
second look at the data. Memory is that of one batch, the reference tables and the model, however
many rows there are; each row leaves eight bytes by which it is known again.

No data is too bad to be recorded: what cannot be scored gives predictions without rows, and the
named problems why.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_assets.canonical import canonical_json
from registry_assets.declaration import Drift, RegisteredModel
from registry_assets.errors import DataUnusable, RegistryError, SnapshotRefused
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.data import DATA_FILE
from registry_assets.lifecycle.deploying import load_version
from registry_assets.lifecycle.monitoring.rows import (
    BATCH_ROWS,
    Batch,
    PartitionRows,
    partition_rows,
)
from registry_assets.lifecycle.monitoring.watched import Watched, monitoring_of
from registry_assets.lifecycle.predicted import DIGEST, PREDICTION, ROW, VERSION, as_written
from registry_assets.lifecycle.publishing import Publication
from registry_assets.manifest import FileEntry, Manifest, Parent, file_entries
from registry_assets.monitoring.results.quality import QualityProblem
from registry_assets.packaging.signature import conform
from registry_assets.reasons import reason_of
from registry_assets.recipe import SnapshotRef

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from registry_assets.monitoring.drawing import Draw
    from registry_assets.monitoring.profile import Groups, Profile
    from registry_assets.packaging.loaded import LoadedModel

FEATURES_PROFILE = "features.profile"
SLICES_FILE = "slices.profiles"
SAMPLE_FILE = "sample.parquet"
"""Some of the features, for Evidently's report on drift, where one is declared."""
QUALITY_FILE = "quality.json"


def said_profile_file(version: int) -> str:
    """Give the path of the profile of what one version said."""
    return f"predictions/{version}.profile"


def count_repeated(hashes: "list[np.ndarray]") -> int:
    """Give how many of the rows of many parts had occurred before.

    The list is emptied: of ten million rows each copy of their hashes takes 80 MB.
    """
    import numpy as np

    if not hashes:
        return 0
    ordered = np.concatenate(hashes)
    hashes.clear()
    ordered.sort()
    return int(np.count_nonzero(ordered[1:] == ordered[:-1]))


@dataclass(slots=True)
class _Tally:
    """What was counted of the rows so far."""

    features: "Profile"
    said: "Profile"
    drawn: "Draw"
    groups: "tuple[Groups, ...]" = ()
    rows: int = 0
    hashes: "list[np.ndarray]" = field(default_factory=list)

    def duplicates(self) -> int:
        """Give how many rows had occurred before; once, for the hashes are gone then."""
        return count_repeated(self.hashes)

    def files(self) -> dict[str, bytes]:
        """Give what drift is found from, by path."""
        return {FEATURES_PROFILE: self.features.to_bytes(), **part_files(self.groups, self.drawn)}


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """The predictions of one version for one partition, in the store but for their manifest.

    Args:
        rows: how many were scored.
        problems: why none were; nothing here says how good the rows are.
        contents: files whose bytes are not in the store yet.
    """

    manifest: Manifest
    contents: dict[str, bytes]
    rows: int
    given: int
    duplicates: int
    features: "Profile"
    said: "Profile"
    problems: tuple[QualityProblem, ...]


def score_partition(
    backends: Backends,
    model: RegisteredModel,
    watched: Watched,
    ref: SnapshotRef,
    *,
    publication: Publication,
    batch_rows: int = BATCH_ROWS,
) -> Scored:
    """Let a version predict every row behind a snapshot of features.

    Args:
        publication: begun before: the rows are stored here, the manifest by the caller.

    Raises:
        StoreError, CatalogError: they do not answer; nothing is known about the rows.
    """
    plan = monitoring_of(model)
    with tempfile.TemporaryDirectory(prefix="registry-scores-") as folder:
        target = Path(folder) / DATA_FILE
        tally, given = _tally(plan.drift), 0
        problems: tuple[QualityProblem, ...] = ()
        try:
            loaded = load_version(backends, watched.version)
            with partition_rows(backends, ref) as rows:
                given = rows.count
                problems = _unfit(loaded, rows, model)
                if not problems:
                    _write(loaded, rows, model, watched, target, tally, plan.keys, batch_rows)
        except _Refused as error:
            problems = error.problems
        except DataUnusable as error:
            problems = (QualityProblem("unreadable", "", given, error.message),)
        if problems:
            tally = _tally(plan.drift)
            target.unlink(missing_ok=True)
            write_no_predictions(target)
        stored = publication.store.put_file(target)
    duplicates = tally.duplicates()
    contents = {
        **tally.files(),
        said_profile_file(watched.version.number): tally.said.to_bytes(),
        QUALITY_FILE: canonical_json(
            {
                "given": given,
                "rows": tally.rows,
                "duplicates": duplicates,
                "problems": [each.to_json() for each in problems],
            }
        ),
    }
    manifest = Manifest(
        kind="predictions",
        files=(*file_entries(contents), FileEntry(DATA_FILE, stored.digest, stored.size)),
        parents=(Parent("version", str(watched.version.digest)), Parent("features", ref.digest)),
        facts={
            "model": model.name,
            "partition": ref.partition,
            "pointer": watched.pointer,
            "generation": watched.generation or 0,
            "version": watched.version.number,
            "rows": tally.rows,
            "keys": list(plan.keys),
        },
    )
    return Scored(
        manifest=manifest,
        contents=contents,
        rows=tally.rows,
        given=given,
        duplicates=duplicates,
        features=tally.features,
        said=tally.said,
        problems=tuple(problems),
    )


def _tally(rule: Drift) -> _Tally:
    from registry_assets.monitoring.drawing import Draw
    from registry_assets.monitoring.profile import Profile

    return _Tally(Profile(), Profile(), Draw(rule.evidently.rows if rule.evidently else 0))


def part_files(groups: "tuple[Groups, ...]", drawn: "Draw") -> dict[str, bytes]:
    """Give the slices and the drawn rows as files by path, those that there are."""
    from registry_assets.monitoring.profile.grouping import groups_to_bytes
    from registry_assets.snapshots import encode

    files = {SLICES_FILE: groups_to_bytes(groups)} if groups else {}
    sample = drawn.rows()
    if sample is not None:
        # Rows that cannot be stored as they are have been scored all the same; Evidently's report
        # says that it has none, and every verdict is of all rows.
        with suppress(SnapshotRefused):
            files[SAMPLE_FILE] = encode(sample).data
    return files


class _Refused(Exception):
    """The version did not answer for some rows."""

    def __init__(self, *problems: QualityProblem) -> None:
        super().__init__(problems[0].sentence)
        self.problems = problems


def _unfit(
    loaded: "LoadedModel", rows: PartitionRows, model: RegisteredModel
) -> tuple[QualityProblem, ...]:
    """Say which columns the version cannot do without, or does not take as they are."""
    if not rows.count:
        return (QualityProblem("no_rows", "", 0, f"{rows.ref} has no rows"),)
    signature = loaded.signature
    first = next(rows.batches(BATCH_ROWS)).raw
    given = {signature.rows_input: first, **rows.references}
    problems = []
    for name in signature.inputs:
        if name not in given:
            said = f"{name}, which the version looks rows up in, is not there"
            problems.append(QualityProblem("missing_column", name, rows.count, said))
            continue
        optional = set(signature.optional.get(name, ()))
        for spec in signature.inputs[name]:
            if spec.name not in given[name].columns:
                if spec.name not in optional:
                    said = f"{name} has no column {spec.name}, which the version needs"
                    problems.append(QualityProblem("missing_column", spec.name, rows.count, said))
                continue
            try:
                conform(given[name], [spec])
            except DataUnusable as error:
                said = f"{name} has another type in {error.message}"
                problems.append(QualityProblem("changed_type", spec.name, rows.count, said))
    for key in monitoring_of(model).keys:
        if key not in rows.kept:
            said = f"{rows.ref} has no column {key}, which predictions are known by"
            problems.append(QualityProblem("missing_column", key, rows.count, said))
    return tuple(problems)


def _write(
    loaded: "LoadedModel",
    rows: PartitionRows,
    model: RegisteredModel,
    watched: Watched,
    target: Path,
    tally: _Tally,
    keys: tuple[str, ...],
    batch_rows: int,
) -> None:
    """Write the predictions of all rows into a file, and count what was seen and said."""
    from registry_assets.evaluation.data.sampling import frame_hashes
    from registry_assets.lifecycle.profiling import profiled
    from registry_assets.monitoring.profile import profile_of

    def scored() -> "Iterator[tuple[pd.DataFrame, pd.DataFrame]]":
        with parquet_writer(target) as write:
            for batch in rows.batches(batch_rows):
                features = _features(loaded, rows, model, watched, batch)
                said = _ask(loaded, rows, watched, features)
                tally.rows += len(said)
                tally.said += profile_of(said)
                tally.drawn.add(features)
                known_by = batch.kept[list(keys)] if keys else batch.raw
                tally.hashes.append(frame_hashes(known_by))
                write(_table(batch, said, keys, watched))
                yield features, batch.kept[list(keys)]

    slices = monitoring_of(model).drift.slices
    tally.features, tally.groups = profiled(scored(), by=slices)


def _features(
    loaded: "LoadedModel",
    rows: PartitionRows,
    model: RegisteredModel,
    watched: Watched,
    batch: Batch,
) -> "pd.DataFrame":
    # The outcome is not there when a row is scored, so the version must do without it.
    raw = batch.raw.drop(columns=[watched.version.recipe.target, model.target], errors="ignore")
    try:
        return loaded.features(raw, **rows.references)
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:  # the user's packaged code: anything
        raise _Refused(_not_scored(rows, watched, error)) from error


def _ask(
    loaded: "LoadedModel", rows: PartitionRows, watched: Watched, features: "pd.DataFrame"
) -> "pd.DataFrame":
    """Give `prediction` and a probability for each class, under the names they are stored by."""
    from registry_assets.packaging.predictions import fast_predictions

    output = loaded.signature.output
    try:
        said = fast_predictions(loaded.estimator, features, output=output)
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:  # the user's estimator: anything
        raise _Refused(_not_scored(rows, watched, error), *_unusable(features)) from error
    return as_written(said, output)


def _unusable(features: "pd.DataFrame") -> Iterator[QualityProblem]:
    """Name the features that an estimator may refuse without saying which."""
    import numpy as np

    rows = len(features)
    for name in features.columns:
        column = features[name]
        if column.isna().all():
            said = f"{name} has no value in any of {rows:,} rows"
            yield QualityProblem("all_missing", str(name), rows, said)
        elif column.dtype.kind == "f" and (count := int(np.isinf(column.to_numpy()).sum())):
            said = f"{name} is infinite in {count:,} of {rows:,} rows"
            yield QualityProblem("infinite_values", str(name), count, said)


def _not_scored(rows: PartitionRows, watched: Watched, error: BaseException) -> QualityProblem:
    from registry_assets.packaging.isolation import packaged_line

    why = error.message if isinstance(error, RegistryError) else reason_of(error)
    said = f"{watched.version.reference} cannot score {rows.ref}: {why}{packaged_line(error)}"
    return QualityProblem("not_scored", "", rows.count, said)


def _table(
    batch: Batch, said: "pd.DataFrame", keys: tuple[str, ...], watched: Watched
) -> "pd.DataFrame":
    import numpy as np
    import pandas as pd

    count = len(said)
    version, digest = watched.version.number, str(watched.version.digest)
    columns: dict[str, Any] = {key: batch.kept[key].reset_index(drop=True) for key in keys}
    columns[ROW] = np.arange(batch.start, batch.start + count, dtype=np.int64)
    columns |= {str(name): said[name].to_numpy() for name in said}
    columns[VERSION] = np.full(count, version, dtype=np.int32)
    columns[DIGEST] = pd.Categorical([digest] * count)
    return pd.DataFrame(columns)


@contextmanager
def parquet_writer(target: Path) -> "Iterator[Any]":
    """Give a function that appends a frame to a Parquet file, all in the types of the first.

    It raises DataUnusable for a frame that cannot be in those.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    opened: list[pq.ParquetWriter] = []

    def write(frame: "pd.DataFrame") -> None:
        schema = opened[0].schema if opened else None
        try:
            if schema is not None and set(frame.columns) != set(schema.names):
                raise ValueError(f"{', '.join(schema.names)}, then {', '.join(frame.columns)}")
            table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False, safe=True)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise DataUnusable(
                f"the rows do not have the same columns in all parts: {reason_of(error):.200}",
                hint="give every part the same columns, of the same types",
            ) from error
        if not opened:
            opened.append(pq.ParquetWriter(target, table.schema, compression="zstd"))
        opened[0].write_table(table)

    try:
        yield write
    finally:
        for each in opened:
            each.close()


def write_no_predictions(target: Path) -> None:
    """Write the predictions of no row."""
    import pandas as pd

    none = {ROW: "int64", PREDICTION: "float64", VERSION: "int32", DIGEST: "str"}
    frame = pd.DataFrame({name: pd.Series([], dtype=kind) for name, kind in none.items()})
    with parquet_writer(target) as write:
        write(frame)
