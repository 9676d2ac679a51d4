"""The version that is watched: which one it is, since which move, and what was promised of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.catalog.evaluations import EvaluationRecord, list_evaluations
from registry_assets.catalog.observations import ObservationRecord, newest_observations
from registry_assets.catalog.pointers import PromotionRecord, get_pointer, list_promotions
from registry_assets.catalog.versions import VersionRecord, get_committed
from registry_assets.declaration import Monitoring, RegisteredModel
from registry_assets.errors import DataUnusable, NotFound
from registry_assets.evaluation.results.estimates import Estimate


@dataclass(frozen=True, slots=True)
class Watched:
    """A version as it was deployed.

    Args:
        generation: of the move by which the pointer came to hold it; None if it never did.
        promoted_at: when that was.
        evaluation: what that move rested on; else its newest one; None if it has none.
    """

    version: VersionRecord
    pointer: str
    generation: int | None
    promoted_at: str | None
    evaluation: EvaluationRecord | None

    @property
    def promised(self) -> Mapping[str, Estimate]:
        """The metrics that its evaluation found."""
        found = self.evaluation.metrics if self.evaluation else {}
        return {name: Estimate.from_json(value) for name, value in found.items()}


def watched_now(connection: sa.Connection, model: str, pointer: str) -> Watched | None:
    """Give the version that a pointer holds now; None if it holds none.

    Raises:
        NotFound: there is no such model or pointer.
    """
    held = get_pointer(connection, model, pointer)
    return (
        None if held.version is None else watched_version(connection, model, pointer, held.version)
    )


def watched_version(connection: sa.Connection, model: str, pointer: str, number: int) -> Watched:
    """Give a committed version as a pointer held it last, if it ever did.

    Raises:
        NotFound, VersionFailed: there is no committed version of that number.
    """
    version = get_committed(connection, model, number)
    moves = [each for each in list_promotions(connection, model, pointer) if each.version == number]
    move = moves[-1] if moves else None
    return Watched(
        version=version,
        pointer=pointer,
        generation=move.generation if move else None,
        promoted_at=move.created_at if move else None,
        evaluation=_evaluation(connection, version, move),
    )


def _evaluation(
    connection: sa.Connection, version: VersionRecord, move: PromotionRecord | None
) -> EvaluationRecord | None:
    made = list_evaluations(connection, version.model, version=version.number)
    rested_on = move.evidence.get("evaluation") if move else None
    same = [each for each in made if each.digest == rested_on]
    return next(iter(same or made[-1:]), None)


def monitoring_of(model: RegisteredModel) -> Monitoring:
    """Give how a model is watched.

    Raises:
        DataUnusable: its declaration does not say.
    """
    if model.monitoring is None:
        raise DataUnusable(
            f"{model.name} is not watched", hint="add monitoring=Monitoring() to its declaration"
        )
    return model.monitoring


def predictions_of(
    connection: sa.Connection, model: str, partition: str
) -> tuple[ObservationRecord, ...]:
    """Give the newest predictions of a partition, by version.

    Raises:
        NotFound: there are none.
    """
    made = newest_observations(connection, model, "predictions", partition=partition)
    if not made:
        where = f"{model}[{partition}]" if partition else model
        raise NotFound(
            f"nothing was predicted of {where} yet",
            hint=f"materialize {model}/predictions first",
        )
    return made
