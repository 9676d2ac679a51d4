"""SIGKILL at every step of a publication, then the same again: one version, one run, one alias."""

import multiprocessing
import os
import re
import signal
from dataclasses import replace
from pathlib import Path

import pytest

import registry_assets
from registry_assets import faults
from registry_assets.declaration import Mirror
from registry_assets_tests.lifecycle.mirroring.mirrored import (
    MODEL,
    Mirrored,
    settled,
)
from registry_assets_tests.worlds import SENSOR, opened_world

POINTS = (
    "mirror.claimed",
    "mirror.run_made",
    "mirror.run_told",
    "mirror.files_written",
    "mirror.run_finished",
    "mirror.version_made",
    "mirror.version_told",
    "mirror.published",
    "mirror_published.begin",
    "mirror_published.written",
    "mirror.receipt_kept",
    "mirror.pointed",
    "mirror.pointers_set",
    "mirror_pointed.written",
    "mirror.pointers_kept",
)


def _publish(folder: Path, mirror: Mirror, fault: str) -> None:
    os.environ[faults.VARIABLE] = fault
    with opened_world(folder) as world:
        declared = replace(world.model(), mirrors=(mirror,))
        world.registry.publish_to_mirror(declared, mirror.mirror, run=SENSOR)


def killed(mirrored: Mirrored, fault: str) -> int | None:
    """Publish in a process of its own, that dies at a point; give its exit code."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "mlflow", "mlflow.pyfunc", "sklearn.linear_model"])
    (mirror,) = mirrored.declared.mirrors
    process = context.Process(target=_publish, args=(mirrored.world.folder, mirror, fault))
    process.start()
    process.join(180)
    return process.exitcode


def test_every_step_is_killed_at() -> None:
    sources = Path(str(registry_assets.__file__)).parent.rglob("*.py")
    named = {
        n for file in sources for n in re.findall(r'reached\("(mirror\..+?)"', file.read_text())
    }
    assert named == {point for point in POINTS if point.startswith("mirror.")}


@pytest.mark.parametrize("fault", POINTS)
def test_a_publication_killed_anywhere_is_finished_by_the_next_one(
    mirrored: Mirrored, fault: str
) -> None:
    held = mirrored.registry.pointer(MODEL)
    assert killed(mirrored, fault) == -signal.SIGKILL
    assert mirrored.registry.pointer(MODEL) == held
    assert mirrored.registry.verify().problems == ()
    mirrored.publish()
    settled(mirrored, 1)


@pytest.mark.parametrize("fault", ["mirror.version_made", "mirror.pointed"])
def test_one_that_never_is_repeated_is_overtaken_by_the_next_promotion(
    mirrored: Mirrored, fault: str
) -> None:
    assert killed(mirrored, fault) == -signal.SIGKILL
    mirrored.registry.promote(MODEL, 2, run=SENSOR)
    mirrored.publish()
    settled(mirrored, 2)
