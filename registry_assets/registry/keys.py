"""Whose signatures count: the registry's own keys, and those of the people it knows."""

from typing import TYPE_CHECKING

from registry_assets.lifecycle import registry_keys
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.registry.part import Part

if TYPE_CHECKING:
    from registry_assets.signing.allowed_signers import AllowedSigner


class Keys(Part):
    """List public keys, and let another private one sign from now on."""

    def signers(self) -> "tuple[AllowedSigner, ...]":
        """Give whose signatures count, and for what: see `lifecycle.registry_keys`."""
        with self.backends.catalog.read() as connection:
            return registry_keys.list_signers(connection)

    def rotate_key(self, *, reason: str, run: RunInfo) -> registry_keys.Rotated:
        """Sign with another key from now on: see `lifecycle.registry_keys`."""
        return registry_keys.rotate_key(self.backends, reason=reason, run=run)
