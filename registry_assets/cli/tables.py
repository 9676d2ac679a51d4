"""Tables for people: models, versions, events, problems; the main job shows them too.

Each is a rich renderable whose cells are `Text`, so that what users wrote is shown and
never read as markup, whatever console prints it. Single pages are in `show`, trees in
`lineage`, the decision in `explain`.
"""

from collections.abc import Sequence

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from registry_assets.catalog.counts import ModelCounts
from registry_assets.catalog.ledger import Event
from registry_assets.catalog.models import PRODUCTION, ModelRecord
from registry_assets.cli.answers import VersionAnswer, read_versions
from registry_assets.cli.explain import explanation_panel, read_explanation
from registry_assets.cli.styles import console, outcome_text, plain_table, stage_text
from registry_assets.cli.text import day, estimate, holdout, moment, plural, span, visible
from registry_assets.lifecycle.auditing import Problem
from registry_assets.references import Reference
from registry_assets.registry import Registry

WIDE = 110
"""Columns of a terminal from which a version fits into one line."""


def models_table(registry: Registry, models: Sequence[ModelRecord]) -> Table:
    """Show a page of models: risk, versions, what is in production, what is newest."""
    table = plain_table("model", "risk", "versions", "production", "newest", "owners")
    table.columns[2].justify = "right"
    counts = registry.model_counts(models)
    for model in models:
        found = counts[model.name]
        newest = Text(f"{found.versions} imported" if found.versions else "none yet", "dim")
        if found.newest is not None:
            newest = Text(f"{found.versions} ") + stage_text(found.newest)
        table.add_row(
            Text(model.name, "bold"),
            Text(visible(str(model.policy["risk"]))),
            f"{found.versions:,}",
            _production(found),
            newest,
            Text(visible(", ".join(model.owners))),
        )
    return table


def _production(counts: ModelCounts) -> Text:
    if counts.version is None:
        return Text("nothing yet", "dim")
    return Text(f"{counts.version} since {day(counts.moved_at)}", "green")


def versions_table(registry: Registry, model: str, *, width: int | None = None) -> Table:
    """Show a model's versions as a story: made from what, how good, which gates, where now.

    Below stands a line for everything that was found against a version.

    Args:
        width: columns to fit into; by default the terminal's.
    """
    return version_rows(registry.model(model), read_versions(registry, model), width=width)


def version_rows(
    model: ModelRecord, answers: Sequence[VersionAnswer], *, width: int | None = None
) -> Table:
    """Show these versions of a model."""
    narrow = (console().width if width is None else width) < WIDE
    table = plain_table(
        "version",
        "stage",
        "trained\non" if narrow else "trained on",
        "holdout",
        Text(f"{model.headline} [95 %]"),
        "gates",
        "pointer",
    )
    table.columns[0].justify = "right"
    for answer in answers:
        recipe = answer.version.recipe
        table.add_row(
            str(answer.version.number),
            _stage(answer),
            _broken(Text(visible(span(recipe.train))), "– ", narrow=narrow),
            Text(visible(holdout(recipe))),
            _broken(_headline(answer), " [", narrow=narrow),
            _broken(_gates(answer), " ", narrow=narrow),
            _pointers(answer, "\n" if narrow else " "),
        )
    table.caption = _notes(answers)
    table.caption_justify = "left"
    table.caption_style = ""
    return table


def _stage(answer: VersionAnswer) -> Text:
    stage = stage_text(answer.stage)
    wrong = answer.decision.standing.recalled and answer.version.state != "failed"
    return stage + Text("\nrecalled", "bold red") if wrong else stage


def _broken(text: Text, before: str, *, narrow: bool) -> Text:
    """Break a cell where it reads best: left to itself, rich breaks dates and intervals."""
    if not narrow:
        return text
    at = text.plain.rfind(" ", 0, text.plain.rfind(before) + len(before))
    return text if at < 0 else Text("\n").join((text[:at], text[at + 1 :]))


def _headline(answer: VersionAnswer) -> Text:
    name = answer.model.headline
    if answer.earlier is not None:
        return Text(estimate(answer.metrics_then.get(name), digits=3), "dim")
    return Text(estimate(answer.metrics.get(name), digits=3))


