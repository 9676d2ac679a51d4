"""Frames to look at: ordinary ones whose truth is known, and every odd column there is."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd


def ordinary(rows: int, *, seed: int) -> pd.DataFrame:
    """Independent columns of the usual types, some with missing values."""
    generator = np.random.default_rng(seed)
    letters = np.array(list("abcdefgh"))
    text = pd.Series(letters[generator.integers(0, 8, rows)], dtype="str")
    since = pd.Timestamp("2020-01-01")
    return pd.DataFrame(
        {
            "normal": generator.normal(size=rows),
            "skewed": generator.lognormal(size=rows),
            "sometimes": np.where(
                generator.random(rows) < 0.2, np.nan, generator.normal(size=rows)
            ),
            "count": generator.integers(0, 100, rows),
            "few": generator.integers(0, 4, rows),
            "text": text,
            "gappy": text.where(generator.random(rows) < 0.7),
            "category": pd.Categorical(letters[generator.integers(0, 3, rows)]),
            "flag": generator.random(rows) < 0.3,
            "when": since + pd.to_timedelta(generator.integers(0, 10**7, rows), unit="s"),
        }
    )


def odd(rows: int, *, seed: int = 0) -> pd.DataFrame:
    """Columns of every type and of unpleasant values, with names that are no better."""
    generator = np.random.default_rng(seed)
    number = generator.normal(size=rows)
    some = generator.random(rows) < 0.3
    whole = generator.integers(-3, 50, rows)

    def cells(*values: object) -> pd.Series:
        picked = generator.integers(0, len(values), rows)
        return pd.Series([values[each] for each in picked], dtype="object")

    stamps = pd.Series(pd.Timestamp("2024-03-01") + pd.to_timedelta(whole, unit="h"))
    columns = {
        "constant": pd.Series(np.full(rows, 0.1)),
        "all null": pd.Series(np.full(rows, np.nan)),
        "all None": pd.Series([None] * rows, dtype="object"),
        "infinite": pd.Series(np.where(some, np.inf, number)),
        "only infinite": pd.Series(np.where(some, np.inf, -np.inf)),
        "huge": pd.Series(np.where(some, 1.7e308, -1.7e308) * np.abs(np.tanh(number))),
        "tiny": pd.Series(number * 5e-324),
        "small units": pd.Series(number * 1e-9),
        "signed zero": pd.Series(np.where(some, -0.0, 0.0)),
        "int8": pd.Series(whole.astype("int8")),
        "uint64": pd.Series(whole.astype("uint64") + np.uint64(2**63)),
        "Int64": pd.Series(whole, dtype="Int64").mask(some),
        "Float64": pd.Series(number, dtype="Float64").mask(some),
        "boolean": pd.Series(some, dtype="boolean").mask(whole > 40),
        "string": pd.Series(whole.astype(str), dtype="string").mask(some),
        "key": pd.Series([f"key {n}" for n in range(rows)], dtype="str"),
        "number category": pd.Series(whole).astype("category"),
        "empty category": pd.Series(pd.Categorical([None] * rows, categories=["a", "b"])),
        "aware": stamps.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"),
        "naive": stamps.mask(some),
        "duration": stamps - pd.Timestamp("2024-01-01"),
        "period": stamps.dt.to_period("D"),
        "complex": pd.Series(number + 1j),
        "sparse": pd.Series(pd.arrays.SparseArray(np.where(some, number, np.nan))),
        "arrow": pd.Series(whole, dtype="int64[pyarrow]"),
        "mixed": cells(1, "1", 2.5, None, True, b"x", dt.date(2024, 1, 1), "\ud800"),
        "maybe": cells(True, False, None),
        "decimal": cells(Decimal("1.5"), Decimal("NaN"), Decimal("Infinity"), Decimal(7)),
        "giant": cells(10**400, -(10**400), 3),
        "lists": cells([1], [1, 2], {"a": 1}, None, (3,)),
        "times": cells(dt.time(1), dt.time(2), None),
        "zones": cells(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-01", tz="UTC"), pd.NaT),
    }
    frame = pd.concat(list(columns.values()), axis=1)
    frame.columns = pd.Index([*columns], dtype="object")
    twins = pd.DataFrame({0: number, 1: number, 2: whole, 3: whole}, index=frame.index)
    twins.columns = pd.Index([1, "1", ("a", "b"), "\udcff"], dtype="object")
    return pd.concat([frame, twins, twins], axis=1)
