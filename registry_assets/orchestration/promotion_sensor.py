"""The sensor that promotes: one for all pointers of a model, each with its own candidate.

Like the other it only reads, and looks at the registry's state. A version that several pointers
wait for is evaluated once, and beside production, whichever of them is to move.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
from registry_assets.orchestration.look import Look
from registry_assets.orchestration.moves import PROMOTE, Due, due_by, due_file
from registry_assets.orchestration.own_checks import RecordConfig, find_results, results_state
from registry_assets.orchestration.pointer_asset import PromoteConfig
from registry_assets.orchestration.resource import RegistryResource
from registry_assets.registry import Registry


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a look at one pointer comes to: a run that is asked for, or why there is none.

    Args:
        compared: whether it is a move that rests on a comparison with production.
    """

    sentence: str = ""
    request: dg.RunRequest | None = None
    compared: bool = False


def promotion_sensor(
    declared: RegisteredModel, jobs: ModelJobs, source: RegistryResource, *, interval: int
) -> dg.SensorDefinition:
    """Make the sensor that promotes the candidate of each pointer once nothing holds it."""
    names = Names(declared.name)

    @dg.sensor(
        name=names.promotion_sensor,
        jobs=[job for job in (jobs.promote, jobs.evaluate, jobs.record) if job is not None],
        minimum_interval_seconds=interval,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Promotes the newest version of {declared.name} once nothing holds it, to"
        f" {', '.join(declared.pointers)}; its skip reason says what does.",
    )
    def promotion(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        look = Look(context.instance, source.open(), declared)
        try:
            known = {pointer.name for pointer in look.registry.pointers(declared.name)}
        except NotFound:
            return dg.SkipReason(f"{declared.name} has never been trained")
        answers = _in_turn(
            {
                pointer: _answer(look, pointer) if pointer in known else _declare(look)
                for pointer in declared.pointers
            }
        )
        # By their keys: several pointers may need the same evaluation.
        requests = {each.request.run_key: each.request for each in answers.values() if each.request}
        if not requests:
            return dg.SkipReason(_skip_reason(answers))
        return dg.SensorResult(
            run_requests=list(requests.values()),
            dynamic_partitions_requests=_missing(look, requests.values()),
        )

    return promotion


def _in_turn(answers: Mapping[str, _Answer]) -> Mapping[str, _Answer]:
    """Let production move after the others: they were compared with what it holds now.

    The other way round their version would have to be evaluated again, beside itself.
    """
    others = {name: each for name, each in answers.items() if name != PRODUCTION}
    waits = answers[PRODUCTION].compared and any(each.request for each in others.values())
    return others if waits else answers


def _skip_reason(answers: Mapping[str, _Answer]) -> str:
    if len(answers) == 1:
        return next(iter(answers.values())).sentence
    return "\n".join(f"{pointer}: {answer.sentence}." for pointer, answer in answers.items())


def _answer(look: Look, pointer: str) -> _Answer:
    """Say what is to be done about a pointer that the registry knows."""
    registry, model = look.registry, look.declared.name
    untold = due_file(registry, model, pointer)
    if untold is not None:
        return _promote(look, pointer, untold)
    decision = registry.decision(model, pointer=pointer)
    if decision is None:
        return _Answer(_nothing_above(registry, model, pointer))
    results = find_results(look.instance, decision)
    if results:
        return _record(look, decision.standing.version.number, results)
    return _act(look, pointer, decision)


def _nothing_above(registry: Registry, model: str, pointer: str) -> str:
    """Say above which version there is none: above all that the pointer has ever held."""
    held, left = registry.pointer(model, pointer).version or 0, registry.holds(model, pointer)
    newest = max(left, key=lambda hold: hold.number, default=None)
    said = f"; {newest.sentence}" if newest is not None and newest.in_force else ""
    # A pointer that went back left its highest version by a rollback.
    highest = held if newest is None else max(held, newest.number)
    above = f" above version {highest}" if highest else ""
    return f"no committed version of {model}{above} to promote{said}"


def _declare(look: Look) -> _Answer:
    """Have a declaration recorded that has a pointer which the registry does not know yet.

    By an evaluation: what promotes has an account that may not declare anything.
    """
    registry, model = look.registry, look.declared.name
    decision = registry.decision(model)
    held = registry.pointer(model).version
    if decision is None and held is not None:
        decision = registry.decision(model, held)
    if decision is None:
        return _Answer(f"no committed version of {model} to promote")
    return _evaluate(look, decision, _policy_now(look), "its declaration changed")


def _record(look: Look, version: int, results: Sequence[CheckResult]) -> _Answer:
    """Have results recorded before anything else: nothing is promoted past one that failed."""
    return _request(
        look,
        version,
        "record",
        state=f"{look.declared.name}:{version}:record:{results_state(results)}:",
        why=f"{', '.join(dict.fromkeys(result.check for result in results))} cannot be recorded",
        config=dg.RunConfig(ops={look.names.record_op: RecordConfig(version=version)}),
    )


def _act(look: Look, pointer: str, decision: Decision) -> _Answer:
    version, answer = decision.standing.version, decision.answer
    # The decision's policy is that of the last reservation or evaluation; it names its suite.
    policy = _policy_now(look)
    if policy != look.registry.model(version.model).policy_digest:
        return _evaluate(look, decision, policy, "its declaration changed")
    if isinstance(answer, Held) and answer.needs_evaluation:
        return _evaluate(look, decision, policy, "its evaluation is missing or stale")
    if isinstance(answer, Held):
        return _Answer(f"{version.reference} is held: {answer.sentence}")
    compared = any(check.relative for check in decision.policy.checks)
    return _promote(look, pointer, due_by(decision), compared=compared)


def _policy_now(look: Look) -> str:
    """Give the digest of what the declaration asks for today, and that of before."""
    before = look.registry.model(look.declared.name).policy
    return sha256_digest(canonical_json(policy_in_force(before, declared_policy(look.declared))))


def _evaluate(look: Look, decision: Decision, policy: str, why: str) -> _Answer:
    standing, answer = decision.standing, decision.answer
    state = f"{standing.version.reference}:evaluate:{standing.baseline.generation}:{policy}:"
    reasons = answer.reasons if isinstance(answer, Held) else ()
    if standing.evaluation and any(each.code == "evaluation_too_old" for each in reasons):
        # Each one grows too old in its turn, however many there were before it.
        state += f"{standing.evaluation.digest[7:19]}:"
    return _request(look, standing.version.number, "evaluate", state=state, why=why)


def _promote(look: Look, pointer: str, due: Due, *, compared: bool = False) -> _Answer:
    config = PromoteConfig(version=due.version, reason="every gate passed")
    return _request(
        look,
        due.version,
        PROMOTE,
        state=due.state,
        config=dg.RunConfig(ops={look.names.pointer_op(pointer): config}),
        pointer=pointer,
        compared=compared,
    )


def _request(
    look: Look,
    version: int,
    purpose: str,
    *,
    state: str,
    why: str = "",
    config: dg.RunConfig | None = None,
    pointer: str | None = None,
    compared: bool = False,
) -> _Answer:
    names = look.names
    attempts = read_attempts(
        look.instance, model=names.model, version=version, purpose=purpose, state=state
    )
    reference = f"{names.model}:{version}"
    if attempts.alive:
        return _Answer(f"a run about {reference} is under way")
    if attempts.exhausted:
        return _Answer(
            f"{reference}: {purpose} {attempts.sentence}{why and ': '}{why};"
            " launch the job by hand to try again"
        )
    request = dg.RunRequest(
        run_key=f"{state}{attempts.next}",
        job_name=names.job(purpose),
        partition_key=str(version) if purpose == "evaluate" else None,
        asset_selection=None if pointer is None else [names.pointer_key(pointer)],
        run_config=config,
        tags=names.tags(version, purpose, pointer),
    )
    return _Answer(request=request, compared=compared)


def _missing(
    look: Look, requests: Iterable[dg.RunRequest]
) -> list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest]:
    """Add the runs' partitions where they are gone: else the requests for them are refused."""
    keys = list(dict.fromkeys(r.partition_key for r in requests if r.partition_key is not None))
    there = set(look.instance.get_dynamic_partitions(look.names.versions)) if keys else set()
    gone = [key for key in keys if key not in there]
    partitions = dg.DynamicPartitionsDefinition(name=look.names.versions)
    return [partitions.build_add_request(gone)] if gone else []
