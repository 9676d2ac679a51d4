"""What a deployment does not believe, or cannot put where it was told to."""

from registry_assets.errors.base import RegistryError


class PointerRefused(RegistryError):
    """The store says of a pointer what a deployment must not believe."""

    code = "pointer_refused"


class PointerFileInvalid(PointerRefused):
    """A pointer file that is damaged, of another format, or another pointer's."""

    code = "pointer_file_invalid"


class PointerMovedBack(PointerRefused):
    """An older generation than was seen before; `seen` and `found` are the two."""

    code = "pointer_moved_back"

    def __init__(self, message: str, *, seen: int, found: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.seen = seen
        self.found = found


class PointerRewritten(PointerRefused):
    """The generation seen before with another digest; `seen` and `found` are the digests."""

    code = "pointer_rewritten"

    def __init__(self, message: str, *, seen: str, found: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.seen = seen
        self.found = found


class AttestationRefused(PointerRefused):
    """What a pointer holds is not proven by keys that this machine trusts; says what is wrong."""

    code = "attestation_refused"


class StateFileInvalid(RegistryError):
    """The note of what was last seen of a pointer is damaged."""

    code = "state_file_invalid"


class FolderTaken(RegistryError):
    """A folder that holds something else, or that another process works in."""

    code = "folder_taken"


class ConversionRefused(RegistryError):
    """A version that cannot be written in the other form, or says something else there."""

    code = "conversion_refused"
