"""A disk that is full, a file that may not grow, and a disk that cannot be written."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from registry_assets.errors import CatalogError, OutcomeUnknown, StoreUnwritable
from registry_assets.home import MARKER
from registry_assets_tests.faults.disks import can_mount, file_limit, filled, read_only, small_disk
from registry_assets_tests.faults.lives import (
    Life,
    refusal,
    stages,
    wrong_after_a_crash,
    wrong_after_repeating,
)
from registry_assets_tests.faults.steps import STEPS
from registry_assets_tests.laws.combinations import Combination, Site
from registry_assets_tests.worlds import opened_world

SIZE = 24 << 20
STEP = pytest.mark.parametrize("step", ["commit", "promote"])
LEFT = (0, 4096, 12_288, 40_960, 98_304, 262_144)
"""Bytes left when the step begins: too few for a draft, for some of them, for the catalog's log."""

Full = Callable[[int], AbstractContextManager[None]]


@pytest.fixture
def disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[tuple[Path, Full]]:
    """A folder, and a way to leave it so many bytes; without mounts, each file so many."""
    folder = tmp_path / "disk"
    if can_mount(folder):
        with small_disk(folder, size=SIZE):
            yield folder, lambda left: filled(folder, left=left)
        return
    with capsys.disabled():
        print("\nno mounts here: a limit on the size of files in the place of a full disk")
    yield folder, file_limit


@STEP
def test_a_full_disk_is_said_and_with_space_again_the_step_is_done(
    local: Combination, local_life: Life, disk: tuple[Path, Full], step: str
) -> None:
    folder, full = disk
    refused = []
    for left in LEFT:
        site = local.copy(local_life[step].before, folder / f"{left}")
        with opened_world(site.folder) as world, full(left):
            refused.append(refusal(partial(STEPS[step], world)))
        assert_sound_and_repeatable(local, site, local_life, step)
    assert refused[0] is not None
    kinds = StoreUnwritable | CatalogError | OutcomeUnknown | None
    assert all(isinstance(error, kinds) for error in refused)


@STEP
@pytest.mark.parametrize("size", [0, 200, 3000, 20_000, 60_000])
def test_a_file_that_may_not_grow_is_said_and_without_the_limit_the_step_is_done(
    local: Combination, local_life: Life, tmp_path: Path, step: str, size: int
) -> None:
    site = local.copy(local_life[step].before, tmp_path / "project")
    with opened_world(site.folder) as world:
        with file_limit(size):
            refused = refusal(partial(STEPS[step], world))
        assert size > 200 or refused is not None
    assert_sound_and_repeatable(local, site, local_life, step)


@STEP
@pytest.mark.parametrize("what", ["store", ""])
def test_what_cannot_be_written_is_said_and_can_still_be_read(
    local: Combination, local_life: Life, tmp_path: Path, step: str, what: str
) -> None:
    site = local.copy(local_life[step].before, tmp_path / "project")
    before = stages(local.registry(site))
    with read_only(site.folder / MARKER / what):
        assert stages(local.registry(site)) == before
        assert local.registry(site).verify().clean
        with opened_world(site.folder) as world:
            assert refusal(partial(STEPS[step], world)) is not None
    assert_sound_and_repeatable(local, site, local_life, step)


def assert_sound_and_repeatable(local: Combination, site: Site, life: Life, step: str) -> None:
    """What was cut short left nothing half-done, and the same call does it."""
    assert wrong_after_a_crash(local, site, life[step]) == ""
    with opened_world(site.folder) as world:
        STEPS[step](world)
    assert wrong_after_repeating(local, site, life[step]) == ""
