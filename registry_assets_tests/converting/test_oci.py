"""An OCI image layout: ModelPack's types, our digests, and tools of OCI that list and copy it."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest

from registry_assets.canonical import sha256_digest
from registry_assets.converting.contents import VersionContents
from registry_assets.converting.oci import media_type
from registry_assets.converting.oci_reading import load_oci_layout, read_oci_layout
from registry_assets.converting.targets import convert
from registry_assets.errors import BlobCorrupt, BlobMissing, RegistryError, StoreError
from registry_assets_tests.converting.conftest import Original
from registry_assets_tests.servers.oci_registry import oci_registry, skopeo, skopeo_json

SCHEMA = Path(__file__).parents[1] / "schemas" / "modelpack-config.json"
MODEL = "application/vnd.cncf.model"


@pytest.fixture(scope="session")
def layout(binary: Original, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("oci") / "layout"
    convert(binary.contents, to="oci", folder=folder)
    return folder


def blob(folder: Path, digest: str) -> bytes:
    return (folder / "blobs" / "sha256" / digest.removeprefix("sha256:")).read_bytes()


def listed(folder: Path) -> dict[str, Any]:
    """The one artifact that the index names."""
    (found,) = json.loads((folder / "index.json").read_bytes())["manifests"]
    assert isinstance(found, dict)
    return found


def manifest_of(folder: Path) -> dict[str, Any]:
    found = json.loads(blob(folder, listed(folder)["digest"]))
    assert isinstance(found, dict)
    return found


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_its_layers_are_the_files_of_the_version_by_the_digests_they_have_here(
    binary: Original, layout: Path
) -> None:
    layers = manifest_of(layout)["layers"]
    named = {each["annotations"]["org.cncf.model.filepath"]: each for each in layers}
    files = {file.path: file.sha256 for file in binary.contents.manifest.files}
    digest = binary.contents.version.digest
    assert {path: each["digest"] for path, each in named.items()} == {
        **files,
        "manifest.json": digest,
    }
    for path, each in named.items():
        data = blob(layout, each["digest"])
        assert (sha256_digest(data), len(data)) == (each["digest"], each["size"])
        assert each["mediaType"] == media_type(path)


def test_it_speaks_of_itself_as_modelpack_asks(binary: Original, layout: Path) -> None:
    manifest, index = manifest_of(layout), json.loads((layout / "index.json").read_bytes())
    assert index["schemaVersion"] == manifest["schemaVersion"] == 2
    assert manifest["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert manifest["artifactType"] == f"{MODEL}.manifest.v1+json"
    assert manifest["config"]["mediaType"] == f"{MODEL}.config.v1+json"
    assert listed(layout)["annotations"] == {"org.opencontainers.image.ref.name": "7"}
    assert json.loads((layout / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
    config = json.loads(blob(layout, manifest["config"]["digest"]))
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(config)
    assert config["modelfs"]["diffIds"] == [each["digest"] for each in manifest["layers"]]
    assert config["config"]["format"] == "skops"
    assert (config["descriptor"]["name"], config["descriptor"]["version"]) == ("parcels", "7")
    told = manifest["annotations"]
    assert told["registry_assets.digest"] == binary.contents.version.digest
    assert told["registry_assets.registry"] == "a-registry-of-parcels"


def test_each_kind_of_file_has_its_type() -> None:
    kinds = {
        "estimator.skops": "weight.v1.raw",
        "parts/0.ubj": "weight.v1.raw",
        "monitoring/features.profile": "weight.v1.raw",
        "code/post/features.py": "code.v1.raw",
        "sample/features.parquet": "dataset.v1.raw",
        "manifest.json": "weight.config.v1.raw",
        "environment.json": "weight.config.v1.raw",
    }
    assert {path: media_type(path) for path in kinds} == {
        path: f"{MODEL}.{kind}" for path, kind in kinds.items()
    }


def test_the_same_version_is_the_same_bytes(binary: Original, layout: Path, tmp_path: Path) -> None:
    done = convert(binary.contents, to="oci", folder=tmp_path / "again")
    assert bytes_in(tmp_path / "again") == bytes_in(layout)
    assert {each.path: each.sha256 for each in done.files} == {
        path: sha256_digest(data) for path, data in bytes_in(layout).items()
    }


def test_it_loads_and_predicts_as_the_version_does(
    binary: Original, layout: Path, rows: pd.DataFrame
) -> None:
    from registry_assets_tests.converting.projects import depots

    loaded = load_oci_layout(layout, digest=binary.contents.version.digest)
    assert loaded.version == 7
    assert loaded.predict(rows, depots=depots()).tolist() == binary.predict(rows).tolist()


def _of_layer(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    """Change the artifact's manifest, and every digest above it, as a forger would."""

    def spoil(folder: Path) -> None:
        manifest = manifest_of(folder)
        change(manifest)
        data = json.dumps(manifest).encode()
        path = folder / "blobs" / "sha256" / sha256_digest(data).removeprefix("sha256:")
        path.write_bytes(data)
        index = json.loads((folder / "index.json").read_bytes())
        index["manifests"][0] |= {"digest": sha256_digest(data), "size": len(data)}
        (folder / "index.json").write_text(json.dumps(index))

    return spoil


