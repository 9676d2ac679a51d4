"""A version's files in a folder: all of them or none, and never over what is there."""

import fcntl
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from registry_assets.canonical import Json, sha256_digest
from registry_assets.deployment.contents import files_of, find_difference
from registry_assets.deployment.pulling import pull_version
from registry_assets.deployment.versions import ResolvedVersion, resolve
from registry_assets.errors import BlobCorrupt, FolderTaken, StoreError, StoreUnwritable
from registry_assets.manifest import FileEntry, Manifest
from registry_assets.references import Reference
from registry_assets.store.manifests import put_manifest, read_manifest
from registry_assets_tests.deployment.conftest import MODEL, PRODUCTION, Shelf, pointer_file
from registry_assets_tests.lifecycle.changes import flip, refused


def held(shelf: Shelf) -> ResolvedVersion:
    return resolve(shelf.source, Reference.parse(PRODUCTION))


def test_every_file_and_the_manifest_are_written(shelf: Shelf, tmp_path: Path) -> None:
    digest = shelf.promote(1)
    target = tmp_path / "new" / "model"
    assert pull_version(shelf.store, held(shelf), target) is True
    manifest = read_manifest(shelf.store, digest)
    assert find_difference(files_of(manifest, digest), target).sentence == ""
    assert sha256_digest((target / "manifest.json").read_bytes()) == digest
    assert [path.name for path in target.parent.iterdir()] == ["model"]


def test_the_same_version_again_is_verified_and_left_alone(shelf: Shelf, tmp_path: Path) -> None:
    shelf.promote(1)
    target = tmp_path / "model"
    pull_version(shelf.store, held(shelf), target)
    before = {path: path.stat().st_mtime_ns for path in target.rglob("*")}
    assert pull_version(shelf.store, held(shelf), target) is False
    assert {path: path.stat().st_mtime_ns for path in target.rglob("*")} == before


def test_another_version_is_not_pulled_over(shelf: Shelf, tmp_path: Path) -> None:
    first = shelf.promote(1)
    pull_version(shelf.store, held(shelf), tmp_path / "model")
    shelf.promote(2)
    with refused(FolderTaken, first, "flight_delay:2", "registry follow"):
        pull_version(shelf.store, held(shelf), tmp_path / "model")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "package.json").unlink(), "it lacks package.json"),
        (lambda folder: (folder / "notes.txt").write_text(""), "it also holds notes.txt"),
        (lambda folder: (folder / "link").symlink_to("/"), "it also holds link"),
        (lambda folder: (folder / "estimator.skops").write_bytes(b""), "content has estimator"),
    ],
)
def test_a_version_that_was_changed_there_is_named(
    shelf: Shelf, tmp_path: Path, change: object, said: str
) -> None:
    shelf.promote(1)
    pull_version(shelf.store, held(shelf), tmp_path / "model")
    change(tmp_path / "model")  # type: ignore[operator]  # lambdas of the list above
    with refused(FolderTaken, "flight_delay:1", said, "move that folder away"):
        pull_version(shelf.store, held(shelf), tmp_path / "model")


def test_a_file_in_place_of_a_link_counts_as_a_link(shelf: Shelf, tmp_path: Path) -> None:
    shelf.promote(1)
    target = tmp_path / "model"
    pull_version(shelf.store, held(shelf), target)
    (target / "package.json").rename(tmp_path / "package.json")
    (target / "package.json").symlink_to(tmp_path / "package.json")
    with refused(FolderTaken, "content has package.json"):
        pull_version(shelf.store, held(shelf), target)


def test_what_is_not_a_new_folder_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    shelf.promote(1)
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    for name in ("link", "dangling", "file", "full"):
        with refused(FolderTaken, str(tmp_path / name), "not an empty folder"):
            pull_version(shelf.store, held(shelf), tmp_path / name)
    assert not list((tmp_path / "empty").iterdir())
    assert not (tmp_path / "nowhere").exists()
    pull_version(shelf.store, held(shelf), tmp_path / "empty")


def test_what_does_not_verify_leaves_nothing(shelf: Shelf, tmp_path: Path) -> None:
    digest = shelf.promote(1)
    flip(shelf.blob_of(digest, "sample/expected.parquet"))
    there = sorted(tmp_path.iterdir())
    with pytest.raises(BlobCorrupt):
        pull_version(shelf.store, held(shelf), tmp_path / "model")
    assert sorted(tmp_path.iterdir()) == there


