"""Registries that this one publishes to: away, unwilling, or not as they were left."""

from registry_assets.errors.base import RegistryError


class MirrorError(RegistryError):
    """Another registry could not be published to, or looked at; nothing here was changed by it."""

    code = "mirror"


class MirrorUnreachable(MirrorError):
    """It does not answer, or not as it should; the same call may succeed later."""

    code = "mirror_unreachable"
    transient = True


class MirrorRefused(MirrorError):
    """It answers, and did not take what was asked of it, or belongs to somebody else."""

    code = "mirror_refused"


class MirrorAddressInvalid(MirrorRefused):
    """Nobody says where it is, or what they say can be no address of it."""

    code = "mirror_address_invalid"


class MirrorDiffers(MirrorError):
    """What was read back there is not what had been written."""

    code = "mirror_differs"
    transient = True


class AdoptionRefused(RegistryError):
    """A version of another registry that cannot become one here."""

    code = "adoption_refused"
