"""Whose signatures a deployment takes: a list of public keys that it keeps for itself.

In the form of OpenSSH's allowed_signers, as `registry keys` prints it. It comes from the registry
once, by a way that whoever writes to the store has no hand in.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from registry_assets.errors import SignersInvalid
from registry_assets.signing.allowed_signers import AllowedSigner, read_allowed_signers
from registry_assets.signing.keys import PublicKey

_LONGEST = 1 << 22
_HINT = "`registry keys > FILE`, where the catalog is, writes one."


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """Who may sign what, with which keys."""

    signers: tuple[AllowedSigner, ...]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a list.

        Raises:
            SignersInvalid: there is none, or it does not say beyond doubt who may sign.
        """
        try:
            with path.open("rb") as file:
                data = file.read(_LONGEST + 1)
            if len(data) > _LONGEST:
                raise SignersInvalid(f"{path} is longer than {_LONGEST:,} bytes", hint=_HINT)
            return cls(read_allowed_signers(data.decode("utf-8")))
        except SignersInvalid as error:
            raise SignersInvalid(f"{path}: {error.message}", hint=error.hint or _HINT) from error
        except UnicodeDecodeError as error:
            raise SignersInvalid(f"{path} is no text", hint=_HINT) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise SignersInvalid(f"{path} cannot be read: {reason}", hint=_HINT) from error

    def keys(self, principal: str, namespace: str) -> tuple[PublicKey, ...]:
        """Give the keys with which somebody may sign for a purpose."""
        return tuple(
            signer.key
            for signer in self.signers
            if signer.principal == principal and namespace in signer.namespaces
        )
