"""SSHSIG, the signatures of `ssh-keygen -Y sign`: read, written, and verified.

The format is OpenSSH's PROTOCOL.sshsig. What is signed is never the message alone: a
namespace goes with it, so that a signature made for one purpose is none for another.
Who makes signatures is `signers`; what the registry signs, `dsse` and `statement`.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Self

from registry_assets.errors import KeyUnusable, SignatureInvalid
from registry_assets.signing.keys import PublicKey
from registry_assets.signing.wire import Malformed, Reader, from_base64, string, to_base64, uint32

SHA512 = "sha512"
HASH_ALGORITHMS = (SHA512, "sha256")

LONGEST_BLOB = 1 << 12
"""A signature takes some 300 bytes; what is longer than this is none."""

_MAGIC = b"SSHSIG"
_VERSION = 1
_BEGIN = "-----BEGIN SSH SIGNATURE-----"
_END = "-----END SSH SIGNATURE-----"
_ARMOR = re.compile(rf"{_BEGIN}\r?\n([A-Za-z0-9+/=\r\n]+)\n{_END}")
_ARMOR_WIDTH = 70
_NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@/:+-]{0,99}")
_HINT = "Sign the same bytes again, or ask for the file as its signer wrote it."


@dataclass(frozen=True, slots=True)
class SshSignature:
    """A signature, with the key that made it and the purpose it was made for.

    Laws: `SshSignature.from_blob(signature.to_blob()) == signature`, and likewise for armor.

    Args:
        raw: what the key's algorithm gave: of Ed25519 its 64 bytes, of ECDSA both numbers.
    """

    public_key: PublicKey
    namespace: str
    raw: bytes
    hash_algorithm: str = SHA512

    def __post_init__(self) -> None:
        try:
            check_namespace(self.namespace)
            if self.hash_algorithm not in HASH_ALGORITHMS:
                raise Malformed(f"it uses no hash of {', '.join(HASH_ALGORITHMS)}")
            if self.public_key.curve:
                _numbers(self.raw)
            elif len(self.raw) != 64:
                raise Malformed(f"one of Ed25519 has 64 bytes, this one {len(self.raw):,}")
        except Malformed as error:
            raise _damaged(error) from error

    @classmethod
    def from_blob(cls, blob: bytes) -> Self:
        """Read a signature in its binary form.

        Raises:
            SignatureInvalid: it is none, or of a kind that is not taken.
        """
        if len(blob) > LONGEST_BLOB:
            raise _damaged(Malformed(f"{len(blob):,} bytes are too many"))
        reader = Reader(blob)
        try:
            return cls._read(reader)
        except Malformed as error:
            raise _damaged(error) from error
        except KeyUnusable as error:
            raise SignatureInvalid(
                f"The key in this signature cannot be used. {error.message}", hint=error.hint
            ) from error

    @classmethod
    def _read(cls, reader: Reader) -> Self:
        if reader.take(len(_MAGIC)) != _MAGIC:
            raise Malformed("it does not begin like one")
        version = reader.uint32()
        if version != _VERSION:
            raise Malformed(f"it is of version {version}, not {_VERSION}")
        public_key = PublicKey(reader.string())
        namespace = reader.text()
        if reader.string():
            raise Malformed("it holds something where nothing has a meaning yet")
        hash_algorithm = reader.text()
        inner = Reader(reader.string())
        reader.end()
        if inner.text() != public_key.kind:
            raise Malformed("it was made by another algorithm than its key's")
        raw = inner.string()
        inner.end()
        return cls(public_key, namespace, raw, hash_algorithm)

    @classmethod
    def from_armor(cls, text: str) -> Self:
        """Read a signature between its BEGIN and END lines, as `ssh-keygen -Y sign` writes it.

        Raises:
            SignatureInvalid: it is none, or something stands around it.
        """
        if len(text) > 2 * LONGEST_BLOB:
            raise _damaged(Malformed(f"{len(text):,} characters are too many"))
        armored = _ARMOR.fullmatch(text.strip())
        if armored is None:
            raise _damaged(Malformed("it is not base64 between its BEGIN and END lines"))
        joined = armored[1].replace("\r", "").replace("\n", "")
        try:
            blob = from_base64(joined)
        except Malformed as error:
            raise _damaged(error) from error
        return cls.from_blob(blob)

    def to_blob(self) -> bytes:
        """Write the binary form."""
        return b"".join(
            (
                _MAGIC,
                uint32(_VERSION),
                string(self.public_key.blob),
                string(self.namespace.encode()),
                string(b""),
                string(self.hash_algorithm.encode()),
                string(string(self.public_key.kind.encode()) + string(self.raw)),
            )
        )

    def to_armor(self) -> str:
        """Write what `ssh-keygen -Y verify` reads from a file."""
        text = to_base64(self.to_blob())
        lines = [text[at : at + _ARMOR_WIDTH] for at in range(0, len(text), _ARMOR_WIDTH)]
        return "\n".join((_BEGIN, *lines, _END, ""))


def message_to_sign(message: bytes, *, namespace: str, hash_algorithm: str = SHA512) -> bytes:
    """Give the bytes that a key signs for a message: its hash, and what it is signed for."""
    hashed = hashlib.new(hash_algorithm, message).digest()
    fields = (check_namespace(namespace).encode(), b"", hash_algorithm.encode(), hashed)
    return _MAGIC + b"".join(string(field) for field in fields)


def verify(signature: SshSignature, message: bytes, *, namespace: str) -> PublicKey:
    """Give the key that signed a message for a purpose.

    Raises:
        SignatureInvalid: the signature is not of its key over this message, or was made for
            another purpose.
    """
    if signature.namespace != check_namespace(namespace):
        raise SignatureInvalid(
            f"This signature was made for {signature.namespace}, not for {namespace}.",
            hint=f"Sign with: ssh-keygen -Y sign -n {namespace}",
        )
    signed = message_to_sign(message, namespace=namespace, hash_algorithm=signature.hash_algorithm)
    if not _is_valid(signature, signed):
        raise SignatureInvalid(
            f"This signature is not of the key {signature.public_key.fingerprint} over these "
            "bytes.",
            hint=_HINT,
        )
    return signature.public_key


def check_namespace(text: str) -> str:
    """Give back the name of a purpose that every list of signers can hold.

    Raises:
        SignatureInvalid: it has other characters than letters, digits and `._@/:+-`, or more
            than 100.
    """
    if not isinstance(text, str) or not _NAMESPACE.fullmatch(text):
        raise SignatureInvalid(
            "The namespace of a signature must be 1 to 100 letters, digits and ._@/:+- that "
            "begin with a letter or digit."
        )
    return text


def _is_valid(signature: SshSignature, signed: bytes) -> bool:
    from registry_assets.signing.algorithms import verifies_ecdsa, verifies_ed25519

    key = signature.public_key
    if key.curve is None:
        return verifies_ed25519(key.point, signature.raw, signed)
    return verifies_ecdsa(key.point, _numbers(signature.raw), signed, curve=key.curve)


def _numbers(raw: bytes) -> tuple[int, int]:
    """Read the two numbers of an ECDSA signature, in the one spelling that they have."""
    reader = Reader(raw)
    numbers = reader.positive(), reader.positive()
    reader.end()
    return numbers


def _damaged(error: Malformed) -> SignatureInvalid:
    return SignatureInvalid(f"This is no signature of OpenSSH: {error}.", hint=_HINT)
