"""What leaves a registry, what comes into it from another, and what is made anew.

Imports stand inside the methods: whoever only reads a registry does not wait for them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from registry_assets.lifecycle.backends import RunInfo
from registry_assets.registry.part import Part
from registry_assets.transfer.progress import Progress, silent

if TYPE_CHECKING:
    from registry_assets.transfer.exporting import Exported
    from registry_assets.transfer.importing import Imported
    from registry_assets.transfer.rebuilding import Rebuilt


class Transfer(Part):
    """Export, import, backup, rebuild. A backup is put back by `Registry.restore`."""

    def export(
        self,
        target: Path | str,
        models: Sequence[str] | None = None,
        *,
        progress: Progress = silent,
    ) -> "Exported":
        """Write models with their history and every byte into a new folder, or a `.tar`.

        Args:
            models: their names; None for everything.
        """
        from registry_assets.transfer import exporting

        place = Path(target)
        return exporting.export_models(self.backends, place, models=models, progress=progress)

    def import_from(
        self,
        source: Path | str,
        *,
        run: RunInfo | None = None,
        reason: str = "",
        progress: Progress = silent,
    ) -> "Imported":
        """Take in an export of another registry, verified; importing again changes nothing."""
        from registry_assets.transfer import importing

        who = run or RunInfo.by_hand()
        return importing.import_history(
            self.backends, Path(source), run=who, reason=reason, progress=progress
        )

    def backup(
        self, target: Path | str, *, with_objects: bool = True, progress: Progress = silent
    ) -> "Exported":
        """Write everything, as of one moment, into a new folder or `.tar`; writers go on.

        Args:
            with_objects: False leaves the blobs out, for a store that is kept safe by itself.
        """
        from registry_assets.transfer import exporting

        return exporting.export_models(
            self.backends, Path(target), with_objects=with_objects, progress=progress
        )

    def rebuild(self) -> "Rebuilt":
        """Make anew what is derived from the catalog's rows: the index and the pointer files."""
        from registry_assets.transfer import rebuilding

        return rebuilding.rebuild(self.backends)
