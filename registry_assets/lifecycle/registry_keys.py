"""The registry's own keys: what it signs attestations with, and the public key of its owner.

The private half is a file on the machines that promote; no catalog, store or backup has it. The
public half is a row with its event, so the ledger tells from which position on a key holds. The
file comes before the row: a row whose private half nobody has would stop every promotion.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from registry_assets.catalog.ledger import REGISTRY, Change, change
from registry_assets.catalog.policies import (
    Purpose,
    RegistryKey,
    list_keys,
    newest_sequence,
    write_key,
)
from registry_assets.catalog.provenance import read_identity
from registry_assets.declaration.checks import require
from registry_assets.errors import (
    KeyUnusable,
    PolicyRefused,
    SigningKeyMissing,
    StoreUnwritable,
)
from registry_assets.faults import reached
from registry_assets.governance.active import read_active
from registry_assets.governance.approvals import NAMESPACE as APPROVAL
from registry_assets.governance.attestations import NAMESPACE as ATTESTATION
from registry_assets.governance.attestations import registry_principal
from registry_assets.home import SIGNING_KEY
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.signing.allowed_signers import AllowedSigner
from registry_assets.signing.keys import PublicKey, is_private, read_key_file
from registry_assets.signing.signers import Signer, generate_key, open_signer
from registry_assets.store.files import make_folders, new_file, sync_folder, write_all, writing

KEY_ADDED = "registry_key_added"
"""The kind of the event by which a key becomes the registry's."""

_NOTHING = "nothing was changed"
_NEXT = ".next"


@dataclass(frozen=True, slots=True)
class Rotated:
    """The key that attestations are signed with from now on, and where its private half is."""

    key: RegistryKey
    path: Path


def begin_keys(backends: Backends, *, owner: PublicKey | None, run: RunInfo) -> None:
    """Give a registry its first key, and its owner; what is there already stays as it is.

    Where the registry has a key whose private half is on other machines, this one reads only.

    Args:
        owner: with whose key the first policy is activated.

    Raises:
        PolicyRefused: there is another owner, or a policy is in force.
        KeyUnusable: there is a file in the place of the private key, and it is none.
        StoreUnwritable: the private key cannot be written.
    """
    if owner is not None:
        _record_owner(backends, owner, run=run)
    with backends.catalog.read() as connection:
        if list_keys(connection, "attestation"):
            return
    public = _private_half_in(_path(backends))
    reached("keys.written")
    with _adding(backends, run=run) as draft:
        # Another machine's init may have been faster: then its key is the registry's.
        if not list_keys(draft.connection, "attestation"):
            _add(draft, "attestation", public, run=run)


def rotate_key(backends: Backends, *, reason: str, run: RunInfo) -> Rotated:
    """Let attestations be signed with another key from now on; the old one keeps what it signed.

    The old private key is replaced on this machine. Where the last rotation died before that,
    this one ends it.

    Raises:
        DeclarationError: no reason is given.
        KeyUnusable: what is in the private key's place is none.
        StoreUnwritable: the new key cannot be written here.
    """
    require(bool(reason.strip()), "another key needs a reason", "say why, with `--reason`")
    path = _path(backends)
    if path.exists() and not is_private(read_key_file(path)):
        raise KeyUnusable(
            f"{path} holds no private key that another could take the place of",
            hint=f"name the file for the new one in {SIGNING_KEY}; {_NOTHING}",
        )
    with _alone_in(path.parent):
        fresh = path.with_name(f"{path.name}{_NEXT}")
        public = _private_half_in(fresh)
        reached("keys.written")
        with _adding(backends, run=run, reason=reason) as draft:
            known = {key.fingerprint: key for key in list_keys(draft.connection, "attestation")}
            key = known.get(public.fingerprint) or _add(draft, "attestation", public, run=run)
        reached("keys.added")
        with writing(path):
            fresh.replace(path)
        sync_folder(path.parent, done=f"{path} was replaced")
    return Rotated(key, path)


