"""The jobs of a model: retrain (reserve a number), train, evaluate again, record, promote.

Those by which people decide about a version or a pointer are in `decision_jobs`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import dagster as dg
from pydantic import Field

from registry_assets.actors import unverified
from registry_assets.declaration import RegisteredModel, Schedule
from registry_assets.declaration.checks import require
from registry_assets.errors import RegistryError
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.lifecycle.reserving import Request
from registry_assets.lifecycle.retraining import CAUSES, RetrainingDue, RetrainingNotDue
from registry_assets.orchestration.decision_jobs import decision_jobs
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.own_checks import record_job
from registry_assets.orchestration.resource import RegistryResource, refuse, run_info
from registry_assets.registry import Registry

# Beyond the training itself: packaging, its load check, the evaluation.
_SECONDS_AROUND_TRAINING = 3600
# A move takes seconds, and hashing the bytes of a large version minutes.
_SECONDS_OF_A_DECISION = 1800


class RetrainConfig(dg.Config):
    """Why a version is asked for, and with which parameters."""

    reason: str = Field(default="", description="Why; recorded in the ledger.")
    trigger: str = Field(
        default="manual",
        description="`manual`, `schedule`, `new_data`, `drift` or `decay`. Only a manual request"
        " trains a recipe again that failed before; for the last three it is decided anew whether"
        " one is due.",
    )
    params: dict[str, Any] = Field(
        default={},
        description="Values that replace declared parameters, for this version only.",
    )


@dataclass(frozen=True, slots=True, eq=False)
class ModelJobs:
    """The jobs of one registered model; those of assets are resolved by Dagster later.

    Args:
        record: None where no gate is an asset check of the user's own.
        decisions: those by which people decide.
    """

    retrain: dg.JobDefinition
    train: Any
    evaluate: Any
    promote: Any
    record: dg.JobDefinition | None
    decisions: tuple[dg.JobDefinition, ...]

    def all(self) -> list[Any]:
        """Give every one of them."""
        made = [self.retrain, self.train, self.evaluate, self.promote, self.record]
        return [job for job in (*made, *self.decisions) if job is not None]


def model_jobs(
    declared: RegisteredModel, source: RegistryResource, promoter_tags: Mapping[str, object]
) -> ModelJobs:
    """Make the jobs of one registered model."""
    names = Names(declared.name)
    # With the asset checks on them, the user's own too: a job of assets has those by itself.
    limit = int(declared.train_timeout) + _SECONDS_AROUND_TRAINING
    both = dg.AssetSelection.assets(names.model_key, names.evaluation_key)
    deciding = {"dagster/max_runtime": str(_SECONDS_OF_A_DECISION), **promoter_tags}
    return ModelJobs(
        retrain=_retrain_job(declared, names, source),
        train=dg.define_asset_job(
            names.train_job,
            selection=both,
            description=f"Trains and evaluates a reserved version of {declared.name}."
            f" Launched by the sensor {names.version_sensor}.",
            # What the limit inside the training cannot stop, run monitoring ends from outside.
            tags={"dagster/max_runtime": str(limit)},
        ),
        evaluate=dg.define_asset_job(
            names.evaluate_job,
            selection=dg.AssetSelection.assets(names.evaluation_key),
            description=f"Evaluates a version of {declared.name} again, under today's suite and"
            " beside what is in production now.",
        ),
        promote=dg.define_asset_job(
            names.promote_job,
            selection=dg.AssetSelection.assets(*map(names.pointer_key, declared.pointers)),
            description=f"Moves {_listed(declared)} to a version, if the registry finds that"
            " nothing holds it. Safe to launch by hand: it trusts nothing it is told.",
            tags=deciding,
        ),
        record=record_job(declared, source),
        decisions=decision_jobs(declared, source, deciding),
    )


def _listed(declared: RegisteredModel) -> str:
    return ", ".join(f"{declared.name}@{pointer}" for pointer in declared.pointers)


def _retrain_job(
    declared: RegisteredModel, names: Names, source: RegistryResource
) -> dg.JobDefinition:
    @dg.op(name=names.reserve_op, out=dg.Out(dg.Nothing))
    def reserve(context: dg.OpExecutionContext, config: RetrainConfig) -> None:
        """Reserve the next version for the recipe that is current now."""
        try:
            registry = source.open()
            request = _request(registry, declared, context, config)
            if isinstance(request, RetrainingNotDue):
                context.log.info("nothing to do: %s", request.sentence)
                context.add_output_metadata({"outcome": "not_due", "sentence": request.sentence})
                return
            reservation = registry.reserve(
                declared, request, run=_requester(context, names, config)
            )
        except RegistryError as error:
            raise refuse(error) from error
        context.log.info(reservation.sentence)
        context.add_output_metadata(
            {
                "outcome": reservation.outcome,
                "version": reservation.version.number,
                "recipe": reservation.version.recipe_digest,
                "sentence": reservation.sentence,
            }
        )

    @dg.job(
        name=names.retrain_job,
        description=f"Reserves the next version of {declared.name} for the data and code that are"
        " current; the version sensor then trains it. A recipe that was trained already"
        " is not trained again.",
    )
    def retrain() -> None:
        reserve()

    return retrain


def _request(
    registry: Registry,
    declared: RegisteredModel,
    context: dg.OpExecutionContext,
    config: RetrainConfig,
) -> Request | RetrainingNotDue:
    """Give what a version is to be reserved by; or why none is due."""
    if config.trigger in CAUSES:
        require(
            not config.params,
            f"a version that is asked for by {config.trigger} has the declared parameters",
            "leave out params, or give the trigger manual",
        )
        # Decided here: when the sensor looked, another version may not have been on its way.
        due = registry.due_retraining(declared)
        return due.asked if isinstance(due, RetrainingDue) else due
    return Request(
        # A retried run asks again under its first run's id, and gets the same number.
        id=context.run.root_run_id or context.run.run_id,
        trigger=config.trigger,
        reason=config.reason,
        params=config.params,
    )


def _requester(context: dg.OpExecutionContext, names: Names, config: RetrainConfig) -> RunInfo:
    """Tell who asks for a version."""
    run = run_info(context.instance, context.run)
    # A schedule takes a run for its own that somebody launches under its name in that second;
    # ours gives no parameters, so whoever does is somebody else.
    if config.params and run.actor == f"schedule:{names.schedule}":
        return replace(run, actor=unverified(run.actor))
    return run


def retrain_schedule(declared: RegisteredModel) -> dg.ScheduleDefinition | None:
    """Make the schedule that a declaration asks for, if it asks for one."""
    schedule = next((each for each in declared.triggers if isinstance(each, Schedule)), None)
    if schedule is None:
        return None
    names = Names(declared.name)
    return dg.ScheduleDefinition(
        name=names.schedule,
        job_name=names.retrain_job,
        cron_schedule=schedule.cron,
        execution_timezone=schedule.timezone,
        run_config=dg.RunConfig(
            ops={
                names.reserve_op: RetrainConfig(
                    trigger="schedule", reason=f"scheduled: {schedule.cron}"
                )
            }
        ),
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Asks for a new version of {declared.name}; nothing new, nothing trained.",
    )
