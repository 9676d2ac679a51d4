"""An endpoint of SageMaker that serves one version: model, endpoint configuration, endpoint.

Models and configurations are never changed: each is named by what it is, so a deployment that was
interrupted finds what is there. The endpoint is swapped from one configuration to another, blue to
green, by SageMaker; what fails there goes back by itself. Older ones stay, for a way back.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from registry_assets.canonical import Json, canonical_json
from registry_assets.errors import MirrorDiffers, MirrorRefused, MirrorUnreachable
from registry_assets.faults import reached
from registry_assets.mirroring.sagemaker.calling import Calls, is_absent, is_present
from registry_assets.mirroring.sagemaker.names import DIGEST, page_of
from registry_assets.mirroring.sagemaker.sessions import Aws

_VARIANT = "AllTraffic"
_MOVING = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
_SERVES, _FAILED = "InService", "Failed"
_LOOKS_EVERY = 5.0
_KEPT_FOR = 300
"""Seconds that what was replaced stays beside the new one, to go back to."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What an endpoint is to serve, and on what.

    Args:
        package: the ARN of the version there.
        files: the digest of its archive and specification there, which another image changes.
        role: the ARN of the role by which SageMaker reads it.
    """

    endpoint: str
    group: str
    number: str
    package: str
    digest: str
    files: str
    role: str
    instance_type: str
    instances: int

    @property
    def configuration(self) -> str:
        """The name of model and endpoint configuration: another where anything is another."""
        told: list[Json] = [self.package, self.digest, self.files, self.role, self.instance_type]
        digest = hashlib.sha256(canonical_json([*told, self.instances])).hexdigest()[:12]
        return f"{self.group[:40].rstrip('-')}-{self.number}-{digest}"


@dataclass(frozen=True, slots=True)
class EndpointState:
    """An endpoint as it stands.

    Args:
        why: what SageMaker says of a failure.
    """

    name: str
    arn: str
    status: str
    configuration: str
    why: str = ""

    @property
    def url(self) -> str:
        """Its page in AWS's console."""
        return page_of(self.arn)

    def serves(self, configuration: str) -> bool:
        """Tell whether it takes requests for exactly that."""
        return (self.status, self.configuration) == (_SERVES, configuration)


class Endpoints:
    """The endpoints of one account, in one region."""

    def __init__(self, aws: Aws, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._calls = Calls(aws)
        self._pause = pause

    def find(self, name: str) -> EndpointState | None:
        """Give an endpoint as it stands; None where there is none."""
        with self._calls.to(f"the endpoint {name} cannot be looked at") as client:
            try:
                found = client.describe_endpoint(EndpointName=name)
            except Exception as error:
                if is_absent(error):
                    return None
                raise
        return EndpointState(
            name,
            str(found["EndpointArn"]),
            str(found["EndpointStatus"]),
            str(found.get("EndpointConfigName") or ""),
            str(found.get("FailureReason") or ""),
        )

    def deploy(self, serving: Serving, *, within: float) -> EndpointState:
        """Let an endpoint serve a version, and wait until it does; what is so already stays.

        Args:
            within: seconds to wait.

        Raises:
            MirrorRefused: SageMaker says no, or could not start the version.
            MirrorUnreachable: it is not done within that time; repeat it.
            MirrorDiffers: it serves something else afterwards.
        """
        until = time.monotonic() + within
        now = self._settled(serving, until)
        if now is not None and now.serves(serving.configuration):
            return now
        if now is not None and now.status == _FAILED:
            raise _failed(now)
        self._make(serving)
        reached("endpoint.configured")
        self._swap(serving, now, within)
        reached("endpoint.swapped")
        now = self._settled(serving, until)
        if now is not None and now.serves(serving.configuration):
            return now
        if now is None or now.status != _SERVES:
            raise (
                _failed(now)
                if now
                else MirrorRefused(
                    f"the endpoint {serving.endpoint} is gone",
                    hint="find out who deletes it; the same call makes it anew",
                )
            )
        raise MirrorDiffers(
            f"the endpoint {serving.endpoint} serves {now.configuration}; expected"
            f" {serving.configuration}. {now.why[:300]}",
            hint="SageMaker went back to what was served before, or somebody swapped it: its events"
            " say which",
        )

    def _settled(self, serving: Serving, until: float) -> EndpointState | None:
        now = self.find(serving.endpoint)
        while now is not None and now.status in _MOVING:
            if time.monotonic() > until:
                raise MirrorUnreachable(
                    f"the endpoint {serving.endpoint} is still {now.status}",
                    hint="repeat it later, or give it more time:"
                    " SageMakerEndpoint(timeout_minutes=…)",
                )
            self._pause(_LOOKS_EVERY)
            now = self.find(serving.endpoint)
        return now

    def _make(self, serving: Serving) -> None:
        """Make model and configuration, unless they are there."""
        tags = [{"Key": DIGEST, "Value": serving.digest}]
        name = serving.configuration
        with self._calls.to(f"the model {name} cannot be made") as client:
            if _is_missing(client.describe_model, ModelName=name):
                _made(
                    client.create_model,
                    ModelName=name,
                    ExecutionRoleArn=serving.role,
                    Containers=[{"ModelPackageName": serving.package}],
                    Tags=tags,
                )
            variant = {
                "VariantName": _VARIANT,
                "ModelName": name,
                "InitialInstanceCount": serving.instances,
                "InstanceType": serving.instance_type,
                "InitialVariantWeight": 1.0,
            }
            if _is_missing(client.describe_endpoint_config, EndpointConfigName=name):
                _made(
                    client.create_endpoint_config,
                    EndpointConfigName=name,
                    ProductionVariants=[variant],
                    Tags=tags,
                )

    def _swap(self, serving: Serving, now: EndpointState | None, within: float) -> None:
        wanted = {
            "EndpointName": serving.endpoint,
            "EndpointConfigName": serving.configuration,
        }
        with self._calls.to(f"the endpoint {serving.endpoint} cannot be set") as client:
            if now is None:
                client.create_endpoint(**wanted)
                return
            policy = {
                "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 60},
                "TerminationWaitInSeconds": _KEPT_FOR,
                "MaximumExecutionTimeoutInSeconds": min(max(int(within), 600), 28_800),
            }
            client.update_endpoint(**wanted, DeploymentConfig={"BlueGreenUpdatePolicy": policy})


def _failed(now: EndpointState) -> MirrorRefused:
    logs = f"the logs of /aws/sagemaker/Endpoints/{now.name} say what its container said"
    # Of one that is Failed SageMaker takes no other request; nothing is deleted there by us.
    again = (
        f"; then delete it, and deploy again: aws sagemaker delete-endpoint --endpoint-name"
        f" {now.name}"
    )
    return MirrorRefused(
        f"the endpoint {now.name} is {now.status}: {now.why[:600] or 'it says no reason'}",
        hint=logs + again * (now.status == _FAILED),
    )


def _is_missing(describe: Any, **named: str) -> bool:
    try:
        describe(**named)
    except Exception as error:
        if is_absent(error):
            return True
        raise
    return False


def _made(create: Any, **request: Any) -> None:
    try:
        create(**request)
    except Exception as error:
        if not is_present(error):  # somebody was faster
            raise
