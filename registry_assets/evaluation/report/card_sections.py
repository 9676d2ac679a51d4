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
    Pictures,
    Section,
    Table,
)
from registry_assets.evaluation.report.remarks import remarks
from registry_assets.evaluation.report.texts import (
    NONE,
    chance,
    count,
    estimate,
    interval,
    moment,
    number,
    plural,
    share,
    size,
)
from registry_assets.evaluation.report.values import Card, Snapshot
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.results.estimates import Estimate

_WEAKEST = 10
_SNAPSHOTS = 60
_FOLDS = 12


def sections_of(card: Card) -> tuple[Section, ...]:
    """Give the sections of a card, in the order in which they are read."""
    found = (
        ("Intended use and limits", _limits(card)),
        ("At a glance", _glance(card)),
        ("How to load it", _loading(card)),
        ("Evaluation", _evaluation(card)),
        ("Gates and approvals", _gates(card)),
        ("Slices", _slices(card)),
        ("Fairness", _fairness(card)),
        ("Data", _data(card)),
        ("Training", _training(card)),
    )
    made = ((title, tuple(blocks)) for title, blocks in found)
    return tuple(Section(title, blocks) for title, blocks in made if blocks)


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
    rows += [("in use", said) for said in _held(card)] or [("in use", "no pointer held it yet")]
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
        yield Paragraph(card.limits)
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


def _loading(card: Card) -> Iterator[Block]:
    yield Paragraph("Every byte is verified first. Loading runs the code packaged with it.")
    yield Code(
        "import registry_assets\n\n"
        f'model = registry_assets.load("{card.reference}")\n'
        "model.predict(rows)",
        "python",
    )
    yield Code(f"registry pull {card.reference} ./{card.model}-{card.version}", "bash")


def _evaluation(card: Card) -> Iterator[Block]:
    result = card.result
    if card.evaluated is None or result is None:
        yield Paragraph("Not evaluated yet.")
        return
    when = f"Evaluated {moment(card.evaluated.created_at)} on {plural(result.rows, 'row')}"
    weight = f", each counting as much as {result.weight} says" if result.weight else ""
    stale = "" if card.evaluated.in_force else " under an earlier suite than the one in force"
    yield Paragraph(f"{when}{weight}{stale}.")
    yield Table(
        ("metric", "value", "95 % interval", "better is"),
        tuple(
            (name, number(found.value), interval(found), _direction(result, name))
            for name, found in result.metrics.items()
        ),
        caption="Metrics on the holdout",
        numeric=(1,),
    )
    yield from _comparison(result)
    yield from _backtest(result)
    yield Pictures(("roc", "precision_recall", "calibration", "residuals", "confusion"))
    if result.speed is not None and result.speed.candidate is not None:
        speed = result.speed.candidate
        yield Paragraph(
            f"One row takes {speed.p50_ms:,.1f} ms (95th percentile {speed.p95_ms:,.1f} ms),"
            f" many at once {speed.rows_per_second:,.0f} rows a second; it loads in"
            f" {speed.load_seconds:,.1f} s from {size(speed.artifact_bytes)} and has"
            f" {size(speed.peak_memory_bytes)} of memory at its peak."
        )


def _direction(result: EvaluationResult, name: str) -> str:
    return "less" if name in result.less_is_better else "more"


def _comparison(result: EvaluationResult) -> Iterator[Block]:
    found = result.comparison
    if found is None:
        return
    if found.outcome == "no_baseline":
        yield Paragraph(f"{found.pointer} had never held a version: nothing to compare with.")
        return
    if found.outcome == "undecided":
        yield Paragraph(f"Beside {found.pointer} the figures prove nothing: {found.undecided}.")
        return
    yield Table(
        ("metric", f"version {found.baseline_version}", "difference", "95 % interval", "verdict"),
        tuple(
            (
                name,
                _value(found.baseline.get(name)),
                number(each.value, sign="+"),
                interval(each, sign="+"),
                found.verdicts.get(name, NONE),
            )
            for name, each in found.differences.items()
        ),
        caption=f"Beside version {found.baseline_version}, which {found.pointer} held, on the"
        f" same {plural(found.rows, 'row')}",
        numeric=(1, 2),
    )
    changes = found.changes
    if changes is not None and changes.rows:
        yield Paragraph(
            f"It decides {count(changes.changed)} of {plural(changes.rows, 'row')} otherwise"
            f" ({share(changes.changed / changes.rows)}): {count(changes.corrected)} for the"
            f" better, {count(changes.broken)} for the worse."
        )


