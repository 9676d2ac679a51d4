"""The asset check `moves`: on a pointer, whether a promotion to it was given up.

A promotion that nothing holds is tried so many times and then left to a person, who does not read
the skip reasons of a sensor. The check is evaluated with the pointer's asset. That attempts fail is
no materialization: whoever looks for what Dagster is missing (`missing`) finds that here, and has
it reported once, and again when the pointer has moved after all.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg

from registry_assets.canonical import canonical_json, sha256_digest
from registry_assets.declaration import RegisteredModel
from registry_assets.errors import NotFound
from registry_assets.governance.standing import Decision
from registry_assets.orchestration.attempts import Attempts, read_attempts
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.resource import RegistryResource
from registry_assets.orchestration.unstable.check_results import stored_results
from registry_assets.orchestration.untold import Untold
from registry_assets.reasons import shortened
from registry_assets.registry import Registry

MOVES = "moves"
RULE = "No promotion was given up: what nothing holds comes there."
PROMOTE = "promote"

_STATE = "state"


@dataclass(frozen=True, slots=True)
class Due:
    """A promotion that nothing holds.

    Args:
        state: the stem of the run keys under which it is asked for, in exactly this state.
    """

    version: int
    digest: str
    state: str


def due_now(registry: Registry, model: str, pointer: str) -> Due | None:
    """Give what is to be promoted to a pointer now, if anything is."""
    return due_file(registry, model, pointer) or _due_version(registry, model, pointer)


def due_by(decision: Decision) -> Due:
    """Give the promotion that a decision allows."""
    standing, version = decision.standing, decision.standing.version
    state = f"{standing.pointer.generation}:{decision.policy.digest}"
    return _due(version.model, version.number, str(version.digest), standing.pointer.name, state)


def due_file(registry: Registry, model: str, pointer: str) -> Due | None:
    """Give the move that was made, and that the file in the store does not tell yet."""
    stale = registry.stale_pointer(model, pointer)
    if stale is None or stale.version is None:
        return None
    return _due(model, stale.version, str(stale.digest), pointer, f"file:{stale.generation}")


def _due_version(registry: Registry, model: str, pointer: str) -> Due | None:
    decision = registry.decision(model, pointer=pointer)
    return due_by(decision) if decision is not None and decision.ready else None


def _due(model: str, version: int, digest: str, pointer: str, state: str) -> Due:
    return Due(version, digest, f"{model}:{version}:{PROMOTE}:{pointer}:{state}:")


def moves_check(
    declared: RegisteredModel, pointer: str, source: RegistryResource
) -> dg.AssetChecksDefinition:
    """Make the check of one pointer."""

    @dg.asset_check(asset=Names(declared.name).pointer_key(pointer), name=MOVES, description=RULE)
    def moves(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        return moves_result(context.instance, source.open(), declared.name, pointer)

    return moves


def moves_result(
    instance: dg.DagsterInstance, registry: Registry, model: str, pointer: str
) -> dg.AssetCheckResult:
    """Give the result of the check as things stand now."""
    known = _is_known(registry, model, pointer)
    names, due = Names(model), due_now(registry, model, pointer) if known else None
    attempts = _given_up(instance, model, due)
    said = f"nothing that is ready for {pointer} was given up"
    told: dict[str, dg.MetadataValue] = {}
    if due is not None and attempts is not None:
        error = _last_error(instance, attempts)
        said = (
            f"{model}:{due.version} ({due.digest[:19]}) does not come to {pointer}: promoting it"
            f" {attempts.sentence}. The last one: {error}. Launch the job {names.promote_job} by"
            " hand to try again"
        )
        told = {
            "version": dg.MetadataValue.int(due.version),
            "digest": dg.MetadataValue.text(due.digest),
            "attempts": dg.MetadataValue.int(attempts.made),
            "last error": dg.MetadataValue.text(error),
        }
        if attempts.newest:
            told["last run"] = dg.MetadataValue.dagster_run(attempts.newest)
    state = sha256_digest(canonical_json([attempts is None, said]))
    return dg.AssetCheckResult(
        asset_key=names.pointer_key(pointer),
        check_name=MOVES,
        passed=attempts is None,
        severity=dg.AssetCheckSeverity.ERROR,
        description=said,
        metadata={**told, _STATE: dg.MetadataValue.text(state)},
    )


def find_untold_moves(
    instance: dg.DagsterInstance, registry: Registry, declared: RegisteredModel
) -> Iterator[Untold]:
    """Find the pointers to which a promotion was given up, or goes on, and Dagster says otherwise.

    Where nothing was ever given up there is nothing to tell.
    """
    for pointer in declared.pointers:
        key = dg.AssetCheckKey(Names(declared.name).pointer_key(pointer), MOVES)
        result = moves_result(instance, registry, declared.name, pointer)
        before = next(stored_results(instance, key, None), None)
        if result.passed and (before is None or before.evaluation.passed):
            continue
        state = str(result.metadata[_STATE].value)
        shown = before.evaluation.metadata.get(_STATE) if before else None
        if shown is None or shown.value != state:
            yield Untold(result, None, state)


def _is_known(registry: Registry, model: str, pointer: str) -> bool:
    try:
        return pointer in {each.name for each in registry.pointers(model)}
    except NotFound:
        return False  # declared in code, and never trained


def _given_up(instance: dg.DagsterInstance, model: str, due: Due | None) -> Attempts | None:
    """Give the attempts at what is due, if there will be no more of them."""
    if due is None:
        return None
    found = read_attempts(
        instance, model=model, version=due.version, purpose=PROMOTE, state=due.state
    )
    return found if found.exhausted else None


def _last_error(instance: dg.DagsterInstance, attempts: Attempts) -> str:
    # Only now: it brings in the daemon's modules, which take as long to import as everything.
    from registry_assets.orchestration.unstable.runs import failure_messages

    said = failure_messages(instance, attempts.newest) if attempts.newest else ()
    return shortened("; ".join(said).rstrip(".")) or "it gave no error"
