"""What an earlier release wrote is migrated, indexed, found whole, and goes on."""

import tarfile
from pathlib import Path

import pytest

from registry_assets.errors import CatalogTooOld
from registry_assets.lifecycle.checkpoints import read_checkpoint
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import MODEL, reopened

HERE = Path(__file__).parent
RELEASES = sorted(path.name.removesuffix(".tar.gz") for path in HERE.glob("*.tar.gz"))


@pytest.fixture(params=RELEASES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A project as that release left it."""
    with tarfile.open(HERE / f"{request.param}.tar.gz") as archive:
        # The first releases of Python 3.11 have no filter yet.
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        archive.extractall(tmp_path)
    for name in ("tmp", "pointers"):
        (tmp_path / ".registry" / "store" / name).mkdir(exist_ok=True)
    return tmp_path


def test_there_is_one_of_every_schema_but_this_releases() -> None:
    from registry_assets.catalog.engine import REVISIONS

    assert [f"schema_{revision}" for revision in REVISIONS[:-1]] == RELEASES


def test_it_is_not_touched_before_somebody_says_so(folder: Path) -> None:
    before = (folder / ".registry" / "catalog.sqlite").read_bytes()
    with pytest.raises(CatalogTooOld, match="registry init"):
        Registry.open(folder)
    assert (folder / ".registry" / "catalog.sqlite").read_bytes() == before


def test_it_is_whole_after_the_migration_and_says_what_it_said(folder: Path) -> None:
    registry = Registry.init(folder)
    assert registry.verify().problems == ()
    stages = {v.version.number: v.stage for v in registry.versions(MODEL)}
    assert stages == {
        1: "archived",
        2: "production",
        3: "failed",
        4: "rejected",
        5: "development",
    }
    assert registry.version("credit:1").stage == "staging"
    found = registry.search("stage = 'production' and metrics.roc_auc > 0.6")
    assert [item.reference for item in found.items] == ["late:2"]


def test_its_pointer_file_is_a_checkpoint_of_a_past_that_is_still_there(folder: Path) -> None:
    registry = Registry.init(folder)
    file = folder / ".registry" / "store" / "pointers" / MODEL / "production.json"
    assert registry.verify(checkpoint=read_checkpoint(file)).clean


def test_it_goes_on(folder: Path) -> None:
    Registry.init(folder)
    history = reopened(folder)
    number = history.version(21)
    assert number == 6
    history.promote(number)
    assert history.registry.pointer(MODEL).version == 6
    assert history.registry.verify().problems == ()
