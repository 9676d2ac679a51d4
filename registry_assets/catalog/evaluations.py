"""Evaluations of versions, and the verdicts reached on them."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog import statements
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.indexing import add_evaluation
from registry_assets.catalog.ledger import Change, change
from registry_assets.catalog.stored import Confirm, read_json, trust
from registry_assets.catalog.tables import evaluations, verdicts
from registry_assets.clock import Clock
from registry_assets.errors import CatalogError
from registry_assets.manifest import Parent


@dataclass(frozen=True, slots=True)
class Binding:
    """The state of a pointer that a relative verdict was reached against."""

    pointer: str
    generation: int
    baseline_digest: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, before it is bound to a version and an evaluation.

    `outcome` is `passed`, `failed`, `undecided` or `no_baseline`.
    """

    gate: str
    gate_digest: str
    outcome: str
    why: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    threshold: float | None = None
    rows: int | None = None
    binding: Binding | None = None


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """A finding bound to a version's digest and, for gates, to one evaluation."""

    model: str
    version: int
    version_digest: str
    evaluation_id: int | None
    finding: Finding


@dataclass(frozen=True, slots=True)
class EvaluationRecord:
    """One complete evaluation of a version; `metrics` are name → value, low, high, rows."""

    id: int
    model: str
    version: int
    digest: str
    suite_digest: str
    metrics: Mapping[str, Mapping[str, Any]]
    run_id: str
    created_at: str


def record_evaluation(
    catalog: Catalog,
    *,
    model: str,
    version: int,
    version_digest: str,
    digest: str,
    suite_digest: str,
    metrics: Mapping[str, Json],
    findings: Sequence[Finding],
    awaited: Sequence[str] = (),
    parents: Sequence[Parent],
    passed: Callable[[sa.Connection], bool | None],
    confirm: Confirm = trust,
    run_id: str,
    actor: str,
    clock: Clock,
) -> EvaluationRecord:
    """Record an evaluation with all its verdicts at once: it is complete or it is not there.

    Args:
        awaited: gates that asset checks of the user's own are still to judge.
        parents: those of its manifest.
        passed: whether every gate passed, read once its rows are there.
        confirm: makes sure, inside the transaction, that the bytes are there.
    """
    with change(catalog, chain=model, kind="version_evaluated", actor=actor, clock=clock) as draft:
        confirm(draft.connection)
        (key,) = draft.insert(
            evaluations,
            model=model,
            version=version,
            digest=digest,
            suite_digest=suite_digest,
            metrics=canonical_json(dict(metrics)).decode(),
            run_id=run_id,
            created_at=draft.effective_at,
        )
        insert_verdicts(
            draft,
            model=model,
            version=version,
            version_digest=version_digest,
            findings=findings,
            evaluation_id=key,
        )
        add_evaluation(draft.connection, key, passed=passed(draft.connection), parents=parents)
        draft.sentence = f"version {version} was evaluated; {_outcome(findings, awaited)}"
        draft.facts = {"version": version, "evaluation": digest}
    with catalog.read() as connection:
        row = connection.execute(sa.select(evaluations).where(evaluations.c.id == key)).one()
        return as_evaluation(row)


def _outcome(findings: Sequence[Finding], awaited: Sequence[str]) -> str:
    missed = [f.gate for f in findings if f.outcome not in ("passed", "no_baseline")]
    waits = f"; to be checked: {', '.join(awaited)}" if awaited else ""
    if missed:
        return f"not passed: {', '.join(missed)}{waits}"
    compared = all(f.outcome == "passed" for f in findings)
    every = "every other gate" if awaited else "every gate"
    return f"{every} passed{'' if compared else ' or had nothing to compare with'}{waits}"


