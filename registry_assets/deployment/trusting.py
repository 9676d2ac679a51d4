"""Believe a pointer only where its attestation is proven by keys that this machine trusts.

Without REGISTRY_TRUSTED_KEYS a deployment takes the store's word for what a pointer holds. With it,
whoever can write to the store can still not make a deployment load what no registry promoted.
"""

from dataclasses import dataclass, field
from pathlib import Path

from registry_assets.deployment.attested import Check, Subject, check_attestation
from registry_assets.deployment.pointer_file import PointerFile
from registry_assets.deployment.trust import TrustedKeys
from registry_assets.errors import AttestationRefused
from registry_assets.home import TRUSTED_KEYS
from registry_assets.store import Store
from registry_assets.store.manifests import read_manifest

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Trust:
    """The file of trusted keys, and what they proved already in this process.

    The file is read anew for each promotion: a key may be added, or taken away, meanwhile.
    """

    path: Path
    _proven: set[tuple[str, int, str, str]] = field(default_factory=set)

    def require(self, store: Store, file: PointerFile) -> None:
        """Refuse what a pointer file says, unless the trusted keys prove it.

        Raises:
            AttestationRefused: they do not; says everything that is wrong.
            SignersInvalid: the file of trusted keys cannot be read.
            StoreError: what was signed is missing from the store, or damaged.
        """
        where = f"{file.model}@{file.pointer}"
        if file.attestation is None:
            raise AttestationRefused(
                f"the store says that {where} holds version {file.version}, and nobody signed"
                f" that; {TRUSTED_KEYS} asks for it",
                hint="Promote that version, or another one, again where the catalog is: every"
                " promotion is signed.",
            )
        key = (where, file.generation, file.digest, file.attestation)
        if key in self._proven:
            return
        problems = [
            f"{check.subject or check.code}: {wrong.what} is {wrong.found}, expected"
            f" {wrong.expected}"
            for check in _checks(store, file, TrustedKeys.read(self.path))
            for wrong in check.mismatches
        ]
        if problems:
            raise AttestationRefused(
                f"what the store says of {where} is not proven by the keys in {self.path}:\n"
                + "\n".join(f"  - {problem}" for problem in problems[:_SHOWN]),
                hint="`registry keys`, where the catalog is, lists the keys that count now;"
                " `registry verify` names what was changed.",
            )
        self._proven.add(key)


def _checks(store: Store, file: PointerFile, trusted: TrustedKeys) -> tuple[Check, ...]:
    manifest = read_manifest(store, str(file.attestation))
    files = {entry.path: store.read(entry.sha256) for entry in manifest.files}
    subject = Subject(file.model, file.version, file.digest, file.pointer, file.generation)
    return tuple(check_attestation(manifest, files, subject=subject, trusted=trusted))
