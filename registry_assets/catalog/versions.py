"""Versions: numbers reserved before training, bound once to a manifest, or marked failed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog import statements
from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.evaluations import Finding, insert_verdicts
from registry_assets.catalog.imported import refuse_imported
from registry_assets.catalog.indexing import add_edges
from registry_assets.catalog.ledger import Change, change
from registry_assets.catalog.models import get_model
from registry_assets.catalog.stored import Confirm, read_json, trust
from registry_assets.catalog.tables import pointers, registered_models, versions
from registry_assets.clock import Clock
from registry_assets.errors import NotFound, NotReserved, VersionFailed
from registry_assets.manifest import Parent
from registry_assets.recipe import Recipe
from registry_assets.references import check_text, clean_text

State = Literal["reserved", "committed", "failed"]
AUTOMATIC = ("schedule", "new_data", "drift", "decay", "sensor")
TRIGGERS = ("manual", *AUTOMATIC)
BY_HAND = "registration"
"""The trigger of a version that was trained elsewhere and registered by a person."""
LONGEST_REQUEST = 500
LONGEST_FAILURE = 2000

# What every deployment asks, so in one statement.
_HELD = (
    sa.select(versions)
    .join(
        pointers,
        (versions.c.model == pointers.c.model) & (versions.c.number == pointers.c.version),
    )
    .where(pointers.c.model == sa.bindparam("of"), pointers.c.name == sa.bindparam("called"))
)


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One version as the catalog knows it."""

    model: str
    number: int
    state: State
    recipe: Recipe
    recipe_digest: str
    request: str
    trigger: str
    actor: str
    reason: str
    digest: str | None
    metadata: Mapping[str, Any]
    failure: str | None
    run_id: str | None
    reserved_at: str
    finished_at: str | None

    @property
    def reference(self) -> str:
        """`flight_delay:12`."""
        return f"{self.model}:{self.number}"


Outcome = Literal["reserved", "repeats", "in_progress", "failed_before"]

_AGAIN: Mapping[State, Outcome] = {
    "committed": "repeats",
    "reserved": "in_progress",
    "failed": "failed_before",
}


@dataclass(frozen=True, slots=True)
class Reservation:
    """What asking for a number gave.

    `outcome` is `reserved` (a new number), `repeats` (the recipe is that of a committed
    version), `in_progress` (of one being trained), or `failed_before` (of a failed one, and
    nobody asked in person to try again). A repeated request is never `reserved` again: it
    gives its number, and what became of that.
    """

    version: VersionRecord
    outcome: Outcome
    same_recipe: bool = True

    @property
    def sentence(self) -> str:
        """What happened and, where nothing did, why."""
        name = self.version.reference
        if not self.same_recipe:
            return (
                f"nothing to do: this very request gave {name} before, and data or code have"
                " changed since; for what is current, ask anew (not by executing that run again)"
            )
        match self.outcome:
            case "reserved":
                return f"{name} is reserved; the version sensor will train it"
            case "repeats":
                return f"nothing to do: the recipe is that of {name}, which is committed"
            case "in_progress":
                return f"nothing to do: the recipe is that of {name}, which is being trained"
            case "failed_before":
                return (
                    f"skipped: the recipe is that of {name}, which failed:"
                    f" {self.version.failure}. Launch the retrain job by hand to try again"
                )


def reserve(
    catalog: Catalog,
    recipe: Recipe,
    *,
    request: str,
    trigger: str,
    actor: str,
    reason: str,
    clock: Clock,
) -> Reservation:
    """Reserve the next number for a recipe; repeating a request gives the same number.

    Raises:
        NotFound: no such model was ever declared.
        DeclarationError: request or reason are no text that can be kept.
    """
    model = recipe.model
    check_text(request, what="request", limit=LONGEST_REQUEST)
    with change(
        catalog, chain=model, kind="version_reserved", actor=actor, reason=reason, clock=clock
    ) as draft:
        get_model(draft.connection, model)
        found = _same_request(draft.connection, model, request)
        if found is not None:
            same = found.recipe_digest == recipe.digest
            return Reservation(found, _AGAIN[found.state], same_recipe=same)
        twin = _same_recipe(draft.connection, recipe)
        if twin is not None and (twin.state != "failed" or trigger in AUTOMATIC):
            return Reservation(twin, _AGAIN[twin.state])
        number = _take_number(draft, model)
        draft.insert(
            versions,
            model=model,
            number=number,
            state="reserved",
            recipe=canonical_json(recipe.to_json()).decode(),
            recipe_digest=recipe.digest,
            request=request,
            trigger=trigger,
            actor=actor,
            reason=reason,
            reserved_at=draft.effective_at,
        )
        draft.sentence = f"version {number} was reserved ({trigger})"
        draft.facts = {"version": number, "recipe": recipe.digest, "trigger": trigger}
        return Reservation(get_version(draft.connection, model, number), "reserved")


