"""What stands on a card of the figures of its evaluation; the rest is in `card_sections`."""

from collections.abc import Iterator

from registry_assets.evaluation.report.blocks import (
    Block,
    Paragraph,
    Pictures,
    Table,
)
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
    striking,
)
from registry_assets.evaluation.report.values import Card
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.results.estimates import Estimate

_WEAKEST = 10
_FOLDS = 12


def evaluation_blocks(card: Card) -> Iterator[Block]:
    """Give what was found of the version: metrics, the comparison, the backtest, pictures."""
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
        yield Paragraph(f"{found.pointer} has never held a version: nothing to compare with.")
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


def slices_blocks(card: Card) -> Iterator[Block]:
    """Give where it is weaker than its average."""
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
        caption="Slices that nobody named and that are weaker than the rest, as advice:"
        f" {striking(search)} of {count(search.tried)} tried, each of {count(search.min_rows)}"
        " rows or more",
        numeric=(1, 2, 3, 4),
    )


def fairness_blocks(card: Card) -> Iterator[Block]:
    """Give how it treats the groups of sensitive columns."""
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