@pytest.mark.parametrize(
    "path", ["manifest.json", "manifest.json/below", "attestation", "attestation/policy.json"]
)
def test_a_file_in_the_place_of_a_manifest_or_an_attestation_is_refused(
    shelf: Shelf, tmp_path: Path, path: str
) -> None:
    entry = FileEntry(path, shelf.store.put(b"{}"), 2)
    manifest = Manifest("model", (entry,), facts={"model": MODEL, "version": 1})
    digest = put_manifest(shelf.store, manifest)
    with refused(StoreError, digest, "own place"):
        pull_version(shelf.store, ResolvedVersion(MODEL, 1, digest), tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_name_that_no_disk_takes_is_said(shelf: Shelf, tmp_path: Path) -> None:
    entry = FileEntry("x" * 500, shelf.store.put(b"{}"), 2)
    manifest = Manifest("model", (entry,), facts={"model": MODEL, "version": 1})
    digest = put_manifest(shelf.store, manifest)
    with refused(StoreUnwritable, "cannot be written", "File name too long"):
        pull_version(shelf.store, ResolvedVersion(MODEL, 1, digest), tmp_path / "model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "shelf"]


def test_one_process_at_a_time_pulls_into_a_folder(shelf: Shelf, tmp_path: Path) -> None:
    shelf.promote(1)
    staged = tmp_path / ".model.pulling"
    (staged / "code").mkdir(parents=True)
    (staged / "left.txt").write_text("by a pull that was killed")
    handle = os.open(staged, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with refused(FolderTaken, "another process is pulling", "wait"):
        pull_version(shelf.store, held(shelf), tmp_path / "model")
    os.close(handle)
    pull_version(shelf.store, held(shelf), tmp_path / "model")
    assert not staged.exists()
    assert not (tmp_path / "model" / "left.txt").exists()


PULL = [sys.executable, "-c", "from registry_assets.cli import main; main()", "pull", PRODUCTION]


def test_a_disk_that_takes_no_more_is_said_and_nothing_is_left(
    shelf: Shelf, tmp_path: Path
) -> None:
    shelf.promote(1)
    there = sorted(tmp_path.iterdir())
    done = subprocess.run(
        [*PULL, str(tmp_path / "model")],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "cannot be written: File too large" in done.stderr
    assert sorted(tmp_path.iterdir()) == there


def test_two_pulls_at_once_write_one_folder(shelf: Shelf, tmp_path: Path) -> None:
    digest = shelf.promote(1)
    target = tmp_path / "model"
    both = [
        subprocess.Popen(
            [*PULL, str(target), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ended = [(*process.communicate(timeout=120), process.returncode) for process in both]
    assert {code for _, _, code in ended} <= {0, 2}, ended
    written = [json.loads(out)["written"] for out, _, code in ended if code == 0]
    assert written.count(True) == 1
    assert all("another process is pulling" in err for _, err, code in ended if code)
    assert (
        find_difference(files_of(read_manifest(shelf.store, digest), digest), target).sentence == ""
    )


def attested(shelf: Shelf, digest: str, *, version: int, generation: int, text: bytes) -> str:
    """Publish an attestation, and a pointer file that names it; give its digest."""
    entry = FileEntry("attestation.json", shelf.store.put(text), len(text))
    facts: dict[str, Json] = {"model": MODEL, "version": version, "generation": generation}
    made = put_manifest(shelf.store, Manifest("attestation", (entry,), facts=facts))
    evidence = {"attestation": made}
    file = pointer_file(digest=digest, version=version, generation=generation, evidence=evidence)
    shelf.store.write_pointer(MODEL, "production", file.to_bytes())
    return made


def test_what_was_signed_comes_with_what_a_pointer_holds(shelf: Shelf, tmp_path: Path) -> None:
    digest = shelf.publish(1)
    made = attested(shelf, digest, version=1, generation=1, text=b"signed")
    target = tmp_path / "model"
    assert pull_version(shelf.store, held(shelf), target) is True
    assert (target / "attestation" / "attestation.json").read_bytes() == b"signed"
    assert sha256_digest((target / "attestation" / "manifest.json").read_bytes()) == made
    assert pull_version(shelf.store, held(shelf), target) is False
    (target / "attestation" / "attestation.json").unlink()
    with refused(FolderTaken, "it lacks attestation/attestation.json"):
        pull_version(shelf.store, held(shelf), target)


def test_the_same_version_by_a_later_promotion_replaces_nothing(
    shelf: Shelf, tmp_path: Path
) -> None:
    digest, target = shelf.publish(1), tmp_path / "model"
    first = attested(shelf, digest, version=1, generation=1, text=b"first")
    pull_version(shelf.store, held(shelf), target)
    second = attested(shelf, digest, version=1, generation=3, text=b"second")
    with refused(FolderTaken, first, second, "move that folder away"):
        pull_version(shelf.store, held(shelf), target)
    with refused(FolderTaken, "would come with no attestation"):
        pull_version(shelf.store, ResolvedVersion(MODEL, 1, digest), target)
    assert (target / "attestation" / "attestation.json").read_bytes() == b"first"


def test_an_attestation_of_something_else_is_not_pulled(shelf: Shelf, tmp_path: Path) -> None:
    digest = shelf.publish(1)
    other = attested(shelf, digest, version=2, generation=1, text=b"of two")
    evidence = {"attestation": other}
    file = pointer_file(digest=digest, version=1, generation=1, evidence=evidence)
    shelf.store.write_pointer(MODEL, "production", file.to_bytes())
    with refused(StoreError, other, "expected the attestation of"):
        pull_version(shelf.store, held(shelf), tmp_path / "model")
    assert not (tmp_path / "model").exists()
