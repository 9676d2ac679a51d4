"""Keys that ssh-keygen made, once for all tests, and no agent of the developer's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_assets_tests.signing.openssh import KINDS, Agent, new_key, running_agent


@pytest.fixture(autouse=True)
def _no_agent_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The private key's file of each kind that is taken, and of RSA, which is not."""
    folder = tmp_path_factory.mktemp("keys")
    return {kind: new_key(folder / kind, kind) for kind in (*KINDS, "rsa-2048")}


@pytest.fixture(params=KINDS)
def key(request: pytest.FixtureRequest, keys: dict[str, Path]) -> Path:
    """The private key's file, of each kind in turn."""
    return keys[request.param]


@pytest.fixture
def ed25519(keys: dict[str, Path]) -> Path:
    """The private key's file of an Ed25519 key."""
    return keys["ed25519"]


@pytest.fixture(scope="session")
def another(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second Ed25519 key: somebody else's."""
    return new_key(tmp_path_factory.mktemp("another") / "key")


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    """An agent that holds nothing yet, and that SSH_AUTH_SOCK names."""
    with running_agent() as started:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(started.socket))
        yield started
