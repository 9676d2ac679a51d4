"""A folder that is kept on what a pointer holds, and on nothing that does not verify."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from registry_assets.deployment.contents import files_of, find_difference
from registry_assets.deployment.folders import FollowedFolder, followed_folder
from registry_assets.deployment.polling import Pauses, parse_pointer
from registry_assets.errors import (
    FolderTaken,
    InvalidReference,
    NotFound,
    PointerMovedBack,
    RegistryError,
    StoreError,
)
from registry_assets.references import Reference
from registry_assets.store.manifests import read_manifest
from registry_assets_tests.deployment.conftest import PRODUCTION, Shelf
from registry_assets_tests.deployment.test_pulling import attested
from registry_assets_tests.lifecycle.changes import DAMAGE, Damage, refused

POINTER = Reference.parse(PRODUCTION)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "models" / "flight_delay"


@pytest.fixture
def followed(shelf: Shelf, target: Path) -> Iterator[FollowedFolder]:
    with followed_folder(shelf.source, POINTER, target, keep=2) as found:
        yield found


def versions(folder: Path) -> list[str]:
    """The numbers that are there; the one that is current with a star."""
    current = (folder / "current").resolve().name
    there = sorted(
        path.name for path in folder.iterdir() if path.is_dir() and path.name != "current"
    )
    return [name.partition("-")[0] + "*" * (name == current) for name in there]


def test_current_is_what_the_pointer_holds(
    shelf: Shelf, followed: FollowedFolder, target: Path
) -> None:
    for version in (1, 2):
        digest = shelf.promote(version)
        brought = followed.refresh()
        assert brought is not None
        assert (brought.version, brought.generation) == (version, version)
        manifest = read_manifest(shelf.store, digest)
        assert find_difference(files_of(manifest, digest), target / "current").sentence == ""
        assert followed.current() == f"{version}-{digest[7:19]}"
        assert followed.refresh() is None
    assert versions(target) == ["1", "2*"]
    assert not (target / "current").readlink().is_absolute()


def test_only_the_last_versions_are_kept_and_always_the_current_one(
    shelf: Shelf, followed: FollowedFolder, target: Path
) -> None:
    digests = {}
    for version in (1, 2, 3):
        digests[version] = shelf.promote(version)
        followed.refresh()
    assert versions(target) == ["2", "3*"]
    shelf.point(digests[1], version=1, generation=4)
    followed.refresh()
    assert versions(target) == ["1*", "3"]
    shelf.point(digests[3], version=3, generation=5)
    followed.refresh()
    shelf.promote(4, generation=6)
    followed.refresh()
    assert versions(target) == ["3", "4*"]


def test_a_version_that_comes_back_is_written_once_and_attested_anew(
    shelf: Shelf, followed: FollowedFolder, target: Path
) -> None:
    digests = {version: shelf.publish(version) for version in (1, 2)}
    for generation, version in enumerate((1, 2, 1), start=1):
        text = f"promotion {generation}".encode()
        attested(shelf, digests[version], version=version, generation=generation, text=text)
        brought = followed.refresh()
        assert brought is not None
        assert followed.current() == f"{version}-{digests[version][7:19]}-{generation}"
        assert (target / "current" / "attestation" / "attestation.json").read_bytes() == text
        assert followed.refresh() is None
    # What a version consists of lies there once, under both names.
    assert versions(target) == ["1*", "2"]


def test_the_same_version_under_a_later_promotion_moves_the_link(
    shelf: Shelf, followed: FollowedFolder, target: Path
) -> None:
    digest = shelf.publish(1)
    attested(shelf, digest, version=1, generation=1, text=b"first")
    followed.refresh()
    before = (target / "current").resolve()
    attested(shelf, digest, version=1, generation=3, text=b"third")
    assert followed.refresh() is not None
    after = (target / "current").resolve()
    assert (before / "attestation" / "attestation.json").read_bytes() == b"first"
    assert (after / "attestation" / "attestation.json").read_bytes() == b"third"
    files = [folder / "estimator.skops" for folder in (before, after)]
    assert files[0].stat().st_ino == files[1].stat().st_ino


def test_what_was_changed_in_the_folder_before_is_not_taken_over(
    shelf: Shelf, followed: FollowedFolder, target: Path
) -> None:
    digest = shelf.publish(1)
    attested(shelf, digest, version=1, generation=1, text=b"first")
    followed.refresh()
    old = (target / "current").resolve() / "estimator.skops"
    old.unlink()
    old.write_bytes(b"other bytes")
    attested(shelf, digest, version=1, generation=3, text=b"third")
    followed.refresh()
    manifest = read_manifest(shelf.store, digest)
    assert (target / "current" / "estimator.skops").read_bytes() == shelf.store.read(
        manifest.file("estimator.skops").sha256
    )


@DAMAGE
@pytest.mark.parametrize("what", ["manifest", "estimator"])
def test_a_version_that_does_not_verify_leaves_the_last_one(
    shelf: Shelf, followed: FollowedFolder, target: Path, damage: Damage, what: str
) -> None:
    shelf.promote(1)
    followed.refresh()
    digest = shelf.promote(2, files={"estimator.skops": b"another"})
    blob = shelf.blob(digest) if what == "manifest" else shelf.blob_of(digest, "estimator.skops")
    held = blob.read_bytes()
    damage(blob)
    for _ in range(2):
        with pytest.raises(damage.error):
            followed.refresh()
        assert versions(target) == ["1*"]
    blob.unlink(missing_ok=True)
    blob.write_bytes(held)
    assert followed.refresh() is not None
    assert versions(target) == ["1", "2*"]


def test_an_older_pointer_leaves_the_last_version(
    shelf: Shelf, followed: FollowedFolder, target: Path
) -> None:
    first = shelf.promote(1)
    shelf.promote(2)
    followed.refresh()
    shelf.point(first, version=1, generation=1)
    with pytest.raises(PointerMovedBack):
        followed.refresh()
    assert versions(target) == ["2*"]


def test_a_folder_goes_on_where_another_process_ended(shelf: Shelf, target: Path) -> None:
    shelf.promote(1)
    for version in (1, 2):
        shelf.promote(version)
        with followed_folder(shelf.source, POINTER, target, keep=3) as followed:
            assert followed.refresh() is not None
    assert versions(target) == ["1", "2*"]
    with followed_folder(shelf.source, POINTER, target, keep=1) as followed:
        assert followed.refresh() is None
    assert versions(target) == ["2*"]


def test_what_was_changed_there_is_written_anew_at_the_next_start(
    shelf: Shelf, target: Path
) -> None:
    digest = shelf.promote(1)
    with followed_folder(shelf.source, POINTER, target, keep=3) as followed:
        followed.refresh()
    (target / "current" / "estimator.skops").write_bytes(b"other bytes")
    (target / ".pulling").mkdir()
    (target / ".pulling" / "left.txt").write_text("by a process that was killed")
    with followed_folder(shelf.source, POINTER, target, keep=3) as followed:
        assert followed.refresh() is not None
    manifest = read_manifest(shelf.store, digest)
    assert find_difference(files_of(manifest, digest), target / "current").sentence == ""
    assert versions(target) == ["1*"]


def test_a_folder_has_one_follower_and_one_pointer(shelf: Shelf, target: Path) -> None:
    shelf.promote(1)
    canary = Reference.parse("flight_delay@canary")
    with ExitStack() as stack:
        stack.enter_context(followed_folder(shelf.source, POINTER, target, keep=3))
        for reference in (POINTER, canary):
            with refused(FolderTaken, str(target), "another process follows"):
                stack.enter_context(followed_folder(shelf.source, reference, target, keep=3))
    with (
        refused(FolderTaken, f"follows {PRODUCTION}", "flight_delay@canary"),
        followed_folder(shelf.source, canary, target, keep=3),
    ):
        raise AssertionError("it was taken")
    with followed_folder(shelf.source, POINTER, target, keep=3) as followed:
        assert followed.refresh() is not None


def test_nothing_that_is_somebody_elses_is_touched(shelf: Shelf, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for folder, said in (
        (mine, "holds files that no `registry follow` made"),
        (mine / "notes.txt", "is a file"),
        (tmp_path / "link", "is a symbolic link"),
    ):
        with (
            refused(FolderTaken, str(folder), said),
            followed_folder(shelf.source, POINTER, folder, keep=3),
        ):
            raise AssertionError("it was taken")
    with (
        refused(RegistryError, "cannot be written"),
        followed_folder(shelf.source, POINTER, mine / "notes.txt" / "below", keep=3),
    ):
        raise AssertionError("it was taken")
    assert [path.name for path in mine.iterdir()] == ["notes.txt"]
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_folder_that_cannot_be_written_is_said(
    shelf: Shelf, followed: FollowedFolder, target: Path
) -> None:
    shelf.promote(1)
    (target / "current").mkdir()
    with refused(RegistryError, str(target), "cannot be written"):
        followed.refresh()
    assert followed.current() is None


def test_a_pointer_that_never_moved_and_a_store_that_is_gone_are_said(
    shelf: Shelf, followed: FollowedFolder, target: Path
) -> None:
    with pytest.raises(NotFound):
        followed.refresh()
    shelf.promote(1)
    followed.refresh()
    shelf.promote(2)
    shelf.folder.rename(shelf.folder.with_name("away"))
    with pytest.raises((StoreError, NotFound)):
        followed.refresh()
    assert versions(target) == ["1*"]
    shelf.folder.with_name("away").rename(shelf.folder)
    assert followed.refresh() is not None


def test_only_a_pointer_can_be_followed() -> None:
    for text in ("flight_delay", "flight_delay:1", "flight_delay@sha256:" + "0" * 64):
        with refused(InvalidReference, text, PRODUCTION):
            parse_pointer(text)


def test_failures_make_the_pauses_longer_and_success_short_again() -> None:
    pauses = Pauses(30.0)
    assert [pauses.next(failed=True) for _ in range(7)] == [30, 60, 120, 240, 480, 600, 600]
    assert [pauses.next(failed=False), pauses.next(failed=True)] == [30, 30]
    daily = Pauses(86_400.0)
    assert [daily.next(failed=True) for _ in range(2)] == [86_400, 86_400]
    for every in (0.0, -1.0, float("nan"), float("inf")):
        with refused(RegistryError, "every"):
            Pauses(every)
