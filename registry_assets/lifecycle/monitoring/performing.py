"""What was predicted of a partition beside what happened, judged and recorded."""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from registry_assets.alerting.values import Moved
from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog.snapshots import current_snapshots
from registry_assets.declaration import Decay, Labels, Monitoring, RegisteredModel
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.data import read_frame
from registry_assets.lifecycle.evaluating.artifact import read_package
from registry_assets.lifecycle.monitoring.measuring import label_problems, measure
from registry_assets.lifecycle.monitoring.outcomes import read_outcomes
from registry_assets.lifecycle.monitoring.recording import Observed, Seen, publish
from registry_assets.lifecycle.monitoring.reporting import PAGE_FILE, subject_of
from registry_assets.lifecycle.monitoring.scoring import QUALITY_FILE
from registry_assets.lifecycle.monitoring.watched import (
    Watched,
    monitoring_of,
    predictions_of,
    watched_version,
)
from registry_assets.manifest import Manifest, Parent, file_entries
from registry_assets.monitoring.decay import DECAY, judge_decay
from registry_assets.monitoring.quality import LABEL_QUALITY, judge_quality
from registry_assets.monitoring.results.performance import Lived, PerformanceResult
from registry_assets.monitoring.results.quality import QualityResult
from registry_assets.recipe import SnapshotRef
from registry_assets.store.manifests import read_manifest

PERFORMANCE_FILE = "performance.json"


def observe_performance(
    backends: Backends,
    model: RegisteredModel,
    partition: str,
    *,
    run: RunInfo,
    links: Mapping[str, str],
) -> Observed:
    """Measure the newest predictions of a partition on what happened, and record it.

    Raises:
        NotFound: nothing was predicted of that partition.
    """
    from registry_assets.monitoring.report import performance_page

    plan = monitoring_of(model)
    with backends.catalog.read() as connection:
        made = predictions_of(connection, model.name, partition)
        watched = [
            watched_version(connection, model.name, plan.pointer, each.version) for each in made
        ]
        labels = _labels(connection, plan.labels, partition)
    manifest = read_manifest(backends.store, made[0].digest)
    scored = next(iter(manifest.parents_of("features")), None)
    features = None if scored is None else SnapshotRef(model.features.key, partition, scored)
    predictions = read_frame(backends, made[0].digest)
    outcome = read_outcomes(
        backends,
        predictions,
        target=model.target,
        features=features if plan.predictions is None else None,
        labels=labels,
        rule=plan.labels,
        most_unlabelled=plan.quality.unlabelled,
    )
    signatures = [read_package(backends, each.version).signature for each in watched]
    result = measure(
        backends,
        model,
        list(zip(watched, signatures, strict=True)),
        predictions,
        outcome,
        partition=partition,
        features=features if plan.predictions is None else None,
    )
    problems = (*outcome.problems, *label_problems(model, watched[0], outcome))
    quality = QualityResult(len(predictions), problems)
    seen = [
        _seen(plan, each, lived, quality, result, made[0].digest)
        for each, lived in zip(watched, result.versions, strict=True)
    ]
    parents = (
        Parent("predictions", made[0].digest),
        *([Parent("labels", outcome.ref.digest)] if outcome.ref else []),
        *(Parent("version", str(each.version.digest)) for each in watched),
        *(Parent("evaluation", each.evaluation.digest) for each in watched if each.evaluation),
    )
    contents = {
        PERFORMANCE_FILE: canonical_json(result.to_json()),
        QUALITY_FILE: canonical_json(quality.to_json()),
        PAGE_FILE: performance_page(result, quality, subject_of(model, partition, seen, parents)),
    }
    return publish(
        backends,
        model,
        "performance",
        partition=partition,
        manifest=Manifest(
            kind="performance",
            files=file_entries(contents),
            parents=parents,
            facts={
                "model": model.name,
                "partition": partition,
                "pointer": plan.pointer,
                "generation": made[0].generation,
                "decay": [each.definition() for each in plan.decay],
            },
        ),
        contents=contents,
        seen=seen,
        run=run,
        links=links,
    )


def _labels(connection: sa.Connection, rule: Labels | None, partition: str) -> SnapshotRef | None:
    if rule is None:
        return None
    held = current_snapshots(connection, rule.asset)
    return next((each.ref for each in held if each.partition == partition), None)


def _seen(
    plan: Monitoring,
    watched: Watched,
    lived: Lived,
    quality: QualityResult,
    result: PerformanceResult,
    predictions: str,
) -> Seen:
    findings = []
    if lived.labelled or quality.problems:
        findings.append(judge_quality(quality, check=LABEL_QUALITY))
    if plan.decay:
        findings.append(
            judge_decay(
                plan.decay,
                lived.metrics,
                lived.promised,
                less_is_better=result.less_is_better,
                reason=lived.reason,
            )
        )
    summary: dict[str, Json] = {
        "predictions": predictions,
        "labels": result.labels,
        "labelled": lived.labelled,
        "metrics": {name: found.to_json() for name, found in lived.metrics.items()},
        "promised": {name: found.to_json() for name, found in lived.promised.items()},
    }
    moved = worse_metrics(plan.decay, lived, less_is_better=result.less_is_better)
    return Seen(watched, lived.rows, tuple(findings), summary=summary, moved={DECAY: moved})


def worse_metrics(
    rules: Sequence[Decay], lived: Lived, *, less_is_better: Collection[str]
) -> tuple[Moved, ...]:
    """Give the metrics that are worse than promised, the furthest beyond its margin first.

    Beside what decayed, one that became better would be read as a loss.
    """
    found = []
    for rule in rules:
        promised, now = lived.promised.get(rule.metric), lived.metrics.get(rule.metric)
        if promised is None or now is None or not (promised.defined and now.defined):
            continue
        rise = now.value - promised.value
        lost = rise if rule.metric in less_is_better else -rise
        if lost > 0:
            moved = Moved(
                name=rule.metric,
                before=promised.value,
                after=now.value,
                value=lost,
                threshold=rule.margin,
                measure="worse than promised by",
            )
            found.append((rule.margin - lost, moved))
    return tuple(moved for _, moved in sorted(found, key=lambda each: each[0]))
