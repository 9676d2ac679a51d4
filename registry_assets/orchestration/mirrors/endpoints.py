"""The assets `<model>/<mirror>_endpoint`: what serves there, and the check that it does."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from registry_assets.canonical import canonical_json, sha256_digest
from registry_assets.declaration import Mirror, RegisteredModel, SageMaker
from registry_assets.errors import MirrorError, RegistryError
from registry_assets.lifecycle.mirroring.deploying import Deployment
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.resource import RegistryResource, refuse
from registry_assets.orchestration.unstable.check_results import stored_results
from registry_assets.orchestration.version_assets import asset_tags

SERVES = "serves"
RULE = (
    "The endpoint is InService, with the configuration of the version that its pointer holds. Red"
    " where somebody swapped it, or it failed; yellow where it cannot be looked at."
)
_STATE, _CONFIGURATION = "state", "configuration"


def endpoint_name(mirror: Mirror) -> str | None:
    """Give what the asset of a mirror's endpoint is called; None where it has none."""
    declared = isinstance(mirror, SageMaker) and mirror.endpoint is not None
    return f"{mirror.mirror}_endpoint" if declared else None


def endpoint_key(model: str, mirror: Mirror) -> dg.AssetKey | None:
    """Give the key of that asset."""
    name = endpoint_name(mirror)
    return None if name is None else Names(model).mirror_key(name)


def serves_key(model: str, mirror: Mirror) -> dg.AssetCheckKey:
    """Give the key of its check."""
    key = endpoint_key(model, mirror)
    assert key is not None
    return dg.AssetCheckKey(key, SERVES)


def endpoint_asset(
    declared: RegisteredModel, mirror: SageMaker, source: RegistryResource
) -> dg.AssetsDefinition:
    """Make the asset of a mirror's endpoint."""
    endpoint = mirror.endpoint
    assert endpoint is not None
    names = Names(declared.name)

    @dg.asset(
        key=endpoint_key(declared.name, mirror),
        deps=[names.mirror_key(mirror.mirror)],
        output_required=False,
        description=f"Serves what {endpoint.pointer} of {declared.name} holds, on"
        f" {endpoint.instances} × {endpoint.instance_type}: model, endpoint configuration,"
        " endpoint. What was published is compared first, and then the endpoint is swapped, blue to"
        " green. Shown against a double of SageMaker only.",
        group_name=declared.name,
        kinds={"sagemaker"},
        owners=list(declared.owners),
        tags=asset_tags(declared),
    )
    def serves(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        registry = source.open()
        if not registry.is_registered(declared.name):
            context.log.warning("nothing to deploy: %s has never been trained", declared.name)
            return
        try:
            done = registry.deploy_to_endpoint(declared, mirror.mirror)
        except RegistryError as error:
            raise refuse(error) from error
        if done is None or done.now is None:
            context.log.warning("nothing to deploy: nothing is published yet")
            return
        yield dg.MaterializeResult(
            data_version=dg.DataVersion(done.serving.configuration),
            metadata={
                "endpoint": dg.MetadataValue.url(done.now.url),
                _CONFIGURATION: done.serving.configuration,
                "version": f"{declared.name}:{done.version}",
                "there": f"{done.receipt.name}/{done.receipt.number}",
                "digest": done.serving.digest,
                "status": done.now.status,
            },
        )

    return serves


def serves_check(
    declared: RegisteredModel, mirror: SageMaker, source: RegistryResource
) -> dg.AssetChecksDefinition:
    """Make the check of a mirror's endpoint."""
    key = serves_key(declared.name, mirror)

    @dg.asset_check(
        asset=key.asset_key,
        name=SERVES,
        description=f"{RULE} Shown against a double of SageMaker only.",
    )
    def serves() -> dg.AssetCheckResult:
        registry = source.open()
        found: Deployment | None = None
        try:
            if registry.is_registered(declared.name):
                found = registry.look_at_endpoint(declared, mirror.mirror)
        except MirrorError as error:
            return _result(key, passed=False, mild=True, said=error.message)
        if found is None:
            return _result(key, passed=False, mild=True, said="undecided: nothing is published")
        said, shown = found.sentence, _served(found)
        return _result(key, passed=found.is_right, mild=False, said=said, shown=shown)

    return serves


def deployed_configuration(instance: dg.DagsterInstance, key: dg.AssetKey) -> str | None:
    """Give what Dagster shows as deployed last; None where it shows nothing."""
    for record in instance.fetch_materializations(key, limit=1).records:
        made = record.asset_materialization
        shown = made.metadata.get(_CONFIGURATION) if made is not None else None
        return None if shown is None else str(shown.value)
    return None


def shown_endpoint(instance: dg.DagsterInstance, key: dg.AssetCheckKey) -> str | None:
    """Give what Dagster shows as found last; None where it shows nothing."""
    before = next(stored_results(instance, key, None), None)
    shown = before.evaluation.metadata.get(_STATE) if before else None
    return None if shown is None else str(shown.value)


def endpoint_state(*, passed: bool, said: str) -> str:
    """Name what was found: the same as long as it is found so."""
    return sha256_digest(canonical_json([passed, said])).removeprefix("sha256:")[:16]


def _served(found: Deployment) -> dict[str, Any]:
    """Give what is served, and what should be, for the check's page."""
    wanted: dict[str, Any] = {
        "expected configuration": found.serving.configuration,
        "version": f"{found.model}:{found.version}",
    }
    if found.now is None:
        return wanted
    return {
        **wanted,
        _CONFIGURATION: found.now.configuration,
        "status": found.now.status,
        **({"why": found.now.why} if found.now.why else {}),
        "endpoint": dg.MetadataValue.url(found.now.url),
    }


def _result(
    key: dg.AssetCheckKey,
    *,
    passed: bool,
    mild: bool,
    said: str,
    shown: Mapping[str, Any] | None = None,
) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {
        _STATE: dg.MetadataValue.text(endpoint_state(passed=passed, said=said)),
        **(shown or {}),
    }
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN if mild else dg.AssetCheckSeverity.ERROR,
        description=said,
        metadata=metadata,
    )
