"""What a reader of an evaluation should not miss, a sentence each: made from its values.

A page shows them at its top, a card among a version's limits. Whatever a gate judges is judged
there; this decides nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from registry_assets.evaluation.report.texts import estimate, number, plural, share
from registry_assets.evaluation.report.values import GateVerdict
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.evaluation.results.data import DataResult

_NAMED = 6


@dataclass(frozen=True, slots=True)
class Remark:
    """One sentence, what it is about, and whether it casts doubt on the figures."""

    about: Literal["comparison", "data", "gates", "slices", "weak slices"]
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
    ]
    return tuple(sorted(found, key=lambda remark: not remark.grave))


def _of_gates(gates: Sequence[GateVerdict]) -> Iterator[Remark]:
    for outcome, verb in (("failed", "failed"), ("undecided", "could not decide")):
        names = [gate.name for gate in gates if gate.outcome == outcome]
        if names:
            said = f"{plural(len(names), 'gate')} {verb}: {_named(names)}."
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
        yield Remark("comparison", f"Worse than {found.pointer} by {_named(worse)}.")


def _of_data(data: DataResult) -> Iterator[Remark]:
    shared = data.shared
    if shared is not None and shared.shared:
        said = f"{shared.shared:,} of {plural(shared.holdout_rows, 'held-out row')} occur"
        yield Remark("data", f"{said} in the training, too: the model may know them.", grave=True)
    if data.deciding:
        said = f"Alone decides the target, and so may not be known before it: {data.deciding[0]}."
        if len(data.deciding) > 1:
            said = f"Each alone decides the target: {_named(data.deciding)}."
        yield Remark("data", said, grave=True)
    if data.schema:
        yield Remark("data", f"Other than the signature says: {'; '.join(data.schema[:3])}.")
    if data.drifted:
        columns = plural(len(data.drifted), "column")
        yield Remark("data", f"{columns} drifted since the training: {_named(data.drifted)}.")
    missing = [
        f"{each.column} {share(each.training_missing)} → {share(each.holdout_missing)}"
        for each in data.columns
        if abs((each.holdout_missing or 0) - (each.training_missing or 0)) >= 0.05
    ]
    if missing:
        yield Remark("data", f"Missing more or less often than in training: {_named(missing)}.")
    unseen = [each.column for each in data.columns if (each.unseen_share or 0) >= 0.01]
    if unseen:
        said = "In 1 % of the rows or more a category that training never saw"
        yield Remark("data", f"{said}: {_named(unseen)}.")
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
        f"Weaker than elsewhere in {plural(len(search.found), 'slice')} that nobody named, of"
        f" {search.tried:,} tried and {least:,} rows or more; most clearly where {worst.label}"
        f" (loss {number(worst.mean_loss)}, elsewhere {number(worst.rest_loss)}).",
    )


def _of_slices(result: EvaluationResult) -> Iterator[Remark]:
    small = [part.label for part in result.slices if not part.supported]
    if small:
        said = f"Too few rows for any statement: {_named(small)}."
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


def _named(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - _NAMED:,} more" if len(every) > _NAMED else ""
    return ", ".join(every[:_NAMED]) + more
