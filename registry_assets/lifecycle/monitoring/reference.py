"""What a deployment is held against: what its version was trained on, and said on its holdout.

Kept when the rows were at hand. Of a version of before, or where the declaration asks for more
than it did then, it is made anew from the snapshots that the version names, and said so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry_assets.catalog.versions import VersionRecord
from registry_assets.errors import RegistryError
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.data import FeatureRows, read_feature_rows
from registry_assets.lifecycle.evaluating import PROFILE_FILE
from registry_assets.lifecycle.monitoring.watched import Watched
from registry_assets.lifecycle.profiling import training_groups, training_profile
from registry_assets.packaging.package import TRAINING_PROFILE, TRAINING_SAMPLE, TRAINING_SLICES
from registry_assets.store.manifests import read_manifest

if TYPE_CHECKING:
    import pandas as pd

    from registry_assets.monitoring.profile import Groups, Profile


@dataclass(frozen=True, slots=True)
class Reference:
    """What a deployment is held against.

    Args:
        profile: None where there is none.
        reason: why there is none, or that it was made anew; "" where it was kept.
    """

    profile: "Profile | None"
    reason: str = ""


def files_of(backends: Backends, digest: str) -> Mapping[str, str]:
    """Give the files of a manifest: their digests by path."""
    return {file.path: file.sha256 for file in read_manifest(backends.store, digest).files}


def reference_of(backends: Backends, version: VersionRecord) -> Reference:
    """Give the profile of what a version was trained on.

    Versions of before profiles were kept have theirs made from the snapshots they name.
    """
    from registry_assets.monitoring.profile import Profile

    kept = files_of(backends, str(version.digest))
    if TRAINING_PROFILE in kept:
        return Reference(Profile.from_bytes(backends.store.read(kept[TRAINING_PROFILE])))
    parts = _training(backends, version)
    if isinstance(parts, str):
        return Reference(None, parts)
    made = "made anew from the snapshots of the training: the version keeps none of its own"
    return Reference(training_profile(version.recipe, parts), made)


def said_reference(backends: Backends, watched: Watched) -> Reference:
    """Give the profile of what a version said of the holdout that it was promoted on."""
    from registry_assets.monitoring.profile import Profile

    if watched.evaluation is None:
        return Reference(None, f"{watched.version.reference} has no evaluation")
    kept = files_of(backends, watched.evaluation.digest)
    if PROFILE_FILE not in kept:
        why = "its evaluation keeps no profile of its predictions: evaluate it again"
        return Reference(None, why)
    return Reference(Profile.from_bytes(backends.store.read(kept[PROFILE_FILE])))


def reference_groups(
    backends: Backends, version: VersionRecord, by: Sequence[str]
) -> "tuple[Groups, ...]":
    """Give what a version was trained on, told apart by each of some columns."""
    from registry_assets.monitoring.profile import Groups
    from registry_assets.monitoring.profile.grouping import groups_from_bytes

    files = files_of(backends, str(version.digest))
    kept = {}
    if TRAINING_SLICES in files:
        groups = groups_from_bytes(backends.store.read(files[TRAINING_SLICES]))
        kept = {each.column: each for each in groups}
    missing = [name for name in by if name not in kept]
    if missing:
        parts = _training(backends, version)
        if isinstance(parts, str):
            kept |= {name: Groups(name, reason=parts) for name in missing}
        else:
            made = training_groups(version.recipe, parts, by=missing)
            kept |= {each.column: each for each in made}
    return tuple(kept[name] for name in by)


def reference_sample(backends: Backends, version: VersionRecord) -> "pd.DataFrame | None":
    """Give the rows of its training that a version keeps for Evidently; None if it keeps none."""
    from registry_assets.snapshots import decode_frame

    files = files_of(backends, str(version.digest))
    if TRAINING_SAMPLE not in files:
        return None
    return decode_frame(backends.store.read(files[TRAINING_SAMPLE]))


def _training(backends: Backends, version: VersionRecord) -> list[FeatureRows] | str:
    """Give the rows that a version was trained on, or why they cannot be read."""
    try:
        return [read_feature_rows(backends, ref) for ref in version.recipe.train]
    except RegistryError as error:
        return f"what {version.reference} was trained on: {error.message}"