def commit(
    catalog: Catalog,
    *,
    model: str,
    number: int,
    digest: str,
    metadata: Mapping[str, Json],
    findings: Sequence[Finding],
    confirm: Confirm = trust,
    run_id: str,
    actor: str,
    clock: Clock,
) -> VersionRecord:
    """Bind a reserved number to its manifest; an already committed version is given back.

    Args:
        confirm: makes sure, inside the transaction, that the bytes are there.

    Raises:
        NotReserved: nobody reserved this number.
        VersionFailed: it failed meanwhile, which is final.
    """
    told = canonical_json(dict(metadata)).decode()  # before the lock, which others wait for
    with change(catalog, chain=model, kind="version_committed", actor=actor, clock=clock) as draft:
        held = require_trainable(draft.connection, model, number)
        if held.state == "committed":
            return held
        confirm(draft.connection)
        draft.update(
            versions,
            {"model": model, "number": number},
            state="committed",
            digest=digest,
            metadata=told,
            run_id=run_id,
            finished_at=draft.effective_at,
        )
        insert_verdicts(
            draft, model=model, version=number, version_digest=digest, findings=findings
        )
        made_from = [Parent("train", ref.digest) for ref in held.recipe.train]
        add_edges(draft.connection, digest, made_from)
        draft.sentence = f"version {number} was committed as {digest[:19]}"
        draft.facts = {"version": number, "digest": digest}
        return replace(
            held,
            state="committed",
            digest=digest,
            metadata=json.loads(told),
            run_id=run_id,
            finished_at=draft.effective_at,
        )


def fail(
    catalog: Catalog,
    *,
    model: str,
    number: int,
    failure: str,
    run_id: str,
    actor: str,
    clock: Clock,
) -> VersionRecord:
    """Mark a reserved number failed, with the reason; what became of it before stays."""
    with change(catalog, chain=model, kind="version_failed", actor=actor, clock=clock) as draft:
        held = require_reserved(draft.connection, model, number)
        if held.state != "reserved":
            return held
        # A traceback can hold anything; the one thing it must not do is go unrecorded.
        failure = clean_text(failure, limit=LONGEST_FAILURE)
        draft.update(
            versions,
            {"model": model, "number": number},
            state="failed",
            failure=failure,
            run_id=run_id,
            finished_at=draft.effective_at,
        )
        draft.sentence = f"training of version {number} failed: {failure[:300]}"
        draft.facts = {"version": number}
        return get_version(draft.connection, model, number)


def get_version(connection: sa.Connection, model: str, number: int) -> VersionRecord:
    """Give one version.

    Raises:
        NotFound: no such model, or no such number.
        VersionImported: it came from elsewhere, as history; says what to do.
    """
    row = statements.find(connection, versions, model=model, number=number).one_or_none()
    if row is not None:
        return _record(row)
    get_model(connection, model)
    refuse_imported(connection, model, number=number)
    table = registered_models  # the imported ones, which are shown as well, have numbers of it
    last = int(statements.find(connection, table, "next_version", name=model).scalar_one()) - 1
    there = f"it has 1 to {last}" if last else "it has none yet"
    raise NotFound(
        f"{model} has no version {number}: {there}", hint=f"`registry versions {model}` lists them"
    )


def get_committed(connection: sa.Connection, model: str, number: int) -> VersionRecord:
    """Give one committed version.

    Raises:
        NotFound: no such model or number.
        VersionFailed: its training failed, or is not finished.
    """
    record = get_version(connection, model, number)
    if record.state != "committed":
        why = record.failure or "its training is not finished"
        raise VersionFailed(
            f"{record.reference} is {record.state}: {why}",
            hint=f"`registry versions {model}` lists the committed ones",
        )
    return record


