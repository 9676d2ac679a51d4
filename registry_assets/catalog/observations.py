"""Observations: what was seen of deployed versions in one partition, and what checks found in it.

An observation names a manifest of kind `predictions`, `drift` or `performance`, with one row for
every version that occurs in it. A result is tied to such a row; that of `freshness` to none, for
it is about data that did not come. What people are told of it is in `alerts`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog import statements
from registry_assets.catalog.indexing import add_edges
from registry_assets.catalog.ledger import Change
from registry_assets.catalog.monitoring_tables import monitoring_results, observations
from registry_assets.catalog.stored import Confirm, read_json, trust
from registry_assets.errors import CatalogError
from registry_assets.manifest import Parent

Kind = Literal["predictions", "drift", "performance"]
Outcome = Literal["passed", "failed", "undecided"]

OBSERVATION_RECORDED = "observation_recorded"
"""The kind of the event that says so."""

CHECK_RECORDED = "check_recorded"
"""The kind of the event of a result without an observation."""


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """What one monitoring check found, before it is bound to a version and an observation.

    Args:
        check: `data_quality`, `feature_drift`, `prediction_drift`, `performance_decay`, …
        low: of the interval of `value`, and so is `high`.
        rows: how many it rests on.
    """

    check: str
    outcome: Outcome
    why: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    threshold: float | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class VersionObserved:
    """What is recorded of one version that occurs in a manifest.

    Args:
        digest: of the version's own manifest.
        summary: what lists and pages show without opening the manifest.
    """

    version: int
    digest: str
    rows: int
    summary: Mapping[str, Json] = field(default_factory=dict, hash=False)
    findings: tuple[CheckFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class ObservationRecord:
    """One version in one manifest of what was observed.

    Args:
        digest: of that manifest.
        pointer: the one whose deployment is observed, and its generation when it was.
    """

    id: int
    model: str
    kind: Kind
    partition: str
    digest: str
    version: int
    version_digest: str
    pointer: str
    generation: int
    rows: int
    summary: Mapping[str, Any]
    run_id: str
    created_at: str

    @property
    def reference(self) -> str:
        """The version, `flight_delay:12`."""
        return f"{self.model}:{self.version}"

    @property
    def name(self) -> str:
        """`drift of flight_delay[2013-05]`."""
        return f"{self.kind} of {self.model}{_in_brackets(self.partition)}"


@dataclass(frozen=True, slots=True)
class ResultRecord:
    """What a check found of a version, and in which observation, if in any."""

    id: int
    model: str
    observation_id: int | None
    version: int
    version_digest: str
    partition: str
    finding: CheckFinding
    created_at: str

    @property
    def reference(self) -> str:
        """The version, `flight_delay:12`."""
        return f"{self.model}:{self.version}"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording gave; `again` where all of it was on record, and nothing was written."""

    observations: tuple[ObservationRecord, ...]
    results: tuple[ResultRecord, ...]
    again: bool = False


