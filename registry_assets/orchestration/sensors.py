"""The sensors of a model. Level-triggered: each looks at the registry's state, not at events.

Their bodies read and return, nothing else, because Dagster runs them at least once, and with
an account that may only read. What they ask for is decided again where it is done.
"""

from collections.abc import Sequence

import dagster as dg

from registry_assets.canonical import canonical_json, sha256_digest
from registry_assets.catalog.models import PRODUCTION
from registry_assets.declaration import RegisteredModel
from registry_assets.errors import NotFound
from registry_assets.governance.decide import Held
from registry_assets.governance.policy import declared_policy, policy_in_force
from registry_assets.governance.standing import Decision
from registry_assets.lifecycle.checking import CheckResult
from registry_assets.orchestration.attempts import read_attempts
from registry_assets.orchestration.jobs import ModelJobs
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.own_checks import (
    RecordConfig,
    find_results,
    results_state,
)
from registry_assets.orchestration.pointer_asset import PromoteConfig
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


def promotion_sensor(
    declared: RegisteredModel,
    jobs: ModelJobs,
    source: RegistryResource,
    *,
    interval: int = INTERVAL_SECONDS,
) -> dg.SensorDefinition:
    """Make the sensor that promotes the candidate once nothing holds it."""
    names = Names(declared.name)

    @dg.sensor(
        name=names.promotion_sensor,
        jobs=[job for job in (jobs.promote, jobs.evaluate, jobs.record) if job is not None],
        minimum_interval_seconds=interval,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Promotes the newest version of {declared.name} once nothing holds it;"
        " its skip reason says what does.",
    )
    def promotion(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            registry = source.open()
            stale = registry.stale_pointer(declared.name)
            decision = registry.decision(declared.name)
        except NotFound:
            return dg.SkipReason(f"{declared.name} has never been trained")
        if stale is not None and stale.version is not None:
            return _promote(context, names, stale.version, f"file:{stale.generation}")
        if decision is None:
            held = registry.pointer(declared.name).version
            above = f" above version {held}" if held else ""
            return dg.SkipReason(f"no committed version of {declared.name}{above} to promote")
        results = find_results(context.instance, decision)
        if results:
            return _record(context, names, decision.standing.version.number, results)
        now = policy_in_force(registry.model(declared.name).policy, declared_policy(declared))
        return _act(context, names, sha256_digest(canonical_json(now)), decision)

    return promotion


def _record(
    context: dg.SensorEvaluationContext, names: Names, version: int, results: Sequence[CheckResult]
) -> dg.SensorResult | dg.SkipReason:
    """Have results recorded before anything else: nothing is promoted past one that failed."""
    return _request(
        context,
        names,
        version,
        "record",
        state=f"{names.model}:{version}:record:{results_state(results)}:",
        why=f"{', '.join(dict.fromkeys(result.check for result in results))} cannot be recorded",
        config=dg.RunConfig(ops={names.record_op: RecordConfig(version=version)}),
    )


def _act(
    context: dg.SensorEvaluationContext,
    names: Names,
    policy: str,
    decision: Decision,
) -> dg.SensorResult | dg.SkipReason:
    version, pointer = decision.standing.version, decision.standing.pointer
    # The decision's policy is that of the last reservation or evaluation; it names its suite.
    changed = policy != decision.policy.digest
    answer = decision.answer
    if changed or (isinstance(answer, Held) and answer.needs_evaluation):
        state = f"{version.reference}:evaluate:{pointer.generation}:{policy}:"
        why = "its declaration changed" if changed else "its evaluation is missing or stale"
        return _request(context, names, version.number, "evaluate", state=state, why=why)
    if isinstance(answer, Held):
        return dg.SkipReason(f"{version.reference} is held: {answer.sentence}")
    return _promote(
        context, names, version.number, f"{pointer.generation}:{decision.policy.digest}"
    )


def _promote(
    context: dg.SensorEvaluationContext, names: Names, version: int, state: str
) -> dg.SensorResult | dg.SkipReason:
    config = dg.RunConfig(
        ops={
            names.pointer_key(PRODUCTION).to_python_identifier(): PromoteConfig(
                version=version, reason="every gate passed"
            )
        }
    )
    stem = f"{names.model}:{version}:promote:{PRODUCTION}:{state}:"
    return _request(context, names, version, "promote", state=stem, why="", config=config)


def _request(
    context: dg.SensorEvaluationContext,
    names: Names,
    version: int,
    purpose: str,
    *,
    state: str,
    why: str,
    config: dg.RunConfig | None = None,
) -> dg.SensorResult | dg.SkipReason:
    attempts = read_attempts(
        context.instance, model=names.model, version=version, purpose=purpose, state=state
    )
    reference = f"{names.model}:{version}"
    if attempts.alive:
        return dg.SkipReason(f"a run about {reference} is under way")
    if attempts.exhausted:
        return dg.SkipReason(
            f"{reference}: {purpose} {attempts.sentence}{why and ': '}{why};"
            " launch the job by hand to try again"
        )
    request = dg.RunRequest(
        run_key=f"{state}{attempts.next}",
        job_name=names.job(purpose),
        partition_key=str(version) if purpose == "evaluate" else None,
        run_config=config,
        tags=names.tags(version, purpose),
    )
    return dg.SensorResult(
        run_requests=[request], dynamic_partitions_requests=_missing(context, names, request)
    )


def _missing(
    context: dg.SensorEvaluationContext, names: Names, request: dg.RunRequest
) -> list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest]:
    """Add the run's partition where it is gone: else the request for it would be refused."""
    key, partitions = request.partition_key, dg.DynamicPartitionsDefinition(name=names.versions)
    if key is None or key in context.instance.get_dynamic_partitions(names.versions):
        return []
    return [partitions.build_add_request([key])]


def _reserved(source: RegistryResource, model: str) -> list[int]:
    try:
        reserved = source.open().reserved(model)
    except NotFound:
        return []  # declared in code, and never asked for
    # One that a person is registering has its estimator already: there is nothing to train.
    return [version.number for version in reserved if version.recipe.estimator is None]
