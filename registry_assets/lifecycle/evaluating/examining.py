"""What the rows themselves say: what a version was trained on, beside what it is judged on."""

from typing import TYPE_CHECKING

from registry_assets.catalog.versions import VersionRecord
from registry_assets.declaration import ByKey, Evidently, RegisteredModel
from registry_assets.lifecycle.data import recorded_holdout
from registry_assets.lifecycle.evaluating.holdout import HoldoutRows
from registry_assets.lifecycle.evaluating.scoring import Answers
from registry_assets.lifecycle.evaluating.trained_on import TrainingRows
from registry_assets.lifecycle.targets import Target

if TYPE_CHECKING:
    from registry_assets.evaluation.report.evidently_report import EvidentlyReport
    from registry_assets.evaluation.results.data import DataResult


def examine(
    model: RegisteredModel,
    version: VersionRecord,
    rows: HoldoutRows,
    training: TrainingRows | str,
    answers: Answers,
) -> "DataResult":
    """Compare the training of a version with its holdout.

    Which rows are in both is told by the raw rows: two flights of one kind may have the same
    features, and are two flights all the same. A holdout's key does not count: a row under
    another key is the same row.
    """
    import pandas as pd

    from registry_assets.evaluation.data.examining import examine_data, nothing_examined

    if isinstance(training, str):
        return nothing_examined(rows=len(rows.frame), reason=training)
    target = Target.of(model, version.recipe)
    rule = recorded_holdout(version.recipe)
    held = [rows.raw(at)[0] for at in range(len(rows.parts))]
    return examine_data(
        training.features,
        training.target,
        rows.features,
        rows.target,
        raw=(training.raw, pd.concat(held, ignore_index=True)),
        task=target.task,
        classes=target.classes(answers.classes),
        expected=answers.signature.features,
        ignore=rule.columns if isinstance(rule, ByKey) else (),
        seed=model.evaluation.seed,
    )


_PREDICTION = "prediction"
_LONGEST = 60  # of a column's name, after which Evidently's page has no room


def evidently_report(
    model: RegisteredModel,
    version: VersionRecord,
    rows: HoldoutRows,
    training: TrainingRows | str,
    answers: Answers,
    *,
    plan: Evidently,
) -> "EvidentlyReport":
    """Let Evidently report on the holdout, with the training as the reference of its drift."""
    from registry_assets.evaluation.report.evidently_report import EvidentlyReport, evidently_html

    if answers.refused:
        rows_of = len(rows.frame)
        return EvidentlyReport(b"", 0, rows_of, 0, 0, {}, (), {}, reason=answers.refused)
    # A feature may bear any name, also one of these.
    taken = set(map(str, rows.features.columns))
    names = {
        f"proba_{at}": f"probability of {label}"[:_LONGEST]
        for at, label in enumerate(answers.classes)
    }
    columns = {name: _unused(names.get(name, name), taken) for name in answers.said.columns}
    said = answers.said.rename(columns=columns)
    target = _unused(str(rows.target.name), taken)
    current = rows.features.assign(**{target: rows.target.to_numpy()}).join(said)
    reference = None
    if isinstance(training, TrainingRows):
        reference = training.features.assign(**{target: training.target.to_numpy()})
    return evidently_html(
        current,
        reference,
        task=model.task,
        target=target,
        prediction=columns[_PREDICTION],
        probabilities={label: columns[f"proba_{at}"] for at, label in enumerate(answers.classes)},
        about=version.reference,
        max_rows=plan.rows,
        seed=model.evaluation.seed,
    )


def _unused(name: str, taken: set[str]) -> str:
    """Give a name that is not taken, and take it."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name
