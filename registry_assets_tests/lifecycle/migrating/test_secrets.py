"""What opens an MLflow server is found nowhere after a migration, whoever wrote it there."""

import logging
import traceback
from collections.abc import Iterator

import pytest

from registry_assets.errors import MirrorRefused, MirrorUnreachable
from registry_assets.registry import Registry
from registry_assets_tests.lifecycle.migrating.there import There, sentences
from registry_assets_tests.lifecycle.mirroring.test_secrets import (
    BASIC,
    IN_A_URL,
    PASSWORD,
    SECRETS,
    TOKEN,
    USER,
)
from registry_assets_tests.servers.guarded import guarded

OF_DATA = b"scott:tiger"
"""In the address of a dataset, as somebody logged it there."""


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def bytes_left(registry: Registry) -> Iterator[bytes]:
    registry.backends.catalog.driver.pool.close()
    for path in registry.home.folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes()


def refuse_secrets(registry: Registry, captured: str) -> None:
    left = list(bytes_left(registry))
    assert len(left) > 10
    for secret in (*SECRETS, OF_DATA):
        assert not [data for data in left if secret in data], secret
        assert secret.decode() not in captured + "\n".join(sentences(registry))


def test_a_token_of_the_environment_opens_it_and_is_found_nowhere(
    churned: There,
    registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    # Somebody wrote it down there, too.
    churned.client.update_model_version(churned.name, "1", description=f"opened by {TOKEN}")
    churned.client.set_model_version_tag(churned.name, "1", "token", TOKEN)
    with guarded(churned.server.port, accepted=f"Bearer {TOKEN}") as gate:
        with pytest.raises(MirrorRefused, match="does not let us") as refused:
            churned.migrate(registry, tracking_uri=gate.url)
        assert "MLFLOW_TRACKING_TOKEN" in refused.value.hint
        assert registry.models() == ()
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", TOKEN)
        done = churned.migrate(registry, tracking_uri=gate.url)
        assert [each.files for each in done.versions] == [3, 3, 3]
        gate.accepted = "Bearer another"
        with pytest.raises(MirrorRefused) as refused:
            churned.migrate(registry, tracking_uri=gate.url)
        assert TOKEN not in "".join(traceback.format_exception(refused.value))
    assert registry.imported_versions("churn")[0].said["description"] == "opened by ***"
    out = capfd.readouterr()
    refuse_secrets(registry, caplog.text + out.out + out.err + str(done))


def test_a_password_in_the_address_is_found_nowhere(
    churned: There,
    registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with guarded(churned.server.port, accepted=f"Basic {BASIC}") as gate:
        host = gate.url.removeprefix("http://")
        where = f"http://{USER}:{IN_A_URL}@{host}"
        done = churned.migrate(registry, tracking_uri=where)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", where)
        assert not churned.migrate(registry, tracking_uri="").changed
    with pytest.raises(MirrorUnreachable) as nowhere:
        churned.migrate(registry, tracking_uri=f"http://{USER}:{IN_A_URL}@127.0.0.1:9")
    said = "".join(traceback.format_exception(nowhere.value)) + str(nowhere.value)
    assert done.address == gate.url
    assert done.versions[0].record.said["url"].startswith(gate.url)
    assert PASSWORD not in said
    out = capfd.readouterr()
    refuse_secrets(registry, caplog.text + out.out + out.err + str(done) + said)
