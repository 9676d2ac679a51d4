"""Asset checks of the user's own that are gates: how they are made, found and recorded.

The promotion sensor finds results that are no verdicts yet, and the job `<model>__record` has
them recorded: like everything that changes the registry, by a run and with a run's account.
A result counts only if Dagster tied it to the newest materialization of the version's
partition, and that is the version, or the evaluation, which the registry knows.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from pydantic import Field

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.declaration import AssetCheck, RegisteredModel
from registry_assets.declaration.checks import a_name, require
from registry_assets.errors import DeclarationError, RegistryError
from registry_assets.governance.policy import RequiredCheck
from registry_assets.governance.standing import Decision
from registry_assets.lifecycle.checking import CheckResult, examined_digest, is_recorded
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.resource import RegistryResource, refuse, run_info
from registry_assets.orchestration.unstable import quiet_previews
from registry_assets.orchestration.unstable.check_results import StoredResult, stored_results
from registry_assets.references import check_name

_VALUE = "value"
"""The metadata of a result whose number goes into the verdict."""

_STARTS = {dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_RESTARTED}


def version_check(
    model: str, gate: AssetCheck, **options: Any
) -> Callable[[Callable[..., Any]], dg.AssetChecksDefinition]:
    """Make an asset check that a gate of a model asks for; a decorator.

    It is `@dg.asset_check` with name, asset and partitions filled in. The version's number is
    `context.partition_key`. A float or int under `value` in the result's metadata is kept
    with the verdict. The severity makes no difference to the gate.

    Args:
        model: the registered model's name.
        options: whatever else `@dg.asset_check` takes.

    Raises:
        DeclarationError: the model is not given by its name, or the gate is no AssetCheck.
        InvalidName: no model can be called that.

    Examples:
        >>> few_late = AssetCheck("few_late")  # and gates=[…, few_late]
        >>> @version_check("flight_delay", few_late)
        ... def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        ...     return dg.AssetCheckResult(passed=True, description=context.partition_key)
    """
    a_name(model, "version_check's model", example="flight_delay")
    check_name(model, what="model name")
    require(
        isinstance(gate, AssetCheck),
        f"version_check({model!r}, …) makes the check of an AssetCheck, and is given {gate!r}",
        f"version_check({model!r}, AssetCheck('few_late')); a gate of another kind needs none",
    )
    names = Names(model)
    told = {"description": gate.sentence, **options}

    def decorate(function: Callable[..., Any]) -> dg.AssetChecksDefinition:
        with quiet_previews():
            return dg.asset_check(
                asset=names.asset_key(gate.on),
                name=gate.name,
                partitions_def=dg.DynamicPartitionsDefinition(name=names.versions),
                **told,
            )(function)

    return decorate


def refuse_missing_checks(
    models: Sequence[RegisteredModel],
    given: Sequence[dg.AssetsDefinition],
    built: Sequence[dg.AssetCheckSpec],
) -> None:
    """Refuse gates whose asset check is not there, and asset checks that are named like a gate.

    Args:
        given: the user's own assets and asset checks.
        built: the checks that are made for the models.

    Raises:
        DeclarationError: naming the check, and what would be right.
    """
    specs = {spec.key: spec for each in given for spec in each.check_specs}
    for spec in built:
        if spec.key in specs:
            raise DeclarationError(
                f"the asset check {spec.name} on {spec.asset_key.to_user_string()} has the name of"
                " one that the registry makes",
                hint="rename it",
            )
    for model in models:
        for gate in model.own_checks:
            _refuse_unfit(model.name, gate, specs)


def _refuse_unfit(
    model: str, gate: AssetCheck, specs: dict[dg.AssetCheckKey, dg.AssetCheckSpec]
) -> None:
    names, asked = Names(model), f"RegisteredModel {model!r}: the gate AssetCheck({gate.name!r})"
    spec = specs.get(dg.AssetCheckKey(names.asset_key(gate.on), gate.name))
    if spec is None:
        raise DeclarationError(
            f"{asked} asks for an asset check of that name on {gate.asset(model)}, which is not"
            " there",
            hint=f"make one with @version_check({model!r}, …), and give it to"
            " registry_definitions(asset_checks=[…])",
        )
    if spec.partitions_def != dg.DynamicPartitionsDefinition(name=names.versions):
        raise DeclarationError(
            f"{asked}: its results cannot be told from those of another version",
            hint=f"make the asset check with @version_check({model!r}, …), or give it"
            f" partitions_def=dg.DynamicPartitionsDefinition(name={names.versions!r})",
        )


def find_results(instance: dg.DagsterInstance, decision: Decision) -> tuple[CheckResult, ...]:
    """Find the results about a version that count and are no verdicts yet, oldest first."""
    return tuple(
        result
        for check in decision.policy.checks
        if check.asset
        for result in _new_results(instance, check, decision)
    )


def results_state(results: Sequence[CheckResult]) -> str:
    """Give a text that stands for exactly these results, for a run key."""
    listed: list[Json] = [
        [r.check, r.examined, r.run_id, r.checked_at.isoformat()] for r in results
    ]
    return sha256_digest(canonical_json(listed))


def _new_results(
    instance: dg.DagsterInstance, check: RequiredCheck, decision: Decision
) -> list[CheckResult]:
    standing = decision.standing
    digest = examined_digest(check, standing)
    key, partition = Names(standing.version.model).asset_key(check.asset), standing.version.number
    newest = _newest_materialization(instance, key, str(partition))
    if digest is None or newest is None or newest.asset_materialization is None:
        return []
    if (newest.asset_materialization.tags or {}).get("dagster/data_version") != digest:
        return []  # Dagster is behind the registry, or shows what is not the registry's
    found: list[CheckResult] = []
    for stored in stored_results(instance, dg.AssetCheckKey(key, check.name), str(partition)):
        storage_id = stored.target[0] if stored.target else newest.storage_id
        if storage_id < newest.storage_id:
            break  # and so is every result before it: about what was materialized before
        if stored.target != (newest.storage_id, newest.run_id):
            continue
        result = _result(stored, digest)
        # Recorded in their order: what is older than one that is a verdict is one, too.
        if is_recorded(check, standing, result):
            break
        started = _started(instance, stored)
        if started is not None and newest.timestamp <= started:
            found.append(result)
    return found[::-1]


def _newest_materialization(
    instance: dg.DagsterInstance, key: dg.AssetKey, partition: str
) -> dg.EventLogRecord | None:
    where = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition])
    return next(iter(instance.fetch_materializations(where, limit=1).records), None)


def _started(instance: dg.DagsterInstance, stored: StoredResult) -> float | None:
    """Give when the step of a result began; None where nothing says so.

    Dagster notes as its target what was newest when the step ended. A version that was
    evaluated again in between was not what the check looked at.
    """
    entries = instance.all_logs(stored.run_id, of_type=_STARTS) if stored.run_id else []
    times = [
        entry.timestamp
        for entry in entries
        if entry.step_key == stored.step_key and entry.timestamp <= stored.checked_at
    ]
    return max(times, default=None)


def _result(stored: StoredResult, digest: str) -> CheckResult:
    evaluation = stored.evaluation
    value = evaluation.metadata.get(_VALUE)
    number = value.value if isinstance(value, dg.FloatMetadataValue | dg.IntMetadataValue) else None
    return CheckResult(
        check=evaluation.check_name,
        examined=digest,
        passed=evaluation.passed,
        description=evaluation.description or "",
        value=None if number is None else float(number),
        run_id=stored.run_id,
        checked_at=datetime.fromtimestamp(stored.checked_at, UTC),
    )


class RecordConfig(dg.Config):
    """Of which version the results are recorded."""

    version: int = Field(description="Version number.")


def record_job(declared: RegisteredModel, source: RegistryResource) -> dg.JobDefinition | None:
    """Make the job that records results of the user's own checks; None without such gates."""
    if not declared.own_checks:
        return None
    names = Names(declared.name)

    @dg.op(name=names.record_op, out=dg.Out(dg.Nothing))
    def record(context: dg.OpExecutionContext, config: RecordConfig) -> None:
        """Read the results from Dagster again, and record each that counts."""
        try:
            recorded = list(_record(context, source, declared.name, config.version))
        except RegistryError as error:
            raise refuse(error) from error
        for sentence in recorded or ["nothing new was found"]:
            context.log.info(sentence)

    @dg.job(
        name=names.record_job,
        description=f"Records what your own asset checks found about a version of {declared.name},"
        f" for the gates. Launched by the sensor {names.promotion_sensor}; safe to launch by hand.",
    )
    def record_results() -> None:
        record()

    return record_results


def _record(
    context: dg.OpExecutionContext, source: RegistryResource, model: str, number: int
) -> Iterator[str]:
    registry = source.open()
    run = run_info(context.instance, context.run)
    decision = registry.decision(model, number)
    for result in find_results(context.instance, decision) if decision else ():
        verdict = registry.record_check(model, number, result, run=run)
        if verdict is not None:
            yield f"{result.check} {verdict.finding.outcome}: {verdict.finding.why}"
