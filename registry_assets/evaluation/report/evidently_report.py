"""Evidently's own page about an evaluation: model quality and data drift, in one HTML file.

What is computed here is Evidently's and is shown as it is. Here belongs what Evidently needs
to get through: a sample of the rows, columns in forms that it accepts, and a page that opens
without a network. The registry's own numbers come from the rest of `evaluation`.
"""

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from registry_assets.evaluation.data.pairs import Column
from registry_assets.evaluation.data.sampling import sampled
from registry_assets.evaluation.report.evidently_page import page
from registry_assets.evaluation.report.evidently_rows import (
    PREDICTION,
    TARGET,
    Frames,
    Outcome,
    Task,
    compared,
    disagreement,
    found_in,
    scored,
    threshold_of,
)

Found: TypeAlias = tuple[list[Any], dict[str, float]]

# Warm, with 23 columns and as many reference rows: 2.1 s at 2,000 rows, 2.4 s at 5,000, 5 s at
# 20,000, mostly figures, of which every column has its own. To draw them from a million adds
# 1.4 s, the first import of Evidently 4 s. The page has 5 MB, 3.7 of it Evidently's own script.
DEFAULT_MAX_ROWS = 5_000

# Up to so many reference rows Evidently judges by a test, more by the size of the effect.
_TESTED_ROWS = 1_000

_METRIC_NAMES = {
    "Accuracy": "accuracy",
    "Precision": "precision",
    "Recall": "recall",
    "F1Score": "f1",
    "RocAuc": "roc_auc",
    "LogLoss": "log_loss",
    "MAE": "mae",
    "RMSE": "rmse",
    "R2Score": "r2",
    "DriftedColumnsCount": "drifted_share",
}


@dataclass(frozen=True, slots=True)
class EvidentlyReport:
    """The page, and what it was made of.

    Args:
        html: a page that opens without a network; empty where there is none.
        rows: current rows that Evidently saw, of `rows_of`.
        reference_rows: the same of the reference; 0 of 0 without one.
        left_out: the columns that the drift part does not have, with the reason.
        notes: what a reader has to know about the page; they are on it too.
        metrics: Evidently's own numbers on the current rows it saw, those that are defined.
        reason: why there is no page; "" if there is one.
    """

    html: bytes
    rows: int
    rows_of: int
    reference_rows: int
    reference_rows_of: int
    left_out: Mapping[str, str]
    notes: tuple[str, ...]
    metrics: Mapping[str, float]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Form:
    """One way to ask Evidently for the quality; `lacks` is what it does not show."""

    metrics: Sequence[Any]
    frames: Frames
    definition: Mapping[str, Any]
    lacks: str = ""
    notes: Sequence[str] = ()


@dataclass(slots=True)
class _Draft:
    """The report while it is made."""

    sections: list[tuple[str, list[Any]]] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)


def evidently_html(
    current: pd.DataFrame,
    reference: pd.DataFrame | None = None,
    *,
    task: Task,
    target: str,
    prediction: str,
    probabilities: Mapping[Any, str] | None = None,
    about: str = "",
    max_rows: int = DEFAULT_MAX_ROWS,
    seed: int = 0,
) -> EvidentlyReport:
    """Give Evidently's page about the current rows, compared with a reference if there is one.

    Data that Evidently cannot take are converted or left out, and the report says so: it never
    raises for data. The same rows in another order give the same bytes.

    Args:
        current: the rows that were predicted: features, target, prediction, probabilities.
        reference: rows to compare with, such as those that the model was trained on.
        probabilities: the column of each class's probability. A binary task needs only the
            positive class; of two classes the last is the positive one.
        about: whose rows they are, such as `flight_delay:2`; the page is called so.
        max_rows: most rows to look at of either; of more, so many are drawn at random.

    Raises:
        ValueError: `max_rows` is less than 1.
    """
    if max_rows < 1:
        raise ValueError(f"max_rows is {max_rows}, expected at least 1")
    whole = (current,) if reference is None or not len(reference) else (current, reference)
    frames = tuple(sampled(frame, rows=max_rows, seed=seed) for frame in whole)
    sizes = [(len(seen), len(all_)) for seen, all_ in zip(frames, whole, strict=True)]
    known = {} if task == "regression" else dict(probabilities or {})
    outcome = Outcome(task, target, prediction, known)
    draft = _Draft()
    html, reason = b"", ""
    with evidently_silent():
        if len(current):
            _add_quality(draft, frames, outcome)
            _add_drift(draft, frames, outcome)
        else:
            draft.notes.append("There are no rows.")
        if draft.sections:
            title = f"Evidently on {about}" if about else "Evidently"
            html = page(draft.sections, title=title, lines=[title, *_lines(draft, sizes, seed)])
        else:
            reason = " ".join(draft.notes)
    (rows, rows_of), (reference_rows, reference_rows_of) = (*sizes, (0, 0))[:2]
    return EvidentlyReport(
        html=html,
        rows=rows,
        rows_of=rows_of,
        reference_rows=reference_rows,
        reference_rows_of=reference_rows_of,
        left_out=draft.left_out,
        notes=tuple(draft.notes),
        metrics=draft.metrics,
        reason=reason,
    )


