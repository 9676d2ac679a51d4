"""An endpoint is made, swapped, found as it is, and given up on when it does not start."""

import multiprocessing
import os
import secrets
import signal
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from registry_assets import faults
from registry_assets.errors import MirrorDiffers, MirrorRefused, MirrorUnreachable
from registry_assets.mirroring.sagemaker.endpoints import Endpoints, Serving
from registry_assets.mirroring.sagemaker.sessions import Aws
from registry_assets_tests.servers.sagemaker import SageMakerDouble

ROLE = "arn:aws:iam::123456789012:role/serving"
ARN = "arn:aws:sagemaker:eu-west-1:123456789012"
SERVING = Serving(
    endpoint="delay",
    group="delay",
    number="1",
    package=f"{ARN}:model-package/delay/1",
    digest=f"sha256:{'a' * 64}",
    files=f"sha256:{'f' * 64}",
    role=ROLE,
    instance_type="ml.m5.large",
    instances=1,
)


@pytest.fixture
def serving(sagemaker_completed: SageMakerDouble, monkeypatch: pytest.MonkeyPatch) -> Serving:
    for name, value in sagemaker_completed.environment.items():
        monkeypatch.setenv(name, value)
    return replace(SERVING, endpoint=f"delay-{secrets.token_hex(4)}", group="delay")


def test_an_endpoint_is_made_and_swapped_and_what_was_before_stays(
    serving: Serving, sagemaker_completed: SageMakerDouble
) -> None:
    endpoints, there = Endpoints(Aws()), sagemaker_completed.client()
    assert endpoints.find(serving.endpoint) is None
    first = endpoints.deploy(serving, within=60)
    assert first.serves(serving.configuration)
    assert first.url.endswith(f"endpoint%2F{serving.endpoint}")
    model = there.describe_model(ModelName=serving.configuration)
    assert model["Containers"] == [{"ModelPackageName": serving.package}]
    assert model["ExecutionRoleArn"] == ROLE
    again = endpoints.deploy(serving, within=60)
    assert again == first

    second = replace(serving, number="2", package=f"{ARN}:model-package/delay/2")
    assert second.configuration != serving.configuration
    assert endpoints.deploy(second, within=60).serves(second.configuration)
    # The way back is there: the same configuration, and nothing is made for it.
    assert endpoints.deploy(serving, within=60).serves(serving.configuration)
    config = there.describe_endpoint_config(EndpointConfigName=second.configuration)
    (variant,) = config["ProductionVariants"]
    assert variant["ModelName"] == second.configuration


def _deploy(serving: Serving, fault: str, environment: dict[str, str]) -> None:
    os.environ.update({**environment, faults.VARIABLE: fault})
    Endpoints(Aws()).deploy(serving, within=60)


@pytest.mark.parametrize("fault", ["endpoint.configured", "endpoint.swapped"])
def test_a_deployment_that_is_killed_is_finished_by_the_next_one(
    serving: Serving, sagemaker_completed: SageMakerDouble, fault: str
) -> None:
    context = multiprocessing.get_context("spawn")
    environment = dict(sagemaker_completed.environment)
    process = context.Process(target=_deploy, args=(serving, fault, environment))
    process.start()
    process.join(180)
    assert process.exitcode == -signal.SIGKILL
    endpoints = Endpoints(Aws())
    assert (endpoints.find(serving.endpoint) is None) == (fault == "endpoint.configured")
    assert endpoints.deploy(serving, within=60).serves(serving.configuration)


def test_anything_else_is_another_configuration_and_its_name_fits() -> None:
    others = [
        replace(SERVING, number="2"),
        replace(SERVING, digest=f"sha256:{'b' * 64}"),
        replace(SERVING, files=f"sha256:{'b' * 64}"),
        replace(SERVING, instance_type="ml.m5.xlarge"),
        replace(SERVING, instances=2),
        replace(SERVING, role=f"{ROLE}-2"),
        replace(SERVING, group="x" * 63, number="123456"),
    ]
    names = {each.configuration for each in [SERVING, *others]}
    assert len(names) == 8
    assert all(len(name) <= 63 for name in names)


