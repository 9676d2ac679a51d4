"""Holdouts: which rows a version is judged on, and therefore never trained on."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry_assets.canonical import Json
from registry_assets.declaration.checks import finite, names, no_duplicates, require, whole
from registry_assets.errors import DataUnusable

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass(frozen=True, slots=True)
class LatestPartitions:
    """Hold out the greatest `count` partition keys of the recipe; train on all before.

    The greatest key, as text sorts, and not the clock says what is latest: partitions that
    arrive in another order, or a run next year, give the same split.
    """

    count: int = 1

    def __post_init__(self) -> None:
        require(
            isinstance(self.count, int) and not isinstance(self.count, bool) and self.count >= 1,
            f"LatestPartitions({self.count!r}) holds nothing out",
            "hold out at least one partition",
        )

    def split(self, partitions: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give the training and the holdout partitions, each in ascending order.

        Raises:
            DataUnusable: nothing would be left to train on.
        """
        ordered = sorted(partitions)
        if len(ordered) <= self.count:
            raise DataUnusable(
                f"{len(ordered)} partition(s) are materialized; holding out {self.count} of them"
                " leaves none to train on",
                hint=f"materialize at least {self.count + 1} partitions of the features",
            )
        return tuple(ordered[: -self.count]), tuple(ordered[-self.count :])

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return {"holdout": "latest_partitions", "count": self.count}


@dataclass(frozen=True, slots=True)
class ByKey:
    """Hold out the rows whose key hashes below `share`: for tables without dates.

    A row keeps its side for ever, whatever rows are added around it, so versions trained
    under one rule can be compared on one holdout.

    Args:
        columns: the key, kept beside the features.
        share: between 0 and 1, the part held out.
        seed: another seed is another split.
    """

    columns: tuple[str, ...]
    share: float
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", names(self.columns, "ByKey(columns=…)"))
        require(bool(self.columns), "ByKey(columns=[]) has no key", "name the key's columns")
        no_duplicates(self.columns, "key column")
        whole(self, "seed", least=0, most=2**32 - 1)
        share = finite(self.share, "ByKey(share=…)")
        require(0 < share < 1, f"ByKey(share={share}): expected between 0 and 1", "e.g. 0.3")

    @property
    def sentence(self) -> str:
        """Which rows are held out, as people say it: `30 % of rows by application`."""
        return f"{100 * self.share:.0f} % of rows by {', '.join(self.columns)}"

    def mask(self, frame: "pd.DataFrame") -> "np.ndarray":
        """Tell for each row whether it is held out: bool, shape (rows,).

        Raises:
            DataUnusable: a key column is absent, or has missing values.
        """
        import numpy as np

        columns = [_key_texts(frame, column) for column in self.columns]
        bound = int(self.share * 2**64)
        held = (
            int.from_bytes(hashlib.sha256("\x1f".join(key).encode()).digest()[:8]) < bound
            for key in zip([str(self.seed)] * len(frame), *columns, strict=True)
        )
        return np.fromiter(held, dtype=bool, count=len(frame))

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON; two versions share a holdout when theirs are equal."""
        return {
            "holdout": "by_key",
            "columns": list(self.columns),
            "share": self.share,
            "seed": self.seed,
        }


Holdout = LatestPartitions | ByKey


def _key_texts(frame: "pd.DataFrame", column: str) -> list[str]:
    if column not in frame.columns:
        raise DataUnusable(
            f"there is no key column {column!r}; kept are {', '.join(map(str, frame.columns))}",
            hint=f"keep it: features_asset(..., keep=[{column!r}])",
        )
    missing = int(frame[column].isna().sum())
    if missing:
        raise DataUnusable(
            f"the key {column!r} is missing in {missing:,} of {len(frame):,} rows",
            hint="a row without a key has no side: leave it out of the dataset",
        )
    return [_key_text(value) for value in frame[column].tolist()]


def _key_text(value: object) -> str:
    """Write one value as it is written whatever else is in its column.

    Pandas writes 5 as `5.0` once a fraction has joined the column, and a midnight with its
    time once another hour has: the row would change sides.
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    instant = getattr(value, "isoformat", None)
    return str(instant()) if callable(instant) else str(value)
