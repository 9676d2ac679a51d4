"""The sensor that asks for versions because of new data, drift or decay, and tells how they ended.

Level-triggered, as the others are: what is due, and what is not told of yet, is asked of the
registry, and decided again by the job that does it.
"""

from dataclasses import dataclass

import dagster as dg

from registry_assets.canonical import sha256_digest
from registry_assets.declaration import RegisteredModel, Schedule
from registry_assets.errors import RegistryError
from registry_assets.lifecycle.monitoring.threads import Ended
from registry_assets.lifecycle.retraining import RetrainingDue
from registry_assets.orchestration.attempts import read_job_attempts
from registry_assets.orchestration.jobs import ModelJobs, RetrainConfig
from registry_assets.orchestration.keys import MODEL_TAG, PURPOSE_TAG, Names
from registry_assets.orchestration.resource import RegistryResource, refuse, run_info
from registry_assets.registry import Registry


@dataclass(frozen=True, slots=True, eq=False)
class Retraining:
    """What a model that is retrained by itself adds to a code location.

    Args:
        job: tells alerts how the retrainings ended that they caused; None where none causes one.
    """

    sensor: dg.SensorDefinition
    job: dg.JobDefinition | None


def retraining(
    declared: RegisteredModel, jobs: ModelJobs, source: RegistryResource, *, interval: int
) -> Retraining | None:
    """Make the sensor of a model, and its job; None where nothing but a schedule retrains it."""
    triggers = [each for each in declared.triggers if not isinstance(each, Schedule)]
    if not triggers:
        return None
    telling = _telling_job(declared, source) if any(t.reads_monitoring for t in triggers) else None
    said = " or ".join(each.trigger.replace("_", " ") for each in triggers)
    names = Names(declared.name)

    @dg.sensor(
        name=names.retraining_sensor,
        jobs=[job for job in (jobs.retrain, telling) if job is not None],
        minimum_interval_seconds=interval,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Asks for a version of {declared.name} because of {said}; its skip reason"
        " says why none is due.",
    )
    def retrains(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        registry = source.open()
        answers = [_retrain(context.instance, registry, declared)]
        if telling is not None:
            answers.append(_tell(context.instance, registry, declared.name))
        requests = [each for each in answers if isinstance(each, dg.RunRequest)]
        if requests:
            return dg.SensorResult(run_requests=requests)
        return dg.SkipReason("; ".join(str(each) for each in answers if each))

    return Retraining(retrains, telling)


def _retrain(
    instance: dg.DagsterInstance, registry: Registry, declared: RegisteredModel
) -> dg.RunRequest | str:
    """Ask for a version, if one is due; or say why not."""
    due = registry.due_retraining(declared)
    if not isinstance(due, RetrainingDue):
        return due.sentence
    names = Names(declared.name)
    config = RetrainConfig(trigger=due.trigger, reason=due.reason)
    return _request(
        instance,
        names,
        names.retrain_job,
        state=f"{names.model}:retrain:{due.request}:",
        why=due.reason,
        config=dg.RunConfig(ops={names.reserve_op: config}),
    )


def _tell(instance: dg.DagsterInstance, registry: Registry, model: str) -> dg.RunRequest | str:
    """Ask for what ended to be told, if anything did."""
    ended = registry.ended_retrainings(model)
    if not ended:
        return ""
    names = Names(model)
    keys = "\n".join(each.key for each in ended)
    return _request(
        instance,
        names,
        names.retrained_job,
        state=f"{model}:retrained:{sha256_digest(keys.encode())[7:19]}:",
        why=ended[0].sentence,
    )


def _request(
    instance: dg.DagsterInstance,
    names: Names,
    job: str,
    *,
    state: str,
    why: str,
    config: dg.RunConfig | None = None,
) -> dg.RunRequest | str:
    attempts = read_job_attempts(instance, job=job, state=state)
    if attempts.alive:
        return f"{job} is under way"
    if attempts.exhausted:
        return f"{why}: {job} {attempts.sentence}; launch it by hand to try again"
    return dg.RunRequest(
        run_key=f"{state}{attempts.next}",
        job_name=job,
        run_config=config,
        tags={MODEL_TAG: names.model, PURPOSE_TAG: job.removeprefix(f"{names.model}__")},
    )


def _telling_job(declared: RegisteredModel, source: RegistryResource) -> dg.JobDefinition:
    names = Names(declared.name)

    @dg.op(name=names.retrained_op, out=dg.Out(dg.Nothing))
    def tell(context: dg.OpExecutionContext) -> None:
        """Write into the threads of alerts what became of the retrainings that they caused."""
        try:
            told = source.open().tell_ended(
                declared.name, run=run_info(context.instance, context.run)
            )
        except RegistryError as error:
            raise refuse(error) from error
        for each in told:
            context.log.info(_said(each))
        context.add_output_metadata({"told": len(told)})

    @dg.job(
        name=names.retrained_job,
        description=f"Tells the alerts of {declared.name} what became of the retrainings that they"
        f" caused. Launched by the sensor {names.retraining_sensor}; nothing is told twice.",
    )
    def retrained() -> None:
        tell()

    return retrained


def _said(ended: Ended) -> str:
    return f"alert {ended.alert.model}/{ended.alert.number}: {ended.sentence}"
