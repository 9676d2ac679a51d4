"""What our pointers are there, where there are none.

Whoever deploys from SageMaker takes the newest version that is Approved, so exactly one is: that
which production holds. It has the life cycle Production/Approved; what it replaced has
Archived/Retired, and is Rejected. What other pointers hold stays unapproved, with a stage of its
name. Which version each pointer holds stands in the tags of the group as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry_assets.declaration.pointers import PRODUCTION
from registry_assets.mirroring.protocol import ForeignPointer, Outgoing, Pointing
from registry_assets.mirroring.sagemaker import card, telling
from registry_assets.mirroring.sagemaker.names import (
    POINTERS,
    STAGE,
    pointer_of,
    pointer_tag,
    stage_of,
)
from registry_assets.mirroring.sagemaker.packages import (
    APPROVED,
    PENDING,
    REJECTED,
    Group,
    Listed,
    Package,
    Packages,
)

_ARCHIVED, _RETIRED, _WAITING = "Archived", "Retired", "PendingApproval"
_DEVELOPMENT = "Development"
_BY_HAND = (
    "Approved here by hand, which decides nothing: `registry mirrors MODEL --adopt N` proposes it"
    " to the registry that does."
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a package is to stand: approval, why, life cycle, and the pointers that hold it."""

    approval: str
    why: str
    stage: str
    status: str
    pointers: str

    @property
    def lifecycle(self) -> dict[str, str]:
        """Give it in SageMaker's words."""
        told = {"Stage": self.stage, "StageStatus": self.status}
        return {**told, "StageDescription": self.why} if self.why else told


def waiting() -> dict[str, Any]:
    """Give what a new version says of itself before any pointer holds it there."""
    return {
        "ModelApprovalStatus": PENDING,
        "ModelLifeCycle": {"Stage": _DEVELOPMENT, "StageStatus": _WAITING},
    }


def table_of(group: Group) -> dict[str, str]:
    """Give the number that each pointer was set to, by the tags of the group."""
    found = ((pointer_of(tag), number) for tag, number in group.tags.items())
    return {pointer: number for pointer, number in found if pointer is not None}


def set_pointers(
    packages: Packages,
    group: Group,
    pointings: Sequence[Pointing],
    *,
    clear: Sequence[str],
    told: Mapping[str, Outgoing],
) -> None:
    """Let packages stand as the pointers say; what stands so already is left alone.

    Args:
        told: what was said of the versions, by their numbers there.
    """
    table = table_of(group)
    before = {pointer: number for pointer, number in table.items() if pointer not in clear}
    wanted = {each.pointer: each.number for each in pointings}
    # What nobody set or cleared holds on: those pointers are no business of this call.
    held = {**before, **wanted}
    listed = list(packages.listed())
    touched = {*table.values(), *held.values(), *(each.number for each in _marked(listed))}
    # The new ones first: in between two are Approved, and never none.
    order = sorted(touched, key=lambda number: (number not in held.values(), int(number)))
    for number in order:
        package = packages.find(group, number)
        if package is not None:
            stand(packages, package, _standing(package, pointings, held, table, told))
    tags = {pointer_tag(p): number for p, number in wanted.items() if table.get(p) != number}
    gone = tuple(pointer_tag(pointer) for pointer in clear if pointer in table)
    packages.tag(group, tags, remove=gone)


def stand(packages: Packages, package: Package, standing: Standing) -> None:
    """Let a package stand so, unless it does."""
    properties = {
        **{k: v for k, v in package.properties.items() if k not in (POINTERS, STAGE)},
        STAGE: standing.stage,
        **({POINTERS: standing.pointers} if standing.pointers else {}),
    }
    now = (package.approval, package.approval_text, dict(package.properties))
    is_so = now == (standing.approval, standing.why, properties)
    # One that says nothing of its life cycle may not know of any.
    is_so = is_so and package.stage in (None, standing.stage)
    said: dict[str, Any] = {
        "properties": properties,
        "approval": (standing.approval, standing.why),
        "ModelLifeCycle": standing.lifecycle,
    }
    if not is_so or package.stage_status not in (None, standing.status):
        packages.update(package, **said)
    status = card.APPROVED if standing.approval == APPROVED else card.DRAFT
    shown = package.said.get("ModelCard") or {}
    if shown.get("ModelCardStatus", status) != status and package.digest is not None:
        packages.update(package, **said, ModelCard={"ModelCardStatus": status})


