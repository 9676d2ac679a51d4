"""`load`, `resolve` and `follow`: the lines that a deployment needs.

They use the store alone, found by REGISTRY_STORE or with the project's folder: see
`deployment`. Only a version named by its number takes the catalog, which alone knows what
a number stands for.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from registry_assets.deployment.following import FollowedModel
from registry_assets.deployment.polling import parse_pointer
from registry_assets.deployment.versions import ResolvedVersion, Source
from registry_assets.deployment.versions import load_version as _load_version
from registry_assets.deployment.versions import resolve as _resolve
from registry_assets.errors import NoRegistry
from registry_assets.references import Reference

if TYPE_CHECKING:
    from registry_assets.packaging.loaded import LoadedModel


def load(reference: str, *, home: Path | str | None = None) -> "LoadedModel":
    """Load the version that a reference names: `load("flight_delay@production").predict(rows)`.

    Every byte is verified before it is handed to the loader. The packaged feature code and
    estimator run in this process from then on, by design.

    Args:
        home: the project's folder; by default found upwards from here, or by REGISTRY_HOME
            or REGISTRY_STORE.

    Raises:
        NoRegistry: no registry was found.
        NotFound: nothing is called that, or the pointer holds nothing yet.
        PointerRefused: the pointer is older than one seen here before, or not to be believed.
        BlobMissing, BlobCorrupt: what is stored is not what was approved.
    """
    source, version = find_version(reference, home=home)
    return _load_version(source.store, version)


def resolve(reference: str, *, home: Path | str | None = None) -> ResolvedVersion:
    """Give model, number, digest and generation of what a reference names.

    Args:
        home: as for `load`.

    Raises:
        NoRegistry: no registry was found.
        NotFound: nothing is called that, or the pointer holds nothing yet.
        PointerRefused: the pointer is older than one seen here before, or not to be believed.
    """
    return find_version(reference, home=home)[1]


def follow(reference: str, *, every: float = 30.0, home: Path | str | None = None) -> FollowedModel:
    """Load what a pointer holds, to be loaded again whenever the pointer moves.

    Args:
        reference: a pointer, `flight_delay@production`.
        every: seconds between two readings of the pointer, once it is started.
        home: as for `load`.

    Raises:
        InvalidReference: it names no pointer.
        RegistryError: as `load` does; there is no version to begin with.
    """
    parsed = parse_pointer(reference)
    return FollowedModel(Source.find(_path(home)), parsed, every=every)


def find_version(
    reference: str, *, home: Path | str | None = None
) -> tuple[Source, ResolvedVersion]:
    """Give the version that a reference names, and the source that has its files."""
    parsed = Reference.parse(reference)
    source = Source.find(_path(home))
    if parsed.version is None:
        return source, _resolve(source, parsed)
    return source, _numbered(parsed, home)


def _numbered(reference: Reference, home: Path | str | None) -> ResolvedVersion:
    from registry_assets.registry import Registry

    try:
        registry = Registry.open(_path(home))
    except NoRegistry as error:
        raise NoRegistry(
            f"{reference} is a number, which stands for a digest in the catalog alone, and there"
            f" is no catalog here: {error.message}",
            hint=f"name the pointer, {reference.model}@production, or the digest,"
            f" {reference.model}@sha256:…: those the store knows",
        ) from error
    version = registry.resolve(str(reference))
    return ResolvedVersion(version.model, version.number, str(version.digest))


def _path(home: Path | str | None) -> Path | None:
    return None if home is None else Path(home)
