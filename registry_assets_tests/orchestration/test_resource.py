"""The registry as Dagster's steps open it, with its store in a bucket."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster_aws.s3 import S3Resource

from registry_assets.errors import DeclarationError, StoreError
from registry_assets.home import STORE
from registry_assets.orchestration import RegistryResource
from registry_assets.registry import Registry
from registry_assets_tests.servers.seaweedfs import SeaweedFS


@pytest.fixture
def in_a_bucket(s3_location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry whose store is in a bucket; where the service is, nothing says any more."""
    monkeypatch.setenv(STORE, s3_location)
    Registry.init(tmp_path)
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3")
    return tmp_path


def test_the_store_is_opened_with_the_client_of_the_s3_resource(
    in_a_bucket: Path, s3_server: SeaweedFS, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHERE_OUR_S3_IS", s3_server.url)
    s3 = S3Resource(endpoint_url=dg.EnvVar("WHERE_OUR_S3_IS"), max_attempts=3)
    source = RegistryResource(home=in_a_bucket, s3=s3)

    digest = source.open().backends.store.put(b"bytes")
    assert source.open().backends.store.read(digest) == b"bytes"


def test_without_one_aws_s_own_settings_say_where_it_is(
    in_a_bucket: Path, s3_server: SeaweedFS, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_server.url)
    store = RegistryResource(home=in_a_bucket).open().backends.store
    assert store.location.startswith("s3://")


def test_a_process_makes_one_client(in_a_bucket: Path, s3_server: SeaweedFS) -> None:
    source = RegistryResource(home=in_a_bucket, s3=S3Resource(endpoint_url=s3_server.url))
    made = {id(source.open().backends.store._bucket.client) for _ in range(3)}  # type: ignore[attr-defined]
    assert len(made) == 1


@pytest.mark.parametrize(
    "given", [{"aws_secret_access_key": "secret"}, {"aws_access_key_id": dg.EnvVar("KEY")}]
)
def test_credentials_in_it_are_refused_before_dagster_shows_them(given: Any) -> None:
    with pytest.raises(DeclarationError) as refused:
        RegistryResource(s3=S3Resource(**given))
    assert "usual AWS means" in str(refused.value)
    assert "secret'" not in str(refused.value)


def test_a_store_in_a_folder_needs_no_dagster_aws(tmp_path: Path) -> None:
    Registry.init(tmp_path)
    code = (
        "import sys; from pathlib import Path\n"
        "from registry_assets.orchestration import RegistryResource\n"
        f"RegistryResource(home=Path({str(tmp_path)!r})).open()\n"
        "assert not {'dagster_aws', 'boto3'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_store_in_a_bucket_without_dagster_aws_says_what_to_install(
    in_a_bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dagster_aws.s3", None)
    with pytest.raises(StoreError, match=r"dagster-aws.*\n.*registry_assets\[aws\]"):
        RegistryResource(home=in_a_bucket).open()