def find_pointers(
    packages: Packages,
    group: Group,
    pointers: Sequence[str],
    known: Mapping[str, Package],
) -> Iterator[tuple[str, ForeignPointer]]:
    """Say what each pointer holds there.

    Production holds the version that is Approved; where another is Approved as well, or is in
    the stage Production, that one: whoever deploys the newest would take it.

    Args:
        known: packages that were read already, by number.
    """
    table = table_of(group)
    marked = [each for each in packages.listed() if each in _marked([each])]

    def read(number: str | None) -> Package | None:
        if number is None:
            return None
        return known.get(number) or packages.find(group, number)

    for pointer in pointers:
        ours = read(table.get(pointer))
        stage = stage_of(pointer)
        if pointer == PRODUCTION:
            right = ours is not None and ours.approval == APPROVED
            others = [each for each in marked if each.number != table.get(pointer)]
            others = [each for each in others if stage == each.stage or each.approval == APPROVED]
        else:
            right = ours is not None and pointer in ours.properties.get(POINTERS, "").split()
            others = []
        right = right and (ours is None or ours.stage in (None, _own_stage(ours, stage)))
        found = read(others[-1].number) if others else (ours if right else None)
        if found is not None:
            by, at = found.changed
            yield pointer, ForeignPointer(pointer, found.number, found.digest, by, at)


def _own_stage(package: Package, stage: str) -> str:
    """Give the stage that a package is in that more than one pointer holds: production's first."""
    held = package.properties.get(POINTERS, "").split()
    return stage_of(PRODUCTION) if PRODUCTION in held else stage_of(held[0]) if held else stage


def _marked(listed: Sequence[Listed]) -> list[Listed]:
    """Give those that are Approved, or in a stage of a pointer's."""
    idle = (None, _ARCHIVED, _DEVELOPMENT)
    return [each for each in listed if each.approval == APPROVED or each.stage not in idle]


def _standing(
    package: Package,
    pointings: Sequence[Pointing],
    held: Mapping[str, str],
    table: Mapping[str, str],
    told: Mapping[str, Outgoing],
) -> Standing:
    number = package.number
    holding = sorted(pointer for pointer, at in held.items() if at == number)
    if holding:
        first = PRODUCTION if PRODUCTION in holding else holding[0]
        pointing = next((e for e in pointings if e.pointer == first), None)
        why = telling.approved(told.get(number), pointing) if pointing else package.approval_text
        approved = first == PRODUCTION
        return Standing(
            APPROVED if approved else PENDING,
            why,
            stage_of(first),
            APPROVED if approved else _WAITING,
            " ".join(holding),
        )
    was_held = package.digest is not None and (
        number in table.values() or package.properties.get(STAGE) not in (None, _DEVELOPMENT)
    )
    if not was_held:
        return Standing(PENDING, _BY_HAND, _DEVELOPMENT, _WAITING, "")
    left = [pointer for pointer, at in table.items() if at == number]
    now = next((e for e in pointings if e.pointer in left), None)
    now = now or next((e for e in pointings if e.pointer == PRODUCTION), None)
    why = telling.retired(told.get(now.number), now) if now else "Retired: no pointer holds it."
    kept = package.approval_text if package.approval_text.startswith("Retired") else why
    return Standing(REJECTED, why if left else kept, _ARCHIVED, _RETIRED, "")
