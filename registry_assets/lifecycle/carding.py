"""What a person is given of a version: its card, and the page of its evaluation.

Gathered from the catalog's rows and from manifests and files in the store, each verified; no
model code runs, and nothing is written. How they are set is
`registry_assets.evaluation.report`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.catalog import snapshots, tenures
from registry_assets.catalog.alerts import list_alerts
from registry_assets.catalog.evaluations import (
    EvaluationRecord,
    VerdictRecord,
    newest_evaluation,
    read_verdicts,
)
from registry_assets.catalog.indexing import Stage
from registry_assets.catalog.models import PRODUCTION, ModelRecord, get_model
from registry_assets.catalog.versions import VersionRecord
from registry_assets.catalog.words import Words, read_words
from registry_assets.clock import timestamp
from registry_assets.declaration import ByKey
from registry_assets.errors import NotFound
from registry_assets.evaluation.report.texts import moment
from registry_assets.evaluation.report.values import (
    Card,
    Evaluated,
    GateVerdict,
    Held,
    PartitionUse,
    Snapshot,
    Subject,
    Training,
    Use,
)
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.governance import standing
from registry_assets.governance.decide import Held as Waiting
from registry_assets.governance.policy import Policy
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.data import recorded_holdout
from registry_assets.lifecycle.deploying import resolve
from registry_assets.lifecycle.evaluating import EVIDENTLY_FILE, PAGE_FILE, RESULT_FILE
from registry_assets.lifecycle.monitoring.history import read_history
from registry_assets.lifecycle.monitoring.lineage import deployment_links
from registry_assets.manifest import Manifest
from registry_assets.packaging.package import ENVIRONMENT
from registry_assets.recipe import SnapshotRef
from registry_assets.references import Reference
from registry_assets.store.manifests import read_manifest

PICTURES = "pictures/"


@dataclass(frozen=True, slots=True)
class Page:
    """A page about the newest evaluation of a version.

    Args:
        evaluation: its digest.
        evaluated_at: when it was recorded.
        stored: whether these are the bytes that the evaluation was recorded with; otherwise
            an earlier release recorded it, and the page was made from its figures now.
    """

    version: VersionRecord
    evaluation: str
    evaluated_at: str
    html: bytes
    stored: bool


@dataclass(frozen=True, slots=True)
class _Read:
    """What the catalog knows of one version, from one consistent reading."""

    version: VersionRecord
    model: ModelRecord
    stage: Stage
    words: Words
    decision: standing.Decision
    evaluation: EvaluationRecord | None
    verdicts: tuple[VerdictRecord, ...]
    tenures: tuple[tenures.Tenure, ...]
    use: Use | None


def read_card(backends: Backends, reference: Reference) -> Card:
    """Gather the card of a committed version, as things stand now.

    Raises:
        NotFound: there is no such model, version, pointer or digest.
        VersionFailed: its training failed, so there is nothing to describe.
        InvalidReference: the reference names a model only.
        BlobMissing, BlobCorrupt: its files, or its evaluation's, are damaged.
    """
    with backends.catalog.read() as connection:
        read = _read(connection, reference, now=timestamp(backends.clock()))
    version, model, words = read.version, read.model, read.words
    told = version.metadata
    train, holdout, datasets = _snapshots(backends, version)
    policy = read.decision.policy
    return Card(
        model=version.model,
        version=version.number,
        digest=str(version.digest),
        stage=read.stage,
        task=model.task,
        target=version.recipe.target,
        description=words.description.text or model.description,
        # Of a version of before, nobody asked for them.
        limits=str(told.get("limits", "")),
        license=str(told.get("license", "")),
        owners=tuple(told.get("owners") or model.owners),
        tags=words.tags,
        properties=told.get("properties", {}),
        risk=policy.risk,
        approvals_needed=policy.required_approvals,
        approval_roles=policy.roles,
        training=_training(backends, version),
        train=train,
        holdout=holdout,
        holdout_rule=_rule(version),
        datasets=datasets,
        held=tuple(_held(read.tenures)),
        evaluated=_evaluated(backends, read),
        gates=_gates(read),
        waits_for=_waits_for(read),
        recalled=read.decision.standing.recalled,
        use=read.use,
    )


def read_page(backends: Backends, reference: Reference, *, evidently: bool = False) -> Page:
    """Read the page of a version's newest evaluation, verified.

    Args:
        evidently: Evidently's page instead of the registry's own.

    Raises:
        NotFound: there is no such version, it was not evaluated, or no page of Evidently's
            was kept with its evaluation.
    """
    with backends.catalog.read() as connection:
        read = _read(connection, reference, now=timestamp(backends.clock()))
    version, record = read.version, read.evaluation
    if record is None:
        raise NotFound(
            f"{version.reference} has not been evaluated yet",
            hint=f"materialize its partition of {version.model}/evaluation in Dagster",
        )
    manifest = read_manifest(backends.store, record.digest)
    wanted = EVIDENTLY_FILE if evidently else PAGE_FILE
    for file in manifest.files:
        if file.path == wanted:
            html = backends.store.read(file.sha256)
            return Page(version, record.digest, record.created_at, html, stored=True)
    if evidently:
        raise NotFound(
            f"no page of Evidently's was kept with the evaluation of {version.reference}",
            hint="declare Evaluation(evidently=Evidently()) and evaluate it again;"
            f" `registry report {version.reference}` has the registry's own",
        )
    html = _made_now(backends, read, manifest)
    return Page(version, record.digest, record.created_at, html, stored=False)


def _made_now(backends: Backends, read: _Read, manifest: Manifest) -> bytes:
    from registry_assets.evaluation.report.page import evaluation_page

    version, record = read.version, read.evaluation
    assert record is not None
    told = version.metadata
    subject = Subject(
        model=version.model,
        version=version.number,
        digest=str(version.digest),
        description=str(told.get("description", "")),
        target=version.recipe.target,
        holdout=tuple(Snapshot(str(ref), ref.digest) for ref in version.recipe.holdout),
        gates=tuple(_found(read.verdicts)),
        evaluation=record.digest,
        evaluated_at=record.created_at,
    )
    return evaluation_page(_result(backends, manifest), subject)


def _read(connection: sa.Connection, reference: Reference, *, now: str) -> _Read:
    version = resolve(connection, reference)
    name, number = version.model, version.number
    model = get_model(connection, name)
    # Of any suite: a version that was replaced keeps what was found out about it.
    evaluation = newest_evaluation(connection, name, number)
    verdicts = read_verdicts(connection, name, number, evaluation_id=None)
    if evaluation is not None:
        verdicts += read_verdicts(connection, name, number, evaluation_id=evaluation.id)
    held = tenures.version_tenures(connection, name, first=number, last=number)
    return _Read(
        version=version,
        model=model,
        stage=standing.derive_stage(connection, version),
        words=read_words(connection, name, number),
        decision=standing.read_decision(connection, name, number, PRODUCTION, now=now),
        evaluation=evaluation,
        verdicts=verdicts,
        tenures=held,
        use=_use(connection, version, held),
    )


def _use(
    connection: sa.Connection, version: VersionRecord, held: Sequence[tenures.Tenure]
) -> Use | None:
    name, number = version.model, version.number
    history = read_history(connection, name, version=number)
    # Until it was seen last, not until now: as long as nothing happens, a card stays the same.
    seen = [each.observed_at for each in history.rows] or [
        each.promotion.created_at for each in held
    ]
    pages = deployment_links(connection, name, number, pointer=None, now=max(seen, default=""))
    alerts = list_alerts(connection, name, version=number)
    if not (history.rows or pages or alerts):
        return None
    return Use(
        metric=history.metric,
        partitions=tuple(
            PartitionUse(
                partition=each.partition,
                rows=each.rows,
                promised=each.promised,
                lived=each.lived,
                drifted="" if each.compared is None else f"{each.drifted} of {each.compared}",
                failed=tuple(n for n, f in each.findings.items() if f.outcome == "failed"),
            )
            for each in history.rows
        ),
        alerts=tuple(
            f"{alert.check.replace('_', ' ')}, {alert.severity}, since {moment(alert.opened_at)}:"
            f" {alert.why}"
            for alert in alerts
        ),
        pages=pages,
    )


def _snapshots(
    backends: Backends, version: VersionRecord
) -> tuple[tuple[Snapshot, ...], tuple[Snapshot, ...], tuple[Snapshot, ...]]:
    """Give what it was trained on, what judges it, and what both were made from."""
    recipe = version.recipe
    features = dict.fromkeys(ref.digest for ref in (*recipe.train, *recipe.holdout))
    parents = dict.fromkeys(
        parent.digest
        for digest in features
        for parent in read_manifest(backends.store, digest).parents
    )
    with backends.catalog.read() as connection:
        known = snapshots.find_snapshots(connection, [*features, *parents])

    def told(refs: tuple[SnapshotRef, ...]) -> tuple[Snapshot, ...]:
        return tuple(
            Snapshot(str(ref), ref.digest, known[ref.digest].rows if ref.digest in known else None)
            for ref in refs
        )

    behind = (known[digest] for digest in parents if digest in known)
    datasets = tuple(Snapshot(str(found.ref), found.ref.digest, found.rows) for found in behind)
    return told(recipe.train), told(recipe.holdout), datasets


def _training(backends: Backends, version: VersionRecord) -> Training:
    told, recipe = version.metadata, version.recipe
    manifest = read_manifest(backends.store, str(version.digest))
    environment = json.loads(backends.store.read(manifest.file(ENVIRONMENT).sha256))
    took = told.get("duration_seconds")
    return Training(
        params=recipe.params,
        framework=str(told.get("framework", "")),
        framework_version=str(told.get("framework_version", "")),
        python=str(environment.get("python", "")),
        platform=str(environment.get("platform", "")),
        distributions=recipe.distributions,
        code=recipe.code,
        commit=str(told.get("code_commit", "")),
        dirty=bool(told.get("code_dirty")),
        repository=told.get("code_repository"),
        recipe=version.recipe_digest,
        actor=version.actor,
        trigger=version.trigger,
        reason=version.reason,
        run=str(told.get("run_url") or version.run_id or ""),
        started_at=str(told.get("started_at", "")),
        duration_seconds=float(took) if isinstance(took, int | float) else None,
    )


def _rule(version: VersionRecord) -> str:
    rule = recorded_holdout(version.recipe)
    return rule.sentence if isinstance(rule, ByKey) else ""


def _held(found: tuple[tenures.Tenure, ...]) -> Iterator[Held]:
    for tenure in found:
        moved = tenure.promotion
        yield Held(moved.pointer, moved.created_at, tenure.until, moved.actor, moved.reason)


def _evaluated(backends: Backends, read: _Read) -> Evaluated | None:
    record = read.evaluation
    if record is None:
        return None
    manifest = read_manifest(backends.store, record.digest)
    return Evaluated(
        digest=record.digest,
        created_at=record.created_at,
        in_force=record.suite_digest == read.model.suite_digest,
        result=_result(backends, manifest),
    )


def _result(backends: Backends, manifest: Manifest) -> EvaluationResult:
    read = backends.store.read
    pictures = {
        file.path.removeprefix(PICTURES).removesuffix(".png"): read(file.sha256)
        for file in manifest.files
        if file.path.startswith(PICTURES) and file.path.endswith(".png")
    }
    document = json.loads(read(manifest.file(RESULT_FILE).sha256))
    return EvaluationResult.from_json(document, pictures=pictures)


def _gates(read: _Read) -> tuple[GateVerdict, ...]:
    """Set every check that the policy asks for beside its verdict."""
    found = {verdict.finding.gate: verdict.finding for verdict in read.verdicts}
    policy: Policy = read.decision.policy
    told = []
    for check in policy.checks:
        finding = found.pop(check.name, None)
        if finding is None:
            told.append(GateVerdict(check.name, "missing", f"no verdict yet: {check.sentence}"))
        elif finding.gate_digest != check.digest:
            why = f"reached under another rule ({finding.outcome}); now: {check.sentence}"
            told.append(GateVerdict(check.name, "outdated", why))
        else:
            told.append(GateVerdict(check.name, finding.outcome, finding.why))
    return tuple(told)


def _found(verdicts: tuple[VerdictRecord, ...]) -> Iterator[GateVerdict]:
    for verdict in verdicts:
        found = verdict.finding
        yield GateVerdict(found.gate, found.outcome, found.why)


def _waits_for(read: _Read) -> tuple[str, ...]:
    answer = read.decision.answer
    on_its_way = read.stage in ("development", "staging", "rejected")
    if not on_its_way or not isinstance(answer, Waiting):
        return ()
    return tuple(reason.sentence for reason in answer.reasons)
