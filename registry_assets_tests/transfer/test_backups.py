"""A backup made while writers write is one moment, whole; what is put back is that registry."""

import json
import shutil
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from registry_assets.clock import ReplayClock
from registry_assets.errors import (
    BlobMissing,
    CatalogBehind,
    ExportUnreadable,
    ImportRefused,
)
from registry_assets.home import Home
from registry_assets.lifecycle.checkpoints import read_checkpoint
from registry_assets.registry import Registry
from registry_assets.transfer.layout import DESCRIPTION
from registry_assets_tests.catalog.history import MODEL, START, History, new_history, reopened
from registry_assets_tests.catalog.test_indexing import content
from registry_assets_tests.faults.steps import processes
from registry_assets_tests.transfer.moves import identity, rows, said

WRITERS = 4


def write_on(folder: Path, number: int) -> None:
    """Commit and promote versions of one model until told to stop; note what was acknowledged."""
    history, model = reopened(folder), f"model_{number}"
    log = folder / f"{model}.log"
    seed = 0
    while not (folder / "stop").exists():
        seed += 1
        version = history.version(seed, model=model)
        history.promote(version, model=model)
        with log.open("a") as file:
            file.write(f"{version}\n")
        history.snapshot(f"2013-{seed % 12 + 1:02}", content=100 * number + seed)


def acknowledged(folder: Path) -> dict[str, int]:
    """The last version of each model whose promotion was acknowledged."""
    found = {}
    for number in range(WRITERS):
        log = folder / f"model_{number}.log"
        lines = log.read_text().splitlines() if log.exists() else []
        found[f"model_{number}"] = int(lines[-1]) if lines else 0
    return found


