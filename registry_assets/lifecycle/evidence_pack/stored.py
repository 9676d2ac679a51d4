"""The files of a pack that are in the registry as they are: evaluations, manifests, the ledger.

Each is verified by being read. What people and the registry signed is in `signed`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog.evaluations import EvaluationRecord
from registry_assets.catalog.ledger import REGISTRY, Event, as_event, chain_origin, require_readable
from registry_assets.catalog.tables import events
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.evaluating import EVIDENTLY_FILE, PAGE_FILE, RESULT_FILE
from registry_assets.lifecycle.evidence_pack.gathering import Evidence
from registry_assets.lifecycle.tracing import Ancestors
from registry_assets.store.manifests import read_manifest

MANIFEST_FILE = "manifest.json"

_AT_ONCE = 500
_EVALUATED = {
    RESULT_FILE: "the figures of an evaluation",
    PAGE_FILE: "the page of an evaluation, as it was stored with it",
    EVIDENTLY_FILE: "Evidently's page of the same rows",
}


@dataclass(frozen=True, slots=True)
class File:
    """One file of a pack, and what it is."""

    path: str
    what: str
    chunks: Iterable[bytes]


def evaluation_folder(record: EvaluationRecord) -> str:
    """Give where an evaluation stands: by its day and its digest."""
    return f"evaluations/{record.created_at[:10]}-{record.digest[7:19]}"


def evaluation_files(backends: Backends, record: EvaluationRecord) -> Iterator[File]:
    """Give an evaluation's manifest, its figures and its pages.

    The pages as they were stored: what was signed is their digest, and a date in them would
    change it.
    """
    folder, store = evaluation_folder(record), backends.store
    what = f"the manifest of the evaluation of {record.created_at[:10]}"
    yield File(f"{folder}/{MANIFEST_FILE}", what, [store.read(record.digest)])
    for file in read_manifest(store, record.digest).files:
        if file.path in _EVALUATED:
            yield File(f"{folder}/{file.path}", _EVALUATED[file.path], [store.read(file.sha256)])


def manifest_path(digest: str) -> str:
    """Give where a manifest stands."""
    return f"manifests/{digest.removeprefix('sha256:')}.json"


def manifest_files(backends: Backends, ancestors: Ancestors) -> Iterator[File]:
    """Give every manifest from the version down to its data: each is named by its own sha256."""
    for digest, node in sorted(ancestors.nodes.items()):
        what = f"the manifest of {node.name}"
        yield File(manifest_path(digest), what, [backends.store.read(digest)])


def ledger_files(backends: Backends, evidence: Evidence) -> Iterator[File]:
    """Give the chains whole: of a part nobody could check that it is what was recorded."""
    for chain, head in evidence.heads.items():
        path, what = _ledger(evidence, chain)
        yield File(path, what, _event_lines(backends, chain, until=head.sequence))


def read_events(
    connection: sa.Connection, chain: str, *, until: int, kind: str | None = None
) -> Iterator[Event]:
    """Give a chain's events up to one, oldest first, a few at a time.

    Raises:
        CatalogError: the text of one is not what was written.
    """
    query = sa.select(events).where(events.c.chain == chain, events.c.sequence <= until)
    if kind is not None:
        query = query.where(events.c.kind == kind)
    ordered = query.order_by(events.c.sequence).execution_options(yield_per=_AT_ONCE)
    for row in connection.execute(ordered):
        yield require_readable(*as_event(row))


def _ledger(evidence: Evidence, chain: str) -> tuple[str, str]:
    origin = chain_origin(chain)
    if origin is not None:
        what = f"every event of registry {origin}, in which some of this was made"
        return f"ledger_of_registry_{origin}.jsonl", what
    if chain == REGISTRY:
        return (
            "ledger_of_registry.jsonl",
            "every event of the registry itself: keys, policies, data",
        )
    return "ledger.jsonl", f"every event of {evidence.model.name}"


def _event_lines(backends: Backends, chain: str, *, until: int) -> Iterator[bytes]:
    """Write events, one on a line; an event's digest is that of its line without the digest."""
    # Another registry's own chain has a name here that its events were not digested with.
    name = REGISTRY if chain_origin(chain) else chain
    with backends.catalog.read() as connection:
        for event in read_events(connection, chain, until=until):
            line: dict[str, Json] = {
                "chain": name,
                "sequence": event.sequence,
                "previous": event.previous,
                "digest": event.digest,
                "kind": event.kind,
                "body": dict(event.body),
            }
            yield canonical_json(line) + b"\n"
