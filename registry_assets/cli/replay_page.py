"""A period that was lived again, for people and for programs."""

from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from registry_assets.cli.styles import plain_grid, plain_table
from registry_assets.cli.text import day, plural, short, visible
from registry_assets.lifecycle.replaying.values import Replayed, Retrained, Step

_OUTCOMES = {"promoted": "green", "held": "yellow", "failed": "red"}


def replay_page(found: Replayed) -> Group:
    """Show a row for each partition, then every version that was asked for, and the totals."""
    table = plain_table("partition", "version", found.metric, "drift", "found", "done")
    if found.began is not None:
        began = f"{found.before} before" if found.before > 1 else found.began.partition
        table.add_row(began, "", "", "", "", _done(found.began))
    for step in found.steps:
        table.add_row(
            visible(step.partition),
            "" if step.version is None else str(step.version),
            _metric(step),
            "" if not step.compared else f"{step.drifted} of {step.compared}",
            _found(step),
            _done(step),
        )
    parts: list[RenderableType] = [table, Text(), *_asked(found), _totals(found)]
    parts += [Text(f"Note: {visible(each)}", "dim") for each in found.remarks]
    return Group(*parts)


def _metric(step: Step) -> Text:
    if step.lived is None:
        return Text()
    promised = "" if step.promised is None else f"{step.promised:.4f} → "
    return Text(f"{promised}{step.lived:.4f}")


def _found(step: Step) -> Text:
    """Give the checks that failed, and what became of alerts."""
    failed = dict.fromkeys(each.check for each in step.failed if each.outcome == "failed")
    lines = [Text(visible(name), "red") for name in failed]
    told = (f"alert {each.alert} {each.occasion}" for each in step.told)
    lines += [Text(each, "dim") for each in dict.fromkeys(told)]
    return Text("\n").join(lines)


def _done(step: Step) -> Text:
    lines = [
        Text(f"{each.version} {each.outcome}", _OUTCOMES[each.outcome])
        + Text(f" (by {_trigger(each.trigger)})", "dim")
        for each in step.retrained
    ]
    asked = {each.version for each in step.retrained if each.outcome == "promoted"}
    # One that had to wait before moves without having been asked for in this step.
    lines += [
        Text(f"{each.version} to {each.pointer}", "green")
        for each in step.moved
        if each.version not in asked
    ]
    return Text("\n").join(lines)


def _trigger(name: str) -> str:
    return "hand" if name == "manual" else name.replace("_", " ")


def _asked(found: Replayed) -> list[RenderableType]:
    """List the versions with why each was asked for, and what held it."""
    grid = plain_grid(3, gap=2)
    for step in found.all_steps:
        for each in step.retrained:
            grid.add_row(
                Text(f"{found.model}:{each.version}", "bold"),
                Text(day(each.at), "dim"),
                Text(visible(_said(each))),
            )
    return [grid, Text()] if grid.rows else []


def _said(each: Retrained) -> str:
    ended = f"{each.outcome}: {each.held_by}" if each.held_by else each.outcome
    return f"{each.why} → {ended}"


def _totals(found: Replayed) -> Text:
    totals: Any = found.totals
    triggers = ", ".join(
        f"{count} by {_trigger(name)}" for name, count in totals["by_trigger"].items()
    )
    policy = f" under the policy {short(found.policy)}" if found.policy else ""
    asked = plural(totals["retrainings"], "version")
    return Text(
        f"{plural(totals['partitions'], 'partition')}, {totals['watched']} of them watched"
        f"{policy}: {plural(totals['alerts'], 'alert')}; {asked} asked for"
        f"{f' ({triggers})' if triggers else ''}, {totals['promoted']} promoted,"
        f" {totals['held']} held, {totals['failed']} failed."
    )


def replay_document(found: Replayed) -> dict[str, Any]:
    """Give the same as JSON."""
    return {
        "model": found.model,
        "metric": found.metric,
        "policy": found.policy,
        "before": found.before,
        "began": None if found.began is None else asdict(found.began),
        "steps": [asdict(each) for each in found.steps],
        "totals": dict(found.totals),
        "remarks": list(found.remarks),
    }
