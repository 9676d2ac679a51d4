"""The sensor and the job that tell of lineage; there are none unless REGISTRY_OPENLINEAGE is set.

Level-triggered, as the others are: the sensor asks how much of the ledger was not told, and only
reads. A receiver that is down fails nothing: it is tried again later. What it refuses for what it
is fails the run that met it, for nobody else would see it.
"""

import os
from collections.abc import Iterator

import dagster as dg

from registry_assets.errors import RegistryError
from registry_assets.evaluation.report.texts import plural
from registry_assets.openlineage.destination import SETTING, Destination
from registry_assets.orchestration.attempts import read_job_attempts
from registry_assets.orchestration.keys import PURPOSE_TAG
from registry_assets.orchestration.resource import RegistryResource, refuse
from registry_assets.registry import Registry

LINEAGE_SENSOR = "registry__openlineage"
TELL_JOB = "registry__tell_openlineage"

NOTHING_TO_TELL = "everything in the ledger was told"
"""The skip reason of a tick that found nothing waiting."""
_NOBODY = f"{SETTING} is not set any more: nobody is told of lineage"
_RETRY = "`registry openlineage --retry` tells what was refused once more"


def is_wanted() -> bool:
    """Whether somebody is to be told; what the setting says is looked at when it is used."""
    return bool(os.environ.get(SETTING, "").strip())


def lineage_sensor(
    job: dg.JobDefinition, source: RegistryResource, *, interval: int
) -> dg.SensorDefinition:
    """Make the sensor that has lineage told."""

    @dg.sensor(
        name=LINEAGE_SENSOR,
        job=job,
        minimum_interval_seconds=interval,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks for what happened in the registry and was not told as events of"
        f" OpenLineage, and launches the job `{TELL_JOB}`. Nothing waits for it.",
    )
    def openlineage(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        registry = source.open()
        # A setting that cannot be used fails the tick: here it is seen, and nothing else fails.
        destination = registry.lineage_destination()
        if destination is None:
            return dg.SkipReason(_NOBODY)
        progress = registry.lineage_progress(destination)
        if not progress.waiting:
            return dg.SkipReason(NOTHING_TO_TELL)
        waiting = f"{plural(progress.waiting, 'event')} of the ledger to be told"
        if not progress.due:
            return dg.SkipReason(f"{waiting}, not due yet: {progress.position.error}")
        state = f"openlineage:{destination.identity[7:19]}:{progress.state}:"
        attempts = read_job_attempts(context.instance, job=TELL_JOB, state=state)
        if attempts.alive:
            return dg.SkipReason(f"{TELL_JOB} is under way")
        if attempts.exhausted:
            return dg.SkipReason(f"{TELL_JOB} {attempts.sentence}; {waiting}: launch it by hand")
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(run_key=f"{state}{attempts.next}", tags={PURPOSE_TAG: "lineage"})
            ]
        )

    return openlineage


def tell_job(source: RegistryResource) -> dg.JobDefinition:
    """Make the job that tells what was not told when its run begins."""

    @dg.op(name=f"{TELL_JOB}_events", out=dg.Out(dg.Nothing))
    def tell_events(context: dg.OpExecutionContext) -> Iterator[dg.Output[None]]:
        """Tell, and log how far it came."""
        try:
            registry = source.open()
            destination = registry.lineage_destination()
            if destination is None:
                context.log.info(_NOBODY)
            else:
                _tell(context, registry, destination)
        except RegistryError as error:
            raise refuse(error) from error
        yield dg.Output(None)

    @dg.job(
        name=TELL_JOB,
        description="Tells what happened in the registry as events of OpenLineage, where"
        f" {SETTING} says: once at least, under ids that stay the same. Launched by the sensor"
        f" {LINEAGE_SENSOR}; safe to launch by hand.",
    )
    def tell() -> None:
        tell_events()

    return tell


def _tell(context: dg.OpExecutionContext, registry: Registry, destination: Destination) -> None:
    done = registry.tell_lineage(destination)
    left = f"; {plural(done.waiting, 'event')} of the ledger to be told" if done.waiting else ""
    came = f"{plural(done.sent, 'event')} sent to {destination.shown}{left}"
    context.log.info(came)
    if done.error:
        later = f"{done.error}; nothing is lost: it is told again later"
        context.log.warning(later)
    if done.refused:
        said = "\n".join(f"event {e.sequence} of {e.chain}: {e.error}" for e in done.refused)
        # A retry of the run would pass them over, as this one did.
        raise dg.Failure(description=f"{said}\n{_RETRY}", allow_retries=False)
