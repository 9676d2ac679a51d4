"""Record what was seen of a deployment: manifest, results, alerts and letters in one transaction.

Whoever dies before it has recorded nothing, and repeats; whoever dies after it has recorded all
of it, and what is repeated changes nothing and tells nobody twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from registry_assets.alerting.values import Lineage, Moved
from registry_assets.canonical import Json
from registry_assets.catalog.alerts import Severity
from registry_assets.catalog.ledger import Change, change
from registry_assets.catalog.observations import (
    CHECK_RECORDED,
    OBSERVATION_RECORDED,
    CheckFinding,
    Kind,
    Recorded,
    VersionObserved,
    newest_result,
    record_check,
    record_observation,
)
from registry_assets.catalog.pointers import get_pointer
from registry_assets.clock import timestamp
from registry_assets.declaration import RegisteredModel
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.monitoring.declared import record_monitoring
from registry_assets.lifecycle.monitoring.lineage import dashboard_links, lineage_of
from registry_assets.lifecycle.monitoring.telling import PROMOTION, Details, end, found
from registry_assets.lifecycle.monitoring.watched import Watched, monitoring_of
from registry_assets.lifecycle.publishing import Publication
from registry_assets.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one version.

    Args:
        rows: those that it is about.
        summary: what lists show without opening the manifest.
        moved: by check, what moved and by how much.
        stray: whether something still predicts with it, although another one should.
    """

    watched: Watched
    rows: int
    findings: tuple[CheckFinding, ...]
    summary: Mapping[str, Json] = field(default_factory=dict)
    moved: Mapping[str, tuple[Moved, ...]] = field(default_factory=dict)
    stray: bool = False


@dataclass(frozen=True, slots=True)
class Observed:
    """One observation as it is on record.

    Args:
        digest: of its manifest.
    """

    digest: str
    recorded: Recorded


def publish(
    backends: Backends,
    model: RegisteredModel,
    kind: Kind,
    *,
    partition: str,
    manifest: Manifest,
    contents: Mapping[str, bytes],
    seen: Sequence[Seen],
    run: RunInfo,
    links: Mapping[str, str],
    publication: Publication | None = None,
) -> Observed:
    """Store a manifest and record what was seen in it, with the alerts that follow.

    Args:
        contents: the bytes of those of its files that are not in the store yet.
        links: addresses by name, of the asset and its page, for alerts.
        publication: begun before the first file was stored; by default none was.
    """
    begun = publication or Publication.begin(backends)
    digest = begun.put(manifest, contents)
    # First: whoever delivers what follows goes by it.
    record_monitoring(backends, model, actor=run.actor)
    with change(
        backends.catalog,
        chain=model.name,
        kind=OBSERVATION_RECORDED,
        actor=run.actor,
        clock=backends.clock,
    ) as draft:
        recorded = record_observation(
            draft,
            model=model.name,
            kind=kind,
            partition=partition,
            digest=digest,
            pointer=monitoring_of(model).pointer,
            generation=next((each.watched.generation or 0 for each in seen), 0),
            observed=[
                VersionObserved(
                    version=each.watched.version.number,
                    digest=str(each.watched.version.digest),
                    rows=each.rows,
                    summary=each.summary,
                    findings=each.findings,
                )
                for each in seen
            ],
            parents=manifest.parents,
            confirm=lambda connection: begun.confirm(connection, digest),
            run_id=run.run_id,
        )
        if not recorded.again:
            for each in seen:
                _tell(draft, model, each, partition=partition, run=run, links=links)
    return Observed(digest, recorded)


def record_finding(
    backends: Backends,
    model: RegisteredModel,
    watched: Watched,
    finding: CheckFinding,
    *,
    partition: str,
    run: RunInfo,
    links: Mapping[str, str],
) -> None:
    """Record what a check found without looking at data, where it is news."""
    version = watched.version
    record_monitoring(backends, model, actor=run.actor)
    with change(
        backends.catalog,
        chain=model.name,
        kind=CHECK_RECORDED,
        actor=run.actor,
        clock=backends.clock,
    ) as draft:
        last = newest_result(draft.connection, model.name, finding.check, version.number)
        if last and (last.finding, last.partition) == (finding, partition):
            return
        record_check(
            draft,
            model=model.name,
            partition=partition,
            version=version.number,
            version_digest=str(version.digest),
            finding=finding,
        )
        # That a version does not come to a pointer is about one that the pointer does not hold.
        seen = Seen(watched, 0, (finding,), stray=finding.check == PROMOTION)
        _tell(draft, model, seen, partition=partition, run=run, links=links)


def _tell(
    draft: Change,
    model: RegisteredModel,
    seen: Seen,
    *,
    partition: str,
    run: RunInfo,
    links: Mapping[str, str],
) -> None:
    """Open, repeat or resolve the alerts of what was found about one version.

    What is found of one that was replaced meanwhile is told, and over: no later move ends it.
    """
    plan, version = monitoring_of(model), seen.watched.version.number
    lineage: Lineage | None = None
    holder = get_pointer(draft.connection, model.name, plan.pointer).version
    for finding in seen.findings:
        if finding.outcome == "failed" and lineage is None:
            lineage = lineage_of(draft.connection, seen.watched.version)
        pages = dashboard_links(
            plan.dashboards, seen.watched, partition=partition, now=draft.effective_at
        )
        of_run = {"run": run.run_url} if run.run_url else {}
        alert = found(
            draft,
            seen.watched,
            finding,
            partition=partition,
            severity=cast("Severity", plan.alerting.severity(finding.check)),
            details=Details(
                moved=seen.moved.get(finding.check, ()),
                lineage=lineage or Lineage(),
                links={**links, **of_run, **pages},
            ),
        )
        if alert is not None and holder not in (None, version) and not seen.stray:
            end(draft, alert, why=f"version {holder} took its place in {plan.pointer}")


def now_of(backends: Backends) -> str:
    """Give the time that rules go by, as the catalog writes it."""
    return timestamp(backends.clock())