def record_observation(
    draft: Change,
    *,
    model: str,
    kind: Kind,
    partition: str,
    digest: str,
    pointer: str,
    generation: int,
    observed: Sequence[VersionObserved],
    parents: Sequence[Parent],
    confirm: Confirm = trust,
    run_id: str,
) -> Recorded:
    """Record a manifest and what was found in it, inside the caller's change of the model's chain.

    What is the newest of its partition already, and was found to be the same, is not recorded
    again: a step that is repeated gives what it gave before.

    Args:
        partition: empty where the data has none.
        digest: of the manifest.
        observed: one for each version that occurs in it, and one at least: where there are no
            rows, that of the pointer.
        parents: those of the manifest.
        confirm: makes sure, inside the transaction, that the bytes are there.

    Raises:
        CatalogError: a finding holds a number that is not finite, or there is no version.
    """
    if len({each.version for each in observed}) != len(observed) or not observed:
        raise CatalogError(
            f"an observation of {model} has to name each of its versions once, and one at least;"
            f" it names {[each.version for each in observed]}",
            hint="nothing was changed; of data without rows, record the pointer's version",
        )
    observed = sorted(observed, key=lambda each: each.version)
    known = _held(draft.connection, model, kind, partition, digest)
    if known is not None and _said(known) == _wanted(observed, pointer, generation):
        return known
    confirm(draft.connection)
    for each in observed:
        (key,) = draft.insert(
            observations,
            model=model,
            kind=kind,
            partition=partition,
            digest=digest,
            version=each.version,
            version_digest=each.digest,
            pointer=pointer,
            generation=generation,
            rows=each.rows,
            summary=canonical_json(dict(each.summary)).decode(),
            run_id=run_id,
            created_at=draft.effective_at,
        )
        for finding in each.findings:
            _insert_result(draft, model, partition, each.version, each.digest, finding, key)
    add_edges(draft.connection, digest, parents)
    draft.sentence = _sentence(kind, partition, observed)
    draft.facts = {
        "kind": kind,
        "partition": partition,
        "observation": digest,
        "observed": [{"version": each.version, "rows": each.rows} for each in observed],
    }
    made = _held(draft.connection, model, kind, partition, digest)
    assert made is not None
    return replace(made, again=False)


def record_check(
    draft: Change,
    *,
    model: str,
    partition: str,
    version: int,
    version_digest: str,
    finding: CheckFinding,
) -> ResultRecord:
    """Record what a check found without an observation, inside the caller's change.

    Raises:
        CatalogError: the finding holds a number that is not finite.
    """
    key = _insert_result(draft, model, partition, version, version_digest, finding, None)
    draft.sentence = f"{finding.check} of version {version}: {finding.outcome}; {finding.why}"
    draft.facts = {"version": version, "check": finding.check, "outcome": finding.outcome}
    return _result(statements.find(draft.connection, monitoring_results, id=key).one())


def newest_observations(
    connection: sa.Connection,
    model: str,
    kind: Kind,
    *,
    partition: str | None = None,
    version: int | None = None,
) -> tuple[ObservationRecord, ...]:
    """Give what holds of each partition: the rows of its newest manifest, by partition and version.

    Args:
        partition: of this one only.
        version: of each partition the newest in which this version occurs, and only its row.
    """
    table = observations
    of_kind = [table.c.model == model, table.c.kind == kind]
    if partition is not None:
        of_kind.append(table.c.partition == partition)
    if version is not None:
        of_kind.append(table.c.version == version)
    last = sa.select(sa.func.max(table.c.id)).where(*of_kind).group_by(table.c.partition)
    if version is None:
        # A manifest is made of certain versions, so whoever knows its digest knows its rows.
        top = sa.select(table.c.partition, table.c.digest).where(table.c.id.in_(last)).subquery()
        same = sa.and_(top.c.partition == table.c.partition, top.c.digest == table.c.digest)
        last = (
            sa.select(sa.func.max(table.c.id))
            .select_from(table.join(top, same))
            .where(*of_kind)
            .group_by(table.c.partition, table.c.version)
        )
    query = sa.select(table).where(table.c.id.in_(last))
    rows = connection.execute(query.order_by(table.c.partition, table.c.version))
    return tuple(_observation(row) for row in rows)


def list_observations(
    connection: sa.Connection,
    model: str,
    *,
    kind: Kind | None = None,
    version: int | None = None,
    limit: int | None = None,
) -> tuple[ObservationRecord, ...]:
    """Give the observations of a model in the order in which they were recorded, oldest first.

    Args:
        limit: the newest of them, at most so many.
    """
    table = observations
    query = sa.select(table).where(table.c.model == model)
    if kind is not None:
        query = query.where(table.c.kind == kind)
    if version is not None:
        query = query.where(table.c.version == version)
    rows = connection.execute(query.order_by(table.c.id.desc()).limit(limit)).all()
    return tuple(_observation(row) for row in reversed(rows))


def observations_of(connection: sa.Connection, digest: str) -> tuple[ObservationRecord, ...]:
    """Give every row that names a manifest, oldest first."""
    rows = statements.find(connection, observations, digest=digest)
    return tuple(_observation(row) for row in sorted(rows, key=lambda row: row.id))


