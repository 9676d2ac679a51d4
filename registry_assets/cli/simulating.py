"""What a policy would have made of the past, for people and for programs."""

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from registry_assets.cli.styles import plain_grid
from registry_assets.cli.text import moment, plural, visible
from registry_assets.lifecycle.simulating import Simulated, Simulation


def simulation_page(found: Simulation) -> Group:
    """Show which promotions would have been held, and for what."""
    every, held = len(found.promotions), found.held
    head = Text.assemble(
        ("Under this policy ", "bold"),
        (f"{len(held)} of {plural(every, 'promotion')}", "bold yellow" if held else "bold green"),
        (" would have been held.", "bold"),
    )
    if not every:
        return Group(Text("Nothing was ever promoted, so there is nothing to hold against it."))
    parts: list[RenderableType] = [head]
    for each in held:
        parts += [Text(), _told(each)]
    if len(held) < every:
        parts += [Text(), Text("Made all the same", "bold")]
    for each in found.promotions:
        if not each.reasons:
            parts.append(_told(each))
    return Group(*parts)


def _told(each: Simulated) -> RenderableType:
    """Say which promotion it was, what would have held it, and what is not known of it."""
    grid = plain_grid(2)
    for reason in each.reasons:
        grid.add_row("  -", Text(visible(reason.sentence)))
    for gap in each.gaps:
        grid.add_row("  ?", Text(visible(gap), "dim"))
    return Group(_heading(each), grid) if grid.rows else _heading(each)


def _heading(each: Simulated) -> Text:
    made = each.promotion
    kind = "rollback to" if made.evidence.get("rollback") else "promotion of"
    return Text.assemble(
        (visible(f"{made.model}@{made.pointer}"), "bold"),
        visible(f"  {kind} version {made.version}, {moment(made.created_at)}, by {made.actor}"),
    )


def simulation_document(found: Simulation) -> dict[str, Any]:
    """Give the same as JSON."""
    return {
        "policy": found.digest,
        "promotions": [
            {
                "model": each.promotion.model,
                "pointer": each.promotion.pointer,
                "generation": each.promotion.generation,
                "version": each.promotion.version,
                "created_at": each.promotion.created_at,
                "answer": "held" if each.reasons else "ready",
                "reasons": [
                    {"code": r.code, "subject": r.subject, "sentence": r.sentence}
                    for r in each.reasons
                ],
                "gaps": list(each.gaps),
            }
            for each in found.promotions
        ],
    }
