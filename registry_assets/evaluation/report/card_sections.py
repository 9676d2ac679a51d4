"""What stands on a card, section by section, as values that `card` writes in two forms."""

import json
from collections.abc import Iterator, Mapping

from registry_assets.canonical import Json
from registry_assets.evaluation.report.blocks import (
    Block,
    Cell,
    Code,
    Facts,
    Items,
    Name,
    Paragraph,
    Section,
    Table,
    as_link,
)
from registry_assets.evaluation.report.card_figures import (
    evaluation_blocks,
    fairness_blocks,
    slices_blocks,
)
from registry_assets.evaluation.report.remarks import remarks
from registry_assets.evaluation.report.texts import (
    NONE,
    count,
    estimate,
    moment,
    paragraphs,
    plural,
)
from registry_assets.evaluation.report.values import Card, Snapshot
from registry_assets.evaluation.results import EvaluationResult

_SNAPSHOTS = 60
_PARTITIONS = 24


def sections_of(card: Card) -> tuple[Section, ...]:
    """Give the sections of a card, in the order in which they are read."""
    found = (
        ("Made from data that is wrong", _recalled(card)),
        ("Intended use and limits", _limits(card)),
        ("At a glance", _glance(card)),
        ("How to load it", _loading(card)),
        ("Evaluation", evaluation_blocks(card)),
        ("In production", _use(card)),
        ("Gates and approvals", _gates(card)),
        ("Slices", slices_blocks(card)),
        ("Fairness", fairness_blocks(card)),
        ("Data", _data(card)),
        ("Training", _training(card)),
    )
    made = ((title, tuple(blocks)) for title, blocks in found)
    return tuple(Section(title, blocks) for title, blocks in made if blocks)


def _recalled(card: Card) -> Iterator[Block]:
    if card.recalled:
        yield Paragraph("Do not rely on it: data that it learned from, or is judged by, is wrong.")
        yield Items(card.recalled)


def _glance(card: Card) -> Iterator[Block]:
    rows: list[tuple[str, Cell]] = [
        ("version", Name(card.reference)),
        ("digest", Name(card.digest)),
        ("stage", card.stage),
        ("task", f"{card.task}, predicts {card.target}"),
        ("owners", ", ".join(card.owners) or NONE),
        ("risk", _risk(card)),
        ("license", card.license or "not declared"),
    ]
    rows += [("in use", said) for said in _held(card)] or [("in use", "no pointer has held it yet")]
    rows += [(f"tag {name}", value) for name, value in sorted(card.tags.items())]
    rows += [(name, Name(_json(value))) for name, value in sorted(card.properties.items())]
    yield Facts(tuple(rows))


def _risk(card: Card) -> str:
    if not card.approvals_needed:
        return f"{card.risk}: no approval needed"
    return f"{card.risk}: {plural(card.approvals_needed, 'approval')} needed{_by_whom(card)}"


def _by_whom(card: Card) -> str:
    roles = " or ".join(card.approval_roles)
    return f", by a person of role {roles}" if roles else ""


def _held(card: Card) -> Iterator[str]:
    for held in card.held:
        until = f" until {moment(held.until)}" if held.until else ""
        why = f", because {held.reason}" if held.reason else ""
        yield f"{held.pointer} since {moment(held.since)}{until}, by {held.actor}{why}"


def _limits(card: Card) -> Iterator[Block]:
    if card.limits.strip():
        yield from _told(card.limits)
    else:
        yield Paragraph("The owners declared no limits in their own words.")
    if card.result is None:
        yield Paragraph("It has not been evaluated: nothing is known of how good it is.")
        return
    found = remarks(card.result, card.gates)
    if found:
        yield Paragraph("What the evaluation found, and no reader should miss:")
        yield Items(tuple(remark.sentence for remark in found))
    plan = card.result
    yield Paragraph(
        f"Every figure here is of {plural(plan.rows, 'held-out row')} and says nothing of rows"
        " that are unlike them."
    )


def _told(text: str) -> Iterator[Block]:
    for lines in paragraphs(text):
        yield Items(lines) if len(lines) > 1 else Paragraph(lines[0])


def _loading(card: Card) -> Iterator[Block]:
    yield Paragraph("Every byte is verified first. Loading runs the code packaged with it.")
    yield Code(
        "import registry_assets\n\n"
        f'model = registry_assets.load("{card.reference}")\n'
        "model.predict(rows)",
        "python",
    )
    yield Code(f"registry pull {card.reference} ./{card.model}-{card.version}", "bash")


