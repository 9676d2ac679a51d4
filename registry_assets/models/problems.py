"""What can be wrong with any table, in sentences: the common part of the data checks.

Each model's `data.py` adds what is particular to its tables. The functions return every
problem they find and raise nothing; an empty list means that training may begin.
"""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd


def table_problems(frame: pd.DataFrame, columns: Mapping[str, str]) -> list[str]:
    """Tell whether rows or columns are missing, or columns have another dtype than said."""
    found = {str(name): str(dtype) for name, dtype in frame.dtypes.items()}
    problems = [] if len(frame) else ["the table has no rows"]
    for name, dtype in columns.items():
        if name not in found:
            problems.append(f"column {name!r} is missing")
        elif found[name] != dtype:
            problems.append(f"column {name!r}: expected {dtype}, found {found[name]}")
    return problems


def missing_values(frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Tell which of these columns have missing values, and how many."""
    counts = frame[list(columns)].isna().sum()
    return [
        f"column {name!r}: {n} of {len(frame)} values are missing"
        for name, n in counts.items()
        if n
    ]


def repeated_keys(frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Tell whether two rows share a key; a join on it would multiply rows."""
    repeated = int(frame.duplicated(list(columns)).sum())
    return [f"{repeated} rows repeat the key ({', '.join(columns)})"] if repeated else []


def unknown_values(frame: pd.DataFrame, column: str, known: Collection[str]) -> list[str]:
    """Tell which values of a column are not among the known ones."""
    unknown = sorted(map(str, set(frame[column].dropna()) - set(known)))
    expected = ", ".join(sorted(known))
    return [f"column {column!r}: {value!r} is none of {expected}" for value in unknown]


def outside(frame: pd.DataFrame, column: str, low: float, high: float) -> list[str]:
    """Tell how many values of a column lie outside [low, high]; missing ones do not."""
    values = frame[column].dropna()
    count = int((~values.between(low, high)).sum())
    return [f"column {column!r}: {count} values outside {low:g} to {high:g}"] if count else []
