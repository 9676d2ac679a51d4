"""A log of predictions, read once: its rows in our own form, with what was counted of them."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_assets.declaration import PredictionLog, RegisteredModel
from registry_assets.errors import DataUnusable
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.data import DATA_FILE
from registry_assets.lifecycle.evaluating.artifact import read_signature
from registry_assets.lifecycle.monitoring.credible import LogUnusable
from registry_assets.lifecycle.monitoring.logged import (
    KnownVersions,
    LogCount,
    log_batches,
    normal,
)
from registry_assets.lifecycle.monitoring.scoring import (
    count_repeated,
    parquet_writer,
    write_no_predictions,
)
from registry_assets.lifecycle.monitoring.watched import monitoring_of
from registry_assets.lifecycle.predicted import PREDICTION, PROBABILITY, VERSION
from registry_assets.lifecycle.publishing import Publication
from registry_assets.monitoring.results.quality import QualityProblem
from registry_assets.store import StoredFile

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from registry_assets.monitoring.profile import Profile


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """What a log came to.

    Args:
        stored: its rows, in the store.
        said: the profile of what each version said, by its number.
        repeated: rows that repeat another one.
        problems: why nothing of it was taken.
    """

    stored: StoredFile
    count: LogCount
    said: "dict[int, Profile]"
    repeated: int
    problems: tuple[QualityProblem, ...]

    @property
    def rows(self) -> int:
        """How many rows were taken: those of versions that there are."""
        return sum(self.count.of_version.values())


def take_log(
    backends: Backends,
    model: RegisteredModel,
    log: PredictionLog,
    versions: KnownVersions,
    partition: str,
    *,
    publication: Publication,
) -> Taken:
    """Read a log batch by batch; of one that cannot be used nothing is taken."""
    keys = monitoring_of(model).keys
    count, hashes = LogCount(), list["np.ndarray"]()
    said: dict[int, Profile] = {}
    classes: dict[int, tuple[Any, ...]] = {}
    problems: tuple[QualityProblem, ...] = ()
    with tempfile.TemporaryDirectory(prefix="registry-log-") as folder:
        target = Path(folder) / DATA_FILE
        try:
            with parquet_writer(target) as write:
                for frame in log_batches(backends, model, log, partition):
                    rows = normal(frame, model, versions, count)
                    _add(said, rows)
                    hashes.append(_hashed(rows, keys))
                    write(rows)
                    if model.task != "regression":
                        _count_strange(backends, count, rows, versions, classes)
        except DataUnusable as error:
            kind = error.kind if isinstance(error, LogUnusable) else "unreadable"
            problems = (QualityProblem(kind, "", count.rows, error.message),)
        if problems or not target.exists():
            target.unlink(missing_ok=True)
            write_no_predictions(target)
            said, hashes = {}, []
            count.of_version.clear()
        stored = publication.store.put_file(target)
    if not count.rows and not problems:
        none = f"the prediction log of {model.name}[{partition}] has no rows"
        problems = (QualityProblem("no_rows", "", 0, none),)
    return Taken(stored, count, said, count_repeated(hashes) if hashes else 0, problems)


def _add(said: "dict[int, Profile]", rows: "pd.DataFrame") -> None:
    """Add what each version said in these rows to what it said before."""
    from registry_assets.monitoring.profile import Profile, profile_of

    columns = [
        name for name in rows.columns if name == PREDICTION or str(name).startswith(PROBABILITY)
    ]
    for number in sorted(set(rows[VERSION].tolist())):
        of_version = rows.loc[rows[VERSION] == number, columns]
        said[number] = said.get(number, Profile()) + profile_of(of_version)


def _count_strange(
    backends: Backends,
    count: LogCount,
    rows: "pd.DataFrame",
    versions: KnownVersions,
    classes: dict[int, tuple[Any, ...]],
) -> None:
    """Count predictions that are none of the classes of their version.

    Args:
        classes: those that are known so far, by version; more are added.
    """
    for number in sorted(set(rows[VERSION].tolist())):
        if number not in classes:
            classes[number] = read_signature(backends, versions.by_number[number]).output.classes
        said = rows.loc[rows[VERSION] == number, PREDICTION]
        count.said.add_classes(said, classes[number])


def _hashed(rows: "pd.DataFrame", keys: tuple[str, ...]) -> "np.ndarray":
    from registry_assets.evaluation.data.sampling import frame_hashes

    return frame_hashes(rows[list(keys)] if keys else rows)
