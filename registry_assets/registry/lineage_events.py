"""The ledger, told as events of OpenLineage, where that was asked for."""

from typing import TYPE_CHECKING

from registry_assets.registry.part import Part

if TYPE_CHECKING:
    from registry_assets.catalog.lineage_positions import Refused
    from registry_assets.lifecycle.openlineage.emitting import Emitted, Progress
    from registry_assets.openlineage.destination import Destination


class LineageEvents(Part):
    """Tell of lineage, and see how much was told."""

    def lineage_destination(self) -> "Destination | None":
        """Find where events of lineage go: see `openlineage.destination`.

        Raises:
            LineageInvalid: REGISTRY_OPENLINEAGE cannot be used.
        """
        from registry_assets.openlineage.destination import find_destination

        return find_destination(self.home.folder)

    def lineage_progress(self, destination: "Destination") -> "Progress":
        """Give how much of the ledger was told, and how much is to be."""
        from registry_assets.lifecycle.openlineage.emitting import read_progress

        return read_progress(self.backends, destination)

    def tell_lineage(self, destination: "Destination") -> "Emitted":
        """Tell what was not told yet: see `lifecycle.openlineage.emitting`."""
        from registry_assets.lifecycle.openlineage.emitting import emit

        return emit(self.backends, destination)

    def retry_lineage(self, destination: "Destination") -> "tuple[Refused, ...]":
        """Tell once more what was refused; give what is refused still.

        Raises:
            DeliveryFailed: the receiver does not answer.
        """
        from registry_assets.lifecycle.openlineage.emitting import retry

        return retry(self.backends, destination)
