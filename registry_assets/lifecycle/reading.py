"""Reads of the store that go on where something is missing, and remember what was.

For answers that are worth having in part. Whatever must be whole reads the store itself.
"""

import json
from dataclasses import dataclass
from typing import Any

from registry_assets.catalog.versions import VersionRecord
from registry_assets.errors import NotFound, RegistryError
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.lifecycle.evaluating import RESULT_FILE
from registry_assets.manifest import OBSERVED, Manifest
from registry_assets.store import Store
from registry_assets.store.manifests import read_manifest


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be read, and why."""

    what: str
    why: str


class Reader:
    """Reads manifests and files, verified and each once; `gaps` says what it could not."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._manifests: dict[str, Manifest | None] = {}
        self._gaps: dict[str, Gap] = {}

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What could not be read, in the order in which it was asked for."""
        return tuple(self._gaps.values())

    def manifest(self, digest: str, *, of: str) -> Manifest | None:
        """Give a manifest; None, and a gap, where it cannot be read."""
        if digest not in self._manifests:
            self._manifests[digest] = None
            try:
                self._manifests[digest] = read_manifest(self._store, digest)
            except RegistryError as error:
                self._miss(of, error.message)
        return self._manifests[digest]

    def package(self, version: VersionRecord) -> Manifest | None:
        """Give a version's manifest; None, and a gap, where there is none to read."""
        if version.digest is None:
            why = version.failure or "its training is not finished"
            self._miss(f"the package of {version.reference}", f"it is {version.state} ({why})")
            return None
        return self.manifest(version.digest, of=f"the package of {version.reference}")

    def file(self, manifest: Manifest | None, path: str) -> bytes | None:
        """Give one file of a manifest; None where it cannot be read, or there is no manifest."""
        if manifest is None:
            return None
        try:
            return self._store.read(manifest.file(path).sha256)
        except (RegistryError, NotFound) as error:
            self._miss(f"{path} of {manifest_name(manifest)}", error.message)
            return None

    def json(self, manifest: Manifest | None, path: str) -> dict[str, Any] | None:
        """Give one JSON file of a manifest; None where it cannot be read."""
        data = self.file(manifest, path)
        if data is None or manifest is None:
            return None
        try:
            found = json.loads(data)
        except ValueError as error:
            found = error
        if isinstance(found, dict):
            return found
        self._miss(f"{path} of {manifest_name(manifest)}", "it is no JSON object")
        return None

    def figures(self, digest: str, *, of: str) -> EvaluationResult | None:
        """Give the figures of an evaluation; None where they cannot be read."""
        document = self.json(self.manifest(digest, of=f"the evaluation of {of}"), RESULT_FILE)
        if document is None:
            return None
        try:
            return EvaluationResult.from_json(document)
        except RegistryError as error:
            self._miss(f"the evaluation of {of}", error.message)
            return None

    def _miss(self, what: str, why: str) -> None:
        self._gaps.setdefault(what, Gap(what, why))


def manifest_name(manifest: Manifest) -> str:
    """Give what a manifest is called: `flights[2013-01]`, `flight_delay:2`, `drift of …`."""
    facts = manifest.facts
    if "asset" in facts:
        partition = facts.get("partition")
        return f"{facts['asset']}[{partition}]" if partition else str(facts["asset"])
    if manifest.kind in OBSERVED:
        partition = facts.get("partition")
        where = f"[{partition}]" if partition else ""
        return f"{manifest.kind} of {facts.get('model')}{where}"
    reference = f"{facts.get('model')}:{facts.get('version')}"
    return reference if manifest.kind == "model" else f"{manifest.kind} of {reference}"
