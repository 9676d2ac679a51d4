"""Evaluate a committed version on its holdout, beside what the pointer holds, and judge it."""

from collections.abc import Mapping
from dataclasses import dataclass

from registry_assets.canonical import canonical_json
from registry_assets.catalog.evaluations import EvaluationRecord, Finding, record_evaluation
from registry_assets.catalog.models import PRODUCTION
from registry_assets.catalog.pointers import PointerRecord, get_pointer
from registry_assets.catalog.versions import VersionRecord, get_committed
from registry_assets.declaration import AssetCheck, RegisteredModel
from registry_assets.evaluation.report.values import GateVerdict, Snapshot, Subject
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.faults import reached
from registry_assets.governance.standing import read_passed
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.evaluating.figures import Figures, find_figures
from registry_assets.lifecycle.evaluating.judging import judge
from registry_assets.lifecycle.publishing import Publication
from registry_assets.lifecycle.reserving import declare_model
from registry_assets.manifest import Manifest, Parent, file_entries

RESULT_FILE = "evaluation.json"
PAGE_FILE = "report.html"
EVIDENTLY_FILE = "evidently.html"
PROFILE_FILE = "predictions.profile"
"""What the version said of the holdout was like; earlier evaluations have none."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A recorded evaluation: the figures, and what each gate found."""

    record: EvaluationRecord
    version: VersionRecord
    result: EvaluationResult
    findings: tuple[Finding, ...]


def evaluate_version(
    backends: Backends,
    model: RegisteredModel,
    number: int,
    *,
    run: RunInfo,
    pointer: str = PRODUCTION,
) -> Evaluated:
    """Evaluate a committed version under the declared suite, and record it with its verdicts.

    Everything is recorded in one transaction at the end: an evaluation that dies half-way
    leaves the version as it was, and can be repeated.

    Raises:
        NotFound, VersionFailed: there is no committed version of that number.
        DataUnusable: the holdout cannot be used, or the version tells something else than is
            declared now; says why.
    """
    declare_model(backends, model, actor=run.actor)
    with backends.catalog.read() as connection:
        version = get_committed(connection, model.name, number)
        held = get_pointer(connection, model.name, pointer)
        production = get_committed(connection, model.name, held.version) if held.version else None
    figures = find_figures(backends, model, version, production, held)
    result = figures.result
    judged = (gate for gate in model.gates if not isinstance(gate, AssetCheck))
    findings = tuple(judge(gate, figures, held) for gate in judged)
    reached("evaluate.judged")
    publication = Publication.begin(backends)
    contents = _contents(figures, _subject(model, version, findings))
    manifest = _manifest(contents, model, version, held)
    digest = publication.put(manifest, contents)
    reached("evaluate.published")
    record = record_evaluation(
        backends.catalog,
        model=model.name,
        version=number,
        version_digest=str(version.digest),
        digest=digest,
        suite_digest=model.suite_digest,
        metrics={name: found.to_json() for name, found in result.metrics.items()},
        findings=findings,
        awaited=[gate.name for gate in model.own_checks],
        parents=manifest.parents,
        passed=lambda connection: read_passed(connection, model.name, number),
        confirm=lambda connection: publication.confirm(connection, digest),
        run_id=run.run_id,
        actor=run.actor,
        clock=backends.clock,
    )
    return Evaluated(record, version, result, findings)


def _subject(
    model: RegisteredModel, version: VersionRecord, findings: tuple[Finding, ...]
) -> Subject:
    found = [GateVerdict(each.gate, each.outcome, each.why) for each in findings]
    later = "an asset check of the model's own judges this after the evaluation"
    return Subject(
        model=version.model,
        version=version.number,
        digest=str(version.digest),
        # As committed: a word that is changed later makes no other evaluation.
        description=str(version.metadata.get("description", "")),
        target=version.recipe.target,
        holdout=tuple(Snapshot(str(ref), ref.digest) for ref in version.recipe.holdout),
        gates=(*found, *(GateVerdict(gate.name, "awaited", later) for gate in model.own_checks)),
    )


def _contents(figures: Figures, subject: Subject) -> dict[str, bytes]:
    """Give the evaluation's files."""
    from registry_assets.evaluation.report.page import evaluation_page

    result = figures.result
    pictures = {f"pictures/{name}.png": png for name, png in result.pictures.items()}
    evidently = {EVIDENTLY_FILE: figures.evidently} if figures.evidently else {}
    profile = {PROFILE_FILE: figures.said} if figures.said else {}
    page = {PAGE_FILE: evaluation_page(result, subject)}
    return {
        RESULT_FILE: canonical_json(result.to_json()),
        **pictures,
        **page,
        **evidently,
        **profile,
    }


def _manifest(
    contents: Mapping[str, bytes],
    model: RegisteredModel,
    version: VersionRecord,
    pointer: PointerRecord,
) -> Manifest:
    parents = [Parent("version", str(version.digest))]
    parents += [Parent("holdout", ref.digest) for ref in version.recipe.holdout]
    if pointer.digest:
        parents.append(Parent("baseline", pointer.digest))
    # No time in here: the same version, rows and suite give the same digest.
    return Manifest(
        kind="evaluation",
        files=file_entries(contents),
        parents=tuple(parents),
        facts={
            "model": model.name,
            "version": version.number,
            "suite": model.suite(),
            "suite_digest": model.suite_digest,
            "pointer": pointer.name,
            "generation": pointer.generation,
        },
    )
