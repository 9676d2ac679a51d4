"""What people signed about a version, each with whether it counts for a pointer now."""

from collections.abc import Collection

from rich.console import RenderableType
from rich.text import Text

from registry_assets.catalog.pointers import PromotionRecord
from registry_assets.cli.styles import plain_grid
from registry_assets.cli.text import visible
from registry_assets.governance.agreement import count_approvals
from registry_assets.governance.approvals import Approval
from registry_assets.governance.standing import Decision
from registry_assets.lifecycle.attesting import NAMED


def rests_on(promotion: PromotionRecord) -> frozenset[str]:
    """Give the digests of the statements that a promotion rests on."""
    named = (each for name in NAMED for each in promotion.evidence.get(name, ()))
    return frozenset(str(each["digest"]) for each in named)


def approvals_body(
    decision: Decision, *, promoted_on: Collection[str] = frozenset()
) -> RenderableType:
    """List what people signed about a version, and whether it counts.

    Args:
        promoted_on: digests of the statements on which it was promoted: they counted then,
            whatever has changed since.
    """
    every = count_approvals(decision.policy, decision.standing)
    counted = {each.approval.record.digest: each for each in every}
    grid = plain_grid(2)
    for approval in _of_pointer(decision):
        mine = counted.get(approval.record.digest)
        ok = approval.counts if mine is None else mine.counts
        why = f" ({mine.why})" if mine and mine.why and approval.counts else ""
        sign = Text("✓", "green") if ok else Text("✗", "yellow")
        said = approval.sentence + why
        if approval.record.digest in promoted_on:
            sign, said = Text("✓", "green"), f"{approval.said} (it moved the pointer)"
        elif approval.is_done:
            sign = Text("·", "dim")
        grid.add_row(sign, Text(visible(said)))
    return grid if _of_pointer(decision) else Text("nobody", "dim")


def _of_pointer(decision: Decision) -> list[Approval]:
    """Give what was signed about the pointer that is decided about: of others, others decide."""
    name = decision.standing.pointer.name
    return [each for each in decision.standing.approvals if each.record.pointer == name]


def approvals_document(decision: Decision) -> list[dict[str, object]]:
    """Give the same as JSON."""
    every = count_approvals(decision.policy, decision.standing)
    counted = {each.approval.record.digest: each for each in every}
    found: list[dict[str, object]] = []
    for approval in _of_pointer(decision):
        record, mine = approval.record, counted.get(approval.record.digest)
        found.append(
            {
                "approval": record.digest,
                "person": record.person,
                "decision": record.decision,
                "pointer": record.pointer,
                "signed": record.signed,
                "fingerprint": record.fingerprint,
                "reason": approval.statement.reason,
                "recorded_at": record.recorded_at,
                "expires_at": record.expires_at,
                "state": approval.state,
                "counts": approval.counts if mine is None else mine.counts,
                "why": (mine.why if mine else "") or approval.why,
            }
        )
    return found
