"""Keys, and what is signed with them."""

from registry_assets.errors.base import RegistryError


class SigningError(RegistryError):
    """Something could not be signed, or is not signed as it must be."""

    code = "signing"


class KeyUnusable(SigningError):
    """A key that cannot be read, is of a kind not taken, or cannot sign here."""

    code = "key_unusable"


class SigningKeyMissing(SigningError):
    """The private key that the registry signs with now is not on this machine."""

    code = "signing_key_missing"


class SignatureInvalid(SigningError):
    """A signature that is damaged, or not of that key over those bytes for that purpose."""

    code = "signature_invalid"


class EnvelopeInvalid(SigningError):
    """Bytes that are no envelope, or one that reads in more than one way."""

    code = "envelope_invalid"


class StatementInvalid(SigningError):
    """A payload that is no statement, or not in its one form."""

    code = "statement_invalid"


class SignersInvalid(SigningError):
    """A list of who may sign that does not say so beyond doubt."""

    code = "signers_invalid"
