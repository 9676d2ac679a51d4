"""Versions that came from another kind of registry, as history."""

from registry_assets.errors.base import RegistryError


class VersionImported(RegistryError):
    """A version that came as history, and so can be neither loaded, evaluated nor promoted."""

    code = "version_imported"
