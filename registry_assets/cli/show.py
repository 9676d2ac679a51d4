"""A single page: everything about one version."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from registry_assets.catalog.alerts import AlertRecord
from registry_assets.catalog.evaluations import EvaluationRecord
from registry_assets.catalog.holds import HoldRecord
from registry_assets.catalog.mirrors import ReceiptRecord
from registry_assets.catalog.snapshots import SnapshotRecord
from registry_assets.catalog.words import Words
from registry_assets.cli.answers import VersionAnswer
from registry_assets.cli.approvals import approvals_body, rests_on
from registry_assets.cli.described import limits, pairs, saying, section, tags
from registry_assets.cli.figures import figure_sections, read_figures
from registry_assets.cli.lived import InUse, in_use_lines, read_in_use
from registry_assets.cli.mirrors import receipts_lines
from registry_assets.cli.remedies import next_steps
from registry_assets.cli.styles import (
    facts_grid,
    joined,
    outcome_text,
    plain_grid,
    plain_table,
    stage_text,
)
from registry_assets.cli.text import (
    held_out_by_key,
    holdout,
    moment,
    plural,
    short,
    span,
    visible,
)
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.governance.decide import Held
from registry_assets.governance.standing import Decision
from registry_assets.governance.wording import approvers
from registry_assets.lifecycle.retention import Retention
from registry_assets.lifecycle.way_back import rollback_of
from registry_assets.recipe import SnapshotRef
from registry_assets.registry import Registry

ENVIRONMENT_FILE = "environment.json"


@dataclass(frozen=True, slots=True)
class VersionPage:
    """A version with the snapshots it was made from, and the environment it was made in.

    Args:
        snapshots: what is known about each feature snapshot of the recipe, by digest.
        datasets: the snapshots that those were made from, in order.
        environment: None for a version that was not committed.
        figures: None for one that was not evaluated.
        holds: that pointers were rolled back from it, and where it was released since.
        signed: the decision before each pointer for which somebody signed something about it.
        in_use: what it lived after it was deployed; None of one that was not committed.
        alerts: those about it that are not resolved.
        published: where it was published to.
        retention: how long it is kept; None where no pointer held it, or its tier asks for none.
    """

    answer: VersionAnswer
    words: Words
    snapshots: Mapping[str, SnapshotRecord]
    datasets: tuple[SnapshotRecord, ...]
    environment: Mapping[str, Any] | None
    figures: EvaluationResult | None
    holds: tuple[HoldRecord, ...]
    signed: tuple[Decision, ...]
    in_use: InUse | None
    alerts: tuple[AlertRecord, ...]
    published: tuple[ReceiptRecord, ...]
    retention: Retention | None


def read_page(registry: Registry, answer: VersionAnswer) -> VersionPage:
    """Read what a version was made from and in."""
    recipe, digest = answer.version.recipe, answer.version.digest
    features = dict.fromkeys(ref.digest for ref in (*recipe.train, *recipe.holdout))
    parents = dict.fromkeys(
        parent.digest for found in features for parent in registry.manifest(found).parents
    )
    datasets = registry.find_snapshots(list(parents))
    environment = json.loads(registry.read_file(digest, ENVIRONMENT_FILE)) if digest else None
    return VersionPage(
        answer=answer,
        words=registry.words(answer.version.reference),
        snapshots=registry.find_snapshots(list(features)),
        datasets=tuple(datasets[parent] for parent in parents if parent in datasets),
        environment=environment,
        figures=read_figures(registry, answer.summary),
        holds=tuple(
            hold
            for hold in registry.holds(answer.version.model)
            if hold.number == answer.version.number
        ),
        in_use=read_in_use(registry, answer.version),
        alerts=registry.alerts(answer.version.model, version=answer.version.number),
        published=registry.published_to(answer.version.model, answer.version.number),
        retention=registry.retention(answer.version.model, answer.version.number),
        signed=tuple(_signed(registry, answer)),
    )


def _signed(registry: Registry, answer: VersionAnswer) -> Iterator[Decision]:
    version, said = answer.version, answer.decision.standing.approvals
    for pointer in dict.fromkeys(approval.record.pointer for approval in said):
        found = registry.decision(version.model, version.number, pointer=pointer)
        if found is not None:
            yield found


def version_page(page: VersionPage) -> Group:
    """Show everything about one version."""
    answer = page.answer
    version = answer.version
    heading = joined(
        Text(version.reference, "bold"),
        stage_text(answer.stage),
        Text(short(version.digest), "cyan"),
    )
    wrong = answer.decision.standing.recalled
    parts: list[RenderableType] = [heading, *(Text(visible(said), "bold red") for said in wrong)]
    parts.append(Text(_standing(page)))
    if version.failure:
        parts.append(Text(f"Training failed: {visible(version.failure)}", "red"))
    parts += section("Made from", _made_from(page))
    parts += section("Described as", _described(page))
    if page.published:
        parts += [Text(), Text("Published to", "bold"), *receipts_lines(page.published)]
    if answer.metrics:
        rows = next(iter(answer.metrics.values()))["rows"]
        title = f"Metrics on the holdout, {plural(rows, 'row')}"
        parts += section(title, _metrics(answer.metrics))
    elif answer.earlier is not None:
        parts += section("Metrics, under an earlier suite", _metrics_then(answer.earlier, answer))
    elif version.state == "committed":
        parts += section("Metrics", Text("not evaluated yet", "yellow"))
    if page.in_use and (lived := list(in_use_lines(page.in_use))):
        parts += section("In use", Text("\n".join(map(visible, lived))))
    if page.figures:
        for title, body in figure_sections(page.figures):
            parts += section(title, body)
    if answer.checks:
        parts += section("Gates", _gates(answer))
    for decision in page.signed:
        pointer = decision.standing.pointer.name
        moves = [each.promotion for each in answer.tenures if each.promotion.pointer == pointer]
        moved_on = frozenset(digest for move in moves for digest in rests_on(move))
        parts += section(f"Signed for {pointer}", approvals_body(decision, promoted_on=moved_on))
    if answer.waits_for and version.state == "committed":
        parts += _waits_for(answer)
    return Group(*parts)


def _standing(page: VersionPage) -> str:
    answer = page.answer
    mark = answer.summary.mark
    lines = [] if mark is None else [f"{mark.word.capitalize()} {mark.by_whom}"]
    lines += [_held(hold) for hold in page.holds]
    for tenure in answer.tenures:
        moved = tenure.promotion
        until = f" until {moment(tenure.until)}" if tenure.until else ""
        was = "Was in" if tenure.until else "In"
        how = "rolled back to" if rollback_of(moved) else "promoted"
        lines.append(
            f"{was} {moved.pointer} since {moment(moved.created_at)}{until}: {how} by"
            f" {moved.actor}, run {moved.run_id}"
            + (f", because {moved.reason}" if moved.reason else "")
            + (f"; approved by {people}" if (people := approvers(moved.evidence)) else "")
        )
    if page.alerts:
        many = len(page.alerts)
        are, them = ("is", "it") if many == 1 else ("are", "them")
        lines.append(
            f"{plural(many, 'alert')} about it {are} not resolved:"
            f" `registry alerts {answer.version.model}` lists {them}."
        )
    if page.retention is not None:
        lines.append(f"It is {page.retention.sentence}.")
    ready = answer.stage == "staging" and not answer.waits_for
    if ready:
        lines.append("Ready for production: nothing holds it.")
    elif not answer.tenures:
        lines.append("Was never in production.")
    if answer.gates:
        said = f"{answer.gates.capitalize()} gates passed."
        # A line about a time in production is long enough.
        lines = [*lines, said] if answer.tenures else [*lines[:-1], f"{lines[-1]} {said}"]
    return "\n".join(visible(line) for line in lines)


def _held(hold: HoldRecord) -> str:
    if hold.in_force:
        return f"Held on {hold.pointer}, which was rolled back from it {hold.by_whom}"
    return f"Released for {hold.pointer} {hold.by_whom}"


def _made_from(page: VersionPage) -> Table:
    version = page.answer.version
    recipe, facts = version.recipe, version.metadata
    grid = facts_grid()
    grid.add_row("trained on", _snapshots(recipe.train, page))
    if held_out_by_key(recipe):
        grid.add_row("held out", Text(visible(holdout(recipe) + _rows_used(page.figures))))
    else:
        grid.add_row("held out", _snapshots(recipe.holdout, page))
    grid.add_row("datasets", _datasets(page))
    grid.add_row("target", Text(visible(recipe.target)))
    grid.add_row("params", Text(visible(pairs(recipe.params))))
    grid.add_row("code", _code(page))
    grid.add_row("recipe", Text(short(version.recipe_digest), "cyan"))
    if page.environment is not None:
        made = f"{facts['framework']} {facts['framework_version']}"
        grid.add_row("framework", Text(visible(made)))
        grid.add_row("environment", Text(visible(_environment(page))))
    grid.add_row("reserved", Text(visible(_reserved(page))))
    if version.finished_at:
        grid.add_row("trained" if version.digest else "failed", Text(visible(_trained(page))))
    return grid


def _rows_used(figures: EvaluationResult | None) -> str:
    if figures is None:
        return ""
    judged = f": judged on {plural(figures.rows, 'row')}"
    # None were counted where the training could not be read again.
    if figures.data is None or not figures.data.training_rows:
        return judged
    return f"{judged}, trained on {figures.data.training_rows:,}"


def _snapshots(refs: tuple[SnapshotRef, ...], page: VersionPage) -> Table:
    grid = plain_grid(3, gap=2)
    part = "part of " if held_out_by_key(page.answer.version.recipe) else ""
    for ref in refs:
        found = page.snapshots.get(ref.digest)
        rows = Text(f"{part}{plural(found.rows, 'row')}" if found else "", justify="right")
        grid.add_row(Text(visible(str(ref))), Text(short(ref.digest), "cyan"), rows)
    return grid


def _datasets(page: VersionPage) -> Table:
    by_asset: dict[str, list[SnapshotRecord]] = {}
    for snapshot in page.datasets:
        by_asset.setdefault(snapshot.asset, []).append(snapshot)
    grid = plain_grid(3, gap=2)
    for asset, found in by_asset.items():
        rows = plural(sum(snapshot.rows for snapshot in found), "row")
        grid.add_row(Text(visible(asset)), Text(visible(span(found))), Text(rows, justify="right"))
    return grid


def _code(page: VersionPage) -> Text:
    version = page.answer.version
    facts = version.metadata
    digest = Text(short(version.recipe.code), "cyan")
    if "code_commit" not in facts:
        return digest
    state = "with uncommitted changes" if facts["code_dirty"] else "clean"
    where = f" of {facts['code_repository']}" if facts.get("code_repository") else ""
    commit = f"commit {str(facts['code_commit'])[:12]}{where} ({state})"
    return joined(commit, digest)


def _environment(page: VersionPage) -> str:
    found = page.environment or {}
    versions = page.answer.version.recipe.distributions
    return ", ".join(
        [f"Python {found.get('python')}", str(found.get("platform"))]
        + [f"{name} {number}" for name, number in versions.items()]
    )


def _reserved(page: VersionPage) -> str:
    version = page.answer.version
    why = f": {version.reason}" if version.reason else ""
    return f"{moment(version.reserved_at)} by {version.actor} ({version.trigger}){why}"


def _trained(page: VersionPage) -> str:
    version = page.answer.version
    facts = version.metadata
    took = f" in {facts['duration_seconds']:,.1f} s" if "duration_seconds" in facts else ""
    run = facts.get("run_url") or version.run_id
    return f"{moment(version.finished_at)}{took}, run {run}"


def _described(page: VersionPage) -> Table:
    # As committed with the version; the declaration may have changed since.
    facts, model = page.answer.version.metadata, page.answer.model
    grid = facts_grid()
    if not page.words.description.text:
        grid.add_row("description", Text(visible(model.description, lines=True)))
    else:
        grid.add_row("description", saying(page.words.description, lines=True))
    grid.add_row("owners", Text(visible(", ".join(facts.get("owners") or model.owners))))
    grid.add_row("tags", tags(page.words))
    if facts.get("limits"):
        grid.add_row("limits", limits(facts["limits"]))
    if facts.get("license"):
        grid.add_row("license", Text(visible(facts["license"], lines=True)))
    if facts.get("properties"):
        grid.add_row("properties", Text(visible(pairs(facts["properties"]))))
    return grid


def _metrics_then(earlier: EvaluationRecord, answer: VersionAnswer) -> Group:
    """Show what is known of a version that was not evaluated since the suite changed."""
    said = f"evaluated {moment(earlier.created_at)}; not yet under the suite in force"
    return Group(Text(said, "yellow"), _metrics(answer.metrics_then))


def _metrics(metrics: Mapping[str, Mapping[str, Any]]) -> Table:
    table = plain_table("metric", "value", "95 % interval")
    table.columns[1].justify = "right"
    for name, found in metrics.items():
        if found["value"] is None:
            table.add_row(
                Text(visible(name)), Text("undefined", "yellow"), Text(visible(found["reason"]))
            )
        else:
            interval = f"[{found['low']:.4f}, {found['high']:.4f}]"
            table.add_row(Text(visible(name)), f"{found['value']:.4f}", Text(interval))
    return table


def _gates(answer: VersionAnswer) -> Table:
    grid = plain_grid(2, gap=2)
    for check in answer.checks:
        why = Text.assemble((visible(check.required.name), "bold"), f"\n{visible(check.why)}")
        grid.add_row(outcome_text(check.outcome, passed=check.passed), why)
    return grid


def _waits_for(answer: VersionAnswer) -> list[RenderableType]:
    found = answer.decision.answer
    said_above = {check.required.name for check in answer.missed}
    model, number = answer.model.name, answer.version.number
    steps = next_steps(found, model, version=number) if isinstance(found, Held) else ()
    grid = plain_grid(2)
    reasons = [reason for reason in answer.waits_for if reason.subject not in said_above]
    for reason in reasons:
        # The title says that already.
        said = reason.sentence.removeprefix(f"{answer.version.reference} waits for ")
        grid.add_row("-", Text(visible(said)))
    for step in steps:
        grid.add_row("→", Text(visible(step)))
    return section("Waits for" if reasons else "What to do next", grid)
