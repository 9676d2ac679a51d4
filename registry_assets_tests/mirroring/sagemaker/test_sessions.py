"""How AWS is reached: as a resource of dagster-aws, a session or AWS's own settings say."""

from pathlib import Path

import boto3
import dagster as dg
import pytest
from dagster_aws.s3 import S3Resource

from registry_assets.errors import MirrorRefused
from registry_assets.mirroring.sagemaker.sessions import Aws


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    (tmp_path / "config").write_text("[profile there]\nregion = eu-north-1\n")


def test_a_resource_says_region_endpoint_and_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHERE", "eu-central-1")
    resource = S3Resource(
        region_name=dg.EnvVar("WHERE"), endpoint_url="http://127.0.0.1:1234", max_attempts=7
    )
    for service in ("sagemaker", "s3"):
        meta = Aws(resource).client(service).meta
        assert (meta.region_name, meta.endpoint_url) == ("eu-central-1", "http://127.0.0.1:1234")
        # Where somebody looks again in a moment, it gives up soon whatever the resource says.
        assert meta.config.retries["total_max_attempts"] == 7
        brief = Aws(resource, brief=True).client(service).meta.config
        assert (brief.retries["total_max_attempts"], brief.read_timeout) == (2, 15)


def test_a_profile_and_a_session_do_as_well() -> None:
    profile = S3Resource(profile_name="there")
    assert Aws(profile).client("sagemaker").meta.region_name == "eu-north-1"
    session = boto3.Session(region_name="eu-west-3")
    assert Aws(session).client("sagemaker").meta.region_name == "eu-west-3"
    assert Aws(session, region="eu-west-1").client("sagemaker").meta.region_name == "eu-west-1"


def test_without_anything_said_the_environment_is_asked_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(MirrorRefused, match="do not say in which region SageMaker is"):
        Aws().client("sagemaker")
    for region in ("eu-west-1", "us-east-2"):
        monkeypatch.setenv("AWS_DEFAULT_REGION", region)
        found = str(Aws().client("sagemaker").meta.endpoint_url)
        assert found == f"https://api.sagemaker.{region}.amazonaws.com"


def test_what_cannot_be_used_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MirrorRefused, match=r"no such profile: .*nobody"):
        Aws(S3Resource(profile_name="nobody")).client("sagemaker")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "no address")
    with pytest.raises(MirrorRefused, match="cannot be used"):
        Aws(region="eu-west-1").client("sagemaker")


def test_an_address_that_opens_something_is_refused_and_not_quoted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = "http://me:hidden@127.0.0.1:1234"
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    for aws in (Aws(region="eu-west-1"), Aws(S3Resource(region_name="a", endpoint_url=address))):
        with pytest.raises(MirrorRefused, match=r"a user or a password in it, before 127") as said:
            aws.client("sagemaker")
        assert "hidden" not in f"{said.value} {said.value.hint} {said.value.__cause__}"


def test_what_opens_it_is_known_to_be_kept_out_of_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a/token+of it")
    aws = Aws(region="eu-west-1")
    assert aws.scrubbed("very-secret, a%2Ftoken%2Bof%20it") == "***, ***"
    assert "very-secret" not in repr(aws)
    # Of a session that has its own, whatever the environment says.
    own = boto3.Session(
        aws_access_key_id="b", aws_secret_access_key="of-its-own", region_name="eu-west-1"
    )
    given = Aws(own)
    given.client("sagemaker")
    assert given.scrubbed("of-its-own") == "***"
