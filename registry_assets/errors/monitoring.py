"""What is known of data and models after deployment cannot be read."""

from registry_assets.errors.base import RegistryError


class ProfileInvalid(RegistryError):
    """Bytes that are no profile of a table, are damaged, or of a newer release."""

    code = "profile_invalid"
