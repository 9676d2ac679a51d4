"""The sensor that trains reserved versions; the one that promotes is in `promotion_sensor`.

Both are level-triggered: each looks at the registry's state, not at events. Their bodies read
and return, nothing else, because Dagster runs them at least once, and with an account that may
only read. What they ask for is decided again where it is done.
"""

import dagster as dg

from registry_assets.declaration import RegisteredModel
from registry_assets.errors import NotFound
from registry_assets.orchestration.attempts import read_attempts
from registry_assets.orchestration.jobs import ModelJobs
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.resource import RegistryResource

INTERVAL_SECONDS = 30


def version_sensor(
    declared: RegisteredModel,
    partitions: dg.DynamicPartitionsDefinition,
    jobs: ModelJobs,
    source: RegistryResource,
    *,
    interval: int = INTERVAL_SECONDS,
) -> dg.SensorDefinition:
    """Make the sensor that adds a partition for each reserved number, and trains it."""
    names = Names(declared.name)

    @dg.sensor(
        name=names.version_sensor,
        job=jobs.train,
        minimum_interval_seconds=interval,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Trains and evaluates the reserved versions of {declared.name}.",
    )
    def versions(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        waiting, requests = [], []
        for version in _reserved(source, declared.name):
            stem = f"{declared.name}:{version}:train:"
            attempts = read_attempts(
                context.instance, model=declared.name, version=version, purpose="train"
            )
            if attempts.alive:
                waiting.append(f"{declared.name}:{version} is being trained")
            elif attempts.exhausted:
                waiting.append(
                    f"{declared.name}:{version} {attempts.sentence};"
                    " materialize its partition by hand to try again"
                )
            else:
                requests.append(
                    dg.RunRequest(
                        run_key=f"{stem}{attempts.next}",
                        partition_key=str(version),
                        tags=names.tags(version, "train"),
                    )
                )
        if not requests:
            return dg.SkipReason("; ".join(waiting) or "no reserved version waits for training")
        keys = [str(request.partition_key) for request in requests]
        known = set(context.instance.get_dynamic_partitions(names.versions))
        missing = [key for key in keys if key not in known]
        adding = [partitions.build_add_request(missing)] if missing else []
        return dg.SensorResult(run_requests=requests, dynamic_partitions_requests=adding)

    return versions


def _reserved(source: RegistryResource, model: str) -> list[int]:
    try:
        reserved = source.open().reserved(model)
    except NotFound:
        return []  # declared in code, and never asked for
    # One that a person is registering has its estimator already: there is nothing to train.
    return [version.number for version in reserved if version.recipe.estimator is None]
