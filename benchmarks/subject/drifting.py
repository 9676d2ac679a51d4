"""Rows that drifted, by how much is known, and what it takes to see it: ours, and Evidently's.

`benchmarks.drift` runs each in a process of its own.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measuring import peak_memory
from benchmarks.subject.applicants import applicants, features_of

REFERENCE = "reference.profile"
ROWS = "rows.parquet"
SHIFTS = (0.02, 0.05, 0.08, 0.09, 0.095, 0.098, 0.099, 0.1005, 0.102, 0.11, 0.15, 0.4)
"""By how many standard deviations the first numbers moved: the threshold is 0.1."""

_PART = 1_000_000
_BATCH = 1 << 18

Findings = dict[str, dict[str, Any]]


def before(rows: int) -> pd.DataFrame:
    """Give rows of the training, twenty columns."""
    return features_of(applicants(rows, seed=11))


def since(rows: int, *, seed: int = 12) -> pd.DataFrame:
    """Give rows of the same source, of which some columns moved."""
    frame = features_of(applicants(rows, seed=seed))
    for at, by in enumerate(SHIFTS):
        frame[f"number_{at:02}"] += by
    frame["income"] *= 1.06
    frame.loc[frame.index % 12 == 0, "region"] = "unknown"
    frame.loc[frame.index % 5 == 0, "channel"] = "web"
    return frame


def ours(rows: int) -> dict[str, Any]:
    """Compare two frames twice; give the seconds, the peak of memory, and what was found."""
    reference, current = before(rows), since(rows)
    seconds, parts, found = _twice(lambda: _compared(reference, current))
    return {**seconds, "parts": parts, "found": found, "peak": peak_memory()}


def evidently(rows: int) -> dict[str, Any]:
    """Have Evidently compare the same frames twice."""
    import warnings

    warnings.simplefilter("ignore")  # its own, of values that it divides by zero
    reference, current = before(rows), since(rows)
    seconds, parts, found = _twice(lambda: _reported(reference, current))
    return {**seconds, "parts": parts, "found": found, "peak": peak_memory()}


def store(folder: str, rows: int) -> dict[str, Any]:
    """Store the profile of a million rows of training, and so many later rows as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from registry_assets.monitoring.profile import profile_of

    place = Path(folder)
    profile = profile_of(before(min(rows, _PART))).to_bytes()
    (place / REFERENCE).write_bytes(profile)
    writer: Any = None
    for number, first in enumerate(range(0, rows, _PART)):
        part = since(min(_PART, rows - first), seed=100 + number)
        table = pa.Table.from_pandas(part, preserve_index=False)
        writer = writer or pq.ParquetWriter(place / ROWS, table.schema)
        writer.write_table(table)
    writer.close()
    return {"profile": len(profile), "parquet": (place / ROWS).stat().st_size}


def streamed(folder: str) -> dict[str, Any]:
    """Compare the stored rows with the stored profile, batch by batch; once, as a run does."""
    import pyarrow.parquet as pq

    from registry_assets.declaration.monitoring import Drift
    from registry_assets.monitoring.drift import compare
    from registry_assets.monitoring.profile import Profile, profile_of

    place = Path(folder)
    start = perf_counter()
    reference = Profile.from_bytes((place / REFERENCE).read_bytes())
    with pq.ParquetFile(place / ROWS) as file:
        current = profile_of(file.iter_batches(batch_size=_BATCH))
    read = perf_counter()
    found = compare(reference, current, rule=Drift())
    end = perf_counter()
    return {
        "seconds": end - start,
        "parts": {"read and profile": read - start, "compare": end - read},
        "rows": current.rows,
        "drifted": [each.column for each in found.columns if each.drifted],
        "peak": peak_memory(),
    }


def _twice(
    compared: Callable[[], tuple[dict[str, float], Findings]],
) -> tuple[dict[str, float], dict[str, float], Findings]:
    times = [perf_counter()]
    compared()
    times.append(perf_counter())
    parts, found = compared()
    times.append(perf_counter())
    return {"seconds": times[1] - times[0], "again": times[2] - times[1]}, parts, found


def _compared(reference: pd.DataFrame, current: pd.DataFrame) -> tuple[dict[str, float], Findings]:
    from registry_assets.declaration.monitoring import Drift
    from registry_assets.monitoring.drift import compare
    from registry_assets.monitoring.profile import profile_of

    times = [perf_counter()]
    first = profile_of(reference)
    times.append(perf_counter())
    second = profile_of(current)
    times.append(perf_counter())
    result = compare(first, second, rule=replace(Drift(), min_rows=2))
    times.append(perf_counter())
    names = ("profile the reference", "profile the rows", "compare")
    found = {
        each.column: {
            "method": each.method,
            "value": each.value,
            "error": each.error,
            "drifted": each.drifted,
        }
        for each in result.columns
    }
    return dict(zip(names, np.diff(times).tolist(), strict=True)), found


def _reported(reference: pd.DataFrame, current: pd.DataFrame) -> tuple[dict[str, float], Findings]:
    from evidently import Report
    from evidently.presets import DataDriftPreset

    methods = {
        "Wasserstein distance (normed)": "wasserstein",
        "Jensen-Shannon distance": "jensenshannon",
    }
    report = Report([DataDriftPreset()]).run(current, reference)
    found: Findings = {}
    for each in report.dict()["metrics"]:
        if "column" in each["config"]:
            value, threshold = float(each["value"]), each["config"]["threshold"]
            method = methods[each["config"]["method"]]
            drifted = value >= threshold
            found[each["config"]["column"]] = {
                "method": method,
                "value": value,
                "drifted": drifted,
            }
    return {}, found
