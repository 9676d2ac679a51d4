"""Predictions that something else made and logged, brought into the form of our own.

Every row says which version it is of. What it says is held against the catalog: rows of a
version that there is not, or that should not be deployed, are counted and named, and none is
taken for another version's.
"""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from registry_assets.catalog.pointers import list_promotions
from registry_assets.catalog.snapshots import current_snapshots
from registry_assets.catalog.versions import VersionRecord, list_versions
from registry_assets.declaration import PredictionLog, RegisteredModel
from registry_assets.errors import DataUnusable
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.data import DATA_FILE
from registry_assets.lifecycle.monitoring.credible import (
    LogUnusable,
    SaidCount,
    as_numbers,
    check_plain,
)
from registry_assets.lifecycle.monitoring.rows import BATCH_ROWS
from registry_assets.lifecycle.monitoring.watched import monitoring_of
from registry_assets.lifecycle.predicted import DIGEST, PREDICTION, PROBABILITY, VERSION
from registry_assets.monitoring.results.quality import QualityProblem
from registry_assets.reasons import reason_of
from registry_assets.recipe import SnapshotRef
from registry_assets.store.manifests import read_manifest

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_MOST_NAMES = 10
"""Versions that there are not, and are named: of a mistyped column every row has its own."""


@dataclass(frozen=True, slots=True)
class KnownVersions:
    """The versions that rows of a log can be of.

    Args:
        stray: why rows of a version are not expected, by its number.
    """

    by_number: dict[int, VersionRecord]
    by_digest: dict[str, VersionRecord]
    stray: dict[int, QualityProblem]

    @classmethod
    def read(
        cls, connection: sa.Connection, model: str, pointer: str, *, since: str
    ) -> "KnownVersions":
        """Read them.

        Args:
            since: from when on rows were logged: what the pointer held since then is expected.
        """
        committed = list_versions(connection, model, state="committed")
        moves = list_promotions(connection, model, pointer)
        ends = [*(move.created_at for move in moves[1:]), None]
        until = {move.version: end for move, end in zip(moves, ends, strict=True)}
        stray = {}
        for version in committed:
            number = version.number
            if number not in until:
                why = f"version {number}, which {pointer} never held"
                stray[number] = QualityProblem("other_version", VERSION, 0, why)
            elif (end := until[number]) is not None and end <= since:
                why = f"version {number}, which {pointer} has not held since {end[:10]}"
                stray[number] = QualityProblem("retired_version", VERSION, 0, why)
        return cls(
            {version.number: version for version in committed},
            {str(version.digest): version for version in committed},
            stray,
        )


@dataclass(slots=True)
class LogCount:
    """What was counted of a log so far."""

    rows: int = 0
    of_version: Counter[int] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    others: int = 0
    said: SaidCount = field(default_factory=SaidCount)

    def add_unknown(self, names: "pd.Series[Any]") -> None:
        """Count rows by what they say they are of, which there is not.

        Of a column of nonsense each row may say something else: then the rest has no name.
        """
        for name, count in names.value_counts().items():
            if name in self.unknown or len(self.unknown) < _MOST_NAMES:
                self.unknown[str(name)] += int(count)
            else:
                self.others += int(count)

    def problems(self, versions: KnownVersions) -> tuple[QualityProblem, ...]:
        """Give what is wrong with what rows say, and with the versions they say they are of."""
        named = sorted(self.unknown.items())
        if self.others:
            named.append(("versions of still other names", self.others))
        found = [
            QualityProblem(
                "unknown_version",
                VERSION,
                count,
                f"{count:,} of {self.rows:,} rows are of {said}, which there is not",
            )
            for said, count in named
        ]
        found += self.said.problems(self.rows)
        for number, count in sorted(self.of_version.items()):
            if number in versions.stray:
                problem = versions.stray[number]
                said = f"{count:,} of {self.rows:,} rows are of {problem.sentence}"
                found.append(replace(problem, count=count, sentence=said))
        return tuple(found)


def log_batches(
    backends: Backends, model: RegisteredModel, log: PredictionLog, partition: str
) -> "Iterator[pd.DataFrame]":
    """Give the rows of a log, so many at a time.

    Raises:
        DataUnusable: there is none, it cannot be read, or it is no table.
    """
    if log.asset:
        yield from _stored(backends, log.asset, partition)
        return
    assert log.read is not None
    try:
        for table in _tables(log.read(partition)):
            yield from _cut(table)
    except DataUnusable:
        raise
    except (Exception, SystemExit) as error:  # the user's reader: anything
        raise DataUnusable(
            f"the prediction log of {model.name}[{partition}] cannot be read: {reason_of(error)}",
            hint="correct the function of PredictionLog(read=…)",
        ) from error


def log_snapshot(backends: Backends, asset: str, partition: str) -> SnapshotRef | None:
    """Give the current snapshot of a log that is an asset; None if there is none."""
    with backends.catalog.read() as connection:
        held = {each.partition: each for each in current_snapshots(connection, asset)}
    return held[partition].ref if partition in held else None


