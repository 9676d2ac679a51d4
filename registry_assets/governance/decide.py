"""The one decision: may this version take this pointer now?

Pure: it reads what it is given and touches nothing. The sensor's skip reason,
`registry explain` and the promotion itself all ask it, so they cannot disagree. It fails
closed: evidence that is absent, stale, of another version, of another rule or not finite
counts as not passed. It lists everything that is missing, not the first thing.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from registry_assets.catalog.evaluations import EvaluationRecord, Finding, VerdictRecord
from registry_assets.catalog.marks import MarkRecord
from registry_assets.catalog.pointers import PointerRecord
from registry_assets.catalog.versions import VersionRecord
from registry_assets.governance.policy import (
    COMMIT_CHECKS,
    Policy,
    RequiredCheck,
    allowed_values,
)


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that holds a version: a stable code, what it is about, and what to do."""

    code: str
    subject: str
    sentence: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """A signed statement by one person about one version, evaluation and pointer."""

    person: str
    roles: tuple[str, ...]
    version_digest: str
    evaluation_digest: str
    pointer: str
    policy_digest: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything known about one version before one pointer, read in one transaction.

    Args:
        evaluation: the newest complete one under the suite in force.
        verdicts: those of that evaluation, and those reached at commit.
        approvals: signed statements found valid; others never come this far.
        baseline: the pointer that relative verdicts are reached against, whichever is to move.
        held: of the versions that the pointer has ever held, the highest and, if it is one of
            them, this one.
        mark: that a person archived or rejected it; None where nothing of that holds.
        tags: those that hold: declared when it was committed, and changed by people since.
    """

    version: VersionRecord
    evaluation: EvaluationRecord | None
    verdicts: tuple[VerdictRecord, ...]
    approvals: tuple[Approval, ...]
    pointer: PointerRecord
    baseline: PointerRecord
    held: frozenset[int]
    mark: MarkRecord | None
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ready:
    """Nothing holds the version."""


@dataclass(frozen=True, slots=True)
class Held:
    """The version may not take the pointer; `reasons` is never empty."""

    reasons: tuple[Reason, ...]

    @property
    def sentence(self) -> str:
        """All reasons in one line."""
        return "; ".join(reason.sentence for reason in self.reasons)

    @property
    def needs_evaluation(self) -> bool:
        """Whether evaluating the version again may change the answer."""
        return any(reason.remedy == RE_EVALUATE for reason in self.reasons)


RE_EVALUATE = "re-evaluate"
RETRAIN = "retrain"
RESTORE = "restore the declaration"
RUN_CHECK = "run the asset check"
TAG = "tag"
UNARCHIVE = "unarchive"
WAIT = "wait for its run"


def decide(policy: Policy, standing: Standing) -> Ready | Held:
    """Decide whether the version may take the pointer under this policy."""
    reasons = tuple(_reasons(policy, standing))
    return Held(reasons) if reasons else Ready()


def gates_passed(policy: Policy, standing: Standing) -> bool | None:
    """Tell whether every check passed: False where one failed, None where it is not known.

    Not known is whatever was not measured, or could not be decided: it did not pass, and
    nothing was found against the version either.

    A verdict that went stale after it passed still counts here: it says what the version
    earned, not whether it may move now.
    """
    if standing.version.state != "committed" or standing.evaluation is None:
        return None
    found = _by_name(standing.verdicts)
    unmet = [
        reason
        for check in policy.checks
        if (reason := _unmet(check, found.get(check.name), standing, fresh=False))
    ]
    if any(reason.code == "check_failed" for reason in unmet):
        return False
    return True if _measured(standing.evaluation) and not unmet else None


def _reasons(policy: Policy, standing: Standing) -> Iterator[Reason]:
    version, pointer = standing.version, standing.pointer
    if version.state != "committed":
        why = version.failure or "its training is not finished"
        yield Reason(
            "not_committed",
            version.reference,
            f"{version.reference} is {version.state}: {why}",
            RETRAIN if version.state == "failed" else WAIT,
        )
        return
    yield from _marked(standing)
    if version.recipe.target != policy.target:
        yield Reason(
            "other_target",
            version.reference,
            f"{version.reference} was trained to tell {version.recipe.target!r};"
            f" {version.model} is declared to tell {policy.target!r}",
            RETRAIN,
        )
        return
    yield from _direction(standing)
    if policy.weaker:
        yield Reason(
            "declaration_weaker",
            version.model,
            f"the declaration of {version.model} asks for less than the policy in force, which"
            f" stays: {'; '.join(policy.weaker)}",
            RESTORE,
        )
    if standing.evaluation is None:
        yield Reason(
            "no_evaluation",
            version.reference,
            f"{version.reference} has no complete evaluation under the suite in force",
            RE_EVALUATE,
        )
    elif not _measured(standing.evaluation):
        yield Reason("no_metrics", version.reference, "its evaluation holds no metrics")
    found = _by_name(standing.verdicts)
    for check in policy.checks:
        if standing.evaluation is None and not check.of_version and check.name not in found:
            continue  # said once, above
        unmet = _unmet(check, found.get(check.name), standing, fresh=True)
        if unmet is not None:
            yield unmet
    yield from _tags(policy, standing)
    yield from _approvals(policy, standing, pointer)


def _marked(standing: Standing) -> Iterator[Reason]:
    version, found = standing.version, standing.mark
    if found is None:
        return
    said = f"{version.reference} was {found.sentence}"
    if found.mark == "archived":
        yield Reason("archived", version.reference, said, UNARCHIVE)
    else:
        yield Reason("rejected", version.reference, said, RETRAIN)


def _tags(policy: Policy, standing: Standing) -> Iterator[Reason]:
    version = standing.version
    for name, allowed in policy.tags.items():
        value, subject = standing.tags.get(name, ""), f"tags.{name}"
        asked = f"the policy asks for {allowed_values(allowed)}"
        if not value.strip():
            said = f"{version.reference} has no tag {name}; {asked}"
            yield Reason("tag_missing", subject, said, TAG)
        elif allowed and value not in allowed:
            said = f"{version.reference} has the tag {name}={value}; {asked}"
            yield Reason("tag_not_allowed", subject, said, TAG)


def _direction(standing: Standing) -> Iterator[Reason]:
    version, pointer = standing.version, standing.pointer
    if version.number == pointer.version:
        yield Reason(
            "already_held",
            pointer.name,
            f"{pointer.name} holds {version.reference} already",
        )
    elif standing.held and version.number <= (newest := max(standing.held)):
        said = f"{pointer.name} has held version {newest}"
        if version.number in standing.held:
            said += f"; going back to {version.reference} is a rollback, not a promotion"
        else:
            said += f" already; {version.reference} is older, and a promotion only moves forward"
        yield Reason("not_forward", pointer.name, said)


def _unmet(
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


def _measured(evaluation: EvaluationRecord) -> bool:
    """Whether it holds a number at all: an evaluation of nothing but nulls measured nothing."""
    values = (metric.get("value") for metric in evaluation.metrics.values())
    return any(isinstance(value, int | float) and math.isfinite(value) for value in values)


def _approvals(policy: Policy, standing: Standing, pointer: PointerRecord) -> Iterator[Reason]:
    if not policy.required_approvals:
        return
    evaluation = standing.evaluation
    people = {
        approval.person
        for approval in standing.approvals
        if evaluation is not None
        and approval.version_digest == standing.version.digest
        and approval.evaluation_digest == evaluation.digest
        and approval.pointer == pointer.name
        and approval.policy_digest == policy.digest
        and (not policy.roles or set(policy.roles) & set(approval.roles))
    }
    missing = policy.required_approvals - len(people)
    if missing > 0:
        whose = f" of role {' or '.join(policy.roles)}" if policy.roles else ""
        count = (
            f"{missing} more approval{'s' if missing > 1 else ''}"
            if people
            else (f"{missing} approval{'s' if missing > 1 else ''}")
        )
        yield Reason(
            "approval_missing",
            standing.version.reference,
            f"{standing.version.reference} waits for {count} by a person{whose}"
            f" (risk: {policy.risk})",
            "approve",
        )


def _by_name(verdicts: Sequence[VerdictRecord]) -> dict[str, VerdictRecord]:
    return {verdict.finding.gate: verdict for verdict in verdicts}
