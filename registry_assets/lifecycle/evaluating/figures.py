"""All figures of one evaluation: what is read, asked and measured, and the suite over it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from registry_assets.catalog.pointers import PointerRecord
from registry_assets.catalog.versions import VersionRecord
from registry_assets.declaration import RegisteredModel
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.results.evidently import EvidentlyNote
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.deploying import load_version
from registry_assets.lifecycle.evaluating.artifact import measure_artifacts
from registry_assets.lifecycle.evaluating.backtest import backtest
from registry_assets.lifecycle.evaluating.baseline import ask_baseline, baseline, overlap
from registry_assets.lifecycle.evaluating.examining import evidently_report, examine
from registry_assets.lifecycle.evaluating.holdout import read_holdout
from registry_assets.lifecycle.evaluating.scoring import Answers, ask_version, check_told
from registry_assets.lifecycle.evaluating.trained_on import read_training
from registry_assets.lifecycle.predicted import as_written
from registry_assets.lifecycle.targets import Target

if TYPE_CHECKING:
    from registry_assets.evaluation.report.evidently_report import EvidentlyReport


@dataclass(frozen=True, slots=True)
class Figures:
    """What was found out about a version.

    Args:
        leak: why none of it proves anything, if the version was trained on these rows.
        refused: why there are no metrics, if the version cannot score these rows.
        evidently: Evidently's page; empty where none was asked for, or none could be made.
        said: the profile of what the version said of these rows, as it is stored; empty where
            it refused them.
    """

    result: EvaluationResult
    leak: str | None
    refused: str = ""
    evidently: bytes = b""
    said: bytes = b""


def find_figures(
    backends: Backends,
    model: RegisteredModel,
    version: VersionRecord,
    production: VersionRecord | None,
    held: PointerRecord,
) -> Figures:
    """Evaluate a version on its holdout, beside production, as the declaration asks.

    Raises:
        DataUnusable: the holdout cannot be used, or the version tells something else than is
            declared now; says why.
    """
    from registry_assets.evaluation.suite import Holdout, evaluate

    target, plan = Target.of(model, version.recipe), model.evaluation
    loaded = load_version(backends, version)
    check_told(version, loaded.signature.output, target)
    rows = read_holdout(backends, model, version)
    leak = overlap(backends, version, version)
    answers = ask_version(version, loaded, rows)
    others = ask_baseline(backends, version, production, rows) if production else None
    outcomes = rows.outcomes(target, _classes(target, answers, others), plan)
    training = read_training(backends, model, version)
    result = evaluate(
        Holdout(outcomes, rows.frame, target.name),
        answers.predictions(outcomes.classes),
        suite=plan,
        baseline=baseline(production, held, others, classes=outcomes.classes, leak=leak),
        margins=model.margins,
        data=examine(model, version, rows, training, answers),
        speed=measure_artifacts(
            backends, version, production, rows, plan=plan.latency, seed=plan.seed
        )
        if plan.latency
        else None,
        backtest=backtest(backends, model, version, plan=plan.backtest) if plan.backtest else None,
    )
    said = _profile(answers)
    if plan.evidently is None:
        return Figures(result, leak, answers.refused, said=said)
    report = evidently_report(model, version, rows, training, answers, plan=plan.evidently)
    noted = replace(result, evidently=_note(report))
    return Figures(noted, leak, answers.refused, report.html, said)


def _profile(answers: Answers) -> bytes:
    """Give what a deployment's answers are held against."""
    from registry_assets.monitoring.profile import profile_of

    if answers.refused:
        return b""
    return profile_of(as_written(answers.said, answers.signature.output)).to_bytes()


def _classes(target: Target, answers: Answers, others: Answers | str | None) -> list[Any]:
    """Give the classes that any of the compared models knows, the candidate's first."""
    known = list(target.classes(answers.classes))
    if target.task == "multiclass" and isinstance(others, Answers):
        known += [label for label in others.classes if label not in known]
    return known


def _note(report: "EvidentlyReport") -> EvidentlyNote:
    return EvidentlyNote(
        rows=report.rows,
        rows_of=report.rows_of,
        reference_rows=report.reference_rows,
        reference_rows_of=report.reference_rows_of,
        left_out=report.left_out,
        notes=report.notes,
        metrics=report.metrics,
        reason=report.reason,
    )
