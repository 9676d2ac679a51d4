"""What a command has found out, read from the registry and not yet laid out.

Both the tables for people and the JSON for programs are made from these values, so they
cannot differ. Nothing here decides: whether a check counts as passed is asked of
`registry_assets.governance`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from registry_assets.catalog.evaluations import EvaluationRecord, Finding
from registry_assets.catalog.indexing import Stage
from registry_assets.catalog.models import ModelRecord
from registry_assets.catalog.pointers import PointerRecord, PromotionRecord
from registry_assets.catalog.tenures import Tenure
from registry_assets.catalog.versions import VersionRecord
from registry_assets.governance.decide import Held, Reason, gates_passed
from registry_assets.governance.policy import RequiredCheck
from registry_assets.governance.standing import Decision
from registry_assets.references import Reference
from registry_assets.registry import Registry, VersionSummary


@dataclass(frozen=True, slots=True)
class Check:
    """One check that the policy asks for, and what is known about it.

    Args:
        finding: None where there is no verdict.
        passed: whether it counts; a verdict of another rule or other bytes does not.
    """

    required: RequiredCheck
    finding: Finding | None
    passed: bool

    @property
    def outcome(self) -> str:
        """The verdict's outcome, or why there is none that counts."""
        if self.finding is None:
            return "missing"
        unfit = not self.passed and self.finding.outcome == "passed"
        return "outdated" if unfit else self.finding.outcome

    @property
    def why(self) -> str:
        """The sentence behind the outcome."""
        if self.finding is None:
            return f"no verdict yet: {self.required.sentence}"
        if self.outcome == "outdated":
            return f"reached under another rule; now: {self.required.sentence}"
        return self.finding.why


@dataclass(frozen=True, slots=True)
class VersionAnswer:
    """One version with its checks, its times in production and what holds it now.

    Args:
        checks: none where there is no committed version to check.
        candidate: the version that would be promoted next, if any.
        earlier: its newest evaluation, where that is of a suite that is in force no longer.
    """

    model: ModelRecord
    summary: VersionSummary
    checks: tuple[Check, ...]
    tenures: tuple[Tenure, ...]
    candidate: int | None
    earlier: EvaluationRecord | None

    @property
    def version(self) -> VersionRecord:
        """The version itself."""
        return self.summary.version

    @property
    def decision(self) -> Decision:
        """Whether production may move to it."""
        return self.summary.decision

    @property
    def stage(self) -> Stage:
        """Its stage."""
        return self.summary.stage

    @property
    def metrics(self) -> dict[str, Mapping[str, Any]]:
        """The newest evaluation's metrics, the headline first; empty without one."""
        return self._metrics(self.summary.evaluation)

    @property
    def metrics_then(self) -> dict[str, Mapping[str, Any]]:
        """Those of the evaluation under an earlier suite, where that is all there is."""
        return self._metrics(self.earlier)

    def _metrics(self, evaluation: EvaluationRecord | None) -> dict[str, Mapping[str, Any]]:
        if evaluation is None:
            return {}
        declared = [str(name) for name in self.model.suite["evaluation"]["metrics"]]
        order = [*declared, *sorted(set(evaluation.metrics) - set(declared))]
        return {name: evaluation.metrics[name] for name in order if name in evaluation.metrics}

    @property
    def missed(self) -> tuple[Check, ...]:
        """Checks that do not count as passed."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def gates(self) -> str:
        """How many checks passed: `all 11`, `5 of 11`; empty before there is an evaluation."""
        total, missed = len(self.checks), len(self.missed)
        if not total or self.summary.evaluation is None:
            return ""
        return f"{total - missed} of {total}" if missed else f"all {total}"

    @property
    def waits_for(self) -> tuple[Reason, ...]:
        """What holds a version on its way to production; nothing for one that was there."""
        answer = self.decision.answer
        on_its_way = self.stage in ("development", "staging", "rejected")
        return answer.reasons if on_its_way and isinstance(answer, Held) else ()


def read_version(registry: Registry, reference: str) -> VersionAnswer:
    """Read everything about the version that a reference names, whatever became of it."""
    parsed = Reference.parse(reference)
    if parsed.version is None:
        summary = registry.version(reference)
    else:
        # By number also a failed or reserved one can be asked about.
        summary = registry.version_numbered(parsed.model, parsed.version)
    model = registry.model(parsed.model)
    number = summary.version.number
    return _answer(
        registry,
        model,
        summary,
        registry.tenures(model.name, first=number, last=number),
        registry.candidate(model.name),
    )


def read_versions(
    registry: Registry, name: str, *, limit: int | None = None, before: int | None = None
) -> tuple[VersionAnswer, ...]:
    """Read everything about a model's versions, oldest first.

    Args:
        limit: the newest, at most so many.
        before: only numbers below this one.
    """
    model, candidate = registry.model(name), registry.candidate(name)
    summaries = registry.versions(name, limit=limit, before=before)
    if not summaries:
        return ()
    first, last = summaries[0].version.number, summaries[-1].version.number
    held = defaultdict(list)
    for tenure in registry.tenures(name, first=first, last=last):
        held[tenure.promotion.version].append(tenure)
    return tuple(
        _answer(registry, model, summary, held[summary.version.number], candidate)
        for summary in summaries
    )


def read_holding(registry: Registry, pointer: PointerRecord) -> PromotionRecord | None:
    """Read the promotion that brought a pointer to what it holds."""
    if pointer.version is None:
        return None
    return registry.newest_promotion(pointer.model, pointer.name)


def _answer(
    registry: Registry,
    model: ModelRecord,
    summary: VersionSummary,
    tenures: Sequence[Tenure],
    candidate: int | None,
) -> VersionAnswer:
    version, earlier = summary.version, None
    if version.state == "committed" and summary.evaluation is None:
        earlier = registry.last_evaluation(version.model, version.number)
    return VersionAnswer(
        model=model,
        summary=summary,
        checks=read_checks(summary.decision),
        tenures=tuple(tenures),
        candidate=candidate,
        earlier=earlier,
    )


def read_checks(decision: Decision) -> tuple[Check, ...]:
    """Set every check that the policy asks for beside its verdict."""
    standing, answer = decision.standing, decision.answer
    if standing.version.state != "committed":
        return ()
    findings = {verdict.finding.gate: verdict.finding for verdict in standing.verdicts}
    unmet = {reason.subject for reason in answer.reasons} if isinstance(answer, Held) else set()

    def passed(check: RequiredCheck) -> bool:
        if standing.evaluation is None:
            return check.name in findings and check.name not in unmet
        # What went stale after it passed still says what the version earned.
        return bool(gates_passed(replace(decision.policy, checks=(check,)), standing))

    return tuple(
        Check(check, findings.get(check.name), passed(check)) for check in decision.policy.checks
    )
