"""Evidently's own page about drift, of two samples: what it finds of each column, and its figures.

The verdicts are the registry's, on all rows; this is for teams that read Evidently's anyway. It
measures the same distances, so that its scores can stand beside the registry's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from registry_assets.evaluation.data.pairs import Column
from registry_assets.evaluation.report.evidently_page import page
from registry_assets.evaluation.report.evidently_report import evidently_silent
from registry_assets.evaluation.report.evidently_rows import Outcome, compared

_NO_OUTCOME = Outcome("regression", "", "", {})


@dataclass(frozen=True, slots=True)
class DriftPage:
    """Evidently's page about drift, and its scores.

    Args:
        html: a page that opens without a network; empty where there is none.
        scores: by column, what Evidently measures it by, and how far it is.
        left_out: the columns that it did not compare, with the reason.
        reason: why there is no page; "" if there is one.
    """

    html: bytes
    scores: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


def evidently_drift_page(
    current: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    threshold: float,
    methods: Mapping[str, str],
    title: str,
    lines: Sequence[str] = (),
) -> DriftPage:
    """Let Evidently compare some rows with others; it never raises for data.

    Args:
        current: the rows since; the same rows in the same order give the same bytes.
        reference: of the training.
        threshold: distance from which on Evidently calls a column drifted.
        methods: by column "wasserstein" or "jensenshannon": what the registry measured. What is
            a category Evidently tells by the values that it sees, and a sample has fewer.
        lines: what a reader has to know, above its figures.
    """
    found, left_out = compared(current, reference, _NO_OUTCOME)
    pairs = {
        name: tuple(_as_measured(each, methods.get(name, "")) for each in pair)
        for name, pair in found.items()
    }
    said = [title, *lines, *(f"Without {name}: {why}." for name, why in left_out.items())]
    if not pairs:
        return DriftPage(b"", left_out=left_out, reason="no column can be compared")
    with evidently_silent():
        made = _run(pairs, threshold)
        if isinstance(made, str):
            return DriftPage(b"", left_out=left_out, reason=made)
        widgets, scores = made
        html = page([("Data drift", widgets)], title=title, lines=said)
    return DriftPage(html, scores, left_out)


def _as_measured(values: Column, method: str) -> Column:
    """Give a column as numbers or as categories: as that distance takes it."""
    numeric = pd.api.types.is_numeric_dtype(values.dtype)
    if method == "wasserstein" and not numeric:
        return pd.Series(pd.to_numeric(values))
    if method == "jensenshannon" and numeric:
        texts = [None if pd.isna(each) else f"{each:g}" for each in values]
        return pd.Series(texts, dtype="str")
    return values


def _run(
    pairs: Mapping[str, tuple[Column, ...]], threshold: float
) -> tuple[list[Any], dict[str, tuple[str, float]]] | str:
    """Give the widgets and the scores; or why Evidently failed."""
    import numpy as np
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    sides = zip(*pairs.values(), strict=True)
    frames = [pd.DataFrame(dict(zip(pairs, side, strict=True))) for side in sides]
    numbers = list(frames[0].select_dtypes("number").columns)
    definition = DataDefinition(
        numerical_columns=numbers,
        categorical_columns=[name for name in frames[0].columns if name not in numbers],
    )
    asked = DataDriftPreset(
        num_method="wasserstein",
        cat_method="jensenshannon",
        num_threshold=threshold,
        cat_threshold=threshold,
    )
    try:
        data = [Dataset.from_pandas(each, data_definition=definition) for each in frames]
        snapshot = Report([asked]).run(*data)
        metrics, widgets = snapshot.dict()["metrics"], snapshot.to_snapshot_model().widgets
    except Exception as failure:  # noqa: BLE001  # it raises anything
        return f"Evidently failed: {type(failure).__name__}: {failure}".splitlines()[0][:200]
    return widgets, {
        str(each["config"]["column"]): (str(each["config"]["method"]), float(each["value"]))
        for each in metrics
        if each["config"]["type"].endswith(":ValueDrift") and np.isfinite(each["value"])
    }