@contextmanager
def evidently_silent() -> Iterator[None]:
    """Let Evidently work without reporting that it is used, and without its warnings."""
    # Before the import: otherwise Evidently reports that it is used.
    os.environ["DO_NOT_TRACK"] = "1"
    with warnings.catch_warnings():
        # Evidently divides by zero where a class is absent or a column constant, and calls what
        # its libraries deprecate. Undefined numbers are left out here and empty on its page.
        warnings.simplefilter("ignore")
        yield


def _attempt(form: _Form) -> Found | str:
    """Give the widgets and the numbers of a run, or why it failed."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.core.report import ReferenceMetricNotFound

    numbers = list(form.frames[0].select_dtypes("number").columns)
    definition = DataDefinition(
        numerical_columns=numbers,
        categorical_columns=[name for name in form.frames[0].columns if name not in numbers],
        **form.definition,
    )
    try:
        data = [Dataset.from_pandas(each, data_definition=definition) for each in form.frames]
        snapshot = Report(list(form.metrics)).run(*data)
        return snapshot.to_snapshot_model().widgets, dict(_numbers(snapshot.dict()["metrics"]))
    except (Exception, ReferenceMetricNotFound) as failure:  # noqa: BLE001  # it raises anything
        return f"{type(failure).__name__}: {failure}".splitlines()[0][:200]


def _numbers(metrics: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    for metric in metrics:
        name = _METRIC_NAMES.get(metric["config"]["type"].rpartition(":")[2])
        value = metric["value"]
        if isinstance(value, Mapping):
            value = value.get("mean", value.get("share"))
        if name is not None and value is not None and np.isfinite(value):
            yield name, float(value)


def _add_quality(draft: _Draft, frames: Frames, outcome: Outcome) -> None:
    usable = []
    for name, frame in zip(("current", "reference"), frames, strict=False):
        rows = scored(frame, outcome)
        if isinstance(rows, str):
            draft.notes.append(f"Quality: the {name} rows have no column {rows}.")
            break
        if len(rows) < len(frame):
            draft.notes.append(
                f"Quality: {len(frame) - len(rows):,} of {len(frame):,} {name} rows lack a usable "
                "target, prediction or probability and are not counted."
            )
        if rows.empty:
            break
        usable.append(rows)
    failure = ""
    # What a reference lacks, such as a class, must not cost the current rows their numbers.
    for count in range(len(usable), 0, -1):
        for form in _forms(tuple(usable[:count]), outcome):
            found = _attempt(form)
            if isinstance(found, str):
                failure = failure or found
                continue
            draft.sections.append(("Model quality", found[0]))
            draft.metrics.update(found[1])
            lacks = ["the reference"] if count < len(usable) else []
            lacks += [form.lacks] if form.lacks else []
            draft.notes.extend(f"Quality: {note}." for note in form.notes)
            if failure and lacks:
                draft.notes.append(
                    f"Quality is shown without {' and '.join(lacks)}, with which Evidently "
                    f"failed ({failure})."
                )
            return
    if failure:
        draft.notes.append(f"Quality: Evidently failed ({failure}).")


def _forms(frames: Frames, outcome: Outcome) -> Iterator[_Form]:
    """Give the ways to ask for the quality, that which shows the most first."""
    from evidently import Regression
    from evidently.presets import RegressionPreset

    if outcome.task == "regression":
        definition = {"regression": [Regression(target=TARGET, prediction=PREDICTION)]}
        yield _Form([RegressionPreset()], frames, definition)
        return
    classes = tuple(outcome.classes.values())
    if classes:
        yield from _forms_with_probabilities(frames, classes)
    yield from _forms_of_labels(frames, classes)


def _forms_with_probabilities(frames: Frames, classes: tuple[str, ...]) -> Iterator[_Form]:
    from evidently import BinaryClassification, MulticlassClassification
    from evidently.presets import ClassificationPreset, ClassificationQuality

    strange = sorted(found_in(frames, (TARGET, PREDICTION)) - set(classes))
    if len(classes) == 1:
        if len(strange) > 1:
            return
        columns = [strange[0] if strange else f"not {classes[0]}", *classes]
        others = [(1 - each[[classes[0]]]).set_axis(columns[:1], axis=1) for each in frames]
    else:
        # A class that the model does not know has no probability: zero, and not left out.
        columns = [*classes, *strange]
        others = [pd.DataFrame(0.0, index=each.index, columns=strange) for each in frames]
    frames = tuple(pd.concat(both, axis=1) for both in zip(frames, others, strict=True))
    if len(columns) == 2:
        columns.reverse()
        threshold, note = threshold_of(pd.concat(frames, ignore_index=True), positive=columns[0])
        kind, named = BinaryClassification, {"pos_label": columns[0]}
    else:
        threshold, note = None, disagreement(frames[0], columns)
        kind, named = MulticlassClassification, {}
    definition = {
        "classification": [
            kind(target=TARGET, prediction_labels=PREDICTION, prediction_probas=columns, **named)
        ]
    }
    notes = [note] if note else []
    for name, rows in zip(("current", "reference"), frames, strict=False):
        absent = sorted(set(columns) - found_in((rows,), (TARGET,)))
        if absent:
            notes.append(f"no {name} row is of class {' or '.join(absent[:10])}")
    whole = ClassificationPreset(probas_threshold=threshold)
    yield _Form([whole], frames, definition, notes=notes)
    # What Evidently does for each class fails where the target lacks one.
    overall = ClassificationQuality(probas_threshold=threshold, conf_matrix=True)
    yield _Form([overall], frames, definition, lacks="the numbers of each class", notes=notes)


def _forms_of_labels(frames: Frames, classes: tuple[str, ...]) -> Iterator[_Form]:
    from evidently import BinaryClassification, MulticlassClassification
    from evidently.presets import ClassificationPreset

    frames = tuple(each[[TARGET, PREDICTION]] for each in frames)
    found = sorted(found_in(frames, (TARGET, PREDICTION)))
    positive = classes[-1] if classes and classes[-1] in found else found[-1]
    columns = {"target": TARGET, "prediction_labels": PREDICTION}
    lacks = "the probabilities" if classes else ""
    notes = []
    if len(classes) == 1 and len(found) > 2:
        notes.append(f"one probability is for two classes, there are {' and '.join(found[:10])}")
    for kind in (
        BinaryClassification(**columns, pos_label=positive),
        MulticlassClassification(**columns),
    ):
        definition = {"classification": [kind]}
        yield _Form([ClassificationPreset()], frames, definition, lacks=lacks, notes=notes)


def _add_drift(draft: _Draft, frames: Frames, outcome: Outcome) -> None:
    if len(frames) == 1:
        draft.notes.append("Drift: there is no reference to compare with.")
        return
    kept, left_out = compared(frames[0], frames[1], outcome)
    draft.left_out.update(left_out)
    # Evidently looks at the reference's size only; a thousand rows against ten need a test too.
    small = len(frames[0]) <= _TESTED_ROWS < len(frames[1])
    tests = {"num_method": "ks", "cat_method": "chisquare"} if small else {}
    found = _drift(kept, tests)
    if isinstance(found, str):
        for name in list(kept):
            failure = _drift({name: kept[name]}, tests)
            if isinstance(failure, str):
                draft.left_out[name] = f"Evidently failed on it ({failure})"
                del kept[name]
        found = _drift(kept, tests)
    if isinstance(found, str):
        draft.notes.append(f"Drift: {found}.")
        return
    draft.sections.append(("Data drift", found[0]))
    draft.metrics.update(found[1])


def _drift(pairs: Mapping[str, tuple[Column, Column]], tests: Mapping[str, str]) -> Found | str:
    from evidently.presets import DataDriftPreset

    if not pairs:
        return "no column can be compared"
    sides = zip(*pairs.values(), strict=True)
    frames = tuple(pd.DataFrame(dict(zip(pairs, side, strict=True))) for side in sides)
    return _attempt(_Form([DataDriftPreset(**tests)], frames, {}))


def _lines(draft: _Draft, sizes: Sequence[tuple[int, int]], seed: int) -> Iterator[str]:
    for name, (seen, whole) in zip(("Current", "Reference"), sizes, strict=False):
        how = f", drawn at random (seed {seed})" if seen < whole else ""
        yield f"{name}: {seen:,} of {whole:,} rows{how}."
    seen, whole = sizes[0]
    if seen < whole:
        yield "Of a sample; what the gates judged is on the evaluation's page."
    yield from draft.notes
    yield from (f"Drift is shown without {name}: {why}." for name, why in draft.left_out.items())
