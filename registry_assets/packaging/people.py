"""Who made a commit: what the commit itself says, and the signature that vouches for it.

Read from the commit's own bytes. The mailmap, which lies in the repository of those who are
judged, is not asked, and no format or setting of git's has a say. A signature is verified
here, if it was made with an OpenSSH key of a kind that the registry takes; others say no more
than an unsigned commit does. Which commits count is `history`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from registry_assets.errors import KeyUnusable, SignatureInvalid
from registry_assets.references import clean_text

LONGEST_EMAIL = 254
"""Characters of the longest address that mail can be sent to."""

_LONGEST_NAME = 200
_IDENTITY = re.compile(rb"([^<>]*)<([^<>]*)>[^<>]*")
_CO_AUTHOR = re.compile(rb"^[ \t]*co-authored-by[ \t]*:(.*)$", re.IGNORECASE | re.MULTILINE)
_SIGNATURE = b"gpgsig"
_SSH_ARMOR = b"-----BEGIN SSH SIGNATURE-----"
_NAMESPACE = "git"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by the name and e-mail address that a commit gives."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Makers:
    """Those who made one commit.

    Args:
        people: its author, its committer, and whom its message calls co-authors.
        committer: who made the commit, and so signed it.
        nameless: it speaks of somebody without an address by which they could be known.
        signed_by: the fingerprint of the key whose signature was verified.
        forged: it bears a signature that is not of its key over this commit.
    """

    people: tuple[Person, ...]
    committer: Person | None
    nameless: bool
    signed_by: str | None
    forged: bool


def makers(commit: bytes, *, name: str) -> Makers:
    """Read who made a commit, from the bytes of its object and the name that they hash to."""
    head, gap, message = commit.partition(b"\n\n")
    headers = list(_headers(head))
    authors = [_identity(value) for key, value in headers if key == b"author"]
    committers = [_identity(value) for key, value in headers if key == b"committer"]
    others = [each for line in _CO_AUTHOR.findall(message) for each in _co_authors(line)]
    people = [*(authors or [None]), *(committers or [None]), *others]
    # A repository that names by SHA-256 keeps signatures under a header of its own.
    header = _SIGNATURE if len(name) == 40 else _SIGNATURE + b"-sha256"
    armor = b"\n".join(value for key, value in headers if key == header)
    signed_by, forged = None, False
    try:
        signed_by = _signer(armor, _signed(head) + gap + message)
    except SignatureInvalid:
        forged = True
    return Makers(
        people=tuple(dict.fromkeys(person for person in people if person)),
        committer=committers[0] if committers else None,
        nameless=None in people,
        signed_by=signed_by,
        forged=forged,
    )


def is_address(text: str) -> bool:
    """Tell whether text can be kept and shown as an address, and taken for no other."""
    return 0 < len(text) <= LONGEST_EMAIL and text.isprintable() and " " not in text


def _headers(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give names and values; a line that begins with a space goes on with the one before."""
    for field in re.split(rb"\n(?! )", head):
        name, _, value = field.partition(b" ")
        yield name, value.replace(b"\n ", b"\n")


def _signed(head: bytes) -> bytes:
    """Give the headers as they were before any signature was put among them."""
    fields = re.split(rb"\n(?! )", head)
    return b"\n".join(field for field in fields if not field.startswith(_SIGNATURE))


def _identity(value: bytes) -> Person | None:
    match = _IDENTITY.fullmatch(value)
    return _person(match[1], match[2]) if match else None


def _co_authors(line: bytes) -> list[Person | None]:
    """Read `Name <address>`, once or more; None for somebody who is named without an address."""
    *named, rest = line.split(b">")
    found = [_person(*each.rpartition(b"<")[::2]) if b"<" in each else None for each in named]
    return found if found and b"<" not in rest else [*found, None]


def _person(name: bytes, email: bytes) -> Person | None:
    try:
        address = email.decode().strip()
    except UnicodeDecodeError:
        return None
    shown = clean_text(name.decode(errors="replace").strip(" ,\t\r"), limit=_LONGEST_NAME)
    return Person(" ".join(shown.split()), address) if is_address(address) else None


def _signer(armor: bytes, signed: bytes) -> str | None:
    """Give the fingerprint of the key that signed; None for no signature of a kind taken."""
    if not armor.startswith(_SSH_ARMOR):
        return None
    from registry_assets.signing.sshsig import SshSignature, verify

    try:
        signature = SshSignature.from_armor(armor.decode(errors="replace"))
    except SignatureInvalid as error:
        if isinstance(error.__cause__, KeyUnusable):
            return None
        raise
    return verify(signature, signed, namespace=_NAMESPACE).fingerprint
