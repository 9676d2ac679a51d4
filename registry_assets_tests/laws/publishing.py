"""Publishing by hand: files, a manifest and a row, as the pipeline does it. Not a test."""

from collections.abc import Mapping

from registry_assets.canonical import Json
from registry_assets.catalog.evaluations import Finding
from registry_assets.catalog.versions import VersionRecord, commit
from registry_assets.governance.policy import COMMIT_CHECKS, commit_check_digest
from registry_assets.lifecycle.publishing import Publication
from registry_assets.manifest import Manifest, file_entries
from registry_assets_tests.catalog.history import MODEL, History


def publish(history: History, number: int, files: Mapping[str, bytes]) -> VersionRecord:
    """Publish a version with these files."""
    publication = Publication.begin(history.registry.backends)
    facts: dict[str, Json] = {"model": MODEL, "version": number}
    digest = publication.put(Manifest("model", file_entries(files), (), facts), files)
    return bind(history, number, digest, publication)


def bind(history: History, number: int, digest: str, publication: Publication) -> VersionRecord:
    """Bind a number to a manifest that was published."""
    return commit(
        history.catalog,
        model=MODEL,
        number=number,
        digest=digest,
        metadata={},
        findings=[
            Finding(name, commit_check_digest(name), "passed", "it is so") for name in COMMIT_CHECKS
        ],
        confirm=lambda connection: publication.confirm(connection, digest),
        run_id="run-1",
        actor="ann",
        clock=history.clock,
    )
