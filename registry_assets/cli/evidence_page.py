"""What a person looks at before signing: the evidence, what changed, who has agreed already."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from registry_assets.cli.approvals import approvals_body
from registry_assets.cli.described import section
from registry_assets.cli.figures import (
    comparison_body,
    fairness_body,
    slices_body,
    weak_body,
)
from registry_assets.cli.styles import joined, outcome_text, plain_grid
from registry_assets.cli.text import moment, short, visible
from registry_assets.evaluation.report.remarks import remarks
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.governance.decide import Held
from registry_assets.governance.standing import Decision
from registry_assets.lifecycle.reading import Gap, Reader
from registry_assets.registry import Registry

_ALREADY_SHOWN = ("approval_missing", "approval_stale", "approval_void", "approval_not_counted")


def evidence_page(registry: Registry, decision: Decision) -> Group:
    """Show everything that a signature about a version stands for."""
    standing = decision.standing
    version, evaluation = standing.version, standing.evaluation
    parts: list[RenderableType] = [
        joined(
            Text(version.reference, "bold"),
            Text(f"for {standing.pointer.name}"),
            Text(short(version.digest), "cyan"),
        )
    ]
    if evaluation is not None:
        said = f"Evaluated {moment(evaluation.created_at)}, {short(evaluation.digest)}"
        parts.append(Text(said, "dim"))
    # Those of the very evaluation that is signed for, as far as they can be read.
    reader = Reader(registry.backends.store)
    figures = reader.figures(evaluation.digest, of=version.reference) if evaluation else None
    if reader.gaps:
        parts += section("Not to be seen", _gaps(reader.gaps))
    if figures is not None:
        parts += _remarked(figures)
        for title, body in _figures(figures):
            parts += section(title, body)
    parts += section("Gates", _gates(decision))
    parts += section("Who trained it", _trainers(decision))
    parts += section(f"Changed since {standing.pointer.name}", _changed(registry, decision))
    parts += section("Signed so far", approvals_body(decision))
    rest = _other_reasons(decision)
    if rest is not None:
        parts += section("Held besides", rest)
    return Group(*parts)


def _gaps(gaps: Sequence[Gap]) -> RenderableType:
    """List what could not be read, and why."""
    grid = plain_grid(2)
    for gap in gaps:
        grid.add_row(Text("?", "yellow"), Text(visible(f"{gap.what}: {gap.why}")))
    return grid


def _remarked(figures: EvaluationResult) -> list[RenderableType]:
    found = remarks(figures)
    if not found:
        return []
    grid = plain_grid(2)
    for remark in found:
        sign = Text("!", "bold red") if remark.grave else Text("·")
        grid.add_row(sign, Text(visible(remark.sentence), "bold" if remark.grave else ""))
    return section("Not to be missed", grid)


def _figures(figures: EvaluationResult) -> Iterator[tuple[str, RenderableType]]:
    yield "Metrics", _metrics(figures)
    found = figures.comparison
    if found is not None:
        yield f"Against {found.pointer}, on the same rows", comparison_body(found)
    if figures.data is not None and figures.data.power:
        yield "What the columns tell by themselves", _power(figures)
    if figures.slices:
        yield "By slice", slices_body(figures)
    if figures.weak_slices:
        yield "Weak slices that nobody named: advice", weak_body(figures.weak_slices)
    for fair in figures.fairness:
        yield f"Fairness by {visible(fair.by)}", fairness_body(fair)


def _metrics(figures: EvaluationResult) -> RenderableType:
    grid = plain_grid(3, gap=2)
    for name, found in figures.metrics.items():
        value = "undefined" if found.value is None else f"{found.value:.4f}"
        interval = "" if found.low is None else f"[{found.low:.4f}, {found.high:.4f}]"
        grid.add_row(Text(visible(name)), value, Text(interval))
    return grid


_STRONGEST = 5


def _power(figures: EvaluationResult) -> RenderableType:
    grid = plain_grid(3, gap=2)
    assert figures.data is not None
    for each in figures.data.power[:_STRONGEST]:
        value = "" if each.value is None else f"{each.value:.3f}"
        said = Text("decides the target alone", "bold red") if each.decides else Text("")
        grid.add_row(Text(visible(each.column)), value, said)
    return grid


def _gates(decision: Decision) -> Table:
    grid = plain_grid(2, gap=2)
    for verdict in decision.standing.verdicts:
        finding = verdict.finding
        why = Text.assemble((visible(finding.gate), "bold"), f"  {visible(finding.why)}")
        grid.add_row(outcome_text(finding.outcome, passed=finding.outcome == "passed"), why)
    return grid


def _trainers(decision: Decision) -> RenderableType:
    trainers = decision.standing.trainers
    if trainers is None:
        return Text("no policy says who the people are", "dim")
    grid = plain_grid(2)
    for name, did in trainers.people.items():
        grid.add_row("-", Text(visible(f"{name} {did}")))
    for unknown in trainers.unknown:
        grid.add_row(Text("?", "yellow"), Text(visible(unknown)))
    return grid if trainers.people or trainers.unknown else Text("nobody of the people", "dim")


def _changed(registry: Registry, decision: Decision) -> RenderableType:
    standing = decision.standing
    held = standing.pointer.version
    if held is None:
        return Text(f"{standing.pointer.name} has never held a version", "dim")
    before = f"{standing.version.model}:{held}"
    found = registry.compare(before, standing.version.reference)
    grid = plain_grid(2, gap=2)
    for title, changes in (
        ("recipe", found.recipe),
        ("parameters", found.params),
        ("environment", found.environment),
    ):
        for change in changes.changed:
            grid.add_row(Text(title, "dim"), Text(visible(f"{change.name} {change.kind}")))
    for file in found.code.changed:
        grid.add_row(Text("code", "dim"), Text(visible(f"{file.path} {file.kind}")))
    for gap in found.gaps:
        grid.add_row(Text("?", "yellow"), Text(visible(f"{gap.what}: {gap.why}")))
    command = f"registry compare {before} {standing.version.reference}"
    grid.add_row(Text("all of it", "dim"), command)
    return grid


def _other_reasons(decision: Decision) -> RenderableType | None:
    answer = decision.answer
    rest = [
        reason
        for reason in (answer.reasons if isinstance(answer, Held) else ())
        if reason.code not in _ALREADY_SHOWN
    ]
    if not rest:
        return None
    grid = plain_grid(2)
    for reason in rest:
        grid.add_row("-", Text(visible(reason.sentence)))
    return grid
