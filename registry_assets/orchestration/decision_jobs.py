"""The jobs by which people decide: approve, roll back, release, archive, unarchive, reject.

Each is one call of the registry, which decides by its own rules and is told nothing that it
trusts. A refusal is a failed run with every reason, and is not tried again. Promoting forward
is a job of assets, and stands with the others in `jobs`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg
from pydantic import Field

from registry_assets.catalog.models import PRODUCTION
from registry_assets.declaration import RegisteredModel
from registry_assets.errors import ApprovalRefused, RegistryError
from registry_assets.governance.approvals import ApprovalStatement
from registry_assets.governance.decide import Held
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.lifecycle.retiring import Retired
from registry_assets.orchestration.approved import approved_result
from registry_assets.orchestration.checks import check_event
from registry_assets.orchestration.events import Event, promotion_events
from registry_assets.orchestration.keys import DECISIONS, Names
from registry_assets.orchestration.missing import missing_promotions
from registry_assets.orchestration.resource import RegistryResource, refuse, run_info
from registry_assets.references import Reference
from registry_assets.registry import Registry


class ApproveConfig(dg.Config):
    """What somebody signed; or, where the policy allows it, what somebody says unsigned."""

    envelope: str = Field(
        default="",
        description="A signed envelope, as `registry approve … --print` prints it, or whatever"
        " else made it. It names version, pointer and person; whoever launches the job is"
        " nobody's proof of anything.",
    )
    version: int | None = Field(
        default=None, description="Without an envelope: the version that is approved."
    )
    pointer: str = Field(default=PRODUCTION, description="Without an envelope: for which pointer.")
    person: str = Field(
        default="",
        description="Without an envelope: who says so. It counts only where the policy in force"
        " says `unsigned: allowed`, and is shown as unsigned for ever.",
    )
    reason: str = Field(default="", description="Without an envelope: why.")


class RollbackConfig(dg.Config):
    """Which pointer goes back, to which version, and why."""

    pointer: str = Field(default=PRODUCTION, description="The pointer that is moved.")
    to: int | None = Field(
        default=None,
        description="The version to go back to, which the pointer held before. Without one, the"
        " version that it held before it came to the present one.",
    )
    leaving: int | None = Field(
        default=None,
        description="The version that the pointer is to leave: where it holds another by then,"
        " nothing is done. So a job that was launched twice goes back once.",
    )
    reason: str = Field(description="Why; recorded in the ledger, and shown beside the hold.")
    envelope: str = Field(
        default="",
        description="Where the policy says who may roll back: what one of them signed.",
    )


class ReleaseConfig(dg.Config):
    """Which version may come back to a pointer that was rolled back from it, and why."""

    version: int = Field(description="Version number.")
    pointer: str = Field(default=PRODUCTION, description="The pointer that it is held on.")
    reason: str = Field(description="Why it may come back; recorded in the ledger.")


class SetAsideConfig(dg.Config):
    """Which version is set aside or taken back, and why."""

    version: int = Field(description="Version number.")
    reason: str = Field(default="", description="Why; recorded in the ledger.")


class RejectConfig(dg.Config):
    """Which version is rejected, and why."""

    version: int = Field(description="Version number. A rejection is for good.")
    reason: str = Field(default="", description="Why; recorded in the ledger.")
    envelope: str = Field(
        default="",
        description="A signed rejection, whose reason is then the one.",
    )


@dataclass(frozen=True, slots=True)
class _Done:
    """What came of a decision, for people.

    Args:
        pointer: the one that it moved, if it moved one.
        approved: the version that somebody signed for, if it was that.
    """

    sentence: str
    pointer: str | None = None
    approved: int | None = None


@dataclass(frozen=True, slots=True)
class _Decision:
    """What a decision's job asks for, what it says of itself, and what the registry is asked."""

    config: type[dg.Config]
    description: str
    act: Callable[[Registry, str, Any, RunInfo], _Done]


def decision_jobs(
    declared: RegisteredModel, source: RegistryResource, tags: Mapping[str, object]
) -> tuple[dg.JobDefinition, ...]:
    """Make the jobs of one registered model by which people decide.

    Args:
        tags: of their runs.
    """
    return tuple(
        _job(declared, source, decision, _DECISIONS[decision], tags) for decision in DECISIONS
    )


def _job(
    declared: RegisteredModel,
    source: RegistryResource,
    name: str,
    decision: _Decision,
    tags: Mapping[str, object],
) -> dg.JobDefinition:
    names = Names(declared.name)

    @dg.op(
        name=names.decision_op(name),
        config_schema=decision.config.to_fields_dict(),
        out=dg.Out(dg.Nothing),
    )
    def decide(context: dg.OpExecutionContext) -> Iterator[Event | dg.Output[None]]:
        """Have the registry decide, and show a move that it made."""
        # A retried run decides again under its first run's id: else it would go back once more.
        run = run_info(context.instance, context.run, run_id=context.run.root_run_id)
        try:
            registry = source.open()
            config = decision.config(**context.op_config)
            done = decision.act(registry, declared.name, config, run)
            context.log.info(done.sentence)
            events = list(_events(context.instance, registry, declared, done))
        except RegistryError as error:
            raise refuse(error) from error
        yield from events
        yield dg.Output(None)

    @dg.job(
        name=names.job(name),
        description=decision.description.format(model=declared.name),
        tags=tags,
    )
    def job() -> None:
        decide()

    return job


