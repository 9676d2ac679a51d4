"""The one sensor and the one job by which people are told what became of alerts.

Level-triggered, as the others are: the sensor asks the registry what waits to be told, and only
reads. The job settles and sends. What fails is due again later, and another run makes that attempt;
what is given up fails the run that gave it up, for nobody else would see it.
"""

from collections.abc import Iterator

import dagster as dg

from registry_assets.errors import RegistryError
from registry_assets.evaluation.report.texts import plural
from registry_assets.lifecycle.monitoring.delivering import no_sinks
from registry_assets.lifecycle.monitoring.post import Post
from registry_assets.orchestration.attempts import read_job_attempts
from registry_assets.orchestration.keys import PURPOSE_TAG
from registry_assets.orchestration.resource import RegistryResource, refuse

ALERTS_SENSOR = "registry__alerts"
DELIVER_JOB = "registry__deliver"

NOTHING_TO_TELL = "everybody was told what became of alerts"
"""The skip reason of a tick that found nothing waiting."""


def alerts_sensor(
    job: dg.JobDefinition, source: RegistryResource, *, interval: int
) -> dg.SensorDefinition:
    """Make the sensor that has people told."""

    @dg.sensor(
        name=ALERTS_SENSOR,
        job=job,
        minimum_interval_seconds=interval,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks for what became of alerts and was not told to everybody yet, and"
        f" launches the job `{DELIVER_JOB}`. Who is told is declared by each model and configured"
        " in `alerts.yaml`.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        registry = source.open()
        # Settings that cannot be read fail the tick: nobody would be told, and here it is seen.
        post = registry.post()
        if not post.is_for_now:
            return dg.SkipReason(_waiting(post, no_sinks(registry.alert_settings())))
        # Each attempt makes it another state, so what is to be tried again has a run of its own.
        state = f"alerts:{post.state}:"
        attempts = read_job_attempts(context.instance, job=DELIVER_JOB, state=state)
        if attempts.alive:
            return dg.SkipReason(f"{DELIVER_JOB} is under way")
        if attempts.exhausted:
            return dg.SkipReason(
                f"{DELIVER_JOB} {attempts.sentence}, and people wait to be told: launch it by hand"
            )
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(run_key=f"{state}{attempts.next}", tags={PURPOSE_TAG: "deliver"})
            ]
        )

    return alerts


def deliver_job(source: RegistryResource) -> dg.JobDefinition:
    """Make the job that tells everybody who may be told when its run begins."""

    @dg.op(name=f"{DELIVER_JOB}_alerts", out=dg.Out(dg.Nothing))
    def deliver_alerts(context: dg.OpExecutionContext) -> Iterator[dg.Output[None]]:
        """Tell everybody, and log each attempt."""
        try:
            registry = source.open()
            done = registry.deliver()
            before = registry.post().given_up - len(done.given_up)
        except RegistryError as error:
            raise refuse(error) from error
        for attempt in done.attempts:
            (context.log.warning if attempt.failed else context.log.info)(attempt.sentence)
        for remark in done.remarks:
            context.log.warning(remark)
        if before > 0:
            context.log.warning(_given_up(before))
        if done.given_up:
            said = "\n".join(attempt.sentence for attempt in done.given_up)
            # Attempts are the registry's to count: a retry of the run would make none.
            raise dg.Failure(description=f"{said}\n{_RETRY}", allow_retries=False)
        if not done.attempts:
            context.log.info("nothing was to be told now")
        yield dg.Output(None)

    @dg.job(
        name=DELIVER_JOB,
        description="Tells sinks what became of alerts: once at least, under a stable key, later"
        f" again where one fails. Launched by the sensor {ALERTS_SENSOR}; safe to launch by hand:"
        " what was told is not told again.",
    )
    def deliver() -> None:
        deliver_alerts()

    return deliver


_RETRY = "`registry alerts --retry` has what was given up tried again"


def _waiting(post: Post, no_sink: str) -> str:
    """Say why nothing is told now."""
    said = []
    if post.unaddressed:
        said.append(f"{no_sink}; {plural(post.unaddressed, 'occasion')} of alerts wait for one")
    unknown = sum(post.unknown.values())
    if post.waiting > unknown:
        said.append(f"{_deliveries(post.waiting - unknown)} not due yet")
    if unknown:
        said.append(f"{_deliveries(unknown)} for {', '.join(post.unknown)}, not configured")
    if post.given_up:
        said.append(_given_up(post.given_up))
    return "; ".join(said) or NOTHING_TO_TELL


def _given_up(count: int) -> str:
    return f"{_deliveries(count)} given up: {_RETRY}"


def _deliveries(count: int) -> str:
    return f"{count:,} {'delivery' if count == 1 else 'deliveries'}"
