"""A version loaded from a folder of its files: every byte verified against its digest.

For machines that have a copy and neither store nor catalog: a pulled version, a repository of
Hugging Face, the `version` folder of an MLflow model.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from registry_assets.canonical import sha256_digest
from registry_assets.deployment.contents import MANIFEST_FILE
from registry_assets.errors import BlobCorrupt, BlobMissing
from registry_assets.manifest import Manifest
from registry_assets.packaging.loaded import is_loaded, load_package
from registry_assets.packaging.package import Package

if TYPE_CHECKING:
    import pandas as pd

    from registry_assets.packaging.loaded import LoadedModel


def load_folder(folder: Path | str, *, digest: str) -> "LoadedModel":
    """Load the version whose files and manifest lie in a folder; what else lies there is ignored.

    Args:
        digest: the version's, from where the copy came from; not from the copy.

    Raises:
        BlobMissing, BlobCorrupt: they are not the files of that digest.
        PackagingRefused, UntrustedTypes: they are, and no model for this release.
    """
    return load_with_references(folder, digest=digest)[0]


def load_with_references(
    folder: Path | str, *, digest: str
) -> "tuple[LoadedModel, Mapping[str, pd.DataFrame]]":
    """Load a version as `load_folder` does; give the reference frames of its sample too."""
    folder = Path(folder)
    stored = _verified(folder / MANIFEST_FILE, digest)
    named = Manifest.from_bytes(stored).files
    files = {file.path: _verified(folder / file.path, file.sha256) for file in named}
    return load_files({MANIFEST_FILE: stored, **files}, digest=digest)


def load_files(
    verified: Mapping[str, bytes], *, digest: str
) -> "tuple[LoadedModel, Mapping[str, pd.DataFrame]]":
    """Load a version of its files, its manifest among them, that somebody has verified."""
    files = {path: data for path, data in verified.items() if path != MANIFEST_FILE}
    facts = Manifest.from_bytes(verified[MANIFEST_FILE]).facts
    model = load_package(
        {path: data for path, data in files.items() if is_loaded(path)},
        identity={
            "name": facts["model"],
            "version": facts["version"],
            "digest": digest,
            "metadata": facts["metadata"],
        },
    )
    sample = Package(files).sample_inputs()
    return model, {name: sample[name] for name in model.signature.references}


def _verified(file: Path, digest: str) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BlobMissing(
            f"{file} cannot be read: {error.strerror}; expected the bytes of {digest}",
            digest=digest,
            hint="Fetch the copy again: it is not whole.",
        ) from error
    if (found := sha256_digest(data)) != digest:
        raise BlobCorrupt(
            f"{file} is not what the version consists of: expected {digest}, found {found}",
            expected=digest,
            actual=found,
            hint="Find out who changed it, and write the version there again.",
        )
    return data
