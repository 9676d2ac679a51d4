"""Roll back: a pointer takes up again what it held before, in one step and on the record.

It is a promotion in what it writes and whom it tells, but not in what it asks: the evidence is
that of the earlier promotion, and what a promotion would ask for besides is written down as
waived. The version that is left stays off the pointer until it is released (`releasing`).
Which version that is, and whether it may be, is the neighbour `way_back`.
"""

import time
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from registry_assets.canonical import Json
from registry_assets.catalog.attestations import write_attestation
from registry_assets.catalog.holds import HoldRecord, read_hold, write_hold
from registry_assets.catalog.ledger import Change, change
from registry_assets.catalog.models import PRODUCTION
from registry_assets.catalog.pointers import (
    PromotionRecord,
    get_pointer,
    move_pointer,
    newest_promotion,
)
from registry_assets.clock import timestamp
from registry_assets.declaration.checks import require
from registry_assets.deployment.pointer_file import told_generation
from registry_assets.errors import Conflict
from registry_assets.faults import reached
from registry_assets.lifecycle.attesting import Attested, Move, attest, draft_attestation
from registry_assets.lifecycle.authority import authority_evidence, authorized
from registry_assets.lifecycle.backends import BY_HAND, Backends, RunInfo
from registry_assets.lifecycle.monitoring.telling import end_replaced
from registry_assets.lifecycle.moving import checkpoint, tell_deployments, verify_bytes
from registry_assets.lifecycle.pointer_files import require_current
from registry_assets.lifecycle.way_back import WayBack, find_way_back, rollback_of

# What the earlier promotion rested on; policy and ledger are those of now.
_KEPT = ("evaluation", "suite", "risk", "approvals", "verdicts", "tags")