def _gates(card: Card) -> Iterator[Block]:
    if card.gates:
        rows = tuple((g.outcome.replace("_", " "), Name(g.name), g.why) for g in card.gates)
        yield Table(("verdict", "gate", "why"), rows)
    if not card.approvals_needed:
        yield Paragraph("Approvals: the policy requires none.")
    else:
        recorded = ", ".join(card.approvals) or "none recorded"
        needed = f"{card.approvals_needed} required by policy{_by_whom(card)}"
        yield Paragraph(f"Approvals: {recorded}; {needed}.")
    if card.waits_for:
        yield Paragraph("On its way to production:")
        yield Items(card.waits_for)


def _use(card: Card) -> Iterator[Block]:
    use = card.use
    if use is None:
        return
    if use.alerts:
        yield Paragraph("Alerts that are not resolved:")
        yield Items(use.alerts)
    shown = use.partitions[-_PARTITIONS:]
    if shown:
        more = len(use.partitions) - len(shown)
        earlier = f"; {plural(more, 'partition')} before these" if more else ""
        yield Table(
            (
                *("partition", "predictions", f"{use.metric} promised", "lived"),
                *("columns drifted", "checks that failed"),
            ),
            tuple(
                (
                    each.partition or "all",
                    count(each.rows),
                    estimate(each.promised),
                    estimate(each.lived),
                    each.drifted or NONE,
                    ", ".join(each.failed) or "nothing",
                )
                for each in shown
            ),
            numeric=(1,),
            caption=f"What was promised of it, and what it lived{earlier}",
        )
    if use.pages:
        yield Facts(tuple((name, as_link(url)) for name, url in use.pages.items()))


def _data(card: Card) -> Iterator[Block]:
    # Held out by a key, the same snapshots give the rows of both.
    both = card.train == card.holdout
    used = (
        [("trained and judged on", card.train)]
        if both
        else [("trained on", card.train), ("judged on", card.holdout)]
    )
    roles = (*used, ("made from", card.datasets))
    rows = [(role, part) for role, parts in roles for part in _some(parts)]
    yield Table(
        ("", "snapshot", "rows in the snapshot", "digest"),
        tuple(
            (role, Name(part.name), count(part.rows), Name(part.digest) if part.digest else NONE)
            for role, part in rows
        ),
        numeric=(2,),
    )
    said = [f"Held out: {card.holdout_rule}."] if card.holdout_rule else []
    if card.result is not None:
        said.append(_rows_used(card.result))
    if said:
        yield Paragraph(" ".join(said))


def _rows_used(result: EvaluationResult) -> str:
    judged = f"judged on {plural(result.rows, 'row')}"
    # None were counted where the training could not be read again.
    if result.data is None or not result.data.training_rows:
        return f"It was {judged}."
    return f"It was trained on {plural(result.data.training_rows, 'row')} and {judged}."


def _some(parts: tuple[Snapshot, ...]) -> tuple[Snapshot, ...]:
    more = len(parts) - _SNAPSHOTS
    if more <= 0:
        return parts
    return (*parts[:_SNAPSHOTS], Snapshot(f"and {plural(more, 'more snapshot')}", ""))


def _training(card: Card) -> Iterator[Block]:
    made = card.training
    state = " with uncommitted changes" if made.dirty else ""
    where = f" of {made.repository}" if made.repository else ""
    took = f", in {made.duration_seconds:,.1f} s" if made.duration_seconds is not None else ""
    why = f": {made.reason}" if made.reason else ""
    libraries = ", ".join(f"{name} {version}" for name, version in made.distributions.items())
    yield Facts(
        (
            ("trained", f"{moment(made.started_at)}{took}"),
            ("asked for by", f"{made.actor} ({made.trigger}){why}"),
            ("framework", f"{made.framework} {made.framework_version}".strip()),
            ("environment", f"Python {made.python}, {made.platform}; {libraries or 'no library'}"),
            ("code", f"commit {made.commit}{where}{state}"),
            ("code digest", Name(made.code)),
            ("recipe", Name(made.recipe)),
            ("run", as_link(made.run)),
        )
    )
    yield Table(("parameter", "value"), _params(made.params), caption="Parameters")
    yield Paragraph("Everything that it is made of, by digest and version, as CycloneDX has it:")
    yield Code(f"registry sbom {card.reference} --out {card.model}-{card.version}.cdx.json", "bash")


def _params(params: Mapping[str, Json]) -> tuple[tuple[Cell, ...], ...]:
    return tuple((Name(name), Name(_json(value))) for name, value in sorted(params.items()))


def _json(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