def list_results(connection: sa.Connection, observation_id: int) -> tuple[ResultRecord, ...]:
    """Give what was found in one observation, in the order of recording."""
    rows = statements.find(connection, monitoring_results, observation_id=observation_id)
    return tuple(_result(row) for row in sorted(rows, key=lambda row: row.id))


def newest_result(
    connection: sa.Connection, model: str, check: str, version: int
) -> ResultRecord | None:
    """Give what a check found last of a version; None where it never looked."""
    key = {"model": model, "check_name": check, "version": version}
    row = statements.newest(connection, monitoring_results, "id", **key)
    return None if row is None else _result(row)


def _insert_result(
    draft: Change,
    model: str,
    partition: str,
    version: int,
    version_digest: str,
    finding: CheckFinding,
    observation_id: int | None,
) -> int:
    _require_finite(finding)
    (key,) = draft.insert(
        monitoring_results,
        model=model,
        observation_id=observation_id,
        check_name=finding.check,
        version=version,
        version_digest=version_digest,
        partition=partition,
        outcome=finding.outcome,
        why=finding.why,
        value=finding.value,
        low=finding.low,
        high=finding.high,
        threshold=finding.threshold,
        rows=finding.rows,
        created_at=draft.effective_at,
    )
    return int(key)


def _require_finite(finding: CheckFinding) -> None:
    # SQLite stores NaN as NULL, which would read as a result that needs no number.
    for name in ("value", "low", "high", "threshold"):
        number = getattr(finding, name)
        if number is not None and not math.isfinite(number):
            raise CatalogError(
                f"the {name} of {finding.check} is {number}, which no result can rest on",
                hint="nothing was changed; a check gives None for a number that it does not have",
            )


def _held(
    connection: sa.Connection, model: str, kind: Kind, partition: str, digest: str
) -> Recorded | None:
    """Give what is on record of this manifest, where it is the newest of its partition."""
    found = newest_observations(connection, model, kind, partition=partition)
    if not found or found[0].digest != digest:
        return None
    results = (each for row in found for each in list_results(connection, row.id))
    return Recorded(found, tuple(results), again=True)


def _said(known: Recorded) -> list[object]:
    """Give what was recorded, to be held against what is to be recorded."""
    findings: dict[int, list[CheckFinding]] = {}
    for each in known.results:
        findings.setdefault(each.version, []).append(each.finding)
    return [
        (row.version, row.pointer, row.generation, findings.get(row.version, []))
        for row in known.observations
    ]


def _wanted(observed: Sequence[VersionObserved], pointer: str, generation: int) -> list[object]:
    return [(each.version, pointer, generation, list(each.findings)) for each in observed]


def _sentence(kind: str, partition: str, observed: Sequence[VersionObserved]) -> str:
    by = " and ".join(f"version {each.version} ({each.rows:,} rows)" for each in observed)
    missed = [
        f"{finding.check} of version {each.version} {finding.outcome}"
        for each in observed
        for finding in each.findings
        if finding.outcome != "passed"
    ]
    checked = any(each.findings for each in observed)
    found = f"; {', '.join(missed)}" if missed else "; every check passed" if checked else ""
    return f"{kind}{f' of {partition}' if partition else ''} recorded: {by}{found}"


def _in_brackets(partition: str) -> str:
    return f"[{partition}]" if partition else ""


def _observation(row: sa.Row[Any]) -> ObservationRecord:
    fields = row._asdict()
    fields["summary"] = read_json(row.summary, where=f"observation {row.id} of {row.model}")
    return ObservationRecord(**fields)


def _result(row: sa.Row[Any]) -> ResultRecord:
    fields = row._asdict()
    names = ("outcome", "why", "value", "low", "high", "threshold", "rows")
    said = {name: fields.pop(name) for name in names}
    finding = CheckFinding(check=fields.pop("check_name"), **said)
    return ResultRecord(**fields, finding=finding)
