"""A version that two people approved, promoted and pulled; and whoever forges what was signed.

Not a test.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from registry_assets.canonical import sha256_digest
from registry_assets.deployment.contents import ATTESTATION, MANIFEST_FILE
from registry_assets.governance.approval_statement import ApprovalStatement
from registry_assets.governance.attestations import (
    ENVELOPE_FILE,
    NAMESPACE,
    Attestation,
    AttestedApproval,
)
from registry_assets.governance.document import PointerRules
from registry_assets.manifest import Manifest, file_entries
from registry_assets.signing.allowed_signers import write_allowed_signers
from registry_assets.signing.dsse import Envelope, sign_envelope
from registry_assets.signing.signers import Signer, open_signer
from registry_assets_tests.catalog.history import MODEL, new_history
from registry_assets_tests.copies import copied
from registry_assets_tests.governance.people import AT_WORK, Governed, governed

FILES = {"estimator.skops": b"an estimator", "code/late/features.py": b"def make_features(): ...\n"}
PRODUCTION = f"{MODEL}@production"


@dataclass(frozen=True, slots=True)
class Pulled:
    """A folder that was pulled, and the keys by which it is checked.

    Args:
        world: the registry it came from, with the private keys of its people.
    """

    folder: Path
    trusted: Path
    world: Governed

    def copy(self, folder: Path) -> "Pulled":
        """Give a copy of the folder, to be changed."""
        return replace(self, folder=copied(self.folder, folder))

    @property
    def registry_key(self) -> Signer:
        """The registry's own private key: whoever has it can state anything."""
        return open_signer(self.world.history.registry.home.signing_key)

    @property
    def envelope(self) -> Envelope:
        """What the registry signed."""
        return Envelope.from_bytes((self.folder / ATTESTATION / ENVELOPE_FILE).read_bytes())

    @property
    def said(self) -> Attestation:
        """What it says."""
        return Attestation.from_bytes(self.envelope.payload)

    def approval(self, person: str) -> AttestedApproval:
        """What is named of a person."""
        return next(each for each in self.said.approvals if each.person == person)

    def statement(self, person: str) -> ApprovalStatement:
        """What a person signed."""
        file = self.folder / ATTESTATION / self.approval(person).file
        return ApprovalStatement.from_bytes(Envelope.from_bytes(file.read_bytes()).payload)

    def write(
        self, files: Mapping[str, bytes | None], *, manifest: Mapping[str, Any] | None = None
    ) -> None:
        """Put files beside the attestation, or take them away, with a manifest that names them."""
        folder = self.folder / ATTESTATION
        before = Manifest.from_bytes((folder / MANIFEST_FILE).read_bytes())
        contents = {file.path: (folder / file.path).read_bytes() for file in before.files}
        for path, data in files.items():
            (folder / path).unlink(missing_ok=True)
            contents.pop(path, None)
            if data is not None:
                contents[path] = data
        for path, data in contents.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).unlink(missing_ok=True)
            (folder / path).write_bytes(data)
        facts = {**before.facts, **(manifest or {})}
        again = Manifest("attestation", file_entries(contents), before.parents, facts)
        (folder / MANIFEST_FILE).unlink()
        (folder / MANIFEST_FILE).write_bytes(again.to_bytes())

    def state(self, said: Attestation, *, by: Signer | None = None) -> None:
        """Let somebody sign another statement, by default with the registry's own key."""
        signer = by or self.registry_key
        envelope = sign_envelope(said.to_bytes(), signer, namespace=NAMESPACE)
        self.write({ENVELOPE_FILE: envelope.to_bytes()})

    def approve_otherwise(
        self,
        person: str,
        change: Callable[[ApprovalStatement], ApprovalStatement],
        *,
        by: str = "",
    ) -> None:
        """Let what a person signed be another statement, which the registry's key then names.

        Args:
            by: whose key signs it; by default the person's own.
        """
        named = self.approval(person)
        data = self.world[by or person].sign(change(self.statement(person)))
        key = self.world[by or person].signer.public_key.fingerprint
        other = replace(named, digest=sha256_digest(data), fingerprint=key)
        approvals = tuple(other if each == named else each for each in self.said.approvals)
        said = replace(self.said, approvals=approvals)
        self.write({named.file: None, other.file: data})
        self.state(said)


def pulled(root: Path) -> Pulled:
    """Let version 1 be approved by bob and cleo, promoted and pulled."""
    history = new_history(root / "project")
    history.declare()
    world = governed(history, root / "keys")
    world.activate(world.document(PointerRules(approvals=2, roles=("risk",))))
    number = history.version(1, authors=["ann@example.com"], files=FILES)
    for person in ("bob", "cleo"):
        world.approve(number, person)
    history.registry.promote(MODEL, number, run=AT_WORK, reason="the board agreed")
    history.registry.pull(PRODUCTION, root / "model")
    trusted = root / "trusted"
    trusted.write_text(write_allowed_signers(history.registry.signers()))
    return Pulled(root / "model", trusted, world)
