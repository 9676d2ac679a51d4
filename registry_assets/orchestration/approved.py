"""The asset check `approved`: who has signed for a version, and what is missing, by pointer.

It is on the version's own partition of its evaluation, and given with each. What changes it
afterwards is no run: a signature at a terminal, a policy, time that passes. Whoever looks for
what Dagster is missing (`missing`) finds the results that are out of date, and has them reported.
"""

from collections.abc import Iterator, Sequence

import dagster as dg

from registry_assets.canonical import canonical_json, sha256_digest
from registry_assets.declaration import RegisteredModel
from registry_assets.declaration.model import APPROVED
from registry_assets.governance.agreement import count_approvals
from registry_assets.governance.decide import Held
from registry_assets.governance.standing import Decision
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.presentation import version_identity
from registry_assets.orchestration.presentation.cells import table
from registry_assets.orchestration.unstable.check_results import stored_results
from registry_assets.orchestration.untold import Untold
from registry_assets.registry import Registry

RULE = "Everybody whom the policy asks for has signed, and what they signed still counts."

_OF_PEOPLE = (
    "approval_missing",
    "approval_stale",
    "approval_void",
    "approval_not_counted",
    "author_unknown",
)
"""Codes of the reasons that are about approvals."""

_STATE = "state"


def approved_result(
    registry: Registry, declared: RegisteredModel, number: int
) -> dg.AssetCheckResult:
    """Give where the approvals of a version stand, before each of its model's pointers."""
    return _result(Names(declared.name), list(_decisions(registry, declared, number)))


def find_untold_approvals(
    instance: dg.DagsterInstance, registry: Registry, declared: RegisteredModel
) -> Iterator[Untold]:
    """Find the results that are other than Dagster shows, of the candidate of each pointer.

    Of all others nobody waits for an approval, and what was shown when they came there stays.
    """
    names = Names(declared.name)
    key = dg.AssetCheckKey(names.evaluation_key, APPROVED)
    for number in _candidates(registry, declared):
        before = next(stored_results(instance, key, str(number)), None)
        if before is None:
            continue  # it comes with its evaluation
        result = approved_result(registry, declared, number)
        shown = before.evaluation.metadata.get(_STATE)
        if shown is None or shown.value != result.metadata[_STATE].value:
            yield Untold(result, str(number), str(result.metadata[_STATE].value))


def _candidates(registry: Registry, declared: RegisteredModel) -> list[int]:
    known = {pointer.name for pointer in registry.pointers(declared.name)}
    found = {
        registry.candidate(declared.name, pointer=pointer)
        for pointer in declared.pointers
        if pointer in known
    }
    return sorted(number for number in found if number is not None)


def _decisions(registry: Registry, declared: RegisteredModel, number: int) -> Iterator[Decision]:
    known = {pointer.name for pointer in registry.pointers(declared.name)}
    for pointer in declared.pointers:
        if pointer in known:
            found = registry.decision(declared.name, number, pointer=pointer)
            assert found is not None
            yield found


def _result(names: Names, decisions: Sequence[Decision]) -> dg.AssetCheckResult:
    waits = [(each, _waits_for(each)) for each in decisions]
    lines = [_line(each, missing, many=len(decisions) > 1) for each, missing in waits]
    rows = [row for each in decisions for row in _rows(each)]
    passed = bool(decisions) and not any(missing for _, missing in waits)
    said = "\n".join(lines) or "where approvals stand is not known"
    state = sha256_digest(canonical_json([passed, said, [list(row.values()) for row in rows]]))
    metadata = version_identity(decisions[0].standing.version) if decisions else {}
    return dg.AssetCheckResult(
        asset_key=names.evaluation_key,
        check_name=APPROVED,
        passed=passed,
        # Waiting for a person is no fault of the version.
        severity=dg.AssetCheckSeverity.WARN,
        description=said,
        metadata={
            **metadata,
            **({"approvals": table(rows)} if rows else {}),
            _STATE: dg.MetadataValue.text(state),
        },
    )


def _waits_for(decision: Decision) -> list[str]:
    if decision.standing.pointer.version == decision.standing.version.number:
        return []  # it was approved when it came there; what has changed since is said below
    answer = decision.answer
    reasons = answer.reasons if isinstance(answer, Held) else ()
    return [reason.sentence for reason in reasons if reason.code in _OF_PEOPLE]


def _line(decision: Decision, missing: list[str], *, many: bool) -> str:
    pointer, version = decision.standing.pointer, decision.standing.version
    where = f"{pointer.name}: " if many else ""
    if missing:
        return where + "; ".join(missing)
    if not decision.policy.required_approvals:
        return f"{where}no approval is asked for"
    if pointer.version == version.number:
        return f"{where}{pointer.name} holds it"
    counted = count_approvals(decision.policy, decision.standing)
    people = ", ".join(
        each.approval.record.person + ("" if each.approval.record.signed else " (unsigned)")
        for each in counted
        if each.counts
    )
    return f"{where}approved by {people}"


def _rows(decision: Decision) -> Iterator[dict[str, str]]:
    for each in count_approvals(decision.policy, decision.standing):
        record = each.approval.record
        yield {
            "pointer": record.pointer,
            "person": record.person,
            "said": each.approval.statement.reason,
            "signed": record.fingerprint or "unsigned",
            "when": record.recorded_at[:16].replace("T", " "),
            "until": record.expires_at[:10],
            "counts": "yes" if each.counts else f"no: {each.why}",
        }