@dataclass(frozen=True, slots=True)
class RolledBack:
    """A rollback; `moved` is False where the same one was made before.

    Args:
        hold: that the version which was left is held; None where it was released since.
        seconds: from the call to the pointer file.
    """

    promotion: PromotionRecord
    hold: HoldRecord | None
    moved: bool
    seconds: float

    @property
    def waived(self) -> tuple[dict[str, Any], ...]:
        """What a promotion would have asked for: code, subject and sentence of each."""
        return tuple(self.promotion.evidence["waived"])


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for, by whom and when."""

    model: str
    pointer: str
    to: int | None
    leaving: int | None
    reason: str
    run: RunInfo
    decided_at: str


def roll_back(
    backends: Backends,
    model: str,
    *,
    pointer: str = PRODUCTION,
    to: int | None = None,
    leaving: int | None = None,
    reason: str,
    run: RunInfo,
) -> RolledBack:
    """Move a pointer back to the version before, or to a named one that it held.

    Repeating a rollback that was made gives it back, and writes the pointer file again in case
    the first try died before it. It is the same one where the version is named; without a
    name, where the run is the same, or where deployments were not told of the first yet.

    Args:
        leaving: the version that the pointer is to leave; where it holds another, nothing is done.

    Raises:
        DeclarationError: no reason is given.
        RollbackRefused: there is no way back, not to that version, or not for whoever asks;
            nothing was changed.
        SigningError: it cannot be signed on this machine; nothing was changed.
        BlobMissing, BlobCorrupt: the version's bytes do not verify; nothing was changed.
        CatalogBehind: the catalog is older than the store; nothing was changed.
        Conflict: somebody else moved the pointer meanwhile.
        OutcomeUnknown: the pointer was moved, and its file in the store was not written.
    """
    began, now = time.monotonic(), timestamp(backends.clock())
    require(
        bool(reason.strip()),
        "a rollback needs a reason",
        "say why, with `--reason`, or reason=… in Python; nothing was changed",
    )
    asked = _Asked(model, pointer, to, leaving, reason, run, now)
    found, seen = _look(backends, asked)
    if isinstance(found, WayBack):
        with backends.catalog.read() as connection:
            found = authorized(connection, found, now=now)
        # Hashing takes as long as the version is large, so not under the write lock.
        verify_bytes(backends, str(found.decision.standing.version.digest))
        attested = attest(backends, _as_signed(found, asked, seen))
        reached("rollback.verified")
        found = _move(backends, found, asked, seen, attested)
    tell_deployments(
        backends,
        model,
        pointer,
        version=found.promotion.version,
        again=f"roll back to version {found.promotion.version} again",
    )
    return replace(found, seconds=time.monotonic() - began)


def plan_rollback(
    backends: Backends, model: str, *, pointer: str = PRODUCTION, to: int | None = None
) -> WayBack | RolledBack:
    """Find what a rollback by hand would do, or that it was made already; nothing is changed.

    Raises:
        NotFound, RollbackRefused, CatalogBehind: as `roll_back` would.
    """
    now = timestamp(backends.clock())
    found, _ = _look(backends, _Asked(model, pointer, to, None, "", RunInfo.by_hand(), now))
    return found


def _look(backends: Backends, asked: _Asked) -> tuple[WayBack | RolledBack, dict[str, Json]]:
    """Give what is to be done, or was done already, and the heads at which that was read."""
    told = backends.store.read_pointer(asked.model, asked.pointer)
    with backends.catalog.read() as connection:
        require_current(connection, told, asked.model, asked.pointer)
        made = _made_already(connection, asked, told)
        return made or _find(connection, asked), checkpoint(connection, asked.model)


def _find(connection: sa.Connection, asked: _Asked) -> WayBack:
    way = find_way_back(connection, asked.model, asked.pointer, to=asked.to, now=asked.decided_at)
    if asked.leaving not in (None, way.leaving.version):
        raise Conflict(
            f"{asked.model}@{asked.pointer} has moved: expected version {asked.leaving},"
            f" found {way.leaving.version}",
            hint="nothing was changed; look at what it holds now, and decide again",
        )
    return way


def _as_signed(way: WayBack, asked: _Asked, ledger: dict[str, Json]) -> Move:
    """Give what is signed about a rollback."""
    evidence = {**_evidence(way, asked), "ledger": ledger}
    return Move(way.decision, evidence, asked.decided_at, asked.reason, asked.run, way.origin)


def _move(
    backends: Backends, way: WayBack, asked: _Asked, seen: dict[str, Json], attested: Attested
) -> RolledBack:
    """Move the pointer and hold what it leaves, in one transaction."""
    with change(
        backends.catalog,
        chain=asked.model,
        kind="pointer_rolled_back",
        actor=asked.run.actor,
        reason=asked.reason,
        clock=backends.clock,
    ) as draft:
        now = checkpoint(draft.connection, asked.model)
        # Where both chains end as they did, everything that is decided by is as it was.
        if now != seen:
            made = _made_meanwhile(draft.connection, way)
            if made is not None:
                return made
            way = _the_same(way, _find(draft.connection, asked))
            way = authorized(draft.connection, way, now=asked.decided_at)
            again = _as_signed(way, asked, now)
            attested = draft_attestation(draft.connection, backends, again).publish()
        attested.confirm(draft.connection)
        promotion = move_pointer(
            draft,
            way.pointer,
            version=way.earlier.version,
            digest=str(way.decision.standing.version.digest),
            evidence={**_evidence(way, asked), "ledger": now, "attestation": attested.digest},
            policy_digest=way.decision.policy.digest,
            actor=asked.run.actor,
            reason=asked.reason,
            run_id=asked.run.run_id,
        )
        write_attestation(draft, promotion, attested.digest)
        end_replaced(draft, asked.model, asked.pointer, version=promotion.version)
        return RolledBack(promotion, _hold(draft, promotion, asked), moved=True, seconds=0.0)


def _hold(draft: Change, promotion: PromotionRecord, asked: _Asked) -> HoldRecord:
    left = promotion.from_version
    assert left is not None, "a pointer that holds nothing has no way back"
    draft.sentence = (
        f"{promotion.pointer} was rolled back from version {left} to version {promotion.version};"
        f" version {left} is held there until it is released"
    )
    draft.facts = {
        "pointer": promotion.pointer,
        "version": promotion.version,
        "generation": promotion.generation,
        "from": left,
    }
    by, why = asked.run.actor, asked.reason
    return write_hold(draft, asked.model, asked.pointer, left, "held", actor=by, reason=why)


def _evidence(way: WayBack, asked: _Asked) -> dict[str, Json]:
    before = way.earlier.evidence
    waived: list[Json] = [
        {"code": reason.code, "subject": reason.subject, "sentence": reason.sentence}
        for reason in way.waived
    ]
    return {
        **{name: before[name] for name in _KEPT if name in before},
        **authority_evidence(way),
        "waived": waived,
        "rollback": {
            "from": way.leaving.version,
            "generation": way.origin,
            "decided_at": asked.decided_at,
        },
    }


def _made_already(
    connection: sa.Connection, asked: _Asked, told: bytes | None
) -> RolledBack | None:
    """Give back the rollback that is repeated, if this is a repetition."""
    held = get_pointer(connection, asked.model, asked.pointer)
    if held.version is None:
        return None
    newest = newest_promotion(connection, asked.model, asked.pointer)
    rollback = rollback_of(newest)
    if rollback is None or asked.leaving not in (None, rollback["from"]):
        return None
    if asked.to is None:
        # Else whoever repeats what ended half-way, or a run's step, goes back once more.
        same_run = newest.run_id == asked.run.run_id != BY_HAND
        same = same_run or told_generation(told) < held.generation
    else:
        same = asked.to == held.version
    return _given_back(connection, newest) if same else None


def _made_meanwhile(connection: sa.Connection, way: WayBack) -> RolledBack | None:
    """Give the very rollback that was to be made, where somebody else was faster."""
    newest = newest_promotion(connection, way.pointer.model, way.pointer.name)
    after = (way.pointer.generation + 1, way.earlier.version)
    same = rollback_of(newest) and (newest.generation, newest.version) == after
    return _given_back(connection, newest) if same else None


def _given_back(connection: sa.Connection, made: PromotionRecord) -> RolledBack:
    left = made.from_version
    hold = read_hold(connection, made.model, made.pointer, left) if left else None
    in_force = hold if hold and hold.in_force else None
    return RolledBack(made, in_force, moved=False, seconds=0.0)


def _the_same(seen: WayBack, now: WayBack) -> WayBack:
    """Give the way as it is now; refuse one that nobody looked at, and whose bytes nobody read."""
    ways = [(way.pointer.generation, way.earlier.version) for way in (seen, now)]
    if ways[0] != ways[1]:
        raise Conflict(
            f"{now.pointer.model}@{now.pointer.name} would go back from version"
            f" {now.leaving.version} to {now.earlier.version} now; expected from"
            f" {seen.leaving.version} to {seen.earlier.version}",
            hint="nothing was changed; look at what it holds now, and decide again",
        )
    return now
