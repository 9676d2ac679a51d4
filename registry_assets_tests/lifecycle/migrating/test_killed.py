"""SIGKILL at every step of a migration, and two at once: the next one ends in the one state."""

import multiprocessing
import os
import re
import signal
from pathlib import Path

import pytest

import registry_assets
from registry_assets import faults
from registry_assets.registry import Registry
from registry_assets_tests.lifecycle.migrating.there import There, state_of

POINTS = (
    "migrate.declared",
    "migrate.looked",
    "migrate.fetched",
    "migrate.stored",
    "migrate.stored:2",
    "version_imported.begin",
    "version_imported.written",
    "version_imported.committed",
    "version_imported.written:3",
    "migrate.recorded:2",
    "alias_imported.written",
    "migrate.ended",
)


def _migrate(folder: Path, url: str, name: str, fault: str) -> None:
    if fault:
        os.environ[faults.VARIABLE] = fault
    Registry.open(folder).migrate_mlflow(name, model="churn", tracking_uri=url)


def begun(registry: Registry, there: There, fault: str = "") -> multiprocessing.Process:
    """Migrate in a process of its own, that may die at a point."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "mlflow"])
    asked = (registry.home.folder, there.server.url, there.name, fault)
    process = context.Process(target=_migrate, args=asked)
    process.start()
    return process  # type: ignore[return-value]


def test_every_step_is_killed_at() -> None:
    sources = Path(str(registry_assets.__file__)).parent.rglob("*.py")
    named = {
        n for file in sources for n in re.findall(r'reached\("(migrate\..+?)"', file.read_text())
    }
    tried = {point.partition(":")[0] for point in POINTS}
    assert named == {point for point in tried if point.startswith("migrate.")}


@pytest.mark.parametrize("fault", POINTS)
def test_a_migration_killed_anywhere_is_finished_by_the_next_one(
    churned: There, registry: Registry, tmp_path: Path, fault: str
) -> None:
    process = begun(registry, churned, fault)
    process.join(180)
    assert process.exitcode == -signal.SIGKILL
    assert registry.verify().problems == ()
    churned.migrate(registry)
    untroubled = Registry.init(tmp_path / "untroubled")
    churned.migrate(untroubled)
    assert state_of(registry) == state_of(untroubled)
    assert registry.count_versions("churn") == 3
    assert registry.verify().problems == ()


def test_two_at_once_bring_every_version_once(churned: There, registry: Registry) -> None:
    for seed in range(4, 12):
        churned.version(seed)
    both = [begun(registry, churned) for _ in range(2)]
    for process in both:
        process.join(180)
    assert [process.exitcode for process in both] == [0, 0]
    versions, aliases = state_of(registry)
    assert sorted(int(each[1]) for each in versions) == list(range(1, 12))
    assert sorted(each[0] for each in versions) == list(range(1, 12))
    assert aliases == [("champion", "2")]
    assert registry.verify().problems == ()
