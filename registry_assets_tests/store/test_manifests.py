"""Manifests in a store: stored after what they name, and read only when intact."""

from pathlib import Path

import pytest

from registry_assets.canonical import sha256_digest
from registry_assets.errors import BlobMissing, StoreError
from registry_assets.manifest import FileEntry, Manifest, Parent, file_entries
from registry_assets.store import FolderStore
from registry_assets.store.manifests import put_manifest, read_manifest

ABSENT = sha256_digest(b"absent")


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore.create(tmp_path)


def test_a_manifest_is_read_back_by_its_digest(store: FolderStore) -> None:
    dataset = put_manifest(store, Manifest("dataset", facts={"rows": 3}))
    model = Manifest(
        "model",
        files=(FileEntry("estimator.skops", store.put(b"data"), 4),),
        parents=(Parent("dataset", dataset),),
    )
    digest = put_manifest(store, model)
    assert digest == model.digest
    assert read_manifest(store, digest) == model


def test_a_manifest_is_stored_with_its_files(store: FolderStore) -> None:
    contents = {"estimator.skops": b"data", "empty": b""}
    manifest = Manifest("model", files=file_entries(contents))
    assert put_manifest(store, manifest, contents) == manifest.digest
    for file in manifest.files:
        assert store.read(file.sha256) == contents[file.path]


def test_other_bytes_than_a_manifest_names_do_not_count(store: FolderStore) -> None:
    manifest = Manifest("model", files=file_entries({"estimator.skops": b"data"}))
    with pytest.raises(BlobMissing, match="estimator"):
        put_manifest(store, manifest, {"estimator.skops": b"other"})
    assert list(store.digests()) == []


@pytest.mark.parametrize(
    ("manifest", "what"),
    [
        (Manifest("model", files=(FileEntry("a.bin", ABSENT, 1),)), "the file 'a.bin'"),
        (Manifest("model", parents=(Parent("features", ABSENT),)), "in the role 'features'"),
    ],
)
def test_a_manifest_of_something_absent_is_not_stored(
    store: FolderStore, manifest: Manifest, what: str
) -> None:
    with pytest.raises(BlobMissing, match=what) as refusal:
        put_manifest(store, manifest)
    assert refusal.value.digest == ABSENT
    assert list(store.digests()) == []


def test_a_blob_that_is_no_manifest_is_not_read_as_one(store: FolderStore) -> None:
    digest = store.put(b"PAR1")
    with pytest.raises(StoreError, match="no manifest"):
        read_manifest(store, digest)
