"""What came is kept as everything is: verified, never collected, moved whole, put back."""

from datetime import timedelta
from pathlib import Path

from registry_assets.registry import Registry
from registry_assets_tests.lifecycle.migrating.there import There, state_of

AT_ONCE = timedelta()


def test_nothing_of_it_is_collected(churned: There, registry: Registry) -> None:
    place = churned.artifact("2")
    aside = place.with_name("aside")
    place.rename(aside)
    churned.migrate(registry)
    aside.rename(place)
    churned.migrate(registry)  # its manifest of before is named by the one of now
    done = registry.collect(act=True, older_than=AT_ONCE, purge_after=AT_ONCE)
    assert done.discarded == ()
    assert registry.verify(deep=True).problems == ()


def test_a_damaged_file_is_named_with_the_version_that_has_it(
    churned: There, registry: Registry
) -> None:
    churned.migrate(registry)
    manifest = registry.manifest(registry.imported_versions("churn")[1].digest)
    digits = manifest.file("model.pkl").sha256.removeprefix("sha256:")
    blob = registry.home.folder / ".registry/store/objects/sha256" / digits[:2] / digits[2:]
    blob.chmod(0o600)
    blob.write_bytes(b"another one")
    (problem,) = registry.verify(deep=True).problems
    assert (problem.code, problem.touches) == ("blob_corrupt", ("churn:2",))


def test_it_is_exported_and_imported_with_every_byte(
    churned: There, registry: Registry, tmp_path: Path
) -> None:
    churned.migrate(registry)
    registry.export(tmp_path / "out.tar", ["churn"])
    other = Registry.init(tmp_path / "other")
    assert other.import_from(tmp_path / "out.tar").changed
    assert state_of(other) == state_of(registry)
    assert other.verify(deep=True).problems == ()
    # It goes on there behind what came.
    churned.version(4)
    more = churned.migrate(other)
    assert [each.outcome for each in more.versions] == ["known", "known", "known", "imported"]
    assert other.verify().problems == ()


def test_a_backup_brings_it_back_and_no_number_is_given_out_twice(
    churned: There, registry: Registry, tmp_path: Path
) -> None:
    churned.migrate(registry)
    before = state_of(registry)
    registry.backup(tmp_path / "backup.tar")
    churned.version(4)
    churned.migrate(registry)
    folder = tmp_path / "restored"
    (folder / ".registry").mkdir(parents=True)
    (registry.home.folder / ".registry/store").rename(folder / ".registry/store")
    restored, said = Registry.restore(tmp_path / "backup.tar", folder)
    assert state_of(restored) == before
    assert said.skipped == {"churn": (4,)}
    assert restored.verify(deep=True).problems == ()
    assert churned.migrate(restored).versions[-1].record.number == 5