def _gates(answer: VersionAnswer) -> Text:
    version = answer.version
    if version.state == "failed":
        return Text("training failed", "red")
    if version.state == "reserved":
        return Text("not trained", "yellow")
    if answer.earlier is not None:
        return Text("earlier suite", "dim")
    if answer.summary.evaluation is None:
        return Text("not evaluated", "yellow")
    return Text(f"{answer.gates} passed", "red" if answer.missed else "green")


def _pointers(answer: VersionAnswer, space: str) -> Text:
    lines = []
    for tenure in answer.tenures:
        moved, until = tenure.promotion, tenure.until
        words = ("since", day(moved.created_at)) if until is None else ("until", day(until))
        style = "bold green" if until is None else "dim"
        lines.append(Text(space.join((moved.pointer, *words)), style))
    return Text("\n").join(lines)


def _notes(answers: Sequence[VersionAnswer]) -> Text | None:
    lines = [line for answer in answers for line in _note(answer)]
    return Text("\n") + Text("\n").join(lines) if lines else None


def _note(answer: VersionAnswer) -> list[Text]:
    def line(*said: str | Text) -> Text:
        return Text.assemble((f"version {answer.version.number}", "bold"), *said)

    mark, hold = answer.summary.mark, answer.decision.standing.hold
    recalled = answer.decision.standing.recalled
    if answer.version.failure:
        return [line(f" failed: {visible(answer.version.failure)}")]
    if recalled:
        name = f"{answer.version.reference} "
        return [line(f" {visible(said.removeprefix(name))}") for said in recalled]
    if mark is not None:
        return [line(f" was {visible(mark.sentence)}")]
    if hold is not None and hold.in_force:
        return [line(f" is held: {visible(hold.sentence)}")]
    if answer.missed and answer.summary.evaluation is not None:
        return [
            line(
                f": {visible(check.required.name)} ",
                outcome_text(check.outcome, passed=False),
                f": {visible(check.why)}",
            )
            for check in answer.missed
        ]
    if answer.stage != "staging":
        return []
    if not answer.waits_for:
        return [line(" is ready: nothing holds it")]
    return [line(f" is held: {visible(reason.sentence)}") for reason in answer.waits_for]


def decision_panel(registry: Registry, model: str, *, pointer: str = PRODUCTION) -> Panel:
    """Show what a pointer's candidate waits for, or that nothing holds it."""
    return explanation_panel(read_explanation(registry, Reference(model, pointer=pointer)))


def events_table(events: Sequence[Event]) -> Table:
    """Show events of a ledger chain: when they took effect, what happened, by whom."""
    table = plain_table("#", "effective", "what happened")
    table.columns[0].justify = "right"
    for event in events:
        body = event.body
        sentence = Text(visible(event.sentence))
        if body.get("reason"):
            sentence += Text(f"\nreason: {visible(str(body['reason']))}")
        recorded, effective = moment(str(body["recorded_at"])), moment(event.effective_at)
        by = f"{event.kind} by {visible(str(body['actor']))}"
        if recorded != effective:
            by += f", recorded {recorded}"
        table.add_row(
            str(event.sequence),
            effective.removesuffix(" UTC"),
            sentence + Text(f"\n{by}", "dim"),
        )
    return table


def problems_table(problems: Sequence[Problem]) -> Table:
    """Show what is not as it should be, and what each problem touches."""
    table = plain_table("problem", "what was found")
    for problem in problems:
        found = Text(visible(problem.sentence))
        if problem.touches:
            found += Text("\ntouches ", "dim") + Text(visible(", ".join(problem.touches)))
        table.add_row(Text(problem.code, "red"), found)
    return table


def checked_text(manifests: int, blobs: int, rows: int, events: int) -> str:
    """Say how much was checked; empty where there was nothing to check."""
    counts = ((manifests, "manifest"), (blobs, "blob"), (rows, "row"), (events, "event"))
    return ", ".join(plural(count, noun) for count, noun in counts if count)
