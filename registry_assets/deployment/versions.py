"""From a reference to a version, its verified files, and the model made of them."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from registry_assets.deployment.pointer_file import PointerFile
from registry_assets.deployment.seen import SeenPointers
from registry_assets.errors import (
    BlobMissing,
    InvalidReference,
    NotFound,
    PointerMovedBack,
    StoreError,
)
from registry_assets.home import find_store, find_trusted_keys, is_url
from registry_assets.manifest import Manifest
from registry_assets.packaging.collector import collector_paused
from registry_assets.references import Reference
from registry_assets.store import Store, open_store
from registry_assets.store.manifests import read_manifest

if TYPE_CHECKING:
    from registry_assets.deployment.trusting import Trust
    from registry_assets.packaging.loaded import LoadedModel


@dataclass(frozen=True, slots=True)
class ResolvedVersion:
    """The version that a reference names.

    Args:
        generation: how often the pointer had moved, where a pointer holds it.
        attestation: of the promotion by which it does; None of one made before there were any.
    """

    model: str
    version: int
    digest: str
    generation: int | None = None
    attestation: str | None = None

    @property
    def reference(self) -> str:
        """Name it by its number, for people."""
        return f"{self.model}:{self.version}"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a deployment gets its versions from: a store, and what was seen of it before.

    Args:
        trust: by which keys a pointer must be proven; None takes the store's word.
    """

    store: Store
    seen: SeenPointers
    trust: "Trust | None" = None

    @classmethod
    def find(cls, start: Path | None = None) -> Self:
        """Open the store of this folder, of one above it, or of REGISTRY_STORE.

        A pointer is believed as REGISTRY_TRUSTED_KEYS asks for.

        Raises:
            NoRegistry: there is none; says where it looked.
            StoreError: it cannot be opened.
        """
        location = find_store(start)
        # By whichever links a folder is reached, it is one store.
        known_as = location if is_url(location) else Path(location).resolve()
        return cls(open_store(location), SeenPointers(known_as), _trust())


def _trust() -> "Trust | None":
    keys = find_trusted_keys()
    if keys is None:
        return None
    # What it takes to verify signatures takes a tenth of the time of resolving a pointer.
    from registry_assets.deployment.trusting import Trust

    return Trust(keys)


def resolve(source: Source, reference: Reference) -> ResolvedVersion:
    """Give the version that a pointer holds or a digest names, from the store alone.

    Raises:
        NotFound: the pointer was never moved to anything, or the store has no such digest.
        PointerRefused: what the store says of the pointer is not to be believed.
        StoreError: the digest is of something else.
        InvalidReference: it names a number, which only the catalog knows, or a model.
    """
    if reference.pointer is not None:
        file = _believed(source, reference.model, reference.pointer)
        return ResolvedVersion(
            file.model, file.version, file.digest, file.generation, file.attestation
        )
    if reference.digest is not None:
        return _of_digest(source.store, reference.model, reference.digest)
    if reference.version is not None:
        raise InvalidReference(
            f"which bytes {reference} has, only the catalog knows",
            hint=f"name a pointer, {reference.model}@production, or a digest",
        )
    raise InvalidReference(
        f"{reference.model!r} names a registered model, not one of its versions",
        hint=f"name a version, {reference.model}:1, or a pointer, {reference.model}@production",
    )


def read_version(store: Store, version: ResolvedVersion) -> Manifest:
    """Read a version's manifest, which must be of that model and number.

    Raises:
        BlobMissing, BlobCorrupt: what is stored is not what was approved.
        StoreError: it is the manifest of something else.
    """
    manifest = read_manifest(store, version.digest)
    said = (manifest.kind, manifest.facts.get("model"), manifest.facts.get("version"))
    if said != ("model", version.model, version.version):
        raise StoreError(
            f"{version.digest} is a {said[0]} manifest of {said[1]!r:.100}, version"
            f" {said[2]!r:.100}; expected version {version.version} of {version.model}",
            hint="`registry verify`, where the catalog is, names what is wrong.",
        )
    return manifest


def load_version(store: Store, version: ResolvedVersion) -> "LoadedModel":
    """Load a version: the bytes given to the loader are the bytes that were hashed.

    The sample is left where it is: it proved the package before the commit, and no byte of
    it reaches the model. `pull` and `registry verify` read every file.

    Raises:
        BlobMissing, BlobCorrupt: what is stored is not what was approved.
        PackagingRefused, UntrustedTypes: the files are intact, and no model for this release.
    """
    manifest = read_version(store, version)
    with collector_paused():
        # After the manifest: a version that is missing or damaged costs no import of pandas.
        from registry_assets.packaging.loaded import is_loaded, load_package

        named = [file for file in manifest.files if is_loaded(file.path)]
        return load_package(
            {file.path: store.read(file.sha256) for file in named},
            identity={
                "name": version.model,
                "version": version.version,
                "digest": version.digest,
                "metadata": manifest.facts["metadata"],
            },
        )


def _believed(source: Source, model: str, pointer: str) -> PointerFile:
    """Read a pointer file that is proven, and not older than what was seen of it."""
    file = _proven(source, model, pointer)
    try:
        source.seen.accept(file)
    except PointerMovedBack:
        # Another process may have seen the pointer's next move since this file was read.
        again = _proven(source, model, pointer)
        if again == file:
            raise
        source.seen.accept(again)
        return again
    return file


def _proven(source: Source, model: str, pointer: str) -> PointerFile:
    # Before it is remembered as seen: a forged one must not shut out the next honest one.
    file = _pointer_file(source.store, model, pointer)
    if source.trust is not None:
        source.trust.require(source.store, file)
    return file


def _pointer_file(store: Store, model: str, pointer: str) -> PointerFile:
    data = store.read_pointer(model, pointer)
    if data is None:
        raise NotFound(
            f"{model}@{pointer} holds no version yet",
            hint=_nearest(f"{model}@{pointer}", store.pointers())
            or f"`registry explain {model}`, where the catalog is, says what the newest"
            " candidate waits for",
        )
    return PointerFile.from_bytes(data, model=model, pointer=pointer)


def _nearest(name: str, known: Iterable[tuple[str, str]]) -> str:
    names = [f"{model}@{pointer}" for model, pointer in known]
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {near[0]}?" if near else ""


def _of_digest(store: Store, model: str, digest: str) -> ResolvedVersion:
    try:
        manifest = read_manifest(store, digest)
    except BlobMissing as error:
        raise NotFound(
            f"the store has no version of {model} with the digest {digest}",
            hint="Compare it with `registry show`; if it was there once, restore it from a backup.",
        ) from error
    number = manifest.facts.get("version")
    if manifest.kind != "model" or manifest.facts.get("model") != model or type(number) is not int:
        raise NotFound(
            f"no version of {model} has the digest {digest}: it is a {manifest.kind} manifest"
            f" of {manifest.facts.get('model')!r:.100}",
            hint="Name the model that it belongs to.",
        )
    return ResolvedVersion(model, number, digest)
