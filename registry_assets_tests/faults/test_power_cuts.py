"""The power goes: what the disk had been given by then is all that is left.

The project is on an ext4 in a file. A copy of that file, made while it is mounted, holds what
was flushed and whatever the kernel has written by itself, and nothing of its caches. SQLite and
a folder: only there is all of it on one disk.
"""

import os
import shutil
import signal
from pathlib import Path

import pytest

from registry_assets_tests.faults.calls import KILLED_AT_EVERY_CALL, every
from registry_assets_tests.faults.disks import can_mount_images, make_image, mounted_image
from registry_assets_tests.faults.lives import (
    Life,
    Recorded,
    forget,
    points,
    wrong_after_repeating,
    wrong_until_repeated,
)
from registry_assets_tests.faults.steps import run
from registry_assets_tests.laws.combinations import Combination, Site

SIZE = 48 << 20
PROJECT = "project"
KEPT, LOST = b"flushed" * 1000, b"not flushed" * 1000


@pytest.fixture(autouse=True)
def _mounts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not can_mount_images(tmp_path / "probe"):
        reason = "no power cut is tried: this account may not mount an ext4 that is in a file"
        with capsys.disabled():
            print(f"\n{reason}")
        pytest.skip(reason)


def test_such_a_cut_loses_what_was_not_flushed_and_nothing_else(tmp_path: Path) -> None:
    image, cut = tmp_path / "image", tmp_path / "cut"
    make_image(image, size=SIZE)
    with mounted_image(image, tmp_path / "disk") as disk:
        (disk / "lost").write_bytes(LOST)
        with (disk / "kept").open("wb") as file:
            file.write(KEPT)
            os.fsync(file.fileno())
        shutil.copyfile(image, cut)
        assert (disk / "lost").read_bytes() == LOST
    with mounted_image(cut, tmp_path / "after") as disk:
        assert (disk / "kept").read_bytes() == KEPT
        assert not (disk / "lost").exists() or (disk / "lost").read_bytes() != LOST


@pytest.mark.parametrize(
    ("step", "every_call"),
    [
        *((step, False) for step in ("commit", "promote")),
        *(pytest.param(s, False, marks=pytest.mark.thorough) for s in ("reserve", "evaluate")),
        *(pytest.param(s, True, marks=pytest.mark.thorough) for s in KILLED_AT_EVERY_CALL),
    ],
)
def test_a_power_cut_loses_nothing_acknowledged_and_leaves_nothing_half_done(
    local: Combination, local_life: Life, tmp_path: Path, step: str, every_call: bool
) -> None:
    recorded = local_life[step]
    faults = points(local_life, step)
    if every_call:
        faults = every(recorded.calls, sampled=False)
    prepared = tmp_path / "prepared"
    make_image(prepared, size=SIZE)
    with mounted_image(prepared, tmp_path / "disk") as disk:
        local.copy(recorded.before, disk / PROJECT)
    found = {
        fault or "acknowledged": wrong_after_a_cut(local, step, recorded, prepared, fault)
        for fault in ("", *faults)
    }
    assert {fault: wrong for fault, wrong in found.items() if wrong} == {}
    assert len(found) > 1


def wrong_after_a_cut(
    local: Combination, step: str, recorded: Recorded, prepared: Path, fault: str
) -> str:
    """Cut the power at a point, or right after the step, and repeat; say what is wrong then."""
    root = prepared.parent
    image, cut, project = root / "image", root / "cut", root / PROJECT
    shutil.copyfile(prepared, image)
    with mounted_image(image, root / "disk") as disk:
        code = run(step, Site(disk / PROJECT), fault=fault)
        shutil.copyfile(image, cut)
    with mounted_image(cut, root / "after") as disk:
        shutil.copytree(disk / PROJECT, project)
    site = Site(project)
    try:
        if code != (-signal.SIGKILL if fault else 0):
            return f"it ended with {code}"
        if not fault:
            return wrong_after_repeating(local, site, recorded)
        return wrong_until_repeated(local, site, step, recorded, fault=fault)
    finally:
        local.drop(site)
        forget(site)
