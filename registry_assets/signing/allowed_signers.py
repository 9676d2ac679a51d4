"""Lists of who may sign with which key, in the form that `ssh-keygen -Y verify` reads.

    ana@example.org namespaces="approval,activation" ssh-ed25519 AAAA…

What is read is what is written here, with comments and empty lines. ssh-keygen knows more:
wildcards, certificate authorities, dates; a line with any of that is refused, as ignoring it
would let somebody sign who may not.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from registry_assets.errors import KeyUnusable, SignatureInvalid, SignersInvalid
from registry_assets.signing.keys import PublicKey
from registry_assets.signing.sshsig import check_namespace

_PRINCIPAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,199}")
_LINE = re.compile(r'(\S+)[ \t]+namespaces="([^"\s]*)"[ \t]+(\S.*)')
_FORM = 'Write: NAME namespaces="PURPOSE" ssh-ed25519 AAAA…'


@dataclass(frozen=True, slots=True)
class AllowedSigner:
    """One person or program that may sign, with one key and for some purposes.

    Law: `AllowedSigner.parse(signer.line) == signer`.
    """

    principal: str
    key: PublicKey
    namespaces: tuple[str, ...]

    def __post_init__(self) -> None:
        if not _PRINCIPAL.fullmatch(self.principal):
            raise SignersInvalid(
                "Who may sign must be called by 1 to 200 letters, digits and ._@+- that begin "
                "with a letter or digit."
            )
        if not self.namespaces:
            raise SignersInvalid(f"{self.principal} may sign for no purpose.", hint=_FORM)
        for namespace in self.namespaces:
            check_namespace(namespace)

    @property
    def line(self) -> str:
        """The line of the list."""
        return f'{self.principal} namespaces="{",".join(self.namespaces)}" {self.key.line}'

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read one line; a comment may follow the key.

        Raises:
            SignersInvalid: it has another form.
        """
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise SignersInvalid(
                "This line does not name one signer, the purposes, and nothing else before the "
                "key.",
                hint=_FORM,
            )
        principal, namespaces, key = found.groups()
        try:
            return cls(principal, PublicKey.parse(key), tuple(namespaces.split(",")))
        except (KeyUnusable, SignatureInvalid) as error:
            raise SignersInvalid(error.message, hint=error.hint) from error


def write_allowed_signers(signers: Iterable[AllowedSigner]) -> str:
    """Write a list, one line for each key.

    Raises:
        SignersInvalid: a key stands twice.
    """
    given = tuple(signers)
    _refuse_shared_keys(given)
    return "".join(f"{signer.line}\n" for signer in given)


def read_allowed_signers(text: str) -> tuple[AllowedSigner, ...]:
    """Read a list; lines that are empty or begin with # say nothing.

    Raises:
        SignersInvalid: a line has another form, or a key stands twice; it says where.
    """
    signers = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            signers.append(AllowedSigner.parse(line))
        except SignersInvalid as error:
            raise SignersInvalid(f"Line {number}: {error.message}", hint=error.hint) from error
    _refuse_shared_keys(signers)
    return tuple(signers)


def _refuse_shared_keys(signers: Iterable[AllowedSigner]) -> None:
    owners: dict[PublicKey, str] = {}
    for signer in signers:
        if signer.key in owners:
            raise SignersInvalid(
                f"The key {signer.key.fingerprint} stands twice: of {owners[signer.key]} and of "
                f"{signer.principal}.",
                hint="A key is one person's, on one line.",
            )
        owners[signer.key] = signer.principal