def _swap(manifest: dict[str, Any]) -> None:
    layers = manifest["layers"]
    first, second = layers[1]["annotations"], layers[2]["annotations"]
    layers[1]["annotations"], layers[2]["annotations"] = second, first


def _drop(manifest: dict[str, Any]) -> None:
    del manifest["layers"][-1]


def _lead_out(manifest: dict[str, Any]) -> None:
    manifest["layers"][1]["digest"] = "sha256:../../../../etc/passwd"


def _flip(folder: Path) -> None:
    digest = manifest_of(folder)["layers"][3]["digest"].removeprefix("sha256:")
    (folder / "blobs" / "sha256" / digest).write_bytes(b"something else")


def _lose(folder: Path) -> None:
    digest = manifest_of(folder)["layers"][3]["digest"].removeprefix("sha256:")
    (folder / "blobs" / "sha256" / digest).unlink()


@pytest.mark.parametrize(
    ("spoil", "kind", "said"),
    [
        (_flip, BlobCorrupt, "is not what it is called"),
        (_lose, BlobMissing, "cannot be read"),
        (_of_layer(_swap), BlobCorrupt, "are not the files of"),
        (_of_layer(_drop), BlobCorrupt, "names other layers than its manifest"),
        (_of_layer(_lead_out), StoreError, "is no digest"),
        (lambda folder: (folder / "index.json").write_text("[]"), StoreError, "no JSON object"),
        (lambda folder: (folder / "index.json").write_text("{}"), StoreError, "has no version"),
        (lambda folder: (folder / "oci-layout").write_text("{}"), StoreError, "is not of an image"),
    ],
)
def test_a_layout_that_is_not_whole_is_refused(
    binary: Original,
    layout: Path,
    tmp_path: Path,
    spoil: Callable[[Path], object],
    kind: type[RegistryError],
    said: str,
) -> None:
    copy = shutil.copytree(layout, tmp_path / "copy")
    spoil(copy)
    with pytest.raises(kind, match=said):
        load_oci_layout(copy, digest=binary.contents.version.digest)


def test_another_digest_is_another_version(layout: Path) -> None:
    with pytest.raises(StoreError, match="has no version sha256:0"):
        read_oci_layout(layout, digest="sha256:" + "0" * 64)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with oci_registry(tmp_path_factory.mktemp("images")) as address:
        yield address


def test_a_tool_of_oci_lists_and_copies_it(binary: Original, layout: Path, tmp_path: Path) -> None:
    seen = skopeo_json("inspect", "--raw", f"oci:{layout}:7", folder=tmp_path)
    assert seen == manifest_of(layout)
    copy = tmp_path / "copy"
    skopeo("copy", f"oci:{layout}:7", f"oci:{copy}:seven", folder=tmp_path)
    assert listed(copy)["digest"] == listed(layout)["digest"]
    _same(binary.contents, copy)


def test_it_goes_through_a_registry_of_images_unchanged(
    binary: Original, layout: Path, images: str, tmp_path: Path
) -> None:
    there, plain = f"docker://{images}/parcels:7", "--dest-tls-verify=false"
    skopeo("copy", plain, f"oci:{layout}:7", there, folder=tmp_path)
    tags = skopeo_json(
        "list-tags", "--tls-verify=false", f"docker://{images}/parcels", folder=tmp_path
    )
    assert tags["Tags"] == ["7"]
    back = tmp_path / "back"
    skopeo("copy", "--src-tls-verify=false", there, f"oci:{back}:7", folder=tmp_path)
    assert listed(back)["digest"] == listed(layout)["digest"]
    _same(binary.contents, back)


def _same(contents: VersionContents, folder: Path) -> None:
    assert read_oci_layout(folder, digest=contents.version.digest) == {
        "manifest.json": contents.stored,
        **contents.files,
    }
