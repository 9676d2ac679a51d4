"""What opens AWS is found nowhere afterwards: catalog, store, there, logs, errors."""

import logging
import traceback
from pathlib import Path

import pytest

from registry_assets.errors import MirrorRefused, MirrorUnreachable
from registry_assets_tests.lifecycle.changes import history
from registry_assets_tests.lifecycle.mirroring.sagemaker.mirrored import (
    MIRROR,
    MODEL,
    Mirrored,
    Mirroring,
)
from registry_assets_tests.servers.answering import answering
from registry_assets_tests.servers.sagemaker import SageMakerDouble
from registry_assets_tests.worlds import SENSOR

SECRET, TOKEN = "wJalr/5f2c9e+very-secret-key", "FwoGZXIvYXdz//5f2c9e-session-token"
IN_A_URL = "wJalr%2F5f2c9e%2Bvery-secret-key"
SECRETS = (SECRET, TOKEN, IN_A_URL)


@pytest.fixture
def mirroring(completed: SageMakerDouble) -> Mirroring:
    return Mirroring(completed)


@pytest.fixture(autouse=True)
def _opened_by_secrets(
    mirroring: Mirroring, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    # Botocore itself logs the headers of every request where somebody asks for all of it.
    caplog.set_level(logging.INFO)


def told(error: BaseException) -> str:
    """All that anybody is shown of an error, its causes among it."""
    return "".join(traceback.format_exception(error)) + repr(error) + str(error)


def test_secrets_of_the_environment_open_it_and_are_found_nowhere(
    mirrored: Mirrored, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    assert mirrored.publish().moved
    assert mirrored.observe(verify=True).in_step
    registry = mirrored.registry
    said = "\n".join(str(event) for event in history(registry))
    said += str(registry.mirror_state(MODEL, MIRROR)) + repr(mirrored.declared.mirrors)
    objects = mirrored.server.client("s3").list_objects_v2(Bucket="models", Prefix="registry/")
    there = [each["Key"] for each in objects["Contents"] if mirrored.name in each["Key"]]
    assert len(there) == 4
    said += str(mirrored.package("1")) + str(mirrored.tags())
    out = capfd.readouterr()
    for secret in SECRETS:
        assert secret not in said + caplog.text + out.out + out.err
        for key in there:
            assert secret.encode() not in mirrored.object(key), key
    registry.backends.catalog.driver.pool.close()
    read = _read(mirrored.world.folder)
    assert read > 30


def _read(folder: Path) -> int:
    read = 0
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [each for each in SECRETS if each.encode() in data], path
            read += 1
    return read


@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_service_that_repeats_them_is_quoted_without_them(
    mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    words = f"the key {SECRET}, or {IN_A_URL}, with {TOKEN} is not right"
    with answering(status, {"__type": "ValidationException", "message": words}) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises((MirrorRefused, MirrorUnreachable)) as refused:
            mirrored.publish()
    shown = told(refused.value)
    assert "is not right" in shown
    assert not [each for each in SECRETS if each in shown], shown
    found = mirrored.registry.mirror_state(MODEL, MIRROR)
    assert not [each for each in SECRETS if each in str(found)]
    assert "is not right" in str(found.error)


def test_without_credentials_it_says_how_to_give_some(
    mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(MirrorRefused, match="there are no credentials") as refused:
        mirrored.publish()
    assert "AWS_ACCESS_KEY_ID" in refused.value.hint


def test_without_a_region_it_says_how_to_give_one(
    mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(MirrorRefused, match="do not say in which region SageMaker is") as refused:
        mirrored.publish()
    assert 'region="eu-west-1"' in refused.value.hint
    assert mirrored.observe().state == "unreachable"
    mirrored.registry.promote(MODEL, 2, run=SENSOR)
    assert mirrored.registry.pointer(MODEL).version == 2
