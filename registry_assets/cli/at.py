"""`registry at`: what a pointer held at an instant, on which evidence and made from what."""

from typing import TYPE_CHECKING, Any

import click

from registry_assets.cli.reading import json_option, open_registry, show_page

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from registry_assets.lifecycle.instants import Holding


@click.command()
@click.argument("reference", metavar="MODEL[@POINTER]")
@click.argument("instant", metavar="TIME")
@json_option
def at(reference: str, instant: str, *, as_json: bool) -> None:
    """Say what a pointer held at an instant: version, evidence, inputs.

    As it was then: nothing is decided again. Without a pointer, all of the model's.

    \b
    Examples:
      registry at flight_delay@production 2026-03-01T12:00Z
      registry at flight_delay 2026-03-01T12:00+01:00 --json
    """
    from registry_assets.cli.plain import print_json

    found = open_registry().at(reference, instant)
    if as_json:
        print_json(at_document(found))
    else:
        show_page(*(holding_page(holding) for holding in found))


def at_document(holdings: "tuple[Holding, ...]") -> dict[str, Any]:
    """Give what each pointer held at one instant."""
    return {
        "model": holdings[0].model,
        "instant": holdings[0].instant,
        "pointers": [_document(holding) for holding in holdings],
    }


def _document(holding: "Holding") -> dict[str, Any]:
    moved, version, evidence = holding.promotion, holding.version, holding.evidence
    recipe = version.recipe if version else None
    facts = version.metadata if version else {}
    return {
        "pointer": holding.pointer,
        "version": moved.version if moved else None,
        "digest": moved.digest if moved else None,
        "generation": moved.generation if moved else None,
        "since": moved.created_at if moved else None,
        "until": holding.tenure.until if holding.tenure else None,
        "recorded_at": holding.recorded_at,
        "clock_set_back": holding.set_back,
        "first_promotion": holding.first_at,
        "actor": moved.actor if moved else None,
        "reason": moved.reason if moved else None,
        "run_id": moved.run_id if moved else None,
        "policy": moved.policy_digest if moved else None,
        "suite": evidence.get("suite"),
        "risk": evidence.get("risk"),
        "evaluation": evidence.get("evaluation"),
        "verdicts": list(evidence.get("verdicts", [])),
        "approvals": list(evidence.get("approvals", [])),
        "rollback": evidence.get("rollback"),
        "waived": list(evidence.get("waived", [])),
        "inputs": {
            "train": [ref.to_json() for ref in recipe.train] if recipe else [],
            "holdout": [ref.to_json() for ref in recipe.holdout] if recipe else [],
        },
        "code": {
            "digest": recipe.code if recipe else None,
            "commit": facts.get("code_commit"),
            "dirty": facts.get("code_dirty"),
        },
    }


def holding_page(holding: "Holding") -> "Group":
    """Show what one pointer held."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    from registry_assets.cli.styles import joined
    from registry_assets.cli.text import moment, short

    name = Text(f"{holding.model}@{holding.pointer}", "bold")
    moved = holding.promotion
    if moved is None:
        return Group(joined(name, f"at {moment(holding.instant)}"), Text(_nothing(holding), "dim"))
    version = Text(f"held version {moved.version}", "bold green")
    heading = joined(
        name, f"at {moment(holding.instant)}", version, Text(short(moved.digest), "cyan")
    )
    return Group(heading, Padding(_facts(holding), (1, 0, 0, 2)))


def _nothing(holding: "Holding") -> str:
    from registry_assets.cli.text import moment

    if holding.first_at is None:
        return "It held nothing then, and never has."
    return f"It held nothing then: it was first moved on {moment(holding.first_at)}."


def _facts(holding: "Holding") -> "Table":
    from rich.text import Text

    from registry_assets.cli.styles import facts_grid
    from registry_assets.cli.text import moment, short, visible
    from registry_assets.lifecycle.way_back import rollback_of

    moved, evidence = holding.promotion, holding.evidence
    assert moved is not None
    grid = facts_grid()
    until = holding.tenure.until if holding.tenure else None
    grid.add_row("since", _since(holding))
    grid.add_row("until", moment(until) if until else "now")
    why = f": {moved.reason}" if moved.reason else ""
    how = "promoted by" if rollback_of(moved) is None else "rolled back by"
    grid.add_row(how, Text(visible(f"{moved.actor}, run {moved.run_id}{why}")))
    grid.add_row("evidence", _verdicts(evidence.get("verdicts", [])))
    if evidence.get("waived"):
        waived = "\n".join(visible(str(one.get("sentence"))) for one in evidence["waived"])
        grid.add_row("waived", Text(waived))
    grid.add_row("evaluation", Text(short(evidence.get("evaluation")), "cyan"))
    grid.add_row("approvals", Text(visible(_approvals(holding))))
    grid.add_row("policy", Text(short(moved.policy_digest), "cyan"))
    if holding.version is not None:
        recipe, facts = holding.version.recipe, holding.version.metadata
        grid.add_row("trained on", _snapshots(recipe.train))
        grid.add_row("held out", _snapshots(recipe.holdout))
        dirty = " with uncommitted changes" if facts.get("code_dirty") else ""
        grid.add_row("commit", Text(visible(f"{facts.get('code_commit')}{dirty}")))
    return grid


def _since(holding: "Holding") -> "Text":
    from rich.text import Text

    from registry_assets.cli.text import moment

    moved = holding.promotion
    assert moved is not None
    text = Text(f"{moment(moved.created_at)}, generation {moved.generation}")
    if holding.recorded_at is None:
        text += Text("\nthe ledger has no event of it: run `registry verify`", "red")
    elif holding.replayed:
        text += Text(f"\nrecorded only on {moment(holding.recorded_at)}", "yellow")
    if holding.set_back:
        text += Text(
            "\nthe move before it carries a later time: the clock was set back between them",
            "yellow",
        )
    return text


def _verdicts(verdicts: list[dict[str, Any]]) -> "Table":
    from rich.text import Text

    from registry_assets.cli.styles import outcome_text, plain_grid
    from registry_assets.cli.text import visible

    grid = plain_grid(2, gap=2)
    for verdict in verdicts:
        outcome = str(verdict.get("outcome"))
        why = Text.assemble(
            (visible(str(verdict.get("gate"))), "bold"), f"\n{visible(str(verdict.get('why')))}"
        )
        grid.add_row(outcome_text(visible(outcome), passed=True), why)
    return grid


def _approvals(holding: "Holding") -> str:
    found = holding.evidence.get("approvals", [])
    if not found:
        return f"none (risk: {holding.evidence.get('risk')})"
    return ", ".join(
        str(one.get("person", one)) if isinstance(one, dict) else str(one) for one in found
    )


def _snapshots(refs: "tuple[Any, ...]") -> "Table":
    from rich.text import Text

    from registry_assets.cli.styles import plain_grid
    from registry_assets.cli.text import short, visible

    grid = plain_grid(2, gap=2)
    for ref in refs:
        grid.add_row(Text(visible(str(ref))), Text(short(ref.digest), "cyan"))
    return grid
