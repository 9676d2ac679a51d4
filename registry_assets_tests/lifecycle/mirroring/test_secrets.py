"""What opens an MLflow server is found nowhere afterwards: catalog, store, there, logs, errors."""

import base64
import logging
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from registry_assets.declaration import MLflow
from registry_assets.errors import MirrorRefused, MirrorUnreachable
from registry_assets_tests.lifecycle.changes import history
from registry_assets_tests.lifecycle.mirroring.mirrored import MIRROR, MODEL, Mirrored
from registry_assets_tests.servers.guarded import guarded
from registry_assets_tests.servers.mlflow import MLflowServer, mlflow_server
from registry_assets_tests.worlds import SENSOR

TOKEN = "tok-5f2c9e-very-secret"
USER, PASSWORD = "scott", "tiger/5f2c9e very-secret"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
IN_A_URL = "tiger%2F5f2c9e%20very-secret"
SECRETS = [each.encode() for each in (TOKEN, PASSWORD, BASIC, IN_A_URL)]


@pytest.fixture(scope="module")
def mlflow() -> Iterator[MLflowServer]:
    """A server that nobody else has spoken to: tests of migrations write secrets into theirs."""
    with mlflow_server() as server:
        yield server


def refuse_secrets(mirrored: Mirrored, captured: str) -> None:
    """Look for them in every byte that is left, here and there."""
    folder = mirrored.world.folder
    registry = mirrored.registry
    registry.backends.catalog.driver.pool.close()
    left = [*folder.rglob("*"), *mirrored.server.database.parent.rglob("*")]
    read = 0
    for path in left:
        if path.is_file():
            data = path.read_bytes()
            read += 1
            for secret in SECRETS:
                at = data.find(secret)
                assert at < 0, f"{path}, at {at}: {data[max(0, at - 300) : at + 100]!r}"
    assert read > 30
    said = "\n".join(str(event) for event in history(registry))
    assert MODEL in said
    state = str(registry.mirror_state(MODEL, MIRROR))
    for secret in SECRETS:
        assert secret.decode() not in said + state + captured


def told(error: BaseException) -> str:
    """All that anybody is shown of an error, its causes among it."""
    return "".join(traceback.format_exception(error)) + repr(error) + str(error)


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def test_a_token_of_the_environment_opens_it_and_is_found_nowhere(
    mirrored: Mirrored,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with guarded(mirrored.server.port, accepted=f"Bearer {TOKEN}") as gate:
        mirror = MLflow(tracking_uri=gate.url, name=mirrored.name)
        behind = replace(mirrored, declared=replace(mirrored.declared, mirrors=(mirror,)))
        with pytest.raises(MirrorRefused, match="MLFLOW_TRACKING_TOKEN"):
            behind.publish()
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", TOKEN)
        assert behind.publish().moved
        assert behind.observe(verify=True).in_step
        # One that is not the right one any more is said to be wrong, and not said.
        gate.accepted = "Bearer another"
        behind.registry.promote(MODEL, 2, run=SENSOR)
        with pytest.raises(MirrorRefused, match="does not let us") as refused:
            behind.publish()
        assert TOKEN not in told(refused.value)
        assert behind.observe().state == "unreachable"
    out = capfd.readouterr()
    refuse_secrets(behind, caplog.text + out.out + out.err)


def test_a_password_in_the_address_of_the_environment_is_found_nowhere(
    mirrored: Mirrored,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    mirror = MLflow(name=mirrored.name)
    behind = replace(mirrored, declared=replace(mirrored.declared, mirrors=(mirror,)))
    with guarded(mirrored.server.port, accepted=f"Basic {BASIC}") as gate:
        host = gate.url.removeprefix("http://")
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://{USER}:{IN_A_URL}@{host}")
        assert behind.publish().moved
        assert behind.observe(verify=True).in_step
        assert f"Basic {BASIC}" in gate.shown
        gate.accepted = "Basic another"
        behind.registry.promote(MODEL, 2, run=SENSOR)
        with pytest.raises(MirrorRefused) as refused:
            behind.publish()
    # The same words for a server that is not there.
    nowhere = f"http://{USER}:{IN_A_URL}@127.0.0.1:9"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", nowhere)
    with pytest.raises(MirrorUnreachable) as unreachable:
        behind.publish()
    for error in (refused.value, unreachable.value):
        assert not [each for each in SECRETS if each.decode() in told(error)], told(error)
    found = behind.registry.look_at_mirror(behind.declared, MIRROR, brief=True)
    assert (found.address, found.state) == ("http://127.0.0.1:9", "unreachable")
    receipt = behind.registry.mirror_receipts(MODEL, MIRROR)[1]
    assert receipt.url.startswith(f"http://{host}/")
    out = capfd.readouterr()
    refuse_secrets(behind, caplog.text + out.out + out.err)


def test_without_any_address_it_says_how_to_give_one(mirrored: Mirrored) -> None:
    nowhere = replace(mirrored.declared, mirrors=(MLflow(),))
    with pytest.raises(MirrorRefused, match="nobody says where") as refused:
        mirrored.registry.publish_to_mirror(nowhere, MIRROR, run=SENSOR)
    assert "MLFLOW_TRACKING_URI" in refused.value.hint


def test_the_environment_is_as_it_was(mirrored: Mirrored, tmp_path: Path) -> None:
    import os

    before = dict(os.environ)
    mirrored.publish()
    changed = {n for n in {*before, *os.environ} if before.get(n) != os.environ.get(n)}
    assert changed <= {"MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "PYTEST_CURRENT_TEST"}
