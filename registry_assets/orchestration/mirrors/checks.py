"""The asset check `in_step`: whether a mirror's pointers and bytes are what they are here."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.declaration import Mirror, RegisteredModel
from registry_assets.errors import RegistryError
from registry_assets.lifecycle.mirroring.observing import Observation
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.presentation.cells import table
from registry_assets.orchestration.resource import RegistryResource, refuse, run_info
from registry_assets.orchestration.unstable.check_results import newest_target, stored_results

IN_STEP = "in_step"
_RULE = (
    "What each pointer holds there is what it holds here, and every version that a pointer holds is"
    " there, byte by byte. Red where somebody {moved} or changed a file there; yellow where"
    " it was not told yet, or cannot be looked at."
)
NOT_SHOWN: Mapping[str, str] = {
    "sagemaker": "Tried against moto, a double of SageMaker, and against AWS's own description of"
    " its requests: how the real service answers is not shown.",
    "wandb": "Tried by the real client of Weights & Biases against a double of its server alone:"
    " how the real service tells of these changes is not shown.",
}
"""What of a kind of mirror was tried against no real service."""
_STATE = "state"


def rule_of(kind: str) -> str:
    """Say what the check asks of a kind of mirror; SageMaker has no aliases, but approvals."""
    return _RULE.format(moved="approved another" if kind == "sagemaker" else "moved an alias")


def in_step_key(model: str, mirror: str) -> dg.AssetCheckKey:
    """Give the key of the check."""
    return dg.AssetCheckKey(Names(model).mirror_key(mirror), IN_STEP)


def in_step_check(
    declared: RegisteredModel, mirror: Mirror, source: RegistryResource
) -> dg.AssetChecksDefinition:
    """Make the check of one mirror."""
    key = in_step_key(declared.name, mirror.mirror)
    kind = str(mirror.definition().get("kind"))
    limits = NOT_SHOWN.get(kind, "")

    @dg.asset_check(
        asset=key.asset_key, name=IN_STEP, description=f"{rule_of(kind)} {limits}".strip()
    )
    def in_step(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        registry = source.open()
        if not registry.is_registered(declared.name):
            return _nothing(key, f"{declared.name} has never been trained")
        run = run_info(context.instance, context.run)
        try:
            found = registry.observe_mirror(declared, mirror.mirror, run=run)
        except RegistryError as error:
            raise refuse(error) from error
        return in_step_result(found)

    return in_step


def in_step_result(found: Observation) -> dg.AssetCheckResult:
    """Give what was found as the result of the check."""
    key = in_step_key(found.model, found.mirror)
    mild = bool(found.error) or found.is_lag
    metadata: dict[str, Any] = {
        "server": found.address,
        "called there": found.name,
        _STATE: dg.MetadataValue.text(state_of(found)),
    }
    if found.verified:
        metadata["compared"] = "every byte"
    if found.differences:
        metadata["differences"] = table(
            [
                {
                    "what": each.kind.replace("_", " "),
                    "of": each.subject,
                    "found": each.sentence,
                    "by": each.by or "not known there",
                    "at": each.at or "not known there",
                }
                for each in found.differences
            ]
        )
        metadata["put right by"] = f"registry mirrors {found.model} --repair"
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=found.in_step,
        severity=dg.AssetCheckSeverity.WARN if mild else dg.AssetCheckSeverity.ERROR,
        description=found.sentence,
        metadata=metadata,
    )


def state_of(found: Observation) -> str:
    """Name what was found: the same as long as it is found so.

    What a server that is away says of itself changes from look to look, and is no news.
    """
    said: list[Json] = [found.state, [each.to_json() for each in found.differences]]
    return sha256_digest(canonical_json(said)).removeprefix("sha256:")[:16]


def shown_state(instance: dg.DagsterInstance, model: str, mirror: str) -> str | None:
    """Give what Dagster shows as found last; None where it shows nothing.

    A result about an earlier materialization is shown as none, whether it was green or red.
    """
    key = in_step_key(model, mirror)
    before = next(stored_results(instance, key, None), None)
    newest = newest_target(instance, key.asset_key, None)
    if newest is not None and before is not None:
        about = before.target
        if about is None or about[0] != newest.storage_id:
            return None
    shown = before.evaluation.metadata.get(_STATE) if before else None
    return None if shown is None else str(shown.value)


def _nothing(key: dg.AssetCheckKey, why: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"undecided: {why}",
    )