Answer = tuple[str, Mapping[str, Any]]


def endpoint(status: str, configuration: str, why: str = "") -> Answer:
    return "describe_endpoint", {
        "EndpointName": "delay",
        "EndpointArn": f"{ARN}:endpoint/delay",
        "EndpointConfigName": configuration,
        "EndpointStatus": status,
        "CreationTime": 0,
        "LastModifiedTime": 0,
        **({"FailureReason": why} if why else {}),
    }


MADE: list[Answer] = [
    (
        "describe_model",
        {"ModelName": "m", "CreationTime": 0, "ModelArn": f"{ARN}:model/model-of-the-endpoint"},
    ),
    (
        "describe_endpoint_config",
        {
            "EndpointConfigName": "c",
            "EndpointConfigArn": f"{ARN}:endpoint-config/c",
            "ProductionVariants": [{"VariantName": "AllTraffic", "ModelName": "m"}],
            "CreationTime": 0,
        },
    ),
    ("update_endpoint", {"EndpointArn": f"{ARN}:endpoint/delay"}),
]
WANTED = SERVING.configuration


@pytest.mark.parametrize(
    ("answers", "kind", "said"),
    [
        (
            [endpoint("InService", "old"), *MADE, endpoint("Updating", "old"),
             endpoint("InService", "old", "the canary failed")],
            MirrorDiffers,
            "serves old; expected",
        ),
        (
            [endpoint("InService", "old"), *MADE, endpoint("Failed", WANTED, "no such image")],
            MirrorRefused,
            "is Failed: no such image",
        ),
        ([endpoint("Updating", "old")] * 4, MirrorUnreachable, "is still Updating"),
    ],
    ids=["it went back", "it does not start", "it takes too long"],
)  # fmt: skip
def test_what_does_not_come_to_serve_is_an_error_that_says_so(
    answers: list[Answer],
    kind: type[Exception],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "bbbb")
    aws, paused = Aws(region="eu-west-1"), list[float]()
    client = aws.client("sagemaker")
    within = -1.0 if kind is MirrorUnreachable else 600.0
    with Stubber(client) as stub:
        for operation, answer in answers:
            stub.add_response(operation, dict(answer))
        with pytest.raises(kind, match=said):
            Endpoints(aws, pause=paused.append).deploy(SERVING, within=within)


def test_one_that_is_failed_is_left_alone_and_it_is_said_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "bbbb")
    aws = Aws(region="eu-west-1")
    with Stubber(aws.client("sagemaker")) as stub:
        # SageMaker takes no update of such a one, so nothing else is asked of it.
        stub.add_response(*endpoint("Failed", "old", "no such image"))
        with pytest.raises(MirrorRefused, match="delay is Failed: no such image") as refused:
            Endpoints(aws, pause=lambda _: None).deploy(SERVING, within=600)
        stub.assert_no_pending_responses()
    assert "aws sagemaker delete-endpoint --endpoint-name delay" in refused.value.hint


def test_a_swap_is_blue_to_green(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "bbbb")
    aws = Aws(region="eu-west-1")
    asked = {
        "EndpointName": "delay",
        "EndpointConfigName": WANTED,
        "DeploymentConfig": {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 60},
                "TerminationWaitInSeconds": 300,
                "MaximumExecutionTimeoutInSeconds": 900,
            }
        },
    }
    with Stubber(aws.client("sagemaker")) as stub:
        for operation, answer in [endpoint("InService", "old"), *MADE]:
            expected = asked if operation == "update_endpoint" else None
            stub.add_response(operation, dict(answer), expected)
        stub.add_response(*endpoint("InService", WANTED))
        found = Endpoints(aws, pause=lambda _: None).deploy(SERVING, within=900)
        assert found.serves(WANTED)
        stub.assert_no_pending_responses()