def find_held(connection: sa.Connection, model: str, pointer: str) -> VersionRecord | None:
    """Give the committed version that a pointer holds; None where there is none to be found."""
    row = statements.select(connection, _HELD, {"of": model, "called": pointer}).one_or_none()
    return None if row is None or row.state != "committed" else _record(row)


def find_by_digest(connection: sa.Connection, model: str, digest: str) -> VersionRecord:
    """Give the version of a model that is bound to this manifest.

    Raises:
        NotFound: no version of the model has this digest.
        VersionImported: it came from elsewhere, as history; says what to do.
    """
    row = statements.find(connection, versions, model=model, digest=digest).one_or_none()
    if row is None:
        get_model(connection, model)
        refuse_imported(connection, model, digest=digest)
        raise NotFound(
            f"no version of {model} has the digest {digest}",
            hint=f"`registry versions {model}` lists them",
        )
    return _record(row)


def list_versions(
    connection: sa.Connection,
    model: str,
    *,
    state: State | None = None,
    above: int = 0,
    before: int | None = None,
    limit: int | None = None,
) -> tuple[VersionRecord, ...]:
    """Give a model's versions in ascending order; none for an unknown model.

    Args:
        above: only numbers above this one.
        before: only numbers below this one.
        limit: the newest of them, at most so many.
    """
    query = sa.select(versions).where(versions.c.model == model, versions.c.number > above)
    if state is not None:
        query = query.where(versions.c.state == state)
    if before is not None:
        query = query.where(versions.c.number < before)
    rows = connection.execute(query.order_by(versions.c.number.desc()).limit(limit))
    return tuple(reversed([_record(row) for row in rows]))


def require_reserved(connection: sa.Connection, model: str, number: int) -> VersionRecord:
    """Give a version that was reserved, whatever became of it.

    Raises:
        NotReserved: nobody reserved this number; says what to launch instead.
    """
    row = statements.find(connection, versions, model=model, number=number).one_or_none()
    if row is None:
        refuse_imported(connection, model, number=number)
        raise NotReserved(
            f"version {number} of {model} was never reserved, so there is no recipe to train",
            hint=f"launch the job {model}__retrain: it reserves the next number",
        )
    return _record(row)


def require_trainable(connection: sa.Connection, model: str, number: int) -> VersionRecord:
    """Give a version that is reserved or committed: a failed number is never taken up again.

    Raises:
        NotReserved: nobody reserved this number.
        VersionFailed: its training failed; says how to try the same recipe again.
    """
    record = require_reserved(connection, model, number)
    if record.state == "failed":
        raise VersionFailed(
            f"{record.reference} failed, and its number stays with that: {record.failure}",
            hint=f"launch the job {model}__retrain: the same recipe is tried again under the"
            " next number",
        )
    return record


def _same_request(connection: sa.Connection, model: str, request: str) -> VersionRecord | None:
    row = statements.find(connection, versions, model=model, request=request).one_or_none()
    return None if row is None else _record(row)


def _same_recipe(connection: sa.Connection, recipe: Recipe) -> VersionRecord | None:
    rows = connection.execute(
        sa.select(versions)
        .where(versions.c.model == recipe.model, versions.c.recipe_digest == recipe.digest)
        .order_by(versions.c.number.desc())
    )
    found = [_record(row) for row in rows]
    # A committed twin answers for the recipe even when a later try of it failed.
    for state in ("committed", "reserved", "failed"):
        for record in found:
            if record.state == state:
                return record
    return None


def _take_number(draft: Change, model: str) -> int:
    table = registered_models
    number = statements.find(draft.connection, table, "next_version", name=model).scalar_one()
    draft.update(table, {"name": model}, next_version=number + 1)
    return int(number)


def _record(row: sa.Row[Any]) -> VersionRecord:
    fields = row._asdict()
    where = f"{row.model}:{row.number}"
    fields["recipe"] = Recipe.from_json(read_json(row.recipe, where=where))
    fields["metadata"] = read_json(row.metadata or "{}", where=where)
    return VersionRecord(**fields)
