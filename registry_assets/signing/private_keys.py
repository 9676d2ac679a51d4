"""Private keys from files, as OpenSSH and PEM write them, with or without a passphrase.

A private key is never shown, stored or given out, but for the new one that `generate` makes.
Imports cryptography at its head: `signers` imports this module when a key is opened.
"""

import binascii
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry_assets.errors import KeyUnusable
from registry_assets.signing.algorithms import PrivateKey, public_line
from registry_assets.signing.keys import NEW_KEY, PublicKey
from registry_assets.signing.wire import Malformed, Reader

Passphrase: TypeAlias = Callable[[], str]
"""Asks whoever is there for the passphrase of a key."""

_BEGIN = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_END = b"-----END OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"


def load(path: Path, data: bytes, *, passphrase: Passphrase | None) -> tuple[PublicKey, PrivateKey]:
    """Read the private key that stands in the bytes of a file, and its public half.

    Raises:
        KeyUnusable: damaged, of a kind not taken, open to others, or its passphrase is missing.
    """
    _refuse_open_to_others(path)
    if _BEGIN in data:
        _refuse_other_kinds(path, data)
    try:
        private = _unlocked(path, data, passphrase)
    except UnsupportedAlgorithm as error:
        raise KeyUnusable(
            f"The private key {path} is of a form that is not read here: {error}.",
            hint=f"Run ssh-add {path}, and give {path}.pub.",
        ) from error
    return _with_public_half(path, private)


def generate() -> tuple[str, PublicKey]:
    """Make an Ed25519 key: the text of its file, which has no passphrase, and its public half."""
    private = Ed25519PrivateKey.generate()
    text = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    return text.decode(), PublicKey.parse(public_line(private))


def _refuse_open_to_others(path: Path) -> None:
    """Refuse what ssh refuses: a private key of one's own that others may read."""
    found = path.stat()
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid == os.getuid() and mode & 0o077:
        raise KeyUnusable(
            f"The private key {path} is open to others: its mode is {mode:04o}, where 0600 is "
            "expected.",
            hint=f"Run: chmod 600 {path}",
        )


def _refuse_other_kinds(path: Path, data: bytes) -> None:
    """Say which kinds are taken before anybody is asked for a passphrase.

    In OpenSSH's format the public half stands in clear before the private one.
    """
    body = data.partition(_BEGIN)[2].partition(_END)[0]
    try:
        reader = Reader(binascii.a2b_base64(body))
        if reader.take(len(_MAGIC)) != _MAGIC:
            raise Malformed("it does not begin like a key of OpenSSH")
        for _ in ("cipher", "derivation", "options"):
            reader.string()
        if reader.uint32() != 1:
            raise Malformed("it does not hold one key")
        PublicKey(reader.string())
    except (binascii.Error, Malformed) as error:
        raise _damaged(path) from error
    except KeyUnusable as error:
        raise KeyUnusable(f"{path}: {error.message}", hint=error.hint) from error


def _unlocked(path: Path, data: bytes, passphrase: Passphrase | None) -> object:
    try:
        return _read(data, None)
    except TypeError:
        pass  # It is how the library says that there is a passphrase.
    except ValueError as error:
        raise _damaged(path) from error
    if passphrase is None:
        raise KeyUnusable(
            f"The private key {path} has a passphrase, and nobody is here to be asked for it.",
            hint=f"Run ssh-add {path}, and give {path}.pub.",
        )
    try:
        return _read(data, passphrase().encode())
    except (TypeError, ValueError, InvalidTag) as error:  # the first of an empty one
        raise KeyUnusable(
            f"That is not the passphrase of {path}, or the file is damaged.",
            hint="Nothing was signed; try again.",
        ) from error


def _read(data: bytes, password: bytes | None) -> object:
    if _BEGIN in data:
        return serialization.load_ssh_private_key(data, password)
    return serialization.load_pem_private_key(data, password)


def _with_public_half(path: Path, private: object) -> tuple[PublicKey, PrivateKey]:
    if isinstance(private, Ed25519PrivateKey | EllipticCurvePrivateKey):
        try:
            return PublicKey.parse(public_line(private)), private
        except ValueError:
            pass  # An elliptic curve that OpenSSH does not have.
    raise KeyUnusable(
        f"{path} holds a private key of a kind that is not taken; Ed25519 and ECDSA are.",
        hint=NEW_KEY,
    )


def _damaged(path: Path) -> KeyUnusable:
    return KeyUnusable(
        f"{path} is no private key that can be read: it is damaged, or cut off.",
        hint="Restore the file, or sign with another key.",
    )
