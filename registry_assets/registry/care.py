"""What keeps a registry sound, and shows that it is."""

from datetime import timedelta

from registry_assets.lifecycle import checkpoints, collecting, verifying
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.references import Reference
from registry_assets.registry.part import Part


class Care(Part):
    """Verify: read-only and complete. Collect: in two phases, shown before it acts."""

    def verify(
        self,
        reference: str | None = None,
        *,
        deep: bool = True,
        checkpoint: checkpoints.Checkpoint | None = None,
        progress: verifying.Progress | None = None,
    ) -> verifying.Verification:
        """Check everything, one model, or one version; read-only: see `lifecycle.verifying`."""
        parsed = None if reference is None else Reference.parse(reference)
        return verifying.verify(
            self.backends, parsed, deep=deep, checkpoint=checkpoint, progress=progress
        )

    def checkpoint(self) -> checkpoints.Checkpoint:
        """Give how far the ledger has come, to be kept elsewhere."""
        return checkpoints.make_checkpoint(self.backends)

    def collect(
        self,
        *,
        act: bool = False,
        older_than: timedelta = collecting.OLDER_THAN,
        purge_after: timedelta = collecting.PURGE_AFTER,
        reason: str = "",
        run: RunInfo | None = None,
    ) -> collecting.Collected:
        """Find blobs that nothing names and, to act, move them: see `lifecycle.collecting`."""
        return collecting.collect(
            self.backends,
            act=act,
            run=run or RunInfo.by_hand(),
            reason=reason,
            older_than=older_than,
            purge_after=purge_after,
        )
