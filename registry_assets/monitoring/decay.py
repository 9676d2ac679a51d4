"""Whether a deployment does worse than was promised, by more than its declaration allows."""

from collections.abc import Collection, Mapping, Sequence

from registry_assets.catalog.observations import CheckFinding
from registry_assets.declaration import Decay
from registry_assets.evaluation.results.estimates import Estimate
from registry_assets.monitoring.findings import worst

DECAY = "performance_decay"


def judge_decay(
    rules: Sequence[Decay],
    lived: Mapping[str, Estimate],
    promised: Mapping[str, Estimate],
    *,
    less_is_better: Collection[str],
    reason: str = "",
) -> CheckFinding:
    """Judge every rule, and give the worst finding with all sentences.

    What cannot be said is undecided, never passed.

    Args:
        lived: the metrics on what was really predicted.
        promised: those of the evaluation that the promotion rested on.
        reason: why nothing is known of what was lived; "" if something is.
    """
    if reason:
        return CheckFinding(DECAY, "undecided", reason)
    if not rules:
        return CheckFinding(DECAY, "undecided", "no Decay is declared: nothing is judged")
    return worst(
        [
            _judge(
                rule,
                lived.get(rule.metric),
                promised.get(rule.metric),
                less_is_better=rule.metric in less_is_better,
            )
            for rule in rules
        ]
    )


def _judge(
    rule: Decay, lived: Estimate | None, promised: Estimate | None, *, less_is_better: bool
) -> CheckFinding:
    for found, what in ((lived, "lived"), (promised, "promised")):
        if found is None or not found.defined:
            why = found.reason if found else "it was not measured"
            return CheckFinding(DECAY, "undecided", f"{rule.metric} {what} is not known: {why}")
    assert lived is not None
    assert promised is not None
    allowed = promised.value + rule.margin if less_is_better else promised.value - rule.margin
    best = lived.low if less_is_better else lived.high
    judged = best if rule.shown else lived.value
    failed = judged > allowed if less_is_better else judged < allowed
    beyond = "above" if less_is_better else "below"
    said = (
        f"{rule.metric} {lived.value:.4g} [{lived.low:.4g}, {lived.high:.4g}]"
        f" on {lived.rows:,} rows, promised {promised.value:.4g}"
    )
    bound = f"{beyond} {allowed:.4g}, which is {rule.margin:g} worse"
    shown = "surely " if rule.shown else ""
    return CheckFinding(
        DECAY,
        "failed" if failed else "passed",
        f"{said}: {shown}{bound}" if failed else f"{said}: not {shown}{bound}",
        value=lived.value,
        low=lived.low,
        high=lived.high,
        threshold=allowed,
        rows=lived.rows,
    )
