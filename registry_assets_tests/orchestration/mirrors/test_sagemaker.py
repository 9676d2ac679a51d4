"""A group of SageMaker and its endpoint in Dagster, beside a double: assets, checks, a sensor."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg
import pytest
from dagster_aws.s3 import S3Resource

from registry_assets import RegisteredModel, SageMaker, SageMakerEndpoint, registry_definitions
from registry_assets.errors import DeclarationError
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.local import RunOutcome
from registry_assets.orchestration.mirrors.checks import in_step_key
from registry_assets.orchestration.mirrors.endpoints import serves_key
from registry_assets.orchestration.resource import RegistryResource
from registry_assets.orchestration.unstable.check_results import stored_results
from registry_assets_tests.orchestration.stage import Stage, copy_home, open_stage
from registry_assets_tests.servers.sagemaker import BUCKET, REGION, SageMakerDouble

NAMES = Names("ontime")
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/scikit-learn:3.12"
ENDPOINT = NAMES.mirror_key("sagemaker_endpoint")


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A home whose model has a group and an endpoint there."""

    stage: Stage
    server: SageMakerDouble
    mirror: SageMaker
    defs: dg.Definitions

    @property
    def there(self) -> Any:
        """boto3's own client of the double."""
        return self.server.client()

    def settle(self) -> list[RunOutcome]:
        """Let the sensor look until it has nothing to launch."""
        runs: list[RunOutcome] = []
        for _ in range(6):
            launched = list(self.stage.daemon.tick(NAMES.mirrors_sensor).runs)
            assert all(run.success for run in launched), [run.failures for run in launched]
            runs += launched
            if not launched:
                return runs
        raise AssertionError(f"it launches for ever: {[run.job for run in runs]}")

    def shown(self, key: dg.AssetCheckKey) -> dg.AssetCheckEvaluation:
        """The newest result of a check."""
        return next(stored_results(self.stage.instance, key, None)).evaluation

    def serves(self) -> str:
        """The configuration that the endpoint has."""
        found = self.there.describe_endpoint(EndpointName=self.mirror.name)
        return str(found["EndpointConfigName"])


def location(project: ModuleType, *models: RegisteredModel) -> dg.Definitions:
    return registry_definitions(
        models=models,
        assets=[project.flights, project.planes, project.ontime_features],
        registry=RegistryResource(),
        executor=dg.in_process_executor,
    )


def declared(server: SageMakerDouble) -> SageMaker:
    """A group and an endpoint, reached as a resource of dagster-aws says."""
    return SageMaker(
        artifacts=f"s3://{BUCKET}/registry",
        image=IMAGE,
        name=f"ontime-{secrets.token_hex(6)}",
        endpoint=SageMakerEndpoint(role="arn:aws:iam::123456789012:role/serving"),
        session=S3Resource(region_name=REGION, endpoint_url=server.url),
    )


@pytest.fixture
def mirrored(
    project: ModuleType,
    promoted_home: Path,
    tmp_path: Path,
    sagemaker_completed: SageMakerDouble,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Mirrored]:
    """Version 1 is in production here, and nothing is there."""
    server = sagemaker_completed
    # Credentials come from the environment; where it is, the resource says.
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.secret_key)
    mirror = declared(server)
    defs = location(project, replace(project.ontime, mirrors=(mirror,)))
    with open_stage(copy_home(promoted_home, tmp_path / "home"), defs) as stage:
        yield Mirrored(stage, server, mirror, defs)


def test_the_sensor_publishes_and_deploys_and_tells_what_is_changed_there(
    mirrored: Mirrored,
) -> None:
    published, deployed = mirrored.settle()
    assert (published.job, deployed.job) == (NAMES.mirror_job, NAMES.mirror_job)
    in_step, serves = in_step_key("ontime", "sagemaker"), serves_key("ontime", mirrored.mirror)
    assert mirrored.shown(in_step).passed, mirrored.shown(in_step).description
    assert mirrored.shown(serves).passed, mirrored.shown(serves).description
    assert mirrored.shown(serves).description == (
        f"{mirrored.mirror.name} serves ontime:1, which production holds"
    )
    first = mirrored.serves()
    found = mirrored.shown(serves).metadata
    assert found["configuration"].value == found["expected configuration"].value == first
    assert (found["status"].value, found["version"].value) == ("InService", "ontime:1")
    events = mirrored.stage.events()
    assert mirrored.settle() == []
    assert mirrored.stage.events() == events

    # Somebody swaps the endpoint by hand: told, and left as it is.
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": first,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    mirrored.there.create_endpoint_config(
        EndpointConfigName=f"by-hand-{first}"[:63], ProductionVariants=[variant]
    )
    mirrored.there.update_endpoint(
        EndpointName=mirrored.mirror.name, EndpointConfigName=f"by-hand-{first}"[:63]
    )
    (looked,) = mirrored.settle()
    assert looked.job == NAMES.in_step_job
    red = mirrored.shown(serves)
    assert (red.passed, red.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "by-hand" in str(red.description)
    assert mirrored.settle() == []

    # Another version here is another configuration there.
    stage = mirrored.stage
    assert stage.retrain(reason="better", params={"C": 2.0}).success
    assert [run.success for run in stage.train().runs] == [True]
    assert [run.success for run in stage.promote().runs] == [True]
    assert [run.job for run in mirrored.settle()].count(NAMES.mirror_job) == 2
    assert mirrored.serves() not in (first, f"by-hand-{first}"[:63])
    assert mirrored.shown(serves).passed
    (record,) = stage.instance.fetch_materializations(ENDPOINT, limit=1).records
    assert record.asset_materialization is not None
    assert record.asset_materialization.metadata["configuration"].value == mirrored.serves()


@pytest.mark.thorough
def test_an_archive_that_was_changed_there_is_not_deployed(mirrored: Mirrored) -> None:
    (published,) = mirrored.stage.daemon.tick(NAMES.mirrors_sensor).runs
    assert published.success
    digest = str(mirrored.stage.registry.resolve("ontime@production").digest)
    key = f"registry/{mirrored.mirror.name}/{digest.removeprefix('sha256:')}/model.tar.gz"
    mirrored.server.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"a program")
    runs = list(mirrored.stage.daemon.tick(NAMES.mirrors_sensor).runs)
    failures = [failure for run in runs for failure in run.failures]
    assert any("ontime:1 is not deployed" in failure for failure in failures), failures
    with pytest.raises(Exception, match="Could not find endpoint"):
        mirrored.serves()


def test_the_endpoint_stands_behind_the_mirror_and_says_what_it_is(mirrored: Mirrored) -> None:
    graph = mirrored.defs.resolve_asset_graph()
    node = graph.get(ENDPOINT)
    assert node.parent_keys == {NAMES.mirror_key("sagemaker")}
    assert "Shown against a double of SageMaker only" in str(node.description)
    rule = str(graph.get(in_step_key("ontime", "sagemaker")).description)
    assert "somebody approved another or changed a file" in rule
    assert "how the real service answers is not shown" in rule
    assert [key.name for key in node.check_keys] == ["serves"]


def test_a_mirror_cannot_be_called_as_another_s_endpoint(
    project: ModuleType, sagemaker_completed: SageMakerDouble
) -> None:
    mirror = declared(sagemaker_completed)
    other = replace(mirror, mirror="sagemaker_endpoint", endpoint=None, name="another")
    named = replace(project.ontime, mirrors=(mirror, other))
    with pytest.raises(DeclarationError, match="ontime/sagemaker_endpoint, which there is"):
        location(project, named)