def test_a_backup_under_load_has_everything_acknowledged_before_it_and_verifies(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "project"
    history = new_history(folder)
    for number in range(WRITERS):
        history.declare(f"model_{number}")
    writers: list[ForkServerProcess] = [
        processes().Process(target=write_on, args=(folder, number)) for number in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    try:
        deadline = time.monotonic() + 60
        while min(acknowledged(folder).values()) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        backups = []
        for name in ("one.tar", "two"):
            before = acknowledged(folder)
            history.registry.backup(tmp_path / name)
            backups.append((name, before, acknowledged(folder)))
    finally:
        (folder / "stop").touch()
        for writer in writers:
            writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    assert history.registry.verify().problems == ()
    for name, before, after in backups:
        assert all(count >= 2 for count in before.values())
        restored, _ = Registry.restore(tmp_path / name, tmp_path / f"restored {name}")
        assert restored.verify().problems == ()
        for model in before:
            held = restored.pointer(model).version
            assert held is not None
            # Of what was under way when it was made one more may be in it.
            assert before[model] <= held <= after[model] + 1
    assert any(after != before for _, before, after in backups), "nobody wrote meanwhile"


def test_what_is_put_back_is_the_registry_that_it_was(origin: History, tmp_path: Path) -> None:
    origin.registry.backup(tmp_path / "backup")
    again, done = Registry.restore(tmp_path / "backup", tmp_path / "again", clock=origin.clock)
    assert identity(again) == done.registry == identity(origin.registry)
    assert rows(again) == rows(origin.registry)
    assert said(again, MODEL) == said(origin.registry, MODEL)
    assert content(again.backends.catalog) == content(origin.catalog)
    assert again.verify().problems == ()
    assert again.backends.store.identity() == done.registry
    # And it goes on as the other one would.
    assert History(again, origin.clock).version(70) == origin.version(70)


def test_a_backup_is_put_into_nothing_but_an_empty_catalog(
    exported: Path, origin: History, target: History, tmp_path: Path
) -> None:
    target.declare("mine")
    for taken in (origin, target):
        before = rows(taken.registry)
        with pytest.raises(ImportRefused, match="has a history of its own") as refused:
            Registry.restore(exported, taken.registry.home.folder)
        assert refused.value.hint
        assert rows(taken.registry) == before


def test_chosen_models_are_no_backup(origin: History, tmp_path: Path) -> None:
    origin.registry.export(tmp_path / "one", [MODEL])
    with pytest.raises(ImportRefused, match="is no backup of a registry"):
        Registry.restore(tmp_path / "one", tmp_path / "again")


def test_a_damaged_backup_leaves_no_catalog_behind(exported: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(exported, tmp_path / "copy"))
    (copy / "events" / f"{MODEL}.jsonl").write_text("")
    with pytest.raises(ExportUnreadable):
        Registry.restore(copy, tmp_path / "again")
    assert not Path(Home(tmp_path / "again").catalog).exists()
    again, _ = Registry.restore(exported, tmp_path / "again")
    assert again.verify().problems == ()


def test_a_lost_catalog_comes_back_beside_the_store_that_stayed(
    origin: History, tmp_path: Path
) -> None:
    wanted = rows(origin.registry)
    origin.registry.backup(tmp_path / "backup", with_objects=False)
    assert not (tmp_path / "backup" / "objects").exists()
    folder = origin.registry.home.folder
    Path(origin.registry.home.catalog).unlink()
    again, done = Registry.restore(tmp_path / "backup", folder)
    assert rows(again) == wanted
    assert again.verify().problems == ()
    assert (done.skipped, done.unknown) == ({}, ())


def test_a_backup_without_blobs_needs_every_one_in_the_store(
    origin: History, tmp_path: Path
) -> None:
    origin.registry.backup(tmp_path / "backup.tar", with_objects=False)
    with pytest.raises(BlobMissing):
        Registry.restore(tmp_path / "backup.tar", tmp_path / "again")
    assert not Path(Home(tmp_path / "again").catalog).exists()


def test_an_older_backup_beside_a_newer_store_is_refused_with_the_way_out(
    origin: History, tmp_path: Path
) -> None:
    origin.registry.backup(tmp_path / "old")
    origin.promote(origin.version(80))
    folder, home = origin.registry.home.folder, origin.registry.home
    Path(home.catalog).unlink()
    with pytest.raises(CatalogBehind, match="has moved 5 times, in the backup 4") as refused:
        Registry.restore(tmp_path / "old", folder)
    assert "move those pointer files out of" in refused.value.hint
    assert not Path(home.catalog).exists()
    # The way out, where there is no newer backup.
    (Path(home.store) / "pointers" / MODEL / "production.json").rename(tmp_path / "aside.json")
    again, done = Registry.restore(tmp_path / "old", folder, clock=ReplayClock(START))
    assert again.pointer(MODEL).generation == 4
    assert done.skipped == {MODEL: (5,)}
    assert again.verify().problems == ()


def test_numbers_that_only_the_store_knows_are_not_given_out_again(
    origin: History, tmp_path: Path
) -> None:
    origin.registry.backup(tmp_path / "old.tar")
    lost = [origin.version(80), origin.version(81)]
    origin.declare("young")
    origin.version(1, model="young")
    folder = origin.registry.home.folder
    Path(origin.registry.home.catalog).unlink()
    again, done = Registry.restore(tmp_path / "old.tar", folder, clock=ReplayClock(START))
    assert done.skipped == {MODEL: tuple(lost)}
    assert done.unknown == ("young",)
    event = again.log(MODEL)[-1]
    assert (event.kind, event.body["facts"]) == ("numbers_skipped", {"versions": lost})
    assert again.verify().problems == ()
    assert History(again, origin.clock).version(82) == lost[-1] + 1


def test_a_store_of_another_registry_is_not_taken(
    exported: Path, target: History, tmp_path: Path
) -> None:
    Path(target.registry.home.catalog).unlink()
    with pytest.raises(ImportRefused, match="is that of registry"):
        Registry.restore(exported, target.registry.home.folder)
    assert not Path(target.registry.home.catalog).exists()


def test_a_backup_is_a_checkpoint(exported: Path, origin: History) -> None:
    kept = read_checkpoint(exported / DESCRIPTION)
    origin.version(90)
    assert origin.registry.verify(checkpoint=kept).problems == ()
    document = json.loads((exported / DESCRIPTION).read_bytes())
    assert kept.registry == document["origin"]
    assert set(kept.heads) == set(document["heads"])


def test_rebuilding_mends_the_index_and_the_pointer_files(origin: History) -> None:
    wanted = content(origin.catalog)
    with origin.catalog.write() as connection:
        for statement in ("DELETE FROM edges", "UPDATE indexed_versions SET stage = 'staging'"):
            connection.exec_driver_sql(statement)
    origin.registry.backends.store.write_pointer(MODEL, "production", b"{}")
    assert not origin.registry.verify().clean
    done = origin.registry.rebuild()
    assert (done.index.models, done.index.versions, done.index.evaluations) == (2, 5, 4)
    assert done.pointer_files == (f"{MODEL}@production",)
    assert content(origin.catalog) == wanted
    assert origin.registry.verify().problems == ()
    assert origin.registry.rebuild().pointer_files == ()


def test_rebuilding_in_an_older_catalog_changes_nothing(
    exported: Path, origin: History, tmp_path: Path
) -> None:
    older = History(Registry.restore(exported, tmp_path / "older")[0], origin.clock)
    origin.promote(origin.version(80))
    file = origin.registry.backends.store.read_pointer(MODEL, "production")
    assert file is not None
    older.registry.backends.store.write_pointer(MODEL, "production", file)
    with pytest.raises(CatalogBehind):
        older.registry.rebuild()
    assert older.registry.backends.store.read_pointer(MODEL, "production") == file


def test_a_path_may_be_given_as_text(tmp_path: Path) -> None:
    history = new_history(tmp_path / "project")
    history.declare()
    history.promote(history.version(1))
    opened = Registry.open(str(tmp_path / "project"))
    opened.backup(str(tmp_path / "backup.tar"))
    opened.export(str(tmp_path / "export"))
    restored, _ = Registry.restore(str(tmp_path / "backup.tar"), str(tmp_path / "restored"))
    assert said(restored, MODEL) == said(opened, MODEL)
    other = Registry.init(str(tmp_path / "other"))
    other.import_from(str(tmp_path / "export"))
    other.pull(f"{MODEL}@production", str(tmp_path / "pulled"))
    assert (tmp_path / "pulled" / "manifest.json").is_file()
    assert other.verify().problems == ()
