"""SIGKILL in the middle of a pull, of a follower's swap, and of noting what was seen."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from registry_assets import deployment
from registry_assets.deployment.contents import files_of, find_difference
from registry_assets.store.manifests import read_manifest
from registry_assets_tests.deployment.conftest import PRODUCTION, Shelf

POINTS = {"pull.staged", "follow.staged", "follow.linked", "follow.swapped", "seen.written"}
REGISTRY = [sys.executable, "-c", "from registry_assets.cli import main; main()"]


def registry(*arguments: str, fault: str = "") -> int:
    environ = {**os.environ, "REGISTRY_FAULT": fault}
    done = subprocess.run([*REGISTRY, *arguments], env=environ, capture_output=True, check=False)
    return done.returncode


def test_every_named_point_of_a_deployment_is_tried() -> None:
    sources = Path(deployment.__path__[0]).glob("*.py")
    named = [re.findall(r'reached\("(.+?)"', source.read_text()) for source in sources]
    assert {point for points in named for point in points} == POINTS


@pytest.mark.parametrize("fault", ["pull.staged", "seen.written"])
def test_a_killed_pull_gives_no_folder_its_name_and_can_be_repeated(
    shelf: Shelf, tmp_path: Path, fault: str
) -> None:
    digest = shelf.promote(1)
    target = tmp_path / "model"
    assert registry("pull", PRODUCTION, str(target), fault=fault) == -signal.SIGKILL
    assert not target.exists()
    assert registry("pull", PRODUCTION, str(target)) == 0
    assert (
        find_difference(files_of(read_manifest(shelf.store, digest), digest), target).sentence == ""
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "model", "shelf"]


@pytest.mark.parametrize("fault", sorted(POINTS - {"pull.staged"}))
def test_a_killed_follower_leaves_a_whole_version_and_the_next_goes_on(
    shelf: Shelf, tmp_path: Path, fault: str
) -> None:
    target = tmp_path / "models"
    digests = [shelf.promote(1)]
    follow = ("follow", PRODUCTION, str(target), "--once", "--keep", "1")
    assert registry(*follow) == 0
    digests.append(shelf.promote(2))
    assert registry(*follow, fault=fault) == -signal.SIGKILL
    held = f"sha256:{(target / 'current').resolve().name.partition('-')[2]}"
    (whole,) = (digest for digest in digests if digest.startswith(held))
    assert whole == digests[fault == "follow.swapped"]
    assert (
        find_difference(
            files_of(read_manifest(shelf.store, whole), whole), target / "current"
        ).sentence
        == ""
    )
    assert registry(*follow) == 0
    manifest = read_manifest(shelf.store, digests[1])
    assert find_difference(files_of(manifest, digests[1]), target / "current").sentence == ""
    there = [path.name for path in target.iterdir() if not path.name.startswith(".")]
    assert sorted(there) == [f"2-{digests[1][7:19]}", "current"]
