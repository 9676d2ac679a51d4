"""What leaves for whoever has to judge a version, and how long all of it is kept."""

from pathlib import Path
from typing import TYPE_CHECKING

from registry_assets.lifecycle import retention
from registry_assets.references import Reference
from registry_assets.registry.part import Part

if TYPE_CHECKING:
    from registry_assets.converting.cyclonedx import Bill
    from registry_assets.lifecycle.evidence_pack import Written


class Evidence(Part):
    """Evidence packs, bills of materials, and retention."""

    def evidence(self, reference: str, target: Path | str) -> "Written":
        """Write everything about a version into a new zip: see `lifecycle.evidence_pack`.

        Examples:
            >>> registry.evidence("flight_delay@production", "pack.zip")  # doctest: +SKIP
        """
        from registry_assets.lifecycle import evidence_pack

        return evidence_pack.write_pack(self.backends, Reference.parse(reference), Path(target))

    def bill(self, reference: str) -> "Bill":
        """Gather what a version is made of: see `converting.cyclonedx`."""
        from registry_assets.lifecycle.billing import read_bill

        return read_bill(self.backends, Reference.parse(reference))

    def retention(self, model: str, number: int) -> retention.Retention | None:
        """Tell how long a version is kept: see `lifecycle.retention`."""
        with self.backends.catalog.read() as connection:
            return retention.retention_of(connection, model, number)
