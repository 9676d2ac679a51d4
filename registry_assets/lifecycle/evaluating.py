"""Evaluate a committed version on its holdout, beside what the pointer holds, and judge it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry_assets.canonical import canonical_json
from registry_assets.catalog.evaluations import (
    Binding,
    EvaluationRecord,
    Finding,
    record_evaluation,
)
from registry_assets.catalog.models import PRODUCTION
from registry_assets.catalog.pointers import PointerRecord, get_pointer
from registry_assets.catalog.versions import VersionRecord, get_committed
from registry_assets.declaration import RegisteredModel
from registry_assets.declaration.gates import Gate, Judgement, gate_digest
from registry_assets.errors import DataUnusable, RegistryError
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.faults import reached
from registry_assets.governance.standing import read_passed
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.data import (
    FeatureRows,
    held_out,
    read_feature_rows,
    recorded_holdout,
    require_slices,
    row_sources,
    target_of,
)
from registry_assets.lifecycle.deploying import load_version
from registry_assets.lifecycle.publishing import Publication
from registry_assets.lifecycle.reserving import declare_model
from registry_assets.manifest import Manifest, Parent, file_entries

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from registry_assets.evaluation.comparison import Baseline
    from registry_assets.packaging.loaded import LoadedModel

RESULT_FILE = "evaluation.json"


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A recorded evaluation: the figures, and what each gate found."""

    record: EvaluationRecord
    version: VersionRecord
    result: EvaluationResult
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class HoldoutRows:
    """The held-out rows of all partitions, in order; every frame has n rows."""

    parts: tuple[FeatureRows, ...]
    masks: tuple["pd.Series[bool]", ...]
    y: "np.ndarray"
    frame: "pd.DataFrame"


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
        DataUnusable: the holdout cannot be used; says why.
    """
    from registry_assets.evaluation.suite import evaluate

    declare_model(backends, model, actor=run.actor)
    with backends.catalog.read() as connection:
        version = get_committed(connection, model.name, number)
        held = get_pointer(connection, model.name, pointer)
        production = get_committed(connection, model.name, held.version) if held.version else None
    rows = _holdout(backends, model, version)
    leak = _overlap(backends, version, version)
    result = evaluate(
        y=rows.y,
        p=_scores(backends, version, rows),
        frame=rows.frame,
        suite=model.evaluation,
        baseline=_baseline(backends, version, production, held, rows, leak),
    )
    findings = tuple(_judge(gate, result, held, leak) for gate in model.gates)
    reached("evaluate.judged")
    publication = Publication.begin(backends)
    contents = _contents(result)
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
        parents=manifest.parents,
        passed=lambda connection: read_passed(connection, model.name, number),
        confirm=lambda connection: publication.confirm(connection, digest),
        run_id=run.run_id,
        actor=run.actor,
        clock=backends.clock,
    )
    return Evaluated(record, version, result, findings)


def _holdout(backends: Backends, model: RegisteredModel, version: VersionRecord) -> HoldoutRows:
    import numpy as np
    import pandas as pd

    holdout = recorded_holdout(version.recipe)
    parts = tuple(read_feature_rows(backends, ref) for ref in version.recipe.holdout)
    masks = tuple(held_out(holdout, part) for part in parts)
    targets = [
        target_of(part.kept, version.recipe.target, where=str(part.ref))[mask]
        for part, mask in zip(parts, masks, strict=True)
    ]
    frames = [
        pd.concat([part.features, part.kept], axis=1)[mask]
        for part, mask in zip(parts, masks, strict=True)
    ]
    for part, frame in zip(parts, frames, strict=True):
        require_slices(frame.columns, model.evaluation.slices, where=str(part.ref))
    y = np.concatenate([target.to_numpy(dtype=bool) for target in targets])
    if not len(y):
        raise DataUnusable(
            f"the holdout of {version.reference} has no rows"
            f" ({', '.join(map(str, version.recipe.holdout))})",
            hint="hold out more",
        )
    return HoldoutRows(parts, masks, y, pd.concat(frames, ignore_index=True))


def _scores(backends: Backends, version: VersionRecord, rows: HoldoutRows) -> "np.ndarray":
    """Score the raw rows by the packaged version: what a deployment would have answered."""
    import numpy as np

    from registry_assets.packaging.isolation import packaged_line

    loaded = load_version(backends, version)
    scores = []
    for part, mask in zip(rows.parts, rows.masks, strict=True):
        try:
            scores.append(_part_scores(loaded, part, mask, target=version.recipe.target))
        except RegistryError:
            raise
        except Exception as error:  # the user's packaged code: anything
            raise DataUnusable(
                f"{version.reference} cannot score {part.ref}:"
                f" {type(error).__name__}: {error}{packaged_line(error)}",
                hint="correct make_features, or the raw rows of that partition, and retrain",
            ) from error
    return np.concatenate(scores).astype("float64")


def _part_scores(
    loaded: "LoadedModel", part: FeatureRows, mask: "pd.Series[bool]", *, target: str
) -> "np.ndarray":
    name, *others = part.inputs
    raw = part.inputs[name][mask.to_numpy()].reset_index(drop=True)
    raw = raw.drop(columns=[target], errors="ignore")
    references = {other: part.inputs[other] for other in others}
    positive = list(loaded.classes).index(True)
    return loaded.predict_proba(raw, **references)[:, positive]


def _baseline(
    backends: Backends,
    version: VersionRecord,
    production: VersionRecord | None,
    pointer: PointerRecord,
    rows: HoldoutRows,
    leak: str | None,
) -> "Baseline":
    from registry_assets.evaluation.comparison import Baseline

    if production is None:
        return Baseline.absent(pointer=pointer.name, generation=pointer.generation, undecided=leak)
    undecided = leak or _other_target(version, production)
    undecided = undecided or _overlap(backends, version, production)
    scores = None
    if undecided is None:
        try:
            scores = _scores(backends, production, rows)
        except RegistryError as error:
            # A production version that no longer runs must not stop the evaluation of the
            # one that would replace it; it decides nothing, either.
            undecided = f"{production.reference} cannot score these rows: {error.message}"
    return Baseline(
        pointer=pointer.name,
        generation=pointer.generation,
        version=production.number,
        digest=production.digest,
        p=scores,
        undecided=undecided,
    )


def _other_target(version: VersionRecord, production: VersionRecord) -> str | None:
    if version.recipe.target == production.recipe.target:
        return None
    return (
        f"{production.reference} was trained to tell {production.recipe.target!r},"
        f" {version.reference} to tell {version.recipe.target!r}"
    )


def _overlap(backends: Backends, version: VersionRecord, trained: VersionRecord) -> str | None:
    """Say which held-out partitions of `version` were in the training of `trained`."""
    rule, other = version.recipe.split, trained.recipe.split
    if rule["holdout"] == "by_key" and rule == other:
        return None  # a row keeps its side under one rule, whatever the data
    try:
        seen = {name for ref in trained.recipe.train for name in row_sources(backends, ref)}
        shared = [
            ref for ref in version.recipe.holdout if not seen.isdisjoint(row_sources(backends, ref))
        ]
    except RegistryError as error:
        return f"it cannot be told what {trained.reference} was trained on: {error.message}"
    if not shared:
        return None
    return f"held-out {', '.join(map(str, shared))} was in the training of {trained.reference}"


def _judge(
    gate: Gate, result: EvaluationResult, pointer: PointerRecord, leak: str | None
) -> Finding:
    # On rows of its own training a version always looks good: no gate says anything then.
    found = Judgement("undecided", leak) if leak else gate.judge(result)
    binding = None
    if gate.relative:
        binding = Binding(pointer.name, pointer.generation, pointer.digest)
    return Finding(
        gate=gate.name,
        gate_digest=gate_digest(gate),
        outcome=found.outcome,
        why=found.why,
        value=found.value,
        low=found.low,
        high=found.high,
        threshold=found.threshold,
        rows=found.rows,
        binding=binding,
    )


def _contents(result: EvaluationResult) -> dict[str, bytes]:
    """Give the evaluation's files."""
    pictures = {f"pictures/{name}.png": png for name, png in result.pictures.items()}
    return {RESULT_FILE: canonical_json(result.to_json()), **pictures}


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