def _backtest(result: EvaluationResult) -> Iterator[Block]:
    found, headline = result.backtest, next(iter(result.metrics), "")
    if found is None:
        return
    if found.reason:
        yield Paragraph(f"There is no backtest: {found.reason.removesuffix('.')}.")
        return
    caption = "The same recipe, trained again on what came before each of these partitions"
    if len(found.folds) > _FOLDS:
        caption += f", the last {_FOLDS} of {len(found.folds)}"
    yield Table(
        ("judged on", "trained on", "rows", headline, "95 % interval"),
        tuple(
            (
                fold.holdout,
                fold.window or NONE,
                count(fold.rows),
                _value(fold.metrics.get(headline)),
                fold.reason or _interval(fold.metrics.get(headline)),
            )
            for fold in found.folds[-_FOLDS:]
        ),
        caption=caption,
        numeric=(2, 3),
    )


def _interval(found: Estimate | None) -> str:
    return interval(found) if found is not None else NONE


def _value(found: Estimate | None) -> str:
    return number(found.value) if found is not None else NONE


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
        yield Paragraph("On its way to production it waits:")
        yield Items(card.waits_for)


def _slices(card: Card) -> Iterator[Block]:
    result = card.result
    headline = next(iter(result.metrics), "") if result else ""
    if result is None or not headline:
        return
    parts = [
        (part.estimates[headline], part)
        for part in result.slices
        if part.supported and headline in part.estimates and part.estimates[headline].defined
    ]
    sign = -1 if headline in result.less_is_better else 1
    parts.sort(key=lambda pair: sign * pair[0].value)
    if parts:
        caption = f"The weakest by {headline}"
        if len(parts) > _WEAKEST:
            caption += f", {_WEAKEST} of {len(parts)}"
        yield Table(
            ("slice", "rows", headline, "95 % interval"),
            tuple(
                (part.label, count(part.rows), number(found.value), interval(found))
                for found, part in parts[:_WEAKEST]
            ),
            caption=caption,
            numeric=(1, 2),
        )
        yield Pictures(("slices",))
    yield from _weak(result)


def _weak(result: EvaluationResult) -> Iterator[Block]:
    search = result.weak_slices
    if search is None or not search.found:
        return
    yield Table(
        ("where", "rows", "loss there", "elsewhere", "p, adjusted"),
        tuple(
            (
                part.label,
                count(part.rows),
                number(part.mean_loss),
                number(part.rest_loss),
                chance(part.p_adjusted),
            )
            for part in search.found
        ),
        caption=f"Slices that nobody named and that are weaker than the rest: advice, of"
        f" {count(search.tried)} tried with {count(search.min_rows)} rows or more",
        numeric=(1, 2, 3, 4),
    )


def _fairness(card: Card) -> Iterator[Block]:
    for found in card.result.fairness if card.result else ():
        names = list(dict.fromkeys(name for group in found.groups for name in group.rates))
        yield Table(
            ("group", "rows", *(name.replace("_", " ") for name in names)),
            tuple(
                (
                    "(missing)" if group.group is None else group.group,
                    count(group.rows),
                    *(
                        estimate(group.rates[name]) if name in group.rates else "too few rows"
                        for name in names
                    ),
                )
                for group in found.groups
            ),
            caption=f"Rates by {found.by}, with their 95 % intervals",
            numeric=(1,),
        )
        yield Table(
            ("disparity", "value", "95 % interval"),
            tuple(
                (name.replace("_", " "), number(each.value), interval(each))
                for name, each in found.disparities.items()
            ),
            caption=f"How far the groups of {found.by} are apart",
            numeric=(1,),
        )


def _data(card: Card) -> Iterator[Block]:
    roles = (
        ("trained on", card.train),
        ("judged on", card.holdout),
        ("made from", card.datasets),
    )
    rows = [(role, part) for role, parts in roles for part in _some(parts)]
    yield Table(
        ("", "snapshot", "rows", "digest"),
        tuple(
            (role, Name(part.name), count(part.rows), Name(part.digest) if part.digest else NONE)
            for role, part in rows
        ),
        numeric=(2,),
    )
    if card.holdout_rule:
        yield Paragraph(f"Held out: {card.holdout_rule}.")


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
            ("started", f"{moment(made.started_at)}{took}"),
            ("asked for by", f"{made.actor} ({made.trigger}){why}"),
            ("framework", f"{made.framework} {made.framework_version}".strip()),
            ("environment", f"Python {made.python}, {made.platform}; {libraries or 'no library'}"),
            ("code", f"commit {made.commit}{where}{state}"),
            ("code digest", Name(made.code)),
            ("recipe", Name(made.recipe)),
            ("run", made.run),
        )
    )
    yield Table(("parameter", "value"), _params(made.params), caption="Parameters")


def _params(params: Mapping[str, Json]) -> tuple[tuple[Cell, ...], ...]:
    return tuple((Name(name), Name(_json(value))) for name, value in sorted(params.items()))


def _json(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
