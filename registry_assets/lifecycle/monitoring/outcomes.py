"""What really happened of the rows that were predicted: labels, joined to their predictions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry_assets.declaration import Labels
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.data import column_names, read_frame
from registry_assets.lifecycle.predicted import ROW
from registry_assets.monitoring.results.quality import QualityProblem
from registry_assets.reasons import reason_of
from registry_assets.recipe import SnapshotRef

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What happened of the rows that were predicted.

    Args:
        values: one per prediction, in their order; missing where it is not known.
        problems: what is wrong with the labels.
        ref: the snapshot that they are from; None where there are none yet.
    """

    values: "pd.Series[Any]"
    problems: tuple[QualityProblem, ...]
    ref: SnapshotRef | None


def read_outcomes(
    backends: Backends,
    predictions: "pd.DataFrame",
    *,
    target: str,
    features: SnapshotRef | None,
    labels: SnapshotRef | None,
    rule: Labels | None,
    most_unlabelled: float,
) -> Outcome:
    """Find what happened of each row that was predicted.

    Args:
        predictions: as they are stored: with `row`, or with the keys that labels join by.
        features: the snapshot that was scored; its kept target tells, where no labels are
            declared. None for a log.
        labels: the current snapshot of the labels' asset; None where there is none yet.
        most_unlabelled: share of the predictions that may be without a label.
    """
    import pandas as pd

    if rule is not None and labels is not None:
        return _joined(backends, predictions, rule, labels, rule.column or target, most_unlabelled)
    none = pd.Series([None] * len(predictions), name=target, dtype="object")
    if rule is not None or features is None:
        # They come later. That they are late is no problem of these rows.
        return Outcome(none, (), None)
    frame = read_frame(backends, features.digest)
    if target not in frame.columns:
        return Outcome(none, (), None)
    found = frame[target].take(predictions[ROW].to_numpy()).reset_index(drop=True)
    return Outcome(found, _unlabelled(found, most_unlabelled), features)


def _joined(
    backends: Backends,
    predictions: "pd.DataFrame",
    rule: Labels,
    labels: SnapshotRef,
    column: str,
    most_unlabelled: float,
) -> Outcome:
    there = column_names(backends, labels)
    absent = [name for name in (*rule.on, column) if name not in there]
    if absent:
        said = f"{labels} has no column {', '.join(absent)}; it has {', '.join(there)}"
        return _unusable(predictions, labels, "missing_column", absent[0], said)
    on = list(rule.on)
    table = read_frame(backends, labels.digest)[[*on, column]]
    # Else a label without a key would be that of every prediction without one.
    nameless = table[on].isna().any(axis=1)
    table = table[~nameless]
    labelled = len(table) + int(nameless.sum())
    twice = table.duplicated(on, keep=False)
    problems = []
    if twice.any():
        count = int(twice.sum())
        problems.append(
            QualityProblem(
                "duplicate_labels",
                column,
                count,
                f"{count:,} of {labelled:,} labels are of a row that has several; the last counts",
            )
        )
        table = table.drop_duplicates(on, keep="last")
    if predictions.empty:
        # Of rows that could not be scored not even the keys are kept.
        predictions = table[on].head(0)
    try:
        merged = predictions[on].merge(table, how="left", on=on, indicator=True, validate="m:1")
        strangers = table.merge(
            predictions[on].drop_duplicates(), how="left", on=on, indicator=True
        )
    except (ValueError, TypeError) as error:
        said = (
            f"{labels} cannot be joined with the predictions by {', '.join(on)}: {reason_of(error)}"
        )
        return _unusable(predictions, labels, "changed_type", on[0], said)
    alone = int((strangers["_merge"] == "left_only").sum())
    if nameless.any():
        count = int(nameless.sum())
        said = f"{count:,} of {labelled:,} labels have no {' or '.join(on)}"
        problems.append(QualityProblem("labels_without_predictions", on[0], count, said))
    if alone:
        problems.append(
            QualityProblem(
                "labels_without_predictions",
                column,
                alone,
                f"{alone:,} of {len(table):,} labels are of rows that nothing was predicted for",
            )
        )
    values = merged[column]
    return Outcome(values, (*problems, *_unlabelled(values, most_unlabelled)), labels)


def _unusable(
    predictions: "pd.DataFrame", labels: SnapshotRef, kind: str, column: str, said: str
) -> Outcome:
    """Give that nothing is known of any row, and why."""
    import pandas as pd

    none = pd.Series([None] * len(predictions), name=column, dtype="object")
    return Outcome(none, (QualityProblem(kind, column, len(predictions), said),), labels)


def _unlabelled(values: "pd.Series[Any]", most: float) -> tuple[QualityProblem, ...]:
    count, rows = int(values.isna().sum()), len(values)
    if not rows or count / rows <= most:
        return ()
    said = (
        f"{count:,} of {rows:,} predictions have no label ({count / rows:.1%}; allowed {most:.1%})"
    )
    return (QualityProblem("predictions_without_labels", str(values.name), count, said),)
