"""A signature of OpenSSF Model Signing beside a version's files, for who checks them by its tool.

    DIR/model.sig   over the sha256 of every file of the version, made with a key of one's own

It is made by the library `model-signing`, which is an extra, and says that who has the key vouches
for these files. That a version was approved is said by the attestation, which has a signature of
its own and is another one at each promotion: it is not part of what is signed here.
"""

import base64
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from registry_assets.deployment.contents import ATTESTATION, SIGNATURE_FILE, Contents, files_of
from registry_assets.deployment.versions import ResolvedVersion, read_version
from registry_assets.errors import FolderTaken, KeyUnusable, RegistryError
from registry_assets.signing.keys import read_key_file
from registry_assets.store import Store
from registry_assets.store.files import new_file, write_all

if TYPE_CHECKING:
    from model_signing.signing import Config

NEW_KEY = "openssl ecparam -name prime256v1 -genkey -noout -out KEY"
"""What makes a key that the tool takes; `openssl ec -in KEY -pubout` gives its public half."""

_TAKEN = (b"-----BEGIN EC PRIVATE KEY-----", b"-----BEGIN PRIVATE KEY-----")

Signing: TypeAlias = "Config"
"""The library's own signer, with a key in it."""


def open_signing_key(path: Path) -> Signing:
    """Open an ECDSA key that model.sig is signed with; before anything is pulled.

    Raises:
        RegistryError: the extra is not installed.
        KeyUnusable: it is no such key, or has a passphrase.
    """
    try:
        from model_signing import signing
    except ImportError as error:
        raise RegistryError(
            f"--sign needs the library model-signing, which cannot be imported: {error}",
            hint='pip install "registry_assets[signing]"; nothing was pulled',
        ) from error
    if not path.exists():
        raise _unusable(path, "there is no such file")
    if not read_key_file(path).lstrip().startswith(_TAKEN):
        raise _unusable(path, "it is no ECDSA private key in PEM without a passphrase")
    made: Any = signing.Config  # its constructor has no types
    try:
        opened: Signing = made().use_elliptic_key_signer(private_key=path)
    # What the library says of a key that is damaged, or of another kind.
    except (ValueError, TypeError, AttributeError) as error:
        raise _unusable(path, f"it is no ECDSA key that the tool takes ({error})") from error
    return opened


def sign_folder(store: Store, version: ResolvedVersion, folder: Path, key: Signing) -> Path:
    """Sign a version's files in the folder that holds them; give the signature's file.

    Where it is signed with the same key already, it is signed anew: what is there is of the same
    worth, if it is sound.

    Raises:
        FolderTaken: another signature is there, or the files changed while they were signed.
        StoreUnwritable: the folder cannot be written.
    """
    target = folder / SIGNATURE_FILE
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise _taken(target)
    data = _signed(folder, key)
    made = _said(data)
    if made is None or made[1] != _expected(store, version):
        raise _changed(folder)
    if target.exists():
        if _said(target.read_bytes()) != made:
            raise _taken(target)
        target.unlink()
    with new_file(target) as handle:
        write_all(handle, data)
    return target


def _signed(folder: Path, key: Signing) -> bytes:
    from model_signing import hashing

    # What is left out stands in the signature itself, so that whoever verifies leaves it out too.
    left_out = [SIGNATURE_FILE, ATTESTATION]
    made: Any = hashing.Config  # its constructor has no types
    key.set_hashing_config(made().set_ignored_paths(paths=left_out, ignore_git_paths=False))
    with tempfile.TemporaryDirectory() as aside:
        file = Path(aside) / SIGNATURE_FILE
        try:
            key.sign(folder, file)
        except ValueError as error:  # something in there is no regular file
            raise _changed(folder) from error
        return file.read_bytes()


def _expected(store: Store, version: ResolvedVersion) -> Contents:
    """Give the digests of the version's own files."""
    return files_of(read_version(store, version), version.digest)


def _said(data: bytes) -> tuple[str, Mapping[str, str]] | None:
    """Give whose key a signature says that it is of, and the digests in it; None if it is none."""
    try:
        bundle: Any = json.loads(data)
        hint = str(bundle["verificationMaterial"]["publicKey"]["hint"])
        payload: Any = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        resources = payload["predicate"]["resources"]
        return hint, {str(each["name"]): f"sha256:{each['digest']}" for each in resources}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _changed(folder: Path) -> FolderTaken:
    return FolderTaken(
        f"the files in {folder} changed while they were signed; nothing was signed",
        hint="find out who writes there, move that folder away, and pull again",
    )


def _taken(target: Path) -> FolderTaken:
    return FolderTaken(
        f"{target} is there already, and is not this key's signature of these files",
        hint="move it away, and pull with --sign again; it was not touched",
    )


def _unusable(path: Path, why: str) -> KeyUnusable:
    return KeyUnusable(
        f"{path} cannot sign a model: {why}",
        hint=f"`{NEW_KEY}` makes one, `ssh-keygen -p -m PKCS8 -N '' -f COPY` turns a copy of an"
        " ECDSA key of OpenSSH into one; nothing was pulled",
    )
