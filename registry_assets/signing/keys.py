"""Public keys of people and of the registry, in OpenSSH's one-line form.

Ed25519 and ECDSA, which sign the same bytes everywhere. Private keys, and who signs with
them, are `signers`; whose key a key is, is none of this package's business.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from registry_assets.errors import KeyUnusable
from registry_assets.signing.wire import Malformed, Reader, from_base64, to_base64

ED25519 = "ssh-ed25519"
CURVES = {
    "ecdsa-sha2-nistp256": "nistp256",
    "ecdsa-sha2-nistp384": "nistp384",
    "ecdsa-sha2-nistp521": "nistp521",
}
KINDS = (ED25519, *CURVES)
"""The kinds of keys that are taken, as OpenSSH names them."""

NEW_KEY = "Make one with: ssh-keygen -t ed25519"
"""What to do for want of a key."""

LONGEST_FILE = 1 << 16
"""What is longer than this, in bytes, is no file of a key."""

_ED25519_BYTES = 32
_POINT_BYTES = {"nistp256": 65, "nistp384": 97, "nistp521": 133}
_NOT_TAKEN = (
    "ssh-rsa", "ssh-dss", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
    *(f"{kind}-cert-v01@openssh.com" for kind in KINDS),
)  # fmt: skip

# Points whose order divides 8, by y: under such a key anybody can make a signature of any
# message, and OpenSSL says that it verifies. Nobody has such a key by accident.
_ED25519_PRIME = 2**255 - 19
_OF_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDERS = frozenset((0, 1, _ED25519_PRIME - 1, _OF_ORDER_8, _ED25519_PRIME - _OF_ORDER_8))


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One public key, without the comment that its file may have.

    Law: `PublicKey.parse(key.line) == key`.

    Args:
        blob: the key in SSH's binary form.
    """

    blob: bytes

    def __post_init__(self) -> None:
        try:
            _check_blob(self.blob)
        except Malformed as error:
            raise _damaged(error) from error

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one line of a `.pub` file: type, base64 and perhaps a comment.

        Raises:
            KeyUnusable: it is none, or of a kind that is not taken.
        """
        _refuse_private(text)
        line = text.strip()
        kind, _, rest = line.partition(" ")
        if kind in _NOT_TAKEN:
            raise _not_taken(kind)
        if kind not in KINDS or "\n" in line or "\r" in line:
            # The text is not shown: what somebody pasted may be half of a private key.
            raise KeyUnusable(
                f"This is no public key of OpenSSH: expected one line that begins with {_kinds()}.",
                hint="Give the line of the .pub file that ssh-keygen wrote.",
            )
        try:
            key = cls(from_base64(rest.partition(" ")[0]))
        except Malformed as error:
            raise _damaged(error) from error
        if key.kind != kind:
            raise KeyUnusable(f"This public key says {kind}, and holds one of {key.kind}.")
        return key

    @property
    def kind(self) -> str:
        """OpenSSH's name of the kind: one of `KINDS`."""
        return Reader(self.blob).text()

    @property
    def curve(self) -> str | None:
        """OpenSSH's name of an ECDSA key's curve; None for Ed25519, which has one alone."""
        return CURVES.get(self.kind)

    @property
    def point(self) -> bytes:
        """The key itself: what stands last in the blob."""
        size = _POINT_BYTES[self.curve] if self.curve else _ED25519_BYTES
        return self.blob[-size:]

    @property
    def line(self) -> str:
        """The key as one line, without a comment."""
        return f"{self.kind} {to_base64(self.blob)}"

    @property
    def fingerprint(self) -> str:
        """What people compare: `SHA256:` and 43 characters, as `ssh-keygen -l` prints it."""
        return f"SHA256:{to_base64(hashlib.sha256(self.blob).digest()).rstrip('=')}"

    def __str__(self) -> str:
        return self.line


