"""The files of a pack that somebody signed: attestations, approvals, policies.

Beside each are the very bytes under the signature, and the signature as OpenSSH has it, so that
`ssh-keygen` alone can check it; and the keys that counted when it was signed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from registry_assets.canonical import canonical_json
from registry_assets.catalog.ledger import foreign_chain
from registry_assets.catalog.policies import PolicyRecord
from registry_assets.errors import SigningError
from registry_assets.governance.approvals import NAMESPACE as APPROVAL
from registry_assets.governance.attestations import ENVELOPE_FILE, POLICY_FILE, registry_principal
from registry_assets.governance.attestations import NAMESPACE as ATTESTATION
from registry_assets.governance.document import PolicyDocument, read_policy_value
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.evidence_pack.gathering import Evidence, Promotion, Statement
from registry_assets.lifecycle.evidence_pack.stored import MANIFEST_FILE, File, read_events
from registry_assets.lifecycle.registry_keys import KEY_ADDED
from registry_assets.signing.allowed_signers import AllowedSigner, write_allowed_signers
from registry_assets.signing.dsse import Envelope, pae
from registry_assets.signing.keys import PublicKey
from registry_assets.signing.sshsig import SshSignature
from registry_assets.store.manifests import read_manifest

SIGNERS_FILE = "allowed_signers"


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature in a pack, and what `ssh-keygen -Y verify` is asked about it.

    Args:
        signers: the file that says whose key it must be.
        principal: who must have signed.
        signed: the file of the bytes under the signature.
    """

    signers: str
    principal: str
    namespace: str
    signature: str
    signed: str


@dataclass(frozen=True, slots=True)
class Signed:
    """Files about one thing that was signed, and the signatures that can be checked."""

    files: tuple[File, ...]
    signatures: tuple[Signature, ...] = ()


def attestation_folder(promotion: Promotion) -> str:
    """Give where the attestation of a promotion stands."""
    return f"attestations/{promotion.name}"


def attested(backends: Backends, promotion: Promotion, keys: Sequence[AllowedSigner]) -> Signed:
    """Give what the registry signed about a promotion, with everything that it rests on.

    Args:
        keys: those of the registry in which it was made.
    """
    assert promotion.attestation is not None
    folder, store = attestation_folder(promotion), backends.store
    manifest = read_manifest(store, promotion.attestation)
    stored = {file.path: store.read(file.sha256) for file in manifest.files}
    what = f"the attestation of {promotion.name}"
    files = [File(f"{folder}/{MANIFEST_FILE}", f"the manifest of {what}", [manifest.to_bytes()])]
    files += [File(f"{folder}/{path}", f"a file of {what}", [d]) for path, d in stored.items()]
    people = []
    if POLICY_FILE in stored:
        people = _people(read_policy_value(json.loads(stored[POLICY_FILE])))
    signers = f"{folder}/{SIGNERS_FILE}"
    files.append(_signers(signers, [*keys, *people], f"what counted for {promotion.name}"))
    opened = _opened(
        stored[ENVELOPE_FILE],
        f"{folder}/attestation",
        signers=signers,
        principal=registry_principal(promotion.maker),
        namespace=ATTESTATION,
    )
    return Signed((*files, *opened.files), opened.signatures)


def stated(statement: Statement) -> Signed:
    """Give what a person said, as it was signed."""
    record, path = statement.record, f"approvals/{statement.name}"
    said = f"what {record.person} said on {record.recorded_at[:10]} ({record.decision})"
    if record.envelope is None:
        file = File(f"{path}.json", f"{said}; nobody signed it", [record.statement.encode()])
        return Signed((file,))
    data, signers = record.envelope.encode(), _signers_of(statement)
    opened = _opened(data, path, signers=signers or "", principal=record.person, namespace=APPROVAL)
    file = File(f"{path}.json", f"{said}, as it was signed", [data])
    return Signed((file, *opened.files), opened.signatures if signers else ())


def activated(record: PolicyRecord) -> Signed:
    """Give a policy that was in force, what was signed to bring it there, and its people's keys."""
    folder, since = f"policy/{record.sequence}", f"in force from {record.activated_at[:10]} on"
    document = canonical_json(dict(record.document))
    people = _people(read_policy_value(json.loads(document)))
    return Signed(
        (
            File(f"{folder}/{POLICY_FILE}", f"the policy {since}", [document]),
            File(
                f"{folder}/activation.json",
                f"what was signed to bring the policy {since}",
                [record.envelope.encode()],
            ),
            _signers(f"{folder}/{SIGNERS_FILE}", people, f"the people of the policy {since}"),
        )
    )


def registry_keys(backends: Backends, evidence: Evidence, maker: str) -> list[AllowedSigner]:
    """Give the keys that a registry signs attestations with: this one, or one that was imported."""
    if maker == evidence.registry:
        return [each for each in evidence.signers if ATTESTATION in each.namespaces]
    chain = foreign_chain(maker)
    if chain not in evidence.heads:
        return []
    with backends.catalog.read() as connection:
        until = evidence.heads[chain].sequence
        added = list(read_events(connection, chain, until=until, kind=KEY_ADDED))
    principal = registry_principal(maker)
    return [
        AllowedSigner(principal, PublicKey.parse(str(event.facts["line"])), (ATTESTATION,))
        for event in added
        if event.facts.get("purpose") == "attestation"
    ]


def _signers_of(statement: Statement) -> str | None:
    """Give the file of the keys by which a statement is checked; None where they are not here."""
    attestations = [each for each in statement.counted if each.attestation]
    if attestations:
        # The first: a rollback repeats what an earlier promotion rests on, under a later policy.
        return f"{attestation_folder(attestations[0])}/{SIGNERS_FILE}"
    return f"policy/{statement.policy.sequence}/{SIGNERS_FILE}" if statement.policy else None


def _people(document: PolicyDocument) -> list[AllowedSigner]:
    """Give whose approvals counted under a policy, with each of their keys."""
    return [
        AllowedSigner(person.name, PublicKey.parse(line), (APPROVAL,))
        for person in document.people
        for line in person.keys
    ]


def _signers(path: str, signers: Sequence[AllowedSigner], whose: str) -> File:
    return File(path, f"the keys of {whose}", [write_allowed_signers(signers).encode()])


def _opened(data: bytes, path: str, *, signers: str, principal: str, namespace: str) -> Signed:
    """Give the bytes under the signatures of an envelope, and these as OpenSSH has them."""
    try:
        envelope = Envelope.from_bytes(data)
        armors = [SshSignature.from_blob(each.sig).to_armor() for each in envelope.signatures]
    except SigningError:
        return Signed(())  # it is in the pack as it is, and `registry verify` names it
    signed = f"{path}.signed"
    message = pae(envelope.payload_type, envelope.payload)
    files = [File(signed, "the bytes under a signature", [message])]
    signatures = []
    for number, armor in enumerate(armors, start=1):
        name = f"{path}.sig" if number == 1 else f"{path}.{number}.sig"
        files.append(File(name, "a signature, as OpenSSH has it", [armor.encode()]))
        signatures.append(Signature(signers, principal, namespace, name, signed))
    return Signed(tuple(files), tuple(signatures))
