"""Why a pointer moves to its candidate next, or what holds it: the one decision, explained."""

from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from registry_assets.catalog.holds import HoldRecord
from registry_assets.catalog.models import PRODUCTION
from registry_assets.catalog.pointers import PointerRecord, PromotionRecord
from registry_assets.catalog.versions import VersionRecord
from registry_assets.cli.answers import read_holding
from registry_assets.cli.approvals import approvals_body, rests_on
from registry_assets.cli.options import pointer_flag
from registry_assets.cli.recalls import proposed_step, why_not
from registry_assets.cli.remedies import next_steps
from registry_assets.cli.styles import plain_grid
from registry_assets.cli.text import moment, visible
from registry_assets.governance.decide import Held, Ready, Reason
from registry_assets.governance.standing import Decision
from registry_assets.lifecycle.proposing import RollbackProposal
from registry_assets.lifecycle.reviewing import Review
from registry_assets.lifecycle.way_back import rollback_of
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
        rolled_back: the others that the pointer was rolled back from, and that are held.
        proposal: where the pointer stands on recalled data, what to go back to.
        review: of the rollback by which the pointer holds what it does, if one is asked for.
    """

    pointer: PointerRecord
    holding: PromotionRecord | None
    decision: Decision | None
    candidate: bool
    unfinished: tuple[VersionRecord, ...]
    set_aside: tuple[VersionSummary, ...]
    rolled_back: tuple[HoldRecord, ...]
    proposal: RollbackProposal | None
    review: Review | None

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
    name = reference.pointer or PRODUCTION
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
        candidate=asked == registry.candidate(reference.model, pointer=name),
        unfinished=unfinished,
        set_aside=set_aside,
        rolled_back=tuple(
            hold
            for hold in registry.holds(reference.model, name)
            if hold.in_force and not (decision and hold.number == asked)
        ),
        review=registry.open_review(reference.model, name),
        proposal=next(
            (each for each in registry.rollback_proposals(reference.model) if each.pointer == name),
            None,
        ),
    )


def explanation_panel(explanation: Explanation) -> Panel:
    """Show the decision, every reason, and what to do next."""
    parts = [_answer(explanation), Text()]
    if not explanation.in_place:
        parts += _reasons(explanation.reasons)
    parts += _signed(explanation)
    parts.append(Text(_holding(explanation)))
    if explanation.review is not None:
        said = f"{explanation.review.sentence[0].upper()}{explanation.review.sentence[1:]}."
        parts.append(Text(visible(said), "" if explanation.review.done else "yellow"))
    parts += _recalled(explanation.proposal)
    parts += [Text(_unfinished(version)) for version in explanation.unfinished]
    parts += [Text(_set_aside(summary)) for summary in explanation.set_aside]
    parts += [Text(_rolled_back(hold)) for hold in explanation.rolled_back]
    if NO_CANDIDATES in (len(explanation.unfinished), len(explanation.set_aside)):
        parts.append(Text(f"(`registry versions {explanation.pointer.model}` lists older ones.)"))
    steps = _next(explanation)
    if explanation.proposal is not None:
        steps = tuple(dict.fromkeys((proposed_step(explanation.proposal), *steps)))
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


def _signed(explanation: Explanation) -> list[RenderableType]:
    """Show what people signed about the version, and what somebody set aside for it."""
    decision = explanation.decision
    if decision is None:
        return []
    parts: list[RenderableType] = []
    if decision.standing.approvals:
        title = "Signed for it" if explanation.in_place else "Signed so far"
        made = explanation.holding if explanation.in_place else None
        signed = approvals_body(decision, promoted_on=rests_on(made) if made else frozenset())
        parts += [Text(title, "bold"), signed, Text()]
    if isinstance(decision.answer, Ready) and decision.answer.waived:
        grid = plain_grid(2)
        for reason in decision.answer.waived:
            grid.add_row("-", Text(visible(reason.sentence)))
        parts += [Text("Set aside by an override", "bold"), grid, Text()]
    return parts


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
    how = "rolled back to" if rollback_of(held) else "promoted"
    return visible(
        f"{pointer.name} holds version {held.version} since {moment(held.created_at)},"
        f" {how} by {held.actor}."
    )


def _recalled(proposal: RollbackProposal | None) -> list[RenderableType]:
    """Say that what the pointer holds stands on recalled data, and why it cannot go back."""
    if proposal is None:
        return []
    said = [*proposal.recalled, *([why_not(proposal)] if proposal.to is None else [])]
    return [Text(visible(sentence), "bold red") for sentence in said]


def _unfinished(version: VersionRecord) -> str:
    if version.state == "failed":
        return visible(f"Version {version.number} failed: {version.failure}")
    return f"Version {version.number} is reserved; its training is not finished."


def _set_aside(summary: VersionSummary) -> str:
    said = summary.mark.sentence if summary.mark else ""
    return visible(f"Version {summary.version.number} was {said}")


def _rolled_back(hold: HoldRecord) -> str:
    return visible(f"Version {hold.number} is held: {hold.sentence}")


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
        version = explanation.decision.standing.version.number
        flag = pointer_flag(explanation.pointer.name)
        step = (
            "the promotion sensor does not take it by itself, for it is not the candidate;"
            f" `registry promote {model}:{version}{flag}` does"
        )
    return (step,)


def _where_jobs_are(model: str) -> str:
    # What the code declares cannot be known here: this imports none of it.
    return f"(No such job? Then the code does not declare {model} any more.)"


def _bullets(lines: tuple[str, ...]) -> Table:
    grid = plain_grid(2)
    for line in lines:
        grid.add_row("→", Text(visible(line)))
    return grid
