"""Asset checks of versions: what is declared, and the results, from the same list.

Dagster treats a check that was declared and not reported as one that never ran, and lets
downstream assets pass. Results are made here, from the declared names, so that none can
be left out.
"""

from collections.abc import Iterable, Sequence

import dagster as dg

from registry_assets.catalog.evaluations import Finding
from registry_assets.catalog.versions import VersionRecord
from registry_assets.declaration import AssetCheck, Gate, RegisteredModel
from registry_assets.declaration.gates import gate_digest
from registry_assets.declaration.model import APPROVED
from registry_assets.evaluation.report.texts import plural
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.governance.decide import Held, counts_as_passed
from registry_assets.governance.policy import COMMIT_CHECKS
from registry_assets.governance.standing import Decision
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.presentation import finding_metadata, version_identity
from registry_assets.orchestration.unstable import quiet_previews


def model_checks(
    names: Names, partitions: dg.PartitionsDefinition[str]
) -> tuple[dg.AssetCheckSpec, ...]:
    """Declare the checks that every version passes when it is committed."""
    return tuple(
        _spec(name, names.model_key, rule, partitions) for name, rule in COMMIT_CHECKS.items()
    )


def evaluation_checks(
    model: RegisteredModel, names: Names, partitions: dg.PartitionsDefinition[str]
) -> tuple[dg.AssetCheckSpec, ...]:
    """Declare one check per gate and, where people must agree, one that says who has.

    Gates that are asset checks of the user's own are declared where those are made.
    """
    specs = [
        _spec(
            gate.name,
            names.evaluation_key,
            gate.sentence,
            partitions,
        )
        for gate in model.gates
        if not isinstance(gate, AssetCheck)
    ]
    if model.promotion.required_approvals:
        text = f"{plural(model.promotion.required_approvals, 'approval')} before production."
        specs.append(_spec(APPROVED, names.evaluation_key, text, partitions))
    return tuple(specs)


def check_results(
    specs: Iterable[dg.AssetCheckSpec],
    findings: Sequence[Finding],
    *,
    version: VersionRecord,
    evaluation: str | None = None,
    decision: Decision | None = None,
    gates: Iterable[Gate | AssetCheck] = (),
    result: EvaluationResult | None = None,
) -> list[dg.AssetCheckResult]:
    """Give one result per declared check, whether or not anything was found for it.

    Args:
        evaluation: the evaluation's digest, for gates.
        decision: for gates, the rules in force and where approvals stand.
        gates: those that are declared.
        result: the evaluation that they judged.
    """
    declared = {gate_digest(gate): gate for gate in gates if not isinstance(gate, AssetCheck)}
    rules = {rule.name: rule for rule in decision.policy.checks} if decision else {}
    found = {finding.gate: finding for finding in findings}
    results = []
    for spec in specs:
        if spec.name == APPROVED:
            results.append(_approved(spec, version, decision))
            continue
        finding = found.get(spec.name) or Finding(spec.name, "", "undecided", "nothing was found")
        rule = rules.get(spec.name)
        passed = counts_as_passed(rule, finding) if rule else finding.outcome == "passed"
        holds_first = finding.outcome == "no_baseline" and not passed
        results.append(
            dg.AssetCheckResult(
                asset_key=spec.asset_key,
                check_name=spec.name,
                passed=passed,
                severity=dg.AssetCheckSeverity.ERROR,
                description=f"{finding.why}; the gate holds a first version"
                if holds_first
                else finding.why,
                metadata=finding_metadata(
                    finding,
                    version=version,
                    evaluation=evaluation,
                    gate=declared.get(finding.gate_digest),
                    result=result,
                ),
            )
        )
    return results


def check_event(result: dg.AssetCheckResult, partition: str | None) -> dg.AssetCheckEvaluation:
    """Give a result as the event of a run that does not execute the asset."""
    assert result.asset_key is not None
    assert result.check_name is not None
    return dg.AssetCheckEvaluation(
        asset_key=result.asset_key,
        check_name=result.check_name,
        passed=result.passed,
        metadata=result.metadata,
        severity=result.severity,
        description=result.description,
        partition=partition,
    )


def _approved(
    spec: dg.AssetCheckSpec, version: VersionRecord, decision: Decision | None
) -> dg.AssetCheckResult:
    waits = ["where approvals stand is not known"]
    if decision is not None:
        held = decision.answer.reasons if isinstance(decision.answer, Held) else ()
        waits = [reason.sentence for reason in held if reason.code == "approval_missing"]
    return dg.AssetCheckResult(
        asset_key=spec.asset_key,
        check_name=spec.name,
        passed=not waits,
        # Waiting for a person is no fault of the version.
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(waits) or "approved",
        metadata=version_identity(version),
    )


def _spec(
    name: str,
    key: dg.AssetKey,
    description: str,
    partitions: dg.PartitionsDefinition[str],
) -> dg.AssetCheckSpec:
    with quiet_previews():
        return dg.AssetCheckSpec(
            name, asset=key, description=description, partitions_def=partitions
        )
