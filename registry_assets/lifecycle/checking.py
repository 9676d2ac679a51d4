"""Record what a user's own asset check found: it becomes the verdict of the gate of its name.

What Dagster remembers is read in `orchestration.own_checks`; here it is tied to what it was
found about, once, and lasts whatever becomes of Dagster's history.
"""

import math
from dataclasses import dataclass
from datetime import datetime

from registry_assets.catalog.evaluations import Finding, VerdictRecord, insert_verdicts
from registry_assets.catalog.ledger import change
from registry_assets.catalog.models import get_model
from registry_assets.clock import timestamp
from registry_assets.errors import NotFound
from registry_assets.governance.active import read_active
from registry_assets.governance.decide import Standing
from registry_assets.governance.policy import Policy, RequiredCheck
from registry_assets.governance.standing import read_standing
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.reindexing import judge_again, read_manifests
from registry_assets.references import clean_text

LONGEST_DESCRIPTION = 2000


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One result of an asset check, and what it was found about.

    Args:
        check: its name, which is the gate's.
        examined: the digest of the version or evaluation that was checked.
        description: what the check said, if anything.
        value: the number that it rests on, if it named a finite one.
        run_id: the run in which it was checked.
        checked_at: when, by the clock of that run; with the run it tells results apart.
    """

    check: str
    examined: str
    passed: bool
    description: str
    value: float | None
    run_id: str
    checked_at: datetime


def examined_digest(check: RequiredCheck, standing: Standing) -> str | None:
    """Give the digest that a result must be about to count now; None where nothing can."""
    if check.asset == "model":
        return standing.version.digest
    return standing.evaluation.digest if standing.evaluation else None


def is_recorded(check: RequiredCheck, standing: Standing, result: CheckResult) -> bool:
    """Tell whether this very result is a verdict already."""
    finding = _finding(check, result)
    return any(verdict.finding == finding for verdict in standing.verdicts)


def record_check_result(
    backends: Backends, model: str, number: int, result: CheckResult, *, run: RunInfo
) -> VerdictRecord | None:
    """Record one result as a verdict; None, and no event, where it is recorded or counts no more.

    The caller is trusted with what the check found about which digest. Whether that is the
    digest of the version, or of its newest evaluation under the suite in force, is decided
    inside the transaction. The result that is recorded last is the one that counts.

    Raises:
        NotFound: there is no such version, or no gate of the model asks for this check.
    """
    read = read_manifests(backends, model, number)
    with change(
        backends.catalog,
        chain=model,
        kind="check_recorded",
        actor=run.actor,
        clock=backends.clock,
    ) as draft:
        record = get_model(draft.connection, model)
        policy = Policy.of(record, read_active(draft.connection))
        now = draft.effective_at
        standing = read_standing(draft.connection, policy, record, number, now=now)
        check = _required(policy, model, result.check)
        version, evaluation = standing.version, standing.evaluation
        if version.digest is None or result.examined != examined_digest(check, standing):
            return None
        if is_recorded(check, standing, result):
            return None
        finding = _finding(check, result)
        tied = evaluation.id if evaluation and check.asset != "model" else None
        insert_verdicts(
            draft,
            model=model,
            version=number,
            version_digest=version.digest,
            findings=[finding],
            evaluation_id=tied,
        )
        judge_again(draft.connection, record, number, read)
        draft.sentence = (
            f"the asset check {check.name} on the {check.asset} of version {number}"
            f" {finding.outcome}"
        )
        draft.facts = {
            "version": number,
            "check": check.name,
            "examined": result.examined,
            "outcome": finding.outcome,
            "run": result.run_id,
            "checked_at": timestamp(result.checked_at),
        }
        return VerdictRecord(model, number, version.digest, tied, finding)


def _required(policy: Policy, model: str, name: str) -> RequiredCheck:
    found = next((each for each in policy.checks if each.asset and each.name == name), None)
    if found is None:
        raise NotFound(
            f"no gate of {model} is an asset check called {name}",
            hint=f"declare it: gates=[…, AssetCheck({name!r})]",
        )
    return found


def _finding(check: RequiredCheck, result: CheckResult) -> Finding:
    outcome = "passed" if result.passed else "failed"
    said = (
        clean_text(" ".join(result.description.split()), limit=LONGEST_DESCRIPTION)
        or f"it {outcome}"
    )
    number = result.value
    return Finding(
        gate=check.name,
        gate_digest=check.digest,
        outcome=outcome,
        # With the run and the time: by these the same result is known again, and a person
        # finds in Dagster what said so.
        why=f"{said} (run {result.run_id}, {timestamp(result.checked_at)})",
        value=number if number is not None and math.isfinite(number) else None,
    )