def read_public_key(path: Path) -> PublicKey:
    """Read the public key of a file, or of the `.pub` beside it if it has one.

    Raises:
        KeyUnusable: there is no such file, or no public key in it.
    """
    beside = Path(f"{path}.pub")
    place = beside if path.suffix != ".pub" and beside.exists() else path
    return public_key_in(read_key_file(place), path=place)


def public_key_in(data: bytes, *, path: Path) -> PublicKey:
    """Find the one public key in the bytes of a file.

    Raises:
        KeyUnusable: there is none, or more than one.
    """
    text = data.decode("utf-8", errors="replace")
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    try:
        if len(lines) == 1:
            return PublicKey.parse(lines[0])
        _refuse_private(text)
    except KeyUnusable as error:
        raise KeyUnusable(f"{path}: {error.message}", hint=error.hint) from error
    raise KeyUnusable(
        f"{path} holds {len(lines)} lines, where one public key is expected.",
        hint="Put that one key into a file of its own.",
    )


def read_key_file(path: Path) -> bytes:
    """Give the bytes of a key's file, which is never long.

    Raises:
        KeyUnusable: missing, unreadable, or too long.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST_FILE + 1)
    except FileNotFoundError:
        raise KeyUnusable(f"There is no key {path}.", hint=NEW_KEY) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise KeyUnusable(
            f"The key {path} cannot be read: {reason}.", hint="Give the path of a key's file."
        ) from error
    if len(data) > LONGEST_FILE:
        raise KeyUnusable(
            f"{path} is longer than {LONGEST_FILE:,} bytes, so it is no key.",
            hint="Give the path of a key's file.",
        )
    return data


def is_private(data: bytes) -> bool:
    """Tell whether the bytes of a file hold a private key, of whatever kind."""
    return b"PRIVATE KEY-----" in data


def _refuse_private(text: str) -> None:
    if is_private(text.encode(errors="replace")) or "PuTTY-User-Key-File" in text:
        raise KeyUnusable(
            "This is a private key, where a public one is expected.",
            hint="Give its .pub file; ssh-keygen -y -f FILE > FILE.pub writes that anew.",
        )


def _damaged(error: Malformed) -> KeyUnusable:
    return KeyUnusable(
        f"This public key is damaged: {error}.", hint="Copy the whole line of the .pub file."
    )


def _not_taken(kind: str) -> KeyUnusable:
    return KeyUnusable(f"A key of the kind {kind} is not taken; {_kinds()} is.", hint=NEW_KEY)


def _kinds() -> str:
    return f"{', '.join(KINDS[:-1])} or {KINDS[-1]}"


def _check_blob(blob: bytes) -> None:
    reader = Reader(blob)
    kind = reader.text()
    if kind in _NOT_TAKEN:
        raise _not_taken(kind)
    if kind == ED25519:
        _check_ed25519(reader.string())
    elif kind in CURVES:
        _check_ecdsa(reader, CURVES[kind])
    else:
        raise Malformed("it names no kind of key that is known")
    reader.end()


def _check_ed25519(point: bytes) -> None:
    if len(point) != _ED25519_BYTES:
        raise Malformed(f"an Ed25519 key has {_ED25519_BYTES} bytes, this one {len(point):,}")
    y = int.from_bytes(point, "little") & ~(1 << 255)
    if y >= _ED25519_PRIME or y in _SMALL_ORDERS:
        raise Malformed("it is one of the few under which anybody can sign")


def _check_ecdsa(reader: Reader, curve: str) -> None:
    if reader.text() != curve:
        raise Malformed(f"it names another curve than {curve}")
    point = reader.string()
    if len(point) != _POINT_BYTES[curve] or point[0] != 4:
        raise Malformed(f"it holds no point of {curve} in full")
    from registry_assets.signing.algorithms import is_on_curve

    if not is_on_curve(point, curve=curve):
        raise Malformed(f"its point is not on {curve}")
