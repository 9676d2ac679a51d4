"""From a reference to a model that predicts."""

from pathlib import Path
from typing import TYPE_CHECKING

from registry_assets.catalog.versions import VersionRecord
from registry_assets.lifecycle import deploying
from registry_assets.references import Reference
from registry_assets.registry.part import Part

if TYPE_CHECKING:
    from registry_assets.packaging.loaded import LoadedModel


class Deployment(Part):
    """Resolve, load, pull: by a registry that is at hand."""

    def resolve(self, reference: str) -> VersionRecord:
        """Give the committed version that a reference names."""
        with self.backends.catalog.read() as connection:
            return deploying.resolve(connection, Reference.parse(reference))

    def load(self, reference: str) -> "LoadedModel":
        """Load the version that a reference names, verified byte by byte.

        The packaged feature code and estimator run in this process from then on.
        """
        return deploying.load_version(self.backends, self.resolve(reference))

    def pull(self, reference: str, target: Path | str) -> VersionRecord:
        """Write the version that a reference names into a new folder, verified.

        With the attestation of its promotion where the reference names a pointer.
        """
        return deploying.pull(self.backends, Reference.parse(reference), Path(target))
