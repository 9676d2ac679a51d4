"""Reserve: compose the recipe from what is current, and take the next number for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog.models import declare
from registry_assets.catalog.snapshots import SnapshotRecord, current_snapshots
from registry_assets.catalog.versions import TRIGGERS, Reservation, reserve
from registry_assets.declaration import LatestPartitions, RegisteredModel
from registry_assets.declaration.checks import one_of
from registry_assets.errors import DataUnusable, DeclarationError
from registry_assets.governance.policy import declared_policy, policy_in_force
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.data import column_names, require_evaluated
from registry_assets.lifecycle.mirroring.declared import record_mirrors
from registry_assets.lifecycle.monitoring.declared import record_monitoring
from registry_assets.lifecycle.pointer_files import require_current_catalog
from registry_assets.lifecycle.refusing import refuse_recalled
from registry_assets.packaging.closure import code_closure
from registry_assets.packaging.commit import code_commit
from registry_assets.recipe import Recipe, SnapshotRef


@dataclass(frozen=True, slots=True)
class Request:
    """Why a version is asked for.

    Args:
        id: repeating a request with the same id gives the same version.
        trigger: `manual`, `schedule`, `new_data`, `drift` or `decay`.
        params: values that replace declared parameters, for this version only.

    Raises:
        DeclarationError: there is no such trigger.
    """

    id: str
    trigger: str = "manual"
    reason: str = ""
    params: Mapping[str, Json] | None = None

    def __post_init__(self) -> None:
        one_of(self.trigger, TRIGGERS, "trigger")


def declare_model(backends: Backends, model: RegisteredModel, *, actor: str) -> None:
    """Record the declaration in the catalog, if it is new or has changed."""
    declare(
        backends.catalog,
        name=model.name,
        description=model.description,
        task=model.task,
        owners=model.owners,
        tags=model.tags,
        suite=model.suite(),
        policy=lambda before: policy_in_force(before, declared_policy(model)),
        actor=actor,
        clock=backends.clock,
        pointers=model.pointers,
    )
    record_monitoring(backends, model, actor=actor)
    record_mirrors(backends, model, actor=actor)


def reserve_version(
    backends: Backends, model: RegisteredModel, request: Request, *, run: RunInfo
) -> Reservation:
    """Reserve the next version of a model, unless its recipe has been trained already.

    Raises:
        DataUnusable: there is nothing to train on, or nothing to evaluate on; or it was recalled.
        PackagingRefused: the model's code cannot be packaged.
        CodeCommitUnknown: the commit of that code cannot be told.
        DeclarationError: a parameter that the declaration does not have.
        CatalogBehind: the catalog is older than the store.
    """
    require_current_catalog(backends, model.name)
    recipe = compose_recipe(backends, model, params=request.params)
    declare_model(backends, model, actor=run.actor)
    return reserve(
        backends.catalog,
        recipe,
        request=request.id,
        trigger=request.trigger,
        actor=run.actor,
        reason=request.reason,
        clock=backends.clock,
    )


def compose_recipe(
    backends: Backends,
    model: RegisteredModel,
    *,
    params: Mapping[str, Json] | None = None,
    partitions: Sequence[str] | None = None,
    estimator: str | None = None,
) -> Recipe:
    """Compose the recipe of a training that starts now, in one read of the catalog.

    Args:
        partitions: which ones it was trained and is to be judged on; by default all.
        estimator: the digest of one that was trained elsewhere.
    """
    closure = code_closure(model.features.make_features, model.train)
    code_commit(closure)  # refused here, before hours of training
    with backends.catalog.read() as connection:
        train, holdout = current_split(connection, model, partitions=partitions)
    for ref in holdout:  # before anything is trained for an evaluation that cannot be made
        require_evaluated(column_names(backends, ref), model.evaluation.columns, where=str(ref))
    recipe = Recipe(
        model=model.name,
        target=model.target,
        train=train,
        holdout=holdout,
        split=model.holdout.definition(),
        code=closure.digest,
        params=_merged(model, params),
        distributions=dict(closure.distributions),
        estimator=estimator,
    )
    # Hashed here: a parameter that is not JSON is refused before anything is recorded.
    canonical_json(recipe.to_json())
    return recipe


def current_split(
    connection: sa.Connection, model: RegisteredModel, *, partitions: Sequence[str] | None = None
) -> tuple[tuple[SnapshotRef, ...], tuple[SnapshotRef, ...]]:
    """Give the snapshots that a training that starts now reads, and those that judge it.

    Args:
        partitions: which ones; by default all.

    Raises:
        DataUnusable: there is nothing to train on, or nothing to evaluate on; or it was recalled.
    """
    found = _chosen(current_snapshots(connection, model.features.key), partitions, model)
    refuse_recalled(connection, [snapshot.ref for snapshot in found])
    for snapshot in found:
        if snapshot.rows == 0:
            raise DataUnusable(
                f"{snapshot.ref} is empty",
                hint="materialize that partition again, once it has rows",
            )
    return _split(model, tuple(snapshot.ref for snapshot in found))


def _chosen(
    found: tuple[SnapshotRecord, ...], partitions: Sequence[str] | None, model: RegisteredModel
) -> tuple[SnapshotRecord, ...]:
    if partitions is None:
        return found
    there = {snapshot.partition: snapshot for snapshot in found}
    unknown = [key for key in partitions if key not in there]
    if unknown:
        raise DataUnusable(
            f"{model.features.key} has no partition {', '.join(map(repr, unknown))}",
            hint=f"it has: {', '.join(there) or 'none'}",
        )
    return tuple(there[key] for key in sorted(set(partitions)))


def _split(
    model: RegisteredModel, refs: tuple[SnapshotRef, ...]
) -> tuple[tuple[SnapshotRef, ...], tuple[SnapshotRef, ...]]:
    if not refs:
        raise DataUnusable(
            f"{model.features.key} has no snapshot yet",
            hint=f"materialize {model.features.key} first",
        )
    if not isinstance(model.holdout, LatestPartitions):
        return refs, refs
    by_partition = {ref.partition: ref for ref in refs}
    before, latest = model.holdout.split(list(by_partition))
    return tuple(by_partition[key] for key in before), tuple(by_partition[key] for key in latest)


def _merged(model: RegisteredModel, params: Mapping[str, Json] | None) -> dict[str, Json]:
    unknown = sorted(set(params or {}) - set(model.params))
    if unknown:
        raise DeclarationError(
            f"{model.name} declares no parameter {', '.join(unknown)}",
            hint=f"it declares: {', '.join(model.params) or 'none'}",
        )
    return {**model.params, **(params or {})}
