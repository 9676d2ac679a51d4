"""The sensor that has mirrors published to, and looked at where they are found otherwise.

Level-triggered, as the others are: it asks the registry what was not told yet, and each server
what stands there. It records nothing itself. A server that is away is tried again later and later,
for ever: nobody has to launch anything once it is back.
"""

from collections.abc import Iterator

import dagster as dg

from registry_assets.clock import timestamp
from registry_assets.declaration import Mirror, RegisteredModel, SageMaker
from registry_assets.errors import RegistryError
from registry_assets.lifecycle.mirroring.wanted import MirrorDue
from registry_assets.orchestration.attempts import is_job_alive, read_job_attempts
from registry_assets.orchestration.keys import MODEL_TAG, PURPOSE_TAG, Names
from registry_assets.orchestration.look import Look
from registry_assets.orchestration.mirrors.checks import in_step_key, shown_state, state_of
from registry_assets.orchestration.mirrors.endpoints import (
    deployed_configuration,
    endpoint_state,
    serves_key,
    shown_endpoint,
)
from registry_assets.orchestration.resource import RegistryResource
from registry_assets.orchestration.unstable.check_results import newest_target


def mirrors_sensor(
    declared: RegisteredModel,
    jobs: list[dg.JobDefinition],
    source: RegistryResource,
    *,
    interval: int,
) -> dg.SensorDefinition:
    """Make the sensor of one model's mirrors.

    Args:
        jobs: that it launches: the one that publishes, and the one that looks.
    """
    names = Names(declared.name)

    @dg.sensor(
        name=names.mirrors_sensor,
        jobs=jobs,
        minimum_interval_seconds=interval,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Publishes {declared.name} to its mirrors where a pointer has moved or a"
        " version is not there yet, later and later again where that fails; and looks at what"
        " stands there, so that the check `in_step` tells when somebody changes it.",
    )
    def mirrors(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        look = Look(context.instance, source.open(), declared)
        if not look.registry.is_registered(declared.name):
            return dg.SkipReason(f"{declared.name} has never been trained")
        answers = [each for mirror in declared.mirrors for each in _answer(look, mirror)]
        requests = [each for each in answers if isinstance(each, dg.RunRequest)]
        if requests:
            return dg.SensorResult(run_requests=requests)
        return dg.SkipReason("; ".join(str(each) for each in answers))

    return mirrors


def _answer(look: Look, mirror: Mirror) -> Iterator[dg.RunRequest | str]:
    """Ask for a publication, or else for a look at what is found otherwise; or say why not."""
    try:
        due = look.registry.mirror_due(look.declared, mirror.mirror)
        if due is not None:
            yield _publish(look, mirror, due)
            return
        yield _observe(look, mirror)
        if isinstance(mirror, SageMaker) and mirror.endpoint is not None:
            yield from _endpoint(look, mirror)
    except RegistryError as error:
        # One that is declared wrongly must not keep the others from being published to.
        yield f"{mirror.mirror}: {error.message}"


def _publish(look: Look, mirror: Mirror, due: MirrorDue) -> dg.RunRequest | str:
    names, now = look.names, timestamp(look.registry.backends.clock())
    if due.not_before is not None and now < due.not_before:
        error = look.registry.mirror_state(names.model, mirror.mirror).error
        return f"{mirror.mirror}: {due.why}; tried again after {due.not_before}: {error}"
    state = f"{names.model}:mirror:{mirror.mirror}:{due.state}:"
    attempts = read_job_attempts(look.instance, job=names.mirror_job, state=state)
    if attempts.alive:
        return f"{mirror.mirror}: {due.why}; a run of {names.mirror_job} is under way"
    if attempts.exhausted:
        return (
            f"{mirror.mirror}: {due.why}, and publishing {attempts.sentence}; launch"
            f" {names.mirror_job} by hand to try again"
        )
    return dg.RunRequest(
        run_key=f"{state}{attempts.next}",
        job_name=names.mirror_job,
        asset_selection=[names.mirror_key(mirror.mirror)],
        tags={MODEL_TAG: names.model, PURPOSE_TAG: "mirror"},
    )


def _observe(look: Look, mirror: Mirror) -> dg.RunRequest | str:
    names = look.names
    if not look.registry.mirror_receipts(names.model, mirror.mirror):
        return f"{mirror.mirror}: nothing is to be there yet"
    if is_job_alive(look.instance, names.in_step_job):
        return f"{mirror.mirror}: a run of {names.in_step_job} is under way"
    found = look.registry.look_at_mirror(look.declared, mirror.mirror, brief=True)
    shown = shown_state(look.instance, names.model, mirror.mirror)
    verify = look.registry.is_mirror_to_be_verified(look.declared, mirror.mirror)
    if shown == state_of(found) and not (verify and not found.error):
        return f"{mirror.mirror}: {found.sentence}"
    last = look.registry.mirror_state(names.model, mirror.mirror)
    newest = newest_target(look.instance, names.mirror_key(mirror.mirror), None)
    about = newest.storage_id if newest else None
    news = f"{shown}:{state_of(found)}:{last.verified_at}:{about}"
    state = f"{names.model}:in_step:{mirror.mirror}:{news}:"
    attempts = read_job_attempts(look.instance, job=names.in_step_job, state=state)
    if attempts.exhausted:
        return f"{mirror.mirror}: looking {attempts.sentence}; launch {names.in_step_job} by hand"
    return dg.RunRequest(
        run_key=f"{state}{attempts.next}",
        job_name=names.in_step_job,
        asset_check_keys=[in_step_key(names.model, mirror.mirror)],
        tags={MODEL_TAG: names.model, PURPOSE_TAG: "in_step"},
    )


def _endpoint(look: Look, mirror: SageMaker) -> Iterator[dg.RunRequest | str]:
    """Ask for a deployment, or else for a look at an endpoint that is found otherwise."""
    names, check = look.names, serves_key(look.names.model, mirror)
    key, wanted = check.asset_key, look.registry.wanted_configuration(look.declared, mirror.mirror)
    if wanted is None:
        return
    if deployed_configuration(look.instance, key) != wanted:
        state = f"{names.model}:endpoint:{mirror.mirror}:{wanted}:"
        attempts = read_job_attempts(look.instance, job=names.mirror_job, state=state)
        if attempts.alive:
            yield f"{key.path[-1]}: a run of {names.mirror_job} is under way"
        elif attempts.exhausted:
            by_hand = f"launch {names.mirror_job} by hand"
            yield f"{key.path[-1]}: deploying {attempts.sentence}; {by_hand}"
        else:
            yield dg.RunRequest(
                run_key=f"{state}{attempts.next}",
                job_name=names.mirror_job,
                asset_selection=[key],
                tags={MODEL_TAG: names.model, PURPOSE_TAG: "endpoint"},
            )
        return
    found = look.registry.look_at_endpoint(look.declared, mirror.mirror, brief=True)
    if found is None or is_job_alive(look.instance, names.in_step_job):
        return
    now = endpoint_state(passed=found.is_right, said=found.sentence)
    shown = shown_endpoint(look.instance, check)
    if shown == now:
        yield f"{key.path[-1]}: {found.sentence}"
        return
    state = f"{names.model}:serves:{mirror.mirror}:{shown}:{now}:"
    attempts = read_job_attempts(look.instance, job=names.in_step_job, state=state)
    if not attempts.exhausted:
        yield dg.RunRequest(
            run_key=f"{state}{attempts.next}",
            job_name=names.in_step_job,
            asset_check_keys=[check],
            tags={MODEL_TAG: names.model, PURPOSE_TAG: "in_step"},
        )
