"""Who signs: the private key in a file, or one that ssh-agent holds.

How keys are read from files is `private_keys`, how the agent is asked `agent`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from registry_assets.signing.agent import agent_signer
from registry_assets.signing.keys import PublicKey, is_private, public_key_in, read_key_file
from registry_assets.signing.sshsig import SshSignature, message_to_sign

if TYPE_CHECKING:
    from registry_assets.signing.algorithms import PrivateKey


class Signer(Protocol):
    """Signs as one public key."""

    @property
    def public_key(self) -> PublicKey:
        """The key by which its signatures are verified."""
        ...

    def sign(self, message: bytes, *, namespace: str) -> SshSignature:
        """Sign a message for one purpose.

        Raises:
            KeyUnusable: the key cannot sign now.
        """
        ...


@dataclass(frozen=True, slots=True)
class KeyFileSigner:
    """Signs with a private key that was read from a file."""

    public_key: PublicKey
    _private: "PrivateKey" = field(repr=False, compare=False)

    def sign(self, message: bytes, *, namespace: str) -> SshSignature:
        """Sign a message for one purpose, as `ssh-keygen -Y sign` does."""
        from registry_assets.signing.algorithms import raw_signature

        signed = message_to_sign(message, namespace=namespace)
        return SshSignature(self.public_key, namespace, raw_signature(self._private, signed))


def open_signer(path: Path, *, passphrase: Callable[[], str] | None = None) -> Signer:
    """Open the private key in a file, or the one that ssh-agent holds for a `.pub` file.

    Args:
        passphrase: asks for the file's passphrase, if it has one; without it such a file is
            refused.

    Raises:
        KeyUnusable: it cannot sign, and why.
    """
    data = read_key_file(path)
    if not is_private(data):
        return agent_signer(public_key_in(data, path=path))
    from registry_assets.signing.private_keys import load

    return KeyFileSigner(*load(path, data, passphrase=passphrase))


def generate_key() -> tuple[str, PublicKey]:
    """Make an Ed25519 key: the text of its file, which has no passphrase, and its public half."""
    from registry_assets.signing.private_keys import generate

    return generate()
