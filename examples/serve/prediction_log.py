"""What a service predicted, as Parquet files that monitoring reads: see docs/monitoring.md.

    <folder>/<partition>/<name>.parquet

Every row names the version that predicted it; a file has those of one. Each file is written whole
under another name first, so whoever reads sees no half of one. Several processes may write into
one folder.
"""

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

Columns = Mapping[str, list[Any]]


@dataclass(frozen=True, slots=True)
class _Kind:
    """What all rows of one file have in common."""

    partition: str
    version: int | None
    digest: str | None


class Log:
    """Takes predictions as they are made, and writes them when it is told to.

    Args:
        partition: by the time in UTC: "%Y-%m" is a month.
    """

    def __init__(self, folder: Path, partition: str) -> None:
        self._folder, self._partition = folder, partition
        self._waiting: dict[_Kind, list[Columns]] = {}
        self._lock = threading.Lock()

    def add(self, columns: Columns, *, version: int | None, digest: str | None) -> None:
        """Take what a version said, as a loaded model names it; written at the next flush."""
        kind = _Kind(datetime.now(UTC).strftime(self._partition), version, digest)
        with self._lock:
            self._waiting.setdefault(kind, []).append(columns)

    def flush(self) -> None:
        """Write what waits; what cannot be written waits on.

        Raises:
            OSError: it cannot be written.
        """
        with self._lock:
            taken, self._waiting = self._waiting, {}
        try:
            for kind in list(taken):
                names = taken[kind][0]  # one version always says the same columns
                columns = {name: [v for each in taken[kind] for v in each[name]] for name in names}
                rows = pd.DataFrame(columns).assign(version=kind.version, digest=kind.digest)
                self._write(self._folder / kind.partition, rows)
                del taken[kind]
        finally:
            with self._lock:
                for kind, rest in taken.items():
                    self._waiting[kind] = [*rest, *self._waiting.get(kind, [])]

    def _write(self, folder: Path, rows: pd.DataFrame) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        name = secrets.token_hex(8)
        rows.to_parquet(folder / f".{name}", index=False)
        (folder / f".{name}").rename(folder / f"{name}.parquet")


def read_log(folder: Path | str) -> Callable[[str], Iterator[Any]]:
    """Give what `PredictionLog(read=…)` takes: from a partition to its rows, batch by batch."""

    def read(partition: str) -> Iterator[Any]:
        import pyarrow.dataset as ds

        files = sorted((Path(folder) / partition).glob("*.parquet"))
        return ds.dataset(files, format="parquet").to_batches() if files else iter(())

    return read
