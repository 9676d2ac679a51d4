"""The metrics of the suite on what was really predicted, for each version, beside the promised."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from registry_assets.declaration import RegisteredModel
from registry_assets.errors import DataUnusable, RegistryError
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.data import read_frame
from registry_assets.lifecycle.evaluating.scoring import as_predictions
from registry_assets.lifecycle.monitoring.watched import Watched
from registry_assets.lifecycle.predicted import PREDICTION, ROW, VERSION, as_said
from registry_assets.lifecycle.targets import Target, target_of
from registry_assets.monitoring.results.performance import Lived, PerformanceResult
from registry_assets.monitoring.results.quality import QualityProblem
from registry_assets.packaging.signature import Output, Signature
from registry_assets.recipe import SnapshotRef

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from registry_assets.evaluation.results.slices import SliceResult
    from registry_assets.evaluation.scored import Outcomes, Predictions
    from registry_assets.lifecycle.monitoring.outcomes import Outcome


def measure(
    backends: Backends,
    model: RegisteredModel,
    watched: Sequence[tuple[Watched, Signature]],
    predictions: "pd.DataFrame",
    outcome: "Outcome",
    *,
    partition: str,
    features: SnapshotRef | None,
) -> PerformanceResult:
    """Give the metrics of each version on the rows that it predicted and whose outcome is known.

    Args:
        watched: the versions that occur in the predictions, with what each takes and gives.
        features: the snapshot whose rows were scored, in their order; None for a log, of whose
            rows no slices are known.
    """
    frame = None
    if features is not None and model.evaluation.slicings:
        frame = read_frame(backends, features.digest).take(predictions[ROW].to_numpy())
        frame = frame.reset_index(drop=True)
    return PerformanceResult(
        model=model.name,
        partition=partition,
        task=model.task,
        labels=outcome.ref.digest if outcome.ref else "",
        less_is_better=tuple(
            each.name for each in model.evaluation.measures if not each.greater_is_better
        ),
        versions=tuple(
            _lived(model, each, signature.output, predictions, outcome, frame)
            for each, signature in watched
        ),
    )


def _lived(
    model: RegisteredModel,
    watched: Watched,
    output: Output,
    predictions: "pd.DataFrame",
    outcome: "Outcome",
    frame: "pd.DataFrame | None",
) -> Lived:
    from registry_assets.evaluation.estimating import estimate

    made = (predictions[VERSION] == watched.version.number).to_numpy()
    known = made & outcome.values.notna().to_numpy()
    rows, labelled, plan = int(made.sum()), int(known.sum()), model.evaluation
    promised = {
        name: found for name, found in watched.promised.items() if name in plan.metric_names
    }
    evaluation = watched.evaluation.digest if watched.evaluation else ""
    lived = Lived(
        version=watched.version.number,
        digest=str(watched.version.digest),
        evaluation=evaluation,
        rows=rows,
        labelled=labelled,
        metrics={},
        promised=promised,
    )
    if not labelled:
        why = "no outcome is known yet" if rows else "it predicted nothing"
        return _without(lived, model, why)
    try:
        happened, said = _sides(
            model, watched, output, predictions[known], outcome.values[known], outcome.ref
        )
    except RegistryError as error:
        return _without(lived, model, error.message)
    found = estimate(
        happened,
        said,
        metrics=plan.measures,
        resamples=plan.resamples,
        seed=plan.seed,
    )
    slices = _slices(model, happened, said, frame, known)
    return replace(lived, metrics=found.metrics, slices=slices)


def _without(lived: Lived, model: RegisteredModel, why: str) -> Lived:
    from registry_assets.evaluation.results.estimates import Estimate

    none = Estimate.undefined(rows=lived.labelled, reason=why)
    return replace(lived, metrics=dict.fromkeys(model.evaluation.metric_names, none), reason=why)


def _sides(
    model: RegisteredModel,
    watched: Watched,
    output: Output,
    predictions: "pd.DataFrame",
    values: "pd.Series[Any]",
    ref: SnapshotRef | None,
) -> "tuple[Outcomes, Predictions]":
    """Give what happened and what was said, under the classes of the version."""
    from registry_assets.evaluation.scored import Outcomes

    target = Target.of(model, watched.version.recipe)
    y = _happened(target, values, ref)
    if model.task == "regression":
        return Outcomes.of_numbers(y.to_numpy()), as_predictions(
            predictions[[PREDICTION]].reset_index(drop=True), known=(), classes=()
        )
    labels = y.tolist()
    classes = list(target.classes(output.classes))
    if model.task == "multiclass":
        classes += sorted(set(labels) - set(classes), key=str)
    return (
        Outcomes.of_labels(model.task, labels, classes=classes),
        as_predictions(as_said(predictions, output), known=output.classes, classes=classes),
    )


def _happened(
    target: Target, values: "pd.Series[Any]", ref: SnapshotRef | None
) -> "pd.Series[Any]":
    name = str(values.name)
    as_target = Target(name, target.task, target.positive)
    frame = values.rename(name).reset_index(drop=True).to_frame()
    return target_of(frame, as_target, where=str(ref or "the labels"))


def label_problems(
    model: RegisteredModel, watched: Watched, outcome: "Outcome"
) -> tuple[QualityProblem, ...]:
    """Say that labels are not what a version tells, if they are not."""
    values = outcome.values[outcome.values.notna()]
    if values.empty:
        return ()
    try:
        _happened(Target.of(model, watched.version.recipe), values, outcome.ref)
    except DataUnusable as error:
        said = f"none of {len(values):,} labels can be used: {error.message}"
        return (QualityProblem("unusable_labels", str(values.name), len(values), said),)
    return ()


def _slices(
    model: RegisteredModel,
    happened: "Outcomes",
    said: "Predictions",
    frame: "pd.DataFrame | None",
    known: "np.ndarray",
) -> "tuple[SliceResult, ...]":
    from registry_assets.evaluation.slices import find_slices, slice_results

    if frame is None:
        return ()
    plan = model.evaluation
    return slice_results(
        find_slices(frame[known].reset_index(drop=True), plan.slicings),
        happened,
        said,
        metrics=plan.measures,
        min_rows=plan.min_slice_rows,
        resamples=plan.resamples,
        seed=plan.seed,
    )
