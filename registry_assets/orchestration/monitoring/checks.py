"""Asset checks of what was observed: what is declared, and the results, from the same list.

As for versions, results are made from the declared names, so that none can be left out. What is
undecided is no pass: it is shown as failed, as a warning.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from registry_assets.catalog.observations import CheckFinding, Kind, ResultRecord
from registry_assets.declaration import Monitoring, RegisteredModel
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.monitoring.rules import rules
from registry_assets.orchestration.monitoring.views import View
from registry_assets.orchestration.presentation.monitoring import result_metadata
from registry_assets.orchestration.unstable import quiet_previews

_FROM_WORST = ("failed", "undecided", "passed")


def observation_checks(
    declared: RegisteredModel, kind: Kind, partitions: dg.PartitionsDefinition[str] | None
) -> tuple[dg.AssetCheckSpec, ...]:
    """Declare the checks of one of the three assets."""
    plan = declared.monitoring
    assert plan is not None
    key = Names(declared.name).observation_key(kind)
    with quiet_previews():
        return tuple(
            dg.AssetCheckSpec(name, asset=key, description=rule, partitions_def=partitions)
            for name, rule in rules(plan)[kind].items()
        )


def observation_results(
    specs: Iterable[dg.AssetCheckSpec], view: View, plan: Monitoring
) -> list[dg.AssetCheckResult]:
    """Give one result per declared check, whether or not anything was found for it.

    Where several versions occur it is that of the worst, and says what was found of each.
    """
    return [
        _result(
            spec, [each for each in view.results if each.finding.check == spec.name], view, plan
        )
        for spec in specs
    ]


def unobserved_results(
    specs: Iterable[dg.AssetCheckSpec], why: str, *, partition: str
) -> list[dg.AssetCheckResult]:
    """Give the results where there was nothing to observe."""
    said = {"outcome": "undecided", **({"partition": partition} if partition else {})}
    return [
        dg.AssetCheckResult(
            asset_key=spec.asset_key,
            check_name=spec.name,
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"undecided: {why}",
            metadata=said,
        )
        for spec in specs
    ]


def monitoring_result(
    asset: dg.AssetKey,
    finding: CheckFinding,
    plan: Monitoring,
    *,
    said: str,
    metadata: Mapping[str, Any],
) -> dg.AssetCheckResult:
    """Give what a check found, as bad as the declaration says.

    Args:
        said: what it found, in words.
    """
    failed = finding.outcome == "failed"
    bad = failed and plan.alerting.severity(finding.check) in ("error", "critical")
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=finding.check,
        passed=finding.outcome == "passed",
        severity=dg.AssetCheckSeverity.ERROR if bad else dg.AssetCheckSeverity.WARN,
        description=said,
        metadata=metadata,
    )


def said_of(finding: CheckFinding) -> str:
    """Say what was found, and that it is no verdict where it is none."""
    return f"undecided: {finding.why}" if finding.outcome == "undecided" else finding.why


def _result(
    spec: dg.AssetCheckSpec, found: Sequence[ResultRecord], view: View, plan: Monitoring
) -> dg.AssetCheckResult:
    by_severity = sorted(found, key=lambda each: _FROM_WORST.index(each.finding.outcome))
    worst = next(iter(by_severity), None)
    finding = worst.finding if worst else CheckFinding(spec.name, "undecided", _NOTHING[view.kind])
    version = worst.version if worst else view.records[0].version
    return monitoring_result(
        spec.asset_key,
        finding,
        plan,
        said=_listed(by_severity) if len(view.records) > 1 and worst else said_of(finding),
        metadata=result_metadata(finding, view, version=version),
    )


_NOTHING: Mapping[Kind, str] = {
    "predictions": "nothing was found",
    "drift": "nothing was compared",
    "performance": "no outcome is known yet",
}


def _listed(found: Sequence[ResultRecord]) -> str:
    """Say what was found of each version, the worst first; what is the same of several, once."""
    by_sentence: dict[str, list[int]] = {}
    for each in found:
        by_sentence.setdefault(said_of(each.finding), []).append(each.version)
    return "; ".join(
        f"version{'s' if len(versions) > 1 else ''} {' and '.join(map(str, versions))}: {sentence}"
        for sentence, versions in by_sentence.items()
    )
