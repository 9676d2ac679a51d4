"""The key to Weights & Biases is found nowhere afterwards; nor is anything of its client left.

Catalog, store, logs, errors, the project's folder, the home folder, temporary folders, and what
is sent: looked through for it. The server is a double that repeats what it is shown.
"""

import base64
import logging
import os
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from registry_assets.declaration import WeightsAndBiases
from registry_assets.errors import MirrorRefused
from registry_assets_tests.lifecycle.changes import history
from registry_assets_tests.lifecycle.mirroring.wandb.linked import MIRROR, MODEL, Linked
from registry_assets_tests.servers.wandb import KEY, WandbDouble, wandb_double
from registry_assets_tests.worlds import SENSOR

WRONG = "wrong-" + "5f2c9e" * 6
OTHER = "AKIA-of-a-bucket-7d1f"
"""In the environment for something else: no business of this client."""


def forms(key: str) -> tuple[str, str]:
    """As it is, and as it goes over the wire."""
    return key, base64.b64encode(f"api:{key}".encode()).decode()


SECRETS = [*forms(KEY), *forms(WRONG), OTHER]


@pytest.fixture(scope="module")
def _wandb() -> Iterator[WandbDouble]:
    """A double that nobody else has spoken to: tests of migrations write the key into theirs."""
    with wandb_double() as double:
        yield double


def told(error: BaseException) -> str:
    """All that anybody is shown of an error, its causes among it."""
    return "".join(traceback.format_exception(error)) + repr(error) + str(error)


def processes(below: Path) -> list[str]:
    """What runs with a home folder below one: the client, and what it starts."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            if f"HOME={below}/".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def test_the_key_is_found_nowhere_and_nothing_of_the_client_is_left(
    linked: Linked,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    for folder in (home, temporary):
        folder.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", OTHER)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    before = set(linked.world.folder.rglob("*"))

    monkeypatch.setenv("WANDB_API_KEY", WRONG)
    with pytest.raises(MirrorRefused, match="WANDB_API_KEY") as refused:
        linked.publish()
    monkeypatch.delenv("WANDB_API_KEY")
    with pytest.raises(MirrorRefused, match="nobody says how to open") as unset:
        linked.publish()
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    linked.publish()
    assert linked.observe(verify=True).in_step

    registry = linked.registry
    registry.backends.catalog.driver.pool.close()
    left = [*linked.world.folder.rglob("*"), *linked.double.data.rglob("*")]
    read = 0
    for path in left:
        if path.is_file():
            data = path.read_bytes()
            read += 1
            assert not [each for each in SECRETS if each.encode() in data], path
    assert read > 30
    out = capfd.readouterr()
    said = "\n".join(str(event) for event in history(registry))
    assert MODEL in said
    said += str(registry.mirror_state(MODEL, MIRROR)) + caplog.text + out.out + out.err
    said += told(refused.value) + told(unset.value) + str(linked.double.state)
    assert not [each for each in SECRETS if each in said]

    assert list(home.rglob("*")) == []
    assert list(temporary.rglob("*")) == []
    new = {path for path in set(linked.world.folder.rglob("*")) - before if "wandb" in path.name}
    assert new == set()
    assert processes(temporary) == []


def test_the_client_is_told_nothing_of_the_environment_but_its_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from registry_assets.mirroring.wandb import calling

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", OTHER)
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_RUN_ID", "somebody-else-s")
    given = calling._environment(tmp_path)
    assert given["WANDB_API_KEY"] == KEY
    assert given["WANDB_MODE"] == "online"
    assert given["HOME"] == str(tmp_path)
    assert not {"AWS_SECRET_ACCESS_KEY", "WANDB_RUN_ID"} & given.keys()


def test_without_any_address_it_says_how_to_give_one(linked: Linked) -> None:
    nowhere = replace(linked.declared, mirrors=(WeightsAndBiases(),))
    with pytest.raises(MirrorRefused, match="nobody says where Weights & Biases is") as refused:
        linked.registry.publish_to_mirror(nowhere, MIRROR, run=SENSOR)
    assert "WANDB_BASE_URL" in refused.value.hint


def test_the_environment_is_as_it_was(linked: Linked) -> None:
    before = dict(os.environ)
    linked.publish()
    changed = {n for n in {*before, *os.environ} if before.get(n) != os.environ.get(n)}
    assert changed <= {"PYTEST_CURRENT_TEST"}
