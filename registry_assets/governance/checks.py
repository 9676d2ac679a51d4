"""Whether the checks that a policy asks for have passed: each verdict, held against its rule.

Absent, of other bytes, of another rule, stale or not finite: not passed.
"""

import math
from collections.abc import Sequence

from registry_assets.catalog.evaluations import EvaluationRecord, Finding, VerdictRecord
from registry_assets.catalog.versions import VersionRecord
from registry_assets.governance.policy import COMMIT_CHECKS, RequiredCheck
from registry_assets.governance.values import RE_EVALUATE, RETRAIN, RUN_CHECK, Reason, Standing


def unmet(
    check: RequiredCheck, verdict: VerdictRecord | None, standing: Standing, *, fresh: bool
) -> Reason | None:
    """Give why a required check does not count as passed; None where it does."""
    version, baseline = standing.version, standing.baseline
    remedy = _remedy(check)

    def reason(code: str, sentence: str) -> Reason:
        return Reason(code, check.name, sentence, remedy)

    if verdict is None and check.asset:
        return reason("check_missing", _not_run(check, version))
    if verdict is None:
        return reason("check_missing", f"{check.name} has no verdict")
    if verdict.version_digest != version.digest:
        return reason("check_of_another", f"{check.name} speaks of other bytes")
    finding = verdict.finding
    if finding.gate_digest != check.digest:
        return reason("check_changed", f"{check.name} was reached under another rule")
    if check.relative and fresh:
        bound = finding.binding
        if bound is None or bound.pointer != baseline.name:
            return reason("check_unbound", f"{check.name} was not reached against {baseline.name}")
        if (bound.generation, bound.baseline_digest) != (baseline.generation, baseline.digest):
            return reason(
                "check_stale",
                f"{check.name} is stale: {baseline.name} has moved since",
            )
    return _outcome(check, finding)


def _remedy(check: RequiredCheck) -> str:
    """Give what may bring a verdict that counts."""
    if check.asset:
        # Not another evaluation: the sensor would ask for one after the other, and none helps.
        return RUN_CHECK
    # What was checked at commit is not checked again: only another version mends that.
    return RETRAIN if check.name in COMMIT_CHECKS else RE_EVALUATE


def _not_run(check: RequiredCheck, version: VersionRecord) -> str:
    where = f"partition {version.number} of {version.model}/{check.asset}"
    lately = ", as it was evaluated last" if check.asset == "evaluation" else ""
    return f"{check.name} has no result yet: that asset check has to run on {where}{lately}"


def counts_as_passed(check: RequiredCheck, finding: Finding) -> bool:
    """Tell whether what was found satisfies a check, apart from what it was found about."""
    return _outcome(check, finding) is None


def _outcome(check: RequiredCheck, finding: Finding) -> Reason | None:
    numbers = (finding.value, finding.low, finding.high, finding.threshold)
    if not all(number is None or math.isfinite(number) for number in numbers):
        sentence = f"{check.name} rests on a number that is not finite: {finding.why}"
        return Reason("check_failed", check.name, sentence)
    if finding.outcome == "passed":
        return None
    if finding.outcome == "no_baseline" and check.relative and check.first == "pass":
        return None
    code = "check_failed" if finding.outcome == "failed" else f"check_{finding.outcome}"
    return Reason(code, check.name, f"{check.name} {finding.outcome}: {finding.why}")


def measured(evaluation: EvaluationRecord) -> bool:
    """Whether it holds a number at all: an evaluation of nothing but nulls measured nothing."""
    values = (metric.get("value") for metric in evaluation.metrics.values())
    return any(isinstance(value, int | float) and math.isfinite(value) for value in values)


def by_name(verdicts: Sequence[VerdictRecord]) -> dict[str, VerdictRecord]:
    """Give verdicts by the name of their check; of two the later."""
    return {verdict.finding.gate: verdict for verdict in verdicts}
