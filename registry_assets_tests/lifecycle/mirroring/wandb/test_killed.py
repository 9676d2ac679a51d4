"""SIGKILL at every step of a publication to Weights & Biases, then the same again: one of each.

The client dies with, or before, whoever asked it. The server is a double.
"""

import json
import multiprocessing
import os
import re
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

import registry_assets
from registry_assets import faults
from registry_assets.declaration import Mirror
from registry_assets.errors import MirrorUnreachable
from registry_assets.mirroring.wandb.address import Address, Place
from registry_assets.mirroring.wandb.calling import Calls
from registry_assets.mirroring.wandb.names import FOLDER
from registry_assets_tests.lifecycle.mirroring.wandb.linked import MODEL, Linked, settled
from registry_assets_tests.lifecycle.mirroring.wandb.test_secrets import processes
from registry_assets_tests.servers.wandb import TEAM, WandbDouble
from registry_assets_tests.sometimes import some
from registry_assets_tests.worlds import SENSOR, opened_world

IN_THE_CLIENT = ("wandb.run_made", "wandb.logged", "wandb.linked", "wandb.told", "wandb.pointed")
HERE = ("wandb.claimed", "wandb.brought")


def test_every_step_is_killed_at() -> None:
    sources = Path(str(registry_assets.__file__)).parent.rglob("*.py")
    named = {
        n for file in sources for n in re.findall(r'reached\("(wandb\..+?)"', file.read_text())
    }
    assert named == {*IN_THE_CLIENT, *HERE}


@pytest.mark.parametrize("fault", some(IN_THE_CLIENT, always=["wandb.linked"]))
def test_a_client_that_dies_anywhere_leaves_nothing_that_the_next_does_not_finish(
    linked: Linked, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = linked.registry.pointer(MODEL)
    with monkeypatch.context() as patched:
        patched.setenv(faults.VARIABLE, fault)
        with pytest.raises(MirrorUnreachable, match="did not answer and has ended"):
            linked.publish()
    assert linked.registry.pointer(MODEL) == held
    linked.publish()
    settled(linked, 1)


def _publish(folder: Path, mirror: Mirror, fault: str) -> None:
    os.environ[faults.VARIABLE] = fault
    with opened_world(folder) as world:
        declared = replace(world.model(), mirrors=(mirror,))
        world.registry.publish_to_mirror(declared, mirror.mirror, run=SENSOR)


@pytest.mark.parametrize("fault", HERE)
def test_whoever_asks_and_dies_takes_the_client_along(
    linked: Linked, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setenv("TMPDIR", str(aside))
    context = multiprocessing.get_context("spawn")
    (mirror,) = linked.declared.mirrors
    process = context.Process(target=_publish, args=(linked.world.folder, mirror, fault))
    process.start()
    process.join(180)
    assert process.exitcode == -signal.SIGKILL
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if not processes(aside) and not list(aside.iterdir()):
            break
        time.sleep(0.2)
    assert processes(aside) == []
    # What it wrote it removes itself, where nobody else can any more; the version's files, too.
    assert list(aside.iterdir()) == []
    assert linked.registry.verify().problems == ()
    linked.publish()
    settled(linked, 1)


def test_a_client_whose_answer_nobody_takes_leaves_nothing(
    wandb: WandbDouble, tmp_path: Path
) -> None:
    folder = tmp_path / f"{FOLDER}x"
    folder.mkdir()
    calls = Calls(Address(wandb.url), Place(TEAM, "", "model", "delay", "runs"))
    session = calls._started(folder)
    # As where whoever asked is killed while the answer is on its way.
    os.close(session._answers)
    session._questions.write(json.dumps(calls._settings(folder)) + "\n")
    session._questions.flush()
    assert session.process.wait(60) == 1
    assert list(tmp_path.iterdir()) == []
    assert processes(tmp_path) == []
    session._questions.close()
