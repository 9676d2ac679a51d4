"""The evidence pack: everything about one version in one file, for somebody who cannot ask here.

A zip with a page for people, JSON for programs, and beside them what was stored and signed, as it
was, so that it can be checked with `sha256sum` and `ssh-keygen` alone. What is gathered is in
`gathering`, how it is told in `telling`; the files are made in the modules named for them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_assets.canonical import Json, canonical_json
from registry_assets.clock import timestamp
from registry_assets.converting.cyclonedx import Bill, can_be_written
from registry_assets.errors import Conflict
from registry_assets.evaluation.report.values import Card
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.billing import bill_of
from registry_assets.lifecycle.carding import read_card
from registry_assets.lifecycle.checkpoints import Checkpoint
from registry_assets.lifecycle.comparing import Comparison, compare_versions
from registry_assets.lifecycle.comparing.documents import comparison_document
from registry_assets.lifecycle.comparing.figures import Both, read_both
from registry_assets.lifecycle.comparing.page import compared_page
from registry_assets.lifecycle.evaluating import PAGE_FILE
from registry_assets.lifecycle.evidence_pack import documents, signed, stored, telling
from registry_assets.lifecycle.evidence_pack.archive import Archive, Packed, new_archive
from registry_assets.lifecycle.evidence_pack.gathering import Evidence, gather, read_heads
from registry_assets.lifecycle.evidence_pack.page import index_page
from registry_assets.lifecycle.evidence_pack.readme import SIGNERS, SUMS_FILE, readme
from registry_assets.lifecycle.evidence_pack.signed import Signature, Signed
from registry_assets.lifecycle.evidence_pack.stored import File
from registry_assets.lifecycle.tracing import Ancestors, read_ancestors
from registry_assets.references import Reference
from registry_assets.signing.allowed_signers import write_allowed_signers

__all__ = ["Packed", "Written", "write_pack"]

MANIFEST_FILE = "MANIFEST.json"
BILL_FILE = "sbom.cdx.json"
MANIFEST_FORMAT = "registry_assets/evidence-manifest/1"

_TRIES = 3
_DIFF_LINES = 200


@dataclass(frozen=True, slots=True)
class Written:
    """A pack that was written, and what is in it.

    Args:
        sha256: of the whole file.
        signatures: how many can be checked with what is in it.
        not_known: what it does not show, a sentence each.
    """

    path: Path
    sha256: str
    evidence: Evidence
    files: tuple[Packed, ...]
    signatures: int
    not_known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """Everything that goes into a pack but its ledger, as of one state of the catalog."""

    evidence: Evidence
    card: Card
    bill: Bill | None
    ancestors: Ancestors
    comparison: Comparison | None
    both: Both | None
    stored: tuple[File, ...]
    signed: tuple[Signed, ...]

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """Those that can be checked."""
        return tuple(each for part in self.signed for each in part.signatures)

    @property
    def not_known(self) -> tuple[str, ...]:
        """What nobody can tell from the pack."""
        paths = {file.path for file in self.stored}
        bare = [
            record
            for record in self.evidence.evaluations
            if f"{stored.evaluation_folder(record)}/{PAGE_FILE}" not in paths
        ]
        billed = () if self.bill else (telling.NO_BILL,)
        return (*telling.not_known(self.evidence, self.comparison, bare), *billed)


def write_pack(backends: Backends, reference: Reference, target: Path) -> Written:
    """Write everything about the version that a reference names into a new zip.

    It is of one state of the catalog. The same state at the same instant gives the same bytes.

    Raises:
        NotFound, VersionFailed, InvalidReference: it names no committed version.
        BlobMissing, BlobCorrupt: something of it is damaged; nothing is left at the path.
        StoreUnwritable: there is something at the path, or it cannot be written.
        Conflict: the model changed all the while; repeating it may do.
    """
    with new_archive(target) as archive:
        read = _read(backends, reference)
        _write(backends, archive, read)
    path = target.absolute()
    return Written(
        path=path,
        sha256=_sha256(path),
        evidence=read.evidence,
        files=tuple(archive.files),
        signatures=len(read.signatures),
        not_known=read.not_known,
    )


def _read(backends: Backends, reference: Reference) -> _Read:
    """Read all of it, again where something was recorded meanwhile."""
    for _ in range(_TRIES):
        now = timestamp(backends.clock())
        with backends.catalog.read() as connection:
            evidence = gather(connection, reference, now=now)
        read = _read_rest(backends, evidence)
        with backends.catalog.read() as connection:
            if read_heads(connection, evidence.model.name) == evidence.heads:
                return read
    raise Conflict(
        f"{reference} changed again and again while the evidence about it was read",
        hint="nothing was written; repeat it when less is going on",
    )


def _read_rest(backends: Backends, evidence: Evidence) -> _Read:
    number = Reference.parse(evidence.version.reference)
    newest = [record.digest for record in evidence.evaluations[-1:]]
    ancestors = read_ancestors(backends, [str(evidence.version.digest), *newest])
    comparison = both = None
    if evidence.predecessor is not None and evidence.predecessor != evidence.version:
        before = Reference.parse(evidence.predecessor.reference)
        comparison = compare_versions(backends, before, number, diff_lines=_DIFF_LINES)
        both = read_both(backends.store, comparison)
    as_stored = [
        file
        for record in evidence.evaluations
        for file in stored.evaluation_files(backends, record)
    ]
    as_signed = [signed.stated(each) for each in evidence.statements]
    for promotion in evidence.promotions:
        if promotion.attestation is not None:
            keys = signed.registry_keys(backends, evidence, promotion.maker)
            as_signed.append(signed.attested(backends, promotion, keys))
    as_signed += [signed.activated(record) for record in evidence.policies]
    card = read_card(backends, number)
    return _Read(
        evidence=evidence,
        card=card,
        bill=bill_of(backends, card) if can_be_written() else None,
        ancestors=ancestors,
        comparison=comparison,
        both=both,
        stored=(*as_stored, *stored.manifest_files(backends, ancestors)),
        signed=tuple(as_signed),
    )


def _write(backends: Backends, archive: Archive, read: _Read) -> None:
    files = sorted(_files(backends, read), key=lambda file: file.path)
    listed = [(file.path, file.what) for file in files]
    page = index_page(
        read.evidence,
        card=read.card,
        ancestors=read.ancestors,
        found=read.comparison,
        summary=_summary(read.both),
        not_known=read.not_known,
        listed=listed,
    )
    # First what people look for first; whoever unpacks it sees the same order.
    archive.add("index.html", [page], what="everything in here, for people")
    for file in files:
        archive.add(file.path, file.chunks, what=file.what)
    described: dict[str, Json] = {
        "format": MANIFEST_FORMAT,
        "reference": read.evidence.version.reference,
        "made_at": read.evidence.made_at,
        "files": [file.to_json() for file in archive.files],
    }
    what = "every other file, with its sha256"
    archive.add(MANIFEST_FILE, [canonical_json(described)], what=what)
    sums = "".join(
        f"{each.sha256.removeprefix('sha256:')}  {each.path}\n" for each in archive.files
    )
    archive.add(SUMS_FILE, [sums.encode()], what="the same, as `sha256sum --check` reads it")


def _files(backends: Backends, read: _Read) -> Iterator[File]:
    evidence, signatures = read.evidence, read.signatures
    text = readme(evidence, signatures).encode()
    yield File("README.txt", "how all of this is checked", [text])
    yield _json(
        "index.json",
        "everything that the page says, for programs",
        documents.index_document(evidence, not_known=read.not_known, signatures=signatures),
    )
    inventory = documents.inventory_document(evidence, read.card)
    yield _json("inventory.json", "the entry of an inventory of models", inventory)
    lineage = documents.lineage_document(read.ancestors)
    yield _json("lineage.json", "what the version was made from, down to its data", lineage)
    monitoring = documents.monitoring_document(evidence.lived)
    yield _json("monitoring.json", "what is known of the version in use", monitoring)
    yield File("card.md", "the model's card", [_card(read.card)])
    if read.bill is not None:
        what = "what it is made of, as a bill of materials of CycloneDX"
        yield File(BILL_FILE, what, [read.bill.to_bytes()])
    yield File(SIGNERS, "whose signatures count now", [_signers(evidence)])
    heads = Checkpoint(evidence.heads, evidence.registry, evidence.made_at)
    yield File("checkpoint.json", "where the ledger ended", [heads.to_bytes()])
    yield from _compared(read)
    yield from read.stored
    for part in read.signed:
        yield from part.files
    yield from stored.ledger_files(backends, evidence)


def _compared(read: _Read) -> Iterator[File]:
    if read.comparison is None or read.both is None:
        return
    what = f"what differs from {read.comparison.a.version.reference}"
    yield _json("comparison.json", what, comparison_document(read.comparison, read.both))
    page = compared_page(read.comparison, read.both, summary=_summary(read.both))
    yield File("comparison.html", f"{what}, for people", [page])


def _summary(both: Both | None) -> str:
    judged = both.judged if both else None
    return f"{judged.sentence}." if judged and judged.sentence else ""


def _card(card: Card) -> bytes:
    from registry_assets.evaluation.report.card import card_markdown

    return card_markdown(card).encode(errors="backslashreplace")


def _signers(evidence: Evidence) -> bytes:
    return write_allowed_signers(evidence.signers).encode()


def _json(path: str, what: str, document: dict[str, Any]) -> File:
    return File(path, what, [json.dumps(document, indent=2, allow_nan=False).encode() + b"\n"])


def _sha256(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
