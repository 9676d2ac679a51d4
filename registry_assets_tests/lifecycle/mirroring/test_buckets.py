"""An MLflow server that leaves artifacts in a bucket beside it: written and read there by us."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from registry_assets.errors import MirrorError, MirrorRefused, MirrorUnreachable
from registry_assets.registry import Registry
from registry_assets_tests.lifecycle.migrating.there import There
from registry_assets_tests.lifecycle.mirroring.mirrored import MODEL, Mirrored, Mirroring, settled
from registry_assets_tests.servers.mlflow import MLflowServer, mlflow_server
from registry_assets_tests.servers.seaweedfs import BUCKET
from registry_assets_tests.worlds import SENSOR, World, flights, planes

ROOT = f"mlruns-{secrets.token_hex(4)}"
WRONG = "not-the-secret-of-anybody"


@pytest.fixture(scope="module")
def mlflow() -> Iterator[MLflowServer]:
    with mlflow_server(bucket=f"s3://{BUCKET}/{ROOT}") as server:
        yield server


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """A registry in which nothing was ever declared."""
    (tmp_path / "project").mkdir()
    registry = Registry.init(tmp_path / "project")
    yield registry
    registry.backends.catalog.driver.pool.close()


@pytest.fixture
def bucketed(succeeded: World, mlflow: MLflowServer, s3_location: str) -> Mirrored:
    """A model whose mirror may write to the bucket, and this process has what opens it."""
    return Mirroring(mlflow).of(succeeded, direct_artifacts=True)


@pytest.fixture
def there(mlflow: MLflowServer, s3_location: str, tmp_path: Path) -> There:
    found = There(mlflow, f"Churn {secrets.token_hex(6)}", tmp_path / "aside")
    found.register()
    for seed in (1, 2):
        found.version(seed)
    return found


class Opened:
    """How this process reaches the bucket, which MLflow and boto3 remember from one test on."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch

    def wrongly(self, variable: str = "AWS_SECRET_ACCESS_KEY", value: str = WRONG) -> None:
        self._patch.setenv(variable, value)
        self._forget()

    def rightly(self) -> None:
        self._patch.undo()
        self._forget()

    def _forget(self) -> None:
        from mlflow.store.artifact import s3_artifact_repo

        kept: Any = s3_artifact_repo
        kept._cached_get_s3_client.cache_clear()
        self._patch.setattr("boto3.DEFAULT_SESSION", None)


@pytest.fixture
def opened(s3_location: str) -> Iterator[Opened]:
    with pytest.MonkeyPatch.context() as patch:
        opened = Opened(patch)
        yield opened
        opened.rightly()


def key_of(published: Mirrored, number: str, path: str) -> str:
    """The object that a file of a version is."""
    client = published.there
    uri = str(client.get_model_version_download_uri(published.name, number))
    return f"{uri.removeprefix(f's3://{BUCKET}/')}/{path}"


def test_a_model_is_published_to_it_kept_in_step_and_loaded_from_it(
    bucketed: Mirrored, s3_client: Any
) -> None:
    assert bucketed.publish().moved
    bucketed.registry.promote(MODEL, 2, run=SENSOR)
    bucketed.publish()
    settled(bucketed, 2)
    rows = flights(seed=7).drop(columns="late")
    ours = bucketed.registry.load(f"{MODEL}@production").predict(rows, planes=planes())
    assert np.array_equal(bucketed.loaded("@production").predict(rows), ours)

    key = key_of(bucketed, "2", "version/estimator.skops")
    data = bytearray(s3_client.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    data[len(data) // 2] ^= 1
    s3_client.put_object(Bucket=BUCKET, Key=key, Body=bytes(data))
    found = bucketed.observe(verify=True)
    assert [each.kind for each in found.differences] == ["artifact_changed"]
    assert bucketed.repair().now.in_step
    settled(bucketed, 2)
    s3_client.delete_object(Bucket=BUCKET, Key=key)
    assert [each.kind for each in bucketed.observe().differences] == ["artifact_missing"]
    assert bucketed.repair().now.in_step
    settled(bucketed, 2)


def test_nothing_is_written_to_it_unasked(
    succeeded: World, mlflow: MLflowServer, s3_location: str, s3_client: Any
) -> None:
    unasked = Mirroring(mlflow).of(succeeded)
    before = s3_client.list_objects_v2(Bucket=BUCKET, Prefix=ROOT).get("KeyCount")
    with pytest.raises(MirrorRefused, match=f"keeps artifacts in s3://{BUCKET}") as refused:
        unasked.publish()
    assert "direct_artifacts=True" in refused.value.hint
    assert s3_client.list_objects_v2(Bucket=BUCKET, Prefix=ROOT).get("KeyCount") == before


@pytest.mark.parametrize(
    ("variable", "value", "error", "said"),
    [
        ("AWS_SECRET_ACCESS_KEY", WRONG, MirrorRefused, "SignatureDoesNotMatch"),
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9", MirrorUnreachable, "it does not answer"),
    ],
)
def test_who_cannot_write_there_is_told_why_and_repeats(
    bucketed: Mirrored,
    opened: Opened,
    variable: str,
    value: str,
    error: type[MirrorError],
    said: str,
) -> None:
    opened.wrongly(variable, value)
    with pytest.raises(error, match=f"by this process: {said}") as refused:
        bucketed.publish()
    assert f"s3://{BUCKET}/{ROOT}/" in refused.value.message
    assert WRONG not in str(refused.value)
    opened.rightly()
    assert bucketed.publish().moved
    settled(bucketed, 1)


def test_files_come_out_of_it_where_it_is_allowed(there: There, registry: Registry) -> None:
    unasked = there.migrate(registry)
    assert unasked.count("absent") + unasked.count("imported") == 2
    assert all(each.record.files == "absent" for each in unasked.versions)
    assert f"s3://{BUCKET}/{ROOT}/" in unasked.versions[0].lost[0]
    elsewhere = there.migrate(registry, allowed=[f"s3://{BUCKET}/{ROOT}-of-others"])
    assert all(each.record.files == "absent" for each in elsewhere.versions)

    done = there.migrate(registry, allowed=[f"s3://{BUCKET}/{ROOT}"])
    assert done.count("completed") == 2
    assert all(each.record.files == "whole" for each in done.versions)
    assert all(each.record.unsafe for each in done.versions)
    assert registry.verify(deep=True).problems == ()
    assert there.migrate(registry, allowed=[f"s3://{BUCKET}/{ROOT}"]).count("known") == 2


def test_a_bucket_that_does_not_open_keeps_files_from_coming_and_nothing_else(
    there: There, registry: Registry, opened: Opened
) -> None:
    opened.wrongly()
    done = there.migrate(registry, allowed=[f"s3://{BUCKET}/{ROOT}"])
    assert [each.record.files for each in done.versions] == ["absent", "absent"]
    assert done.versions[0].record.said["run"]["params"] == {"depth": "1"}
    assert "cannot be listed by this process: SignatureDoesNotMatch" in done.versions[0].lost[0]
    assert WRONG not in str(done)
    opened.rightly()
    assert there.migrate(registry, allowed=[f"s3://{BUCKET}/{ROOT}"]).count("completed") == 2
