"""The way back: which version a pointer held before, and whether it may hold that one again.

It is read from the promotions of the pointer, and decided by the one decision: what is final
about a version stands in the way, and everything else is waived. Nothing is written here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from registry_assets.catalog import statements
from registry_assets.catalog.pointers import (
    PointerRecord,
    PromotionRecord,
    as_promotion,
    get_pointer,
    newest_promotion,
)
from registry_assets.catalog.tables import promotions
from registry_assets.catalog.tenures import tenure_of
from registry_assets.catalog.versions import get_version
from registry_assets.errors import RollbackRefused
from registry_assets.governance.approvals import Approval
from registry_assets.governance.decide import Held, Reason
from registry_assets.governance.standing import Decision, read_decision

FINAL = ("not_committed", "rejected", "recalled", "rolled_back")
"""Codes of the reasons that no rollback waives."""

# Neither is waived: that it goes back is what a rollback is, and the other never meets one.
_NO_REASON = ("not_forward", "already_held")
_LISTED = 20
_NONE = "it has held no other version"


@dataclass(frozen=True, slots=True)
class WayBack:
    """From which promotion a pointer would go back to which.

    Args:
        leaving: the promotion behind what the pointer holds.
        earlier: the promotion by which it held the other version last.
        decision: what the one decision says of that version now.
        authority: what somebody signed who may roll back, where the policy asks for that.
    """

    pointer: PointerRecord
    leaving: PromotionRecord
    earlier: PromotionRecord
    decision: Decision
    authority: tuple[Approval, ...] = ()

    @property
    def waived(self) -> tuple[Reason, ...]:
        """What a promotion would ask for now, and a rollback does not."""
        return tuple(reason for reason in _reasons(self.decision) if reason.code not in _NO_REASON)

    @property
    def origin(self) -> int:
        """The generation whose place the pointer takes again."""
        return _origin(self.earlier)


def find_way_back(
    connection: sa.Connection, model: str, pointer: str, *, now: str, to: int | None = None
) -> WayBack:
    """Find which version a pointer goes back to: a named one, or the one before.

    The one before is what the pointer held before it came to what it holds. Where it came
    there by a rollback, that is what it had held before it came there the first time: what it
    was rolled back from lies ahead, not behind.

    Raises:
        NotFound: there is no such model, pointer or version.
        RollbackRefused: the pointer holds nothing, held nothing before, never held the named
            version, or holds it already; or that one was rejected, recalled, or is held.
    """
    held = get_pointer(connection, model, pointer)
    if held.version is None:
        raise RollbackRefused(
            f"{model}@{pointer} holds no version, so there is nothing to go back from",
            hint=f"`registry explain {model}@{pointer}` says what its candidate waits for",
        )
    leaving = newest_promotion(connection, model, pointer)
    if to is None:
        earlier, decision = _before(connection, leaving, now=now)
    else:
        earlier, decision = _named(connection, leaving, to, now=now)
    return WayBack(held, leaving, earlier, decision)


def _before(
    connection: sa.Connection, leaving: PromotionRecord, *, now: str
) -> tuple[PromotionRecord, Decision]:
    passed_over: dict[int, str] = {}
    for earlier in _behind(connection, leaving):
        if earlier.version in (leaving.version, *passed_over):
            continue
        decision = _decide(connection, earlier, now=now)
        final = _final(decision)
        if not final:
            return earlier, decision
        passed_over[earlier.version] = final[0].sentence
    where = f"{leaving.model}@{leaving.pointer}"
    why = "".join(f"\n  - {sentence}" for sentence in passed_over.values())
    others = _held_before(connection, leaving)
    raise RollbackRefused(
        f"{where} held no version before {leaving.version} that it could go back to"
        f"{':' if why else ''}{why}",
        hint=f"{others or _NONE}; {'name one of those, or ' if others else ''}promote another"
        " version; nothing was changed",
    )


def _behind(connection: sa.Connection, leaving: PromotionRecord) -> Iterator[PromotionRecord]:
    """Give the promotions behind what a pointer holds, the nearest first."""
    promotion = leaving
    while (generation := _origin(promotion) - 1) > 0:
        found = tenure_of(connection, leaving.model, leaving.pointer, generation)
        if found is None:
            return  # a row that somebody removed: `verify` names it
        promotion = found.promotion
        yield promotion


def _named(
    connection: sa.Connection, leaving: PromotionRecord, to: int, *, now: str
) -> tuple[PromotionRecord, Decision]:
    where, name = f"{leaving.model}@{leaving.pointer}", f"{leaving.model}:{to}"
    if to == leaving.version:
        raise RollbackRefused(
            f"{where} holds version {to} already",
            hint=f"`registry show {where}` says since when; nothing was changed",
        )
    key = {"model": leaving.model, "pointer": leaving.pointer, "version": to}
    row = statements.newest(connection, promotions, "generation", **key)
    if row is None:
        get_version(connection, leaving.model, to)
        raise RollbackRefused(
            f"{where} has never held {name}, so it cannot go back to it",
            hint=f"{_held_before(connection, leaving) or _NONE}; what it never held is promoted:"
            f" `registry promote {name}`; nothing was changed",
        )
    earlier = as_promotion(row._asdict())
    decision = _decide(connection, earlier, now=now)
    final = _final(decision)
    if final:
        held = any(reason.code == "rolled_back" for reason in final)
        command = f"registry release {name} --pointer {leaving.pointer}"
        way = f"release it first (`{command}`), or " if held else ""
        raise RollbackRefused(
            f"{where} cannot go back to {name}:"
            + "".join(f"\n  - {reason.sentence}" for reason in final),
            hint=f"{way}name another; {_held_before(connection, leaving) or _NONE}; nothing was"
            " changed",
        )
    return earlier, decision


def _decide(connection: sa.Connection, earlier: PromotionRecord, *, now: str) -> Decision:
    return read_decision(connection, earlier.model, earlier.version, earlier.pointer, now=now)


def _final(decision: Decision) -> tuple[Reason, ...]:
    return tuple(reason for reason in _reasons(decision) if reason.code in FINAL)


def _reasons(decision: Decision) -> tuple[Reason, ...]:
    return decision.answer.reasons if isinstance(decision.answer, Held) else ()


def rollback_of(promotion: PromotionRecord) -> dict[str, Any] | None:
    """Give what a promotion says of itself as a rollback; None of one that moved forward."""
    found = promotion.evidence.get("rollback")
    return found if isinstance(found, dict) else None


def _origin(promotion: PromotionRecord) -> int:
    """Give the generation in whose place a promotion stands: of a rollback, an earlier one."""
    told = (rollback_of(promotion) or {}).get("generation")
    # An edited row, which `verify` names, must not lead round in a circle.
    if isinstance(told, int) and told < promotion.generation:
        return told
    return promotion.generation


def _held_before(connection: sa.Connection, leaving: PromotionRecord) -> str:
    """Say which other versions a pointer has held: `it has held 4, 2 and 1`; "" of none."""
    found = connection.execute(
        sa.select(promotions.c.version)
        .distinct()
        .where(
            promotions.c.model == leaving.model,
            promotions.c.pointer == leaving.pointer,
            promotions.c.version != leaving.version,
        )
        .order_by(promotions.c.version.desc())
        .limit(_LISTED + 1)
    )
    numbers = [str(number) for number in found.scalars()]
    if not numbers:
        return ""
    if len(numbers) > _LISTED:
        numbers[-1] = "older ones"
    *most, last = numbers
    return f"it has held {', '.join(most)} and {last}" if most else f"it has held {last}"