def normal(
    frame: "pd.DataFrame", model: RegisteredModel, versions: KnownVersions, count: LogCount
) -> "pd.DataFrame":
    """Give a batch of a log with a version and a digest in every row, without unknown ones.

    Raises:
        LogUnusable: a column is not there, or holds something else than it should.
    """
    keys = monitoring_of(model).keys
    if not frame.columns.is_unique:
        twice = ", ".join(sorted(set(map(str, frame.columns[frame.columns.duplicated()]))))
        raise LogUnusable(
            f"the prediction log of {model.name} has several columns of one name: {twice}",
            kind="unreadable",
            hint="log each column once",
        )
    absent = [name for name in (*keys, PREDICTION) if name not in frame.columns]
    if VERSION not in frame.columns and DIGEST not in frame.columns:
        absent.append(f"{VERSION} or {DIGEST}")
    if absent:
        raise LogUnusable(
            f"the prediction log of {model.name} has no column {', '.join(absent)};"
            f" it has {', '.join(map(str, frame.columns))}",
            kind="missing_column",
            hint="log each row with its keys, prediction, probability_<class>, and version",
        )
    named = _numbers(frame, versions, count)
    known = named.notna()
    kept = frame[known.to_numpy()].reset_index(drop=True)
    number = named[known].astype("int32").reset_index(drop=True)
    count.rows += len(frame)
    count.of_version.update(number.tolist())
    said = [name for name in kept.columns if str(name).startswith(PROBABILITY)]
    digests = number.map(lambda each: str(versions.by_number[each].digest)).astype("category")
    columns: dict[str, Any] = {VERSION: number, DIGEST: digests}
    check_plain(kept, [*keys, PREDICTION])
    # Of 0 and 1 alone one part would have whole numbers, and the next one not.
    numbers = [*said, PREDICTION] if model.task == "regression" else said
    columns |= {name: as_numbers(kept[name]) for name in numbers}
    found = kept[[*keys, PREDICTION, *said]].assign(**columns)
    count.said.add(found[[PREDICTION, *said]], task=model.task)
    return found


def _numbers(frame: "pd.DataFrame", versions: KnownVersions, count: LogCount) -> "pd.Series[Any]":
    """Give the version of each row; missing where it names none, or two different ones."""
    import pandas as pd

    by_digest = {digest: each.number for digest, each in versions.by_digest.items()}
    said = pd.Series("", index=frame.index, dtype="object")
    found = pd.Series(float("nan"), index=frame.index)
    if DIGEST in frame.columns:
        digests = frame[DIGEST].astype("object").map(str)
        found = digests.map(by_digest).astype("float64")
        said = digests.map(lambda each: f"the digest {each!s:.80}")
    if VERSION in frame.columns:
        numbers = pd.to_numeric(frame[VERSION], errors="coerce")
        numbers = numbers.where(numbers.isin(list(versions.by_number)))
        named = frame[VERSION].map(lambda each: f"version {each!s:.80}")
        if DIGEST in frame.columns:
            differ = numbers.notna() & found.notna() & (numbers != found)
            said = said.where(~differ, named + " under " + said)
            found = found.where(~differ)
        else:
            found, said = numbers.astype("float64"), named
    count.add_unknown(said[found.isna()])
    return found


def _stored(backends: Backends, asset: str, partition: str) -> "Iterator[pd.DataFrame]":
    import pyarrow.parquet as pq

    ref = log_snapshot(backends, asset, partition)
    if ref is None:
        where = f"{asset}[{partition}]" if partition else asset
        raise DataUnusable(f"{where} has no snapshot", hint=f"materialize {where}")
    with tempfile.TemporaryDirectory(prefix="registry-log-") as folder:
        path = Path(folder) / DATA_FILE
        entry = read_manifest(backends.store, ref.digest).file(DATA_FILE)
        backends.store.copy_to(entry.sha256, path)
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                yield _frame(batch)


def _tables(given: Any) -> "Iterator[pa.Table]":
    import pandas as pd
    import pyarrow as pa

    if isinstance(given, pd.DataFrame):
        yield pa.Table.from_pandas(given, preserve_index=False)
    elif isinstance(given, pa.Table):
        yield given
    elif isinstance(given, pa.RecordBatch):
        yield pa.Table.from_batches([given])
    elif isinstance(given, Iterable) and not isinstance(given, str | bytes | dict):
        for part in given:
            yield from _tables(part)
    else:
        raise DataUnusable(
            f"the prediction log gave a {type(given).__name__}",
            hint="let PredictionLog(read=…) return a DataFrame, a Table, or record batches",
        )


def _cut(table: "pa.Table") -> "Iterator[pd.DataFrame]":
    for start in range(0, max(table.num_rows, 1), BATCH_ROWS):
        yield table.slice(start, BATCH_ROWS).to_pandas()


def _frame(batch: "pa.RecordBatch") -> "pd.DataFrame":
    import pyarrow as pa

    frame: pd.DataFrame = pa.Table.from_batches([batch]).to_pandas()
    return frame
