"""The sensor that has partitions watched, and the clock looked at.

Level-triggered, as the others are: it asks the registry what is due, and returns what is to be
run. Nothing is due because of an event, so nothing is missed with one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg

from registry_assets.canonical import canonical_json, sha256_digest
from registry_assets.declaration import Monitoring, RegisteredModel
from registry_assets.errors import NotFound
from registry_assets.lifecycle.monitoring.due import Due
from registry_assets.orchestration.attempts import read_job_attempts
from registry_assets.orchestration.keys import MODEL_TAG, PURPOSE_TAG, Names
from registry_assets.orchestration.look import Look
from registry_assets.orchestration.monitoring.jobs import WatchJobs
from registry_assets.orchestration.resource import RegistryResource
from registry_assets.orchestration.unstable.partitions import is_partition
from registry_assets.registry import Registry

MOST_AT_ONCE = 50
"""Partitions that one tick asks for: a tick has a minute, and the next one goes on."""


@dataclass(frozen=True, slots=True)
class _Look(Look):
    """What one tick looks at.

    Args:
        generation: how often the pointer has moved: what failed for one version is tried anew
            for the next.
    """

    partitions: dg.PartitionsDefinition[str] | None
    generation: int


def monitor_sensor(
    declared: RegisteredModel,
    partitions: dg.PartitionsDefinition[str] | None,
    jobs: WatchJobs,
    source: RegistryResource,
    *,
    interval: int,
) -> dg.SensorDefinition:
    """Make the sensor of one watched model."""
    names, plan = Names(declared.name), declared.monitoring
    assert plan is not None

    @dg.sensor(
        name=names.monitor_sensor,
        jobs=jobs.all(),
        minimum_interval_seconds=interval,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Has each partition watched that arrived since {declared.name} was deployed"
        f" to {plan.pointer} first, and again when its rows or labels change.",
    )
    def monitor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        registry = source.open()
        look = _look(context.instance, registry, declared, partitions, plan)
        if isinstance(look, str):
            return dg.SkipReason(look)
        answers = list(_watch(look, registry.due(declared)))
        requests = [each for each in answers if isinstance(each, dg.RunRequest)]
        if not requests and plan.freshness is not None:
            # Else the runs that are asked for look at the clock themselves.
            answers += _look_at_clock(look)
            requests = [each for each in answers if isinstance(each, dg.RunRequest)]
        if requests:
            return dg.SensorResult(run_requests=requests)
        waiting = [each for each in answers if isinstance(each, str)]
        return dg.SkipReason(
            "; ".join(waiting) or f"everything that came is watched: {names.model}"
        )

    return monitor


def _look(
    instance: dg.DagsterInstance,
    registry: Registry,
    declared: RegisteredModel,
    partitions: dg.PartitionsDefinition[str] | None,
    plan: Monitoring,
) -> _Look | str:
    """Give what is to be looked at; or why there is nothing."""
    try:
        held = {each.name: each for each in registry.pointers(declared.name)}.get(plan.pointer)
    except NotFound:
        return f"{declared.name} has never been trained"
    if held is None or held.version is None:
        return f"{declared.name}@{plan.pointer} holds no version: there is nothing to watch"
    return _Look(instance, registry, declared, partitions, held.generation)


def _watch(look: _Look, due: tuple[Due, ...]) -> Iterator[dg.RunRequest | str]:
    """Ask for a run for each partition that waits; or say why not."""
    asked = 0
    for each in due:
        if asked == MOST_AT_ONCE:
            return
        answer = _watch_one(look, each)
        asked += isinstance(answer, dg.RunRequest)
        yield answer


def _watch_one(look: _Look, due: Due) -> dg.RunRequest | str:
    names, partition = look.names, due.partition
    where = f"{names.model}[{partition}]" if partition else names.model
    if bool(partition) != (look.partitions is not None) or (
        look.partitions is not None and not is_partition(look.partitions, partition, look.instance)
    ):
        return f"{where}: {look.declared.features.key} has no such partition any more"
    state = f"{names.model}:watch:{look.generation}:{due.state}:"
    attempts = read_job_attempts(
        look.instance, job=names.watch_job, state=state, partition=partition
    )
    if attempts.alive:
        return f"{where} is being watched"
    if attempts.exhausted:
        return f"{where}: {due.why}, and watching it {attempts.sentence}; launch {names.watch_job}"
    return dg.RunRequest(
        run_key=f"{state}{attempts.next}",
        job_name=names.watch_job,
        partition_key=partition or None,
        tags={MODEL_TAG: names.model, PURPOSE_TAG: "watch"},
    )


def _look_at_clock(look: _Look) -> Iterator[dg.RunRequest | str]:
    """Ask for the check of freshness where it would say something else than it said last."""
    found = look.registry.punctuality(look.declared)
    if found is None or not found.news:
        return
    names, said = look.names, [found.expected, found.finding.outcome, found.finding.why]
    state = (
        f"{names.model}:freshness:{found.watched.version.number}:"
        f"{sha256_digest(canonical_json(list(said)))[7:19]}:"
    )
    attempts = read_job_attempts(look.instance, job=names.freshness_job, state=state)
    if attempts.alive:
        yield f"{names.freshness_job} is under way"
    elif attempts.exhausted:
        yield f"{found.finding.why}; looking {attempts.sentence}: launch {names.freshness_job}"
    else:
        yield dg.RunRequest(
            run_key=f"{state}{attempts.next}",
            job_name=names.freshness_job,
            tags={MODEL_TAG: names.model, PURPOSE_TAG: "freshness"},
        )