def insert_verdicts(
    draft: Change,
    *,
    model: str,
    version: int,
    version_digest: str,
    findings: Sequence[Finding],
    evaluation_id: int | None = None,
) -> None:
    """Insert findings as verdicts, inside the caller's change.

    Raises:
        CatalogError: a finding holds a number that is not finite.
    """
    for finding in findings:
        _require_finite(finding)
        bound = finding.binding
        draft.insert(
            verdicts,
            model=model,
            version=version,
            version_digest=version_digest,
            evaluation_id=evaluation_id,
            gate=finding.gate,
            gate_digest=finding.gate_digest,
            outcome=finding.outcome,
            why=finding.why,
            value=finding.value,
            low=finding.low,
            high=finding.high,
            threshold=finding.threshold,
            rows=finding.rows,
            pointer=bound.pointer if bound else None,
            pointer_generation=bound.generation if bound else None,
            baseline_digest=bound.baseline_digest if bound else None,
        )


def _require_finite(finding: Finding) -> None:
    # SQLite stores NaN as NULL, which would read as a verdict that needs no number.
    for name in ("value", "low", "high", "threshold"):
        number = getattr(finding, name)
        if number is not None and not math.isfinite(number):
            raise CatalogError(
                f"the {name} of gate {finding.gate} is {number}, which no verdict can rest on",
                hint="nothing was changed; a gate gives None for a number that it does not have",
            )


def newest_evaluation(
    connection: sa.Connection, model: str, version: int, *, suite_digest: str | None = None
) -> EvaluationRecord | None:
    """Give the newest complete evaluation of a version, under one suite if given."""
    key: dict[str, Any] = {"model": model, "version": version}
    if suite_digest is not None:
        key["suite_digest"] = suite_digest
    row = statements.newest(connection, evaluations, "id", **key)
    return None if row is None else as_evaluation(row)


def evaluations_of(
    connection: sa.Connection, model: str, number: int, *, suite_digest: str
) -> Iterator[EvaluationRecord]:
    """Give the evaluations of one version under one suite, newest first."""
    rows = connection.execute(
        sa.select(evaluations)
        .where(
            evaluations.c.model == model,
            evaluations.c.version == number,
            evaluations.c.suite_digest == suite_digest,
        )
        .order_by(evaluations.c.id.desc())
    )
    return map(as_evaluation, rows.all())


def read_verdicts(
    connection: sa.Connection, model: str, version: int, *, evaluation_id: int | None
) -> tuple[VerdictRecord, ...]:
    """Give the verdicts of one evaluation; with None, those reached when it was committed."""
    rows = statements.find(
        connection, verdicts, model=model, version=version, evaluation_id=evaluation_id
    )
    return tuple(as_verdict(row) for row in sorted(rows, key=lambda row: row.id))


def list_evaluations(
    connection: sa.Connection, model: str, *, version: int | None = None
) -> tuple[EvaluationRecord, ...]:
    """Give all evaluations of a model's versions, or of one version, oldest first."""
    query = sa.select(evaluations).where(evaluations.c.model == model)
    if version is not None:
        query = query.where(evaluations.c.version == version)
    rows = connection.execute(query.order_by(evaluations.c.id))
    return tuple(as_evaluation(row) for row in rows)


def as_evaluation(row: sa.Row[Any]) -> EvaluationRecord:
    """Give a row of the table as the evaluation that it is."""
    fields = row._asdict()
    where = f"the evaluation of {row.model}:{row.version}"
    fields["metrics"] = read_json(row.metrics, where=where)
    return EvaluationRecord(**fields)


def as_verdict(row: sa.Row[Any]) -> VerdictRecord:
    """Give a row of the table as the verdict that it is."""
    binding = None
    if row.pointer is not None:
        binding = Binding(row.pointer, row.pointer_generation, row.baseline_digest)
    finding = Finding(
        gate=row.gate,
        gate_digest=row.gate_digest,
        outcome=row.outcome,
        why=row.why,
        value=row.value,
        low=row.low,
        high=row.high,
        threshold=row.threshold,
        rows=row.rows,
        binding=binding,
    )
    return VerdictRecord(row.model, row.version, row.version_digest, row.evaluation_id, finding)
