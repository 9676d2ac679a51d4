"""How fast and how large the packaged versions are, measured in turns on held-out raw rows."""

from typing import TYPE_CHECKING

from registry_assets.catalog.versions import VersionRecord
from registry_assets.declaration import Latency
from registry_assets.errors import RegistryError
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.evaluating.holdout import HoldoutRows
from registry_assets.store.manifests import read_manifest

if TYPE_CHECKING:
    from registry_assets.evaluation.results.speed import SpeedResult
    from registry_assets.packaging.package import Package
    from registry_assets.packaging.signature import Signature


def measure_artifacts(
    backends: Backends,
    version: VersionRecord,
    production: VersionRecord | None,
    rows: HoldoutRows,
    *,
    plan: Latency,
    seed: int,
) -> "SpeedResult":
    """Measure a version beside what it would replace, in fresh processes."""
    from registry_assets.evaluation.speed import measure_speed

    # The newest of the partitions: what a deployment is asked about next is most like it.
    raw, references = rows.raw(-1)
    baseline, why = None, "nothing is held by the pointer"
    if production is not None:
        try:
            baseline = read_package(backends, production)
        except RegistryError as error:
            why = f"{production.reference} cannot be read: {error.message}"
    return measure_speed(
        read_package(backends, version),
        baseline,
        rows=raw,
        references=references,
        plan=plan,
        no_baseline=why,
        seed=seed,
    )


def read_package(backends: Backends, version: VersionRecord) -> "Package":
    """Read all files of a committed version, verified."""
    from registry_assets.packaging.package import Package

    manifest = read_manifest(backends.store, str(version.digest))
    return Package({file.path: backends.store.read(file.sha256) for file in manifest.files})


def read_signature(backends: Backends, version: VersionRecord) -> "Signature":
    """Read what a committed version takes and gives, verified, and none of its large files."""
    from registry_assets.packaging.package import DESCRIPTION, SIGNATURE, Package

    manifest = read_manifest(backends.store, str(version.digest))
    read = {path: manifest.file(path).sha256 for path in (DESCRIPTION, SIGNATURE)}
    return Package({path: backends.store.read(digest) for path, digest in read.items()}).signature
