"""What a reader of an evaluation should not miss, a sentence each: made from its values.

A page shows them at its top, a card among a version's limits. Whatever a gate judges is judged
there; this decides nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from registry_assets.evaluation.report.texts import (
    estimate,
    named,
    number,
    plural,
    share,
    striking,
)
from registry_assets.evaluation.report.values import GateVerdict
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.results.data import DataResult
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.evaluation.results.fairness import FairnessResult

_RATES = 3


@dataclass(frozen=True, slots=True)
class Remark:
    """One sentence, what it is about, and whether it casts doubt on the figures."""

    about: Literal["comparison", "data", "fairness", "gates", "slices", "weak slices"]
    sentence: str
    grave: bool = False


def remarks(result: EvaluationResult, gates: Sequence[GateVerdict] = ()) -> tuple[Remark, ...]:
    """Give what should not be missed, what casts doubt on the figures first."""
    found = [
        *_of_gates(gates),
        *_of_comparison(result),
        *(_of_data(result.data) if result.data else ()),
        *_of_weak_slices(result),
        *_of_slices(result),
        *(remark for found in result.fairness for remark in _of_fairness(found)),
    ]
    return tuple(sorted(found, key=lambda remark: not remark.grave))


def _of_gates(gates: Sequence[GateVerdict]) -> Iterator[Remark]:
    for outcome, verb in (("failed", "failed"), ("undecided", "could not decide")):
        names = [gate.name for gate in gates if gate.outcome == outcome]
        if names:
            said = f"{plural(len(names), 'gate')} {verb}: {named(names)}."
            yield Remark("gates", said, grave=outcome == "failed")


def _of_comparison(result: EvaluationResult) -> Iterator[Remark]:
    found = result.comparison
    if found is None:
        return
    if found.undecided:
        said = f"Beside {found.pointer} the figures prove nothing: {found.undecided}."
        yield Remark("comparison", said, grave=True)
    worse = [name for name, verdict in found.verdicts.items() if verdict == "worse"]
    if worse:
        baseline = f"version {found.baseline_version}, which {found.pointer} held,"
        by = (_difference(name, found.differences.get(name)) for name in worse)
        said = f"Worse than {baseline} by {named(by, between='; ')}."
        yield Remark("comparison", said)


def _difference(name: str, found: Estimate | None) -> str:
    return name if found is None else f"{name}: {estimate(found, sign='+')}"


def _of_data(data: DataResult) -> Iterator[Remark]:
    shared = data.shared
    if shared is not None and shared.shared:
        said = f"{shared.shared:,} of {plural(shared.holdout_rows, 'held-out row')} occur"
        yield Remark("data", f"{said} in the training, too: the model may know them.", grave=True)
    if data.deciding:
        said = f"Alone decides the target, and so may not be known before it: {data.deciding[0]}."
        if len(data.deciding) > 1:
            said = f"Each alone decides the target: {named(data.deciding)}."
        yield Remark("data", said, grave=True)
    if data.schema:
        yield Remark("data", f"Other than the signature says: {'; '.join(data.schema[:3])}.")
    if data.drifted:
        columns = plural(len(data.drifted), "column")
        yield Remark("data", f"{columns} drifted since the training: {named(data.drifted)}.")
    missing = [
        f"{each.column} {share(each.training_missing)} → {share(each.holdout_missing)}"
        for each in data.columns
        if abs((each.holdout_missing or 0) - (each.training_missing or 0)) >= 0.05
    ]
    if missing:
        yield Remark("data", f"Missing more or less often than in training: {named(missing)}.")
    unseen = [each.column for each in data.columns if (each.unseen_share or 0) >= 0.01]
    if unseen:
        said = "In 1 % of the rows or more a category that training never saw"
        yield Remark("data", f"{said}: {named(unseen)}.")
    for part, reason in data.reasons.items():
        yield Remark("data", f"Not examined, {part}: {reason}.")


def _of_weak_slices(result: EvaluationResult) -> Iterator[Remark]:
    search = result.weak_slices
    if search is None or not search.found:
        return
    worst = search.found[0]
    least = min(each.rows for each in search.found)
    yield Remark(
        "weak slices",
        f"Weaker than elsewhere in slices that nobody named: {striking(search)} of"
        f" {search.tried:,} tried, of {least:,} rows or more each; most clearly where"
        f" {worst.label} (loss {number(worst.mean_loss)}, elsewhere {number(worst.rest_loss)}).",
    )


def _of_slices(result: EvaluationResult) -> Iterator[Remark]:
    small = [part.label for part in result.slices if not part.supported]
    if small:
        said = f"Too few rows for any statement: {named(small)}."
        yield Remark("slices", said)
    headline = next(iter(result.metrics), "")
    parts = [
        (part.estimates[headline], part.label)
        for part in result.slices
        if part.supported and headline in part.estimates and part.estimates[headline].defined
    ]
    if parts:
        pick = max if headline in result.less_is_better else min
        weakest, label = pick(parts, key=lambda pair: pair[0].value)
        yield Remark("slices", f"The weakest slice by {headline} is {label}: {estimate(weakest)}.")


def _of_fairness(found: FairnessResult) -> Iterator[Remark]:
    """Name the rates of which the ends are farther apart than their intervals reach."""
    apart = sorted(_ends(found), key=lambda ends: ends[1].value - ends[2].value)
    said = [
        f"{name.replace('_', ' ')} {estimate(low)} ({of_low}) against {estimate(high)} ({of_high})"
        for name, low, high, of_low, of_high in apart[:_RATES]
    ]
    if said:
        yield Remark("fairness", f"The rates farthest apart by {found.by}: {'; '.join(said)}.")


def _ends(found: FairnessResult) -> Iterator[tuple[str, Estimate, Estimate, str, str]]:
    for name in dict.fromkeys(name for group in found.groups for name in group.rates):
        known = [
            (group.rates[name], "missing" if group.group is None else group.group)
            for group in found.groups
            if name in group.rates and group.rates[name].defined
        ]
        # How many of a group are positive is no work of the model's.
        if len(known) < 2 or name == "base_rate":
            continue
        low, of_low = min(known, key=lambda pair: pair[0].value)
        high, of_high = max(known, key=lambda pair: pair[0].value)
        if low.high < high.low:
            yield name, low, high, of_low, of_high
