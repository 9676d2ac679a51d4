"""Where events of lineage go, said so that nobody can go there."""

from registry_assets.errors.base import RegistryError


class LineageInvalid(RegistryError):
    """REGISTRY_OPENLINEAGE, or its key, holds what cannot be used; neither is shown."""

    code = "lineage_invalid"
