"""What keeps a registry sound, and shows that it is."""

from registry_assets.lifecycle import verifying
from registry_assets.references import Reference
from registry_assets.registry.part import Part


class Care(Part):
    """Verify: read-only and complete."""

    def verify(self, reference: str | None = None) -> verifying.Verification:
        """Check everything, one model, or one version; read-only."""
        parsed = None if reference is None else Reference.parse(reference)
        return verifying.verify(self.backends, parsed)
