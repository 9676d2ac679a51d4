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
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.governance.decide import counts_as_passed
from registry_assets.governance.policy import COMMIT_CHECKS
from registry_assets.governance.standing import Decision
from registry_assets.orchestration.approved import RULE as APPROVED_RULE
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.presentation import finding_metadata
from registry_assets.orchestration.recalled import NOT_RECALLED, RULE, recall_result
from registry_assets.orchestration.unstable import quiet_previews
from registry_assets.orchestration.unstable.check_results import newest_target


def model_checks(
    names: Names, partitions: dg.PartitionsDefinition[str]
) -> tuple[dg.AssetCheckSpec, ...]:
    """Declare the checks that every version passes when it is committed, and one that may change.

    Data that it was made from may be recalled afterwards.
    """
    rules = {**COMMIT_CHECKS, NOT_RECALLED: RULE}
    return tuple(_spec(name, names.model_key, rule, partitions) for name, rule in rules.items())


def evaluation_checks(
    model: RegisteredModel, names: Names, partitions: dg.PartitionsDefinition[str]
) -> tuple[dg.AssetCheckSpec, ...]:
    """Declare one check per gate, and one that says who has signed.

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
    # Whether anybody must sign is the policy's to say, which may change at any time.
    return (*specs, _spec(APPROVED, names.evaluation_key, APPROVED_RULE, partitions))


def check_results(
    specs: Iterable[dg.AssetCheckSpec],
    findings: Sequence[Finding],
    *,
    version: VersionRecord,
    evaluation: str | None = None,
    decision: Decision | None = None,
    gates: Iterable[Gate | AssetCheck] = (),
    result: EvaluationResult | None = None,
    recalled: Sequence[str] = (),
    approved: dg.AssetCheckResult | None = None,
) -> list[dg.AssetCheckResult]:
    """Give one result per declared check, whether or not anything was found for it.

    Args:
        evaluation: the evaluation's digest, for gates.
        decision: for gates, the rules in force.
        gates: those that are declared.
        result: the evaluation that they judged.
        recalled: which of the version's data is recalled, in words.
        approved: for an evaluation, where approvals stand.
    """
    declared = {gate_digest(gate): gate for gate in gates if not isinstance(gate, AssetCheck)}
    rules = {rule.name: rule for rule in decision.policy.checks} if decision else {}
    found = {finding.gate: finding for finding in findings}
    results = []
    for spec in specs:
        if spec.name == APPROVED:
            assert approved is not None
            results.append(approved)
            continue
        if spec.name == NOT_RECALLED:
            results.append(recall_result(spec.asset_key, recalled, digest=str(version.digest)))
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


def check_event(
    result: dg.AssetCheckResult,
    partition: str | None,
    *,
    about: dg.DagsterInstance | None = None,
) -> dg.AssetCheckEvaluation:
    """Give a result as the event of a run that does not execute the asset.

    Args:
        about: tie it to what the asset's partition holds there; None where that is yet to come.
    """
    assert result.asset_key is not None
    assert result.check_name is not None
    target = newest_target(about, result.asset_key, partition) if about is not None else None
    return dg.AssetCheckEvaluation(
        asset_key=result.asset_key,
        check_name=result.check_name,
        passed=result.passed,
        metadata=result.metadata,
        severity=result.severity,
        description=result.description,
        partition=partition,
        target_materialization_data=target,
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