def _events(
    instance: dg.DagsterInstance,
    registry: Registry,
    declared: RegisteredModel,
    done: _Done,
) -> Iterator[Event]:
    """Make the events of what was decided, and of a pointer's moves that Dagster does not show."""
    if done.approved is not None:
        result = approved_result(registry, declared, done.approved)
        yield check_event(result, str(done.approved), about=instance)
    pointer = done.pointer
    if pointer not in declared.pointers:
        return  # nothing moved, or a pointer that is declared no longer and has no asset
    for missing in missing_promotions(instance, registry, declared.name, pointer):
        yield from promotion_events(instance, registry, declared.name, pointer, missing)


def _approve(registry: Registry, model: str, config: ApproveConfig, run: RunInfo) -> _Done:
    if config.envelope.strip():
        done = registry.record_approval(config.envelope.strip().encode(), run=run, model=model)
    else:
        done = registry.record_unsigned(_unsigned(registry, model, config), run=run)
    record, answer = done.approval, done.decision.answer
    before = "" if done.new else "nothing to do, it was recorded before: "
    waits = f". Held: {answer.sentence}" if isinstance(answer, Held) else ". Nothing holds it now"
    said = f"{before}{record.person} signed ({record.decision}) version {record.version}"
    return _Done(f"{said} for {record.pointer}{waits}", approved=record.version)


def _unsigned(registry: Registry, model: str, config: ApproveConfig) -> ApprovalStatement:
    """Give what somebody says without a signature."""
    if config.version is None or not config.person.strip():
        raise ApprovalRefused(
            "there is no envelope, and no version and person either",
            hint="give the envelope that `registry approve … --print` prints; or version, person"
            " and reason, where the policy allows it unsigned; nothing was recorded",
        )
    number = Reference(model, config.version).version
    assert number is not None
    prepared = registry.prepare_approval(
        model, number, pointer=config.pointer, person=config.person, reason=config.reason
    )
    return prepared.statement


def _roll_back(registry: Registry, model: str, config: RollbackConfig, run: RunInfo) -> _Done:
    for number in (config.to, config.leaving):
        Reference(model, number)  # refuses what is no version's number
    if config.envelope.strip():
        registry.record_approval(config.envelope.strip().encode(), run=run, model=model)
    done = registry.rollback(
        model,
        pointer=config.pointer,
        to=config.to,
        leaving=config.leaving,
        reason=config.reason,
        run=run,
    )
    move, waived = done.promotion, "; ".join(each["sentence"] for each in done.waived)
    if not done.moved:
        said = f"nothing was moved: {move.pointer} was rolled back to version {move.version} before"
        return _Done(said, move.pointer)
    said = (
        f"{move.pointer} was rolled back from version {move.from_version} to version"
        f" {move.version} in {done.seconds:.2f} s; version {move.from_version} is held there until"
        f" {Names(model).job('release')} releases it"
    )
    return _Done(f"{said}. Waived: {waived}" if waived else said, move.pointer)


def _release(registry: Registry, model: str, config: ReleaseConfig, run: RunInfo) -> _Done:
    reference = str(Reference(model, config.version))
    done = registry.release(reference, pointer=config.pointer, reason=config.reason, run=run)
    return _Done(done.hold.sentence)


def _archive(registry: Registry, model: str, config: SetAsideConfig, run: RunInfo) -> _Done:
    reference = str(Reference(model, config.version))
    return _set_aside(registry.archive(reference, reason=config.reason, run=run))


def _unarchive(registry: Registry, model: str, config: SetAsideConfig, run: RunInfo) -> _Done:
    reference = str(Reference(model, config.version))
    return _set_aside(registry.unarchive(reference, reason=config.reason, run=run))


def _reject(registry: Registry, model: str, config: RejectConfig, run: RunInfo) -> _Done:
    reference = str(Reference(model, config.version))
    envelope = config.envelope.strip().encode() or None
    return _set_aside(registry.reject(reference, reason=config.reason, envelope=envelope, run=run))


def _set_aside(done: Retired) -> _Done:
    before = "" if done.changed else "nothing to do: "
    return _Done(f"{before}{done.version.reference} was {done.mark.sentence}")


_DECISIONS: Mapping[str, _Decision] = {
    "approve": _Decision(
        ApproveConfig,
        "Records what somebody signed about a version of {model}: an approval, or that a rule is"
        " set aside. The signature and everything that it is bound to are checked; what does not"
        " count is refused with every reason.",
        _approve,
    ),
    "rollback": _Decision(
        RollbackConfig,
        "Moves a pointer of {model} back to a version that it held before. The version that it"
        " leaves is held on that pointer until it is released. What a promotion would ask for"
        " besides is recorded as waived; every byte must verify.",
        _roll_back,
    ),
    "release": _Decision(
        ReleaseConfig,
        "Lets a version of {model} come back to a pointer that was rolled back from it. Nothing"
        " moves: it is promoted again if it is asked for by its number, and nothing holds it.",
        _release,
    ),
    "archive": _Decision(
        SetAsideConfig,
        "Keeps a version of {model} from every pointer until it is unarchived. Nothing is deleted;"
        " a version that a pointer holds is refused.",
        _archive,
    ),
    "unarchive": _Decision(
        SetAsideConfig,
        "Takes back that a person archived a version of {model}.",
        _unarchive,
    ),
    "reject": _Decision(
        RejectConfig,
        "Keeps a version of {model} from every pointer for good. Nothing is deleted; a version"
        " that a pointer holds is refused.",
        _reject,
    ),
}