def open_attestation_signer(connection: sa.Connection, backends: Backends) -> Signer:
    """Open the private half of the key that attestations are signed with now.

    Raises:
        SigningKeyMissing: it is not on this machine.
        KeyUnusable: what is in its place cannot be used.
    """
    known = list_keys(connection, "attestation")
    if not known:
        raise SigningKeyMissing(
            "this registry has no key to sign attestations with",
            hint=f"run `registry init`: it makes one; {_NOTHING}",
        )
    needed, path = known[-1].fingerprint, backends.signing_key
    if path is None or not path.exists():
        where = f"there is no {path}" if path else "no place is named for it"
        raise SigningKeyMissing(
            f"the private key that this registry signs with, {needed}, is not on this machine:"
            f" {where}",
            hint=f"put it there, or name its file in {SIGNING_KEY}; if it is lost,"
            f" `registry keys rotate` makes another; {_NOTHING}",
        )
    signer = open_signer(path)
    found = signer.public_key.fingerprint
    if found != needed:
        earlier = any(key.fingerprint == found for key in known)
        what = "one that it signed with before" if earlier else "none of the registry's"
        raise SigningKeyMissing(
            f"{path} holds the key {found}, {what}; it signs with {needed} now",
            hint=f"put that key there, or name its file in {SIGNING_KEY}; `registry keys rotate`"
            f" ends a rotation that was interrupted, or makes another key; {_NOTHING}",
        )
    return signer


def list_signers(connection: sa.Connection) -> tuple[AllowedSigner, ...]:
    """Give whose signatures count: of the registry all keys that it ever had, and of the people.

    A key that was revoked is none of them, whatever it signed before.
    """
    principal = registry_principal(read_identity(connection))
    registry = [
        AllowedSigner(principal, PublicKey.parse(key.line), (ATTESTATION,))
        for key in list_keys(connection, "attestation")
    ]
    active = read_active(connection)
    people = [
        AllowedSigner(person.name, PublicKey.parse(line), (APPROVAL,))
        for person in (active.document.people if active else ())
        for line in person.keys
    ]
    return (*registry, *people)


def _record_owner(backends: Backends, owner: PublicKey, *, run: RunInfo) -> None:
    with _adding(backends, run=run) as draft:
        known = list_keys(draft.connection, "owner")
        if owner.fingerprint in {key.fingerprint for key in known}:
            return
        why = hint = ""
        if newest_sequence(draft.connection):
            why = "a policy is in force, which says whose signatures the next one takes"
            hint = "who may activate a policy is changed by activating the next one"
        elif known:
            why = f"its owner's key is {known[0].fingerprint}"
            hint = "sign the first policy with that one: it can name whoever may sign the next"
        if why:
            raise PolicyRefused(
                f"{owner.fingerprint} cannot become the owner's key of this registry: {why}",
                hint=f"{hint}; {_NOTHING}",
            )
        _add(draft, "owner", owner, run=run)


def _adding(
    backends: Backends, *, run: RunInfo, reason: str = ""
) -> AbstractContextManager[Change]:
    return change(
        backends.catalog,
        chain=REGISTRY,
        kind=KEY_ADDED,
        actor=run.actor,
        reason=reason,
        clock=backends.clock,
    )


def _add(draft: Change, purpose: Purpose, key: PublicKey, *, run: RunInfo) -> RegistryKey:
    mark = key.fingerprint
    draft.sentence = (
        f"{mark} became the owner's key, which the first policy is signed with"
        if purpose == "owner"
        else f"attestations are signed with the key {mark} from here on"
    )
    # The line, too: whoever imports a model's history has these events and no such row.
    draft.facts = {"purpose": purpose, "fingerprint": mark, "line": key.line}
    return write_key(draft, purpose=purpose, fingerprint=mark, line=key.line, actor=run.actor)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Let one process of this machine after the other replace the key in a folder.

    Of four at once, three put in place what the first had moved there already.
    """
    make_folders(folder)
    with writing(folder):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with writing(folder):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _private_half_in(path: Path) -> PublicKey:
    """Give the public half of the private key in a file; a new one where there is none.

    A file that is there was made by a try that died before it came to the row.
    """
    if not path.exists():
        make_folders(path.parent)
        text, _ = generate_key()
        try:
            with new_file(path, mode=0o600) as handle:
                write_all(handle, text.encode())
        except StoreUnwritable:
            if not path.exists():  # else another process was faster
                raise
    return open_signer(path).public_key


def _path(backends: Backends) -> Path:
    assert backends.signing_key is not None, "whoever makes a key says where its private half goes"
    return backends.signing_key
