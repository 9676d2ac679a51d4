"""What is shown of recalls: what one would hold, which there are, what stands on them."""

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from registry_assets.catalog.models import PRODUCTION
from registry_assets.catalog.recalls import RecallRecord
from registry_assets.cli.alerts import alert_summary
from registry_assets.cli.lineage import descendants_document, descendants_page
from registry_assets.cli.styles import plain_grid, plain_table
from registry_assets.cli.text import day, plural, short, visible
from registry_assets.lifecycle.proposing import RollbackProposal
from registry_assets.lifecycle.recalling import Reach, Recalled

_NAMED = 10


def reach_page(reach: Reach) -> Group:
    """Show what a recall is about to mark, and everything that was built on it."""
    which = plural(len(reach.marked), "snapshot")
    parts: list[RenderableType] = [
        Text.assemble("To be recalled: ", which, " of ", (visible(reach.name), "bold"))
    ]
    if reach.others:
        more = plural(reach.others, "other snapshot")
        parts.append(Text(f"The partition has held {more}; they stay as they are.", "dim"))
    parts += [Text(), descendants_page(reach.built)]
    if reach.judged:
        more = f" and {len(reach.judged) - _NAMED} more" if len(reach.judged) > _NAMED else ""
        named = ", ".join(reach.judged[:_NAMED])
        parts += [Text(), Text(f"Not trained on it, but judged by it: {named}{more}")]
    if reach.alerts:
        more = f" and {len(reach.alerts) - _NAMED} more" if len(reach.alerts) > _NAMED else ""
        said = (f"{a.model}/{a.number} ({a.check}, {a.reference})" for a in reach.alerts[:_NAMED])
        parts += [Text(), Text(visible(f"Alerts about these versions: {', '.join(said)}{more}"))]
    return Group(*parts)


def recalls_page(recalls: Sequence[RecallRecord], proposed: Sequence[RollbackProposal]) -> Group:
    """Show every recall, in force or lifted, and the pointers that stand on recalled data."""
    table = plain_table("data", "state", "since", "by", "why", "digest")
    for recall in recalls:
        table.add_row(
            Text(visible(recall.name)),
            Text("recalled", "bold red") if recall.in_force else Text("lifted", "dim"),
            day(recall.set_at),
            Text(visible(recall.actor)),
            Text(visible(recall.reason)),
            Text(short(recall.digest), "cyan"),
        )
    if proposed:
        return Group(table, Text(), proposals_page(proposed))
    in_force = any(recall.in_force for recall in recalls)
    return Group(table, Text(), Text("No pointer stands on it.")) if in_force else Group(table)


def proposals_page(proposed: Sequence[RollbackProposal]) -> Group:
    """Show each pointer that stands on recalled data, and the command by which it goes back."""
    parts: list[RenderableType] = [Text("Pointers that stand on recalled data", "bold")]
    for proposal in proposed:
        name = Text(visible(proposal.reference), "bold red")
        parts.append(Padding(name + Text(f" holds version {proposal.version}"), (0, 0, 0, 2)))
        parts.append(Padding(_why(proposal), (0, 0, 0, 4)))
    return Group(*parts)


def _why(proposal: RollbackProposal) -> Table:
    grid = plain_grid(2)
    for sentence in proposal.recalled:
        grid.add_row("-", Text(visible(sentence)))
    if proposal.to is None:
        grid.add_row("-", Text(visible(why_not(proposal))))
    grid.add_row("→", Text(visible(proposed_step(proposal))))
    return grid


def why_not(proposal: RollbackProposal) -> str:
    """Say in one line why a pointer cannot go back."""
    said, *each = proposal.why_not.split("\n  - ")
    return " ".join([said, "; ".join(each)]).strip()


def proposed_step(proposal: RollbackProposal) -> str:
    """Give what to do about a pointer that stands on recalled data, with the exact command."""
    if proposal.to is None:
        return f"train another version on the right data: launch the job {proposal.model}__retrain"
    return f"`{rollback_command(proposal)}` goes back to version {proposal.to}"


def rollback_command(proposal: RollbackProposal) -> str:
    """Give the command that makes a proposed rollback; production need not be named."""
    named = proposal.model if proposal.pointer == PRODUCTION else proposal.reference
    return f"registry rollback {named} --to {proposal.to} --reason …"


def recall_document(recall: RecallRecord) -> dict[str, Any]:
    """Give one recall, in force or lifted."""
    names = ("asset", "partition", "digest", "state", "actor", "reason", "set_at")
    return {name: getattr(recall, name) for name in names}


def proposal_document(proposal: RollbackProposal) -> dict[str, Any]:
    """Give a pointer that stands on recalled data; `to` is null where it cannot go back."""
    return {
        "model": proposal.model,
        "pointer": proposal.pointer,
        "version": proposal.version,
        "recalled": list(proposal.recalled),
        "to": proposal.to,
        "why_not": proposal.why_not or None,
        "command": rollback_command(proposal) if proposal.to is not None else None,
    }


def recalled_document(done: Recalled) -> dict[str, Any]:
    """Give what a recall marked, and everything that was built on it."""
    reach = done.reach
    return {
        "name": reach.name,
        "changed": done.changed,
        "marked": list(reach.marked),
        "judged": list(reach.judged),
        "alerts": [alert_summary(alert) for alert in reach.alerts],
        "others": reach.others,
        "recalls": [recall_document(recall) for recall in done.recalls],
        "built": descendants_document(reach.built),
        "proposals": [proposal_document(proposal) for proposal in done.proposals],
    }


def recalls_document(
    recalls: Sequence[RecallRecord], proposed: Sequence[RollbackProposal]
) -> dict[str, Any]:
    """Give every recall, oldest first, and the pointers that stand on recalled data."""
    return {
        "recalls": [recall_document(recall) for recall in recalls],
        "proposals": [proposal_document(proposal) for proposal in proposed],
    }
