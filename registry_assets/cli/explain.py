"""Why a pointer moves to its candidate next, or what holds it: the one decision, explained."""

from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from registry_assets.catalog.pointers import PointerRecord, PromotionRecord
from registry_assets.catalog.versions import VersionRecord
from registry_assets.cli.answers import read_candidate, read_holding
from registry_assets.cli.remedies import next_steps
from registry_assets.cli.styles import plain_grid
from registry_assets.cli.text import moment, visible
from registry_assets.governance.decide import Held, Reason
from registry_assets.governance.standing import Decision
from registry_assets.references import Reference
from registry_assets.registry import Registry, VersionSummary

NO_CANDIDATES = 10
"""Versions that are no candidates, for one reason or the other: the newest are listed."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a pointer holds, and the decision on the version that was asked about.

    Args:
        holding: the promotion behind what the pointer holds; None where it holds nothing.
        decision: None where there is no candidate, and no version was named.
        candidate: whether that version is the one the promotion sensor would promote.
        unfinished: the newest versions that cannot be candidates: failed, or not trained yet.
        set_aside: the newest that are none because a person archived or rejected them.
    """

    pointer: PointerRecord
    holding: PromotionRecord | None
    decision: Decision | None
    candidate: bool
    unfinished: tuple[VersionRecord, ...]
    set_aside: tuple[VersionSummary, ...]

    @property
    def answer(self) -> str:
        """`ready`, `held` or `no_candidate`."""
        if self.decision is None:
            return "no_candidate"
        return "ready" if self.decision.ready else "held"

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Everything that holds the version."""
        found = self.decision.answer if self.decision else None
        return found.reasons if isinstance(found, Held) else ()

    @property
    def in_place(self) -> bool:
        """Whether the pointer holds the version already."""
        return any(reason.code == "already_held" for reason in self.reasons)


def read_explanation(registry: Registry, reference: Reference) -> Explanation:
    """Read the decision on a pointer's candidate, or on the version that is named."""
    name = reference.pointer or "production"
    pointer = registry.pointer(reference.model, name)
    number = reference.version
    if reference.digest is not None:
        number = registry.resolve(str(reference)).number
    if number is not None:
        registry.version_numbered(reference.model, number)
    decision = registry.decision(reference.model, number, pointer=name)
    asked = decision.standing.version.number if decision else pointer.version or 0
    unfinished: tuple[VersionRecord, ...] = ()
    set_aside: tuple[VersionSummary, ...] = ()
    if number is None:
        unfinished = registry.unfinished(reference.model, above=asked, limit=NO_CANDIDATES)
        set_aside = registry.set_aside(reference.model, above=asked, limit=NO_CANDIDATES)
    return Explanation(
        pointer=pointer,
        holding=read_holding(registry, pointer),
        decision=decision,
        candidate=asked == read_candidate(registry, reference.model, pointer=name),
        unfinished=unfinished,
        set_aside=set_aside,
    )


def explanation_panel(explanation: Explanation) -> Panel:
    """Show the decision, every reason, and what to do next."""
    parts = [_answer(explanation), Text()]
    if not explanation.in_place:
        parts += _reasons(explanation.reasons)
    parts.append(Text(_holding(explanation)))
    parts += [Text(_unfinished(version)) for version in explanation.unfinished]
    parts += [Text(_set_aside(summary)) for summary in explanation.set_aside]
    if NO_CANDIDATES in (len(explanation.unfinished), len(explanation.set_aside)):
        parts.append(Text(f"(`registry versions {explanation.pointer.model}` lists older ones.)"))
    steps = _next(explanation)
    if steps:
        parts += [Text(), Text("What to do next", "bold"), _bullets(steps)]
    if any(f"launch the job {explanation.pointer.model}__" in step for step in steps):
        parts += [Text(_where_jobs_are(explanation.pointer.model), "dim")]
    pointer = explanation.pointer
    return Panel(
        Group(*parts),
        title=Text(f"{pointer.model}@{pointer.name}", "bold"),
        title_align="left",
        border_style={"ready": "green", "held": "yellow", "no_candidate": "dim"}[
            explanation.answer
        ],
        padding=(1, 2),
    )


def _answer(explanation: Explanation) -> RenderableType:
    if explanation.decision is None:
        return Text("There is no candidate", "bold")
    version = explanation.decision.standing.version
    if explanation.in_place:
        return Text(f"Version {version.number} is there already.", "bold green")
    named = f"Version {version.number} is "
    text = Text(f"The candidate, version {version.number}, is " if explanation.candidate else named)
    if explanation.answer == "ready":
        return text + Text("ready", "bold green") + Text(": nothing holds it.")
    count = len(explanation.reasons)
    why = "1 reason" if count == 1 else f"{count} reasons"
    return text + Text("held", "bold yellow") + Text(f", for {why}:")


def _reasons(reasons: tuple[Reason, ...]) -> list[RenderableType]:
    if not reasons:
        return []
    grid = plain_grid(2)
    grid.columns[0].justify = "right"
    for number, reason in enumerate(reasons, start=1):
        grid.add_row(f"{number}.", Text(visible(reason.sentence)))
    return [Padding(grid, (0, 0, 1, 0))]


def _holding(explanation: Explanation) -> str:
    pointer, held = explanation.pointer, explanation.holding
    if held is None:
        return f"{pointer.name} holds nothing yet."
    return visible(
        f"{pointer.name} holds version {held.version} since {moment(held.created_at)},"
        f" promoted by {held.actor}."
    )


def _unfinished(version: VersionRecord) -> str:
    if version.state == "failed":
        return visible(f"Version {version.number} failed: {version.failure}")
    return f"Version {version.number} is reserved; its training is not finished."


def _set_aside(summary: VersionSummary) -> str:
    said = summary.mark.sentence if summary.mark else ""
    return visible(f"Version {summary.version.number} was {said}")


def _next(explanation: Explanation) -> tuple[str, ...]:
    model = explanation.pointer.model
    if explanation.decision is None:
        return (f"launch the job {model}__retrain: its version becomes the candidate",)
    found = explanation.decision.answer
    if isinstance(found, Held):
        version = explanation.decision.standing.version.number
        return next_steps(found, model, version=version)
    if explanation.candidate:
        step = (
            f"nothing: the promotion sensor launches the job {model}__promote;"
            " where it is switched off, launch that job by hand"
        )
    else:
        step = f"a newer version is the candidate; to take this one, launch {model}__promote"
    return (step,)


def _where_jobs_are(model: str) -> str:
    # What the code declares cannot be known here: this imports none of it.
    return f"(No such job? Then the code does not declare {model} any more.)"


def _bullets(lines: tuple[str, ...]) -> Table:
    grid = plain_grid(2)
    for line in lines:
        grid.add_row("→", Text(visible(line)))
    return grid
