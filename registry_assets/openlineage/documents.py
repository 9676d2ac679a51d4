"""Run, job and dataset events of OpenLineage 2-0-2, as plain JSON; nothing is read or sent here.

A run's id follows from the event of the ledger that it is told from: whoever gets an event twice
knows it again. Facets of ours are described in `facets.json`.
"""

import importlib.metadata
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from registry_assets.canonical import Json

Document: TypeAlias = dict[str, Json]
State = Literal["START", "COMPLETE", "FAIL"]

SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/"
FACETS = "https://openlineage.io/spec/facets/"
OURS = "urn:registry_assets:openlineage:facets:1#/$defs/"
MANIFEST, LEDGER = "registryAssets_manifest", "registryAssets_ledger"

_NAMESPACE = uuid.UUID("0c5f4c1e-3a55-5d0e-8f0b-6f1d3c6a9b52")
_SCHEMAS = {
    "version": f"{FACETS}1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet",
    "datasetType": f"{FACETS}1-0-1/DatasetTypeDatasetFacet.json#/$defs/DatasetTypeDatasetFacet",
    "ownership": f"{FACETS}1-0-1/OwnershipJobFacet.json#/$defs/OwnershipJobFacet",
    "documentation": f"{FACETS}1-1-0/DocumentationJobFacet.json#/$defs/DocumentationJobFacet",
    "jobType": f"{FACETS}2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet",
    "sourceCodeLocation": (
        f"{FACETS}1-1-0/SourceCodeLocationJobFacet.json#/$defs/SourceCodeLocationJobFacet"
    ),
    "errorMessage": f"{FACETS}1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet",
    "outputStatistics": (
        f"{FACETS}1-0-2/OutputStatisticsOutputDatasetFacet.json"
        "#/$defs/OutputStatisticsOutputDatasetFacet"
    ),
    "dataQualityAssertions": (
        f"{FACETS}1-1-0/DataQualityAssertionsDatasetFacet.json"
        "#/$defs/DataQualityAssertionsDatasetFacet"
    ),
    MANIFEST: f"{OURS}ManifestDatasetFacet",
    LEDGER: f"{OURS}LedgerRunFacet",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Whose events these are: the namespace of every job and dataset of one registry."""

    registry: str

    @property
    def namespace(self) -> str:
        """`registry_assets://<identity>`."""
        return f"registry_assets://{self.registry}"

    def run_id(self, event: str) -> str:
        """Give the id of the run that an event of the ledger, by its digest, is told as."""
        return str(uuid.uuid5(_NAMESPACE, event))

    def job(self, name: str, facets: Mapping[str, Document] | None = None) -> Document:
        """Give a job; `name` is `train/flight_delay` or the like."""
        kind: Document = {"processingType": "BATCH", "integration": "REGISTRY_ASSETS"}
        given = {"jobType": {**kind, "jobType": name.partition("/")[0].upper()}, **(facets or {})}
        return {"namespace": self.namespace, "name": name, "facets": _facets(given)}

    def dataset(
        self,
        name: str,
        *,
        digest: str,
        kind: Literal["snapshot", "model", "evaluation"],
        reference: str,
        more: Mapping[str, Document] | None = None,
    ) -> Document:
        """Give a dataset as it was at one digest.

        Args:
            name: `snapshots/flights[2013-01]` or the like.
            more: `inputFacets` or `outputFacets`.
        """
        types = {"snapshot": "TABLE", "model": "MODEL", "evaluation": "REPORT"}
        facets: dict[str, Document] = {
            "version": {"datasetVersion": digest},
            "datasetType": {"datasetType": types[kind]},
            MANIFEST: {"digest": digest, "kind": kind, "reference": reference},
        }
        named: Document = {"namespace": self.namespace, "name": name}
        return {**named, "facets": _facets(facets), **(more or {})}


def run_event(
    state: State,
    *,
    at: str,
    run_id: str,
    job: Document,
    run: Mapping[str, Document],
    inputs: Sequence[Document] = (),
    outputs: Sequence[Document] = (),
) -> Document:
    """Give one transition of a run.

    Args:
        at: an instant, as `clock.timestamp` writes it.
        run: the run's facets.
    """
    return {
        **_event("RunEvent", at),
        "eventType": state,
        "run": {"runId": run_id, "facets": _facets(run)},
        "job": job,
        "inputs": list(inputs),
        "outputs": list(outputs),
    }


def job_event(*, at: str, job: Document) -> Document:
    """Give what is known of a job that did not run now."""
    return {**_event("JobEvent", at), "job": job, "inputs": [], "outputs": []}


def dataset_event(*, at: str, dataset: Document) -> Document:
    """Give what is known of a dataset that no job here made."""
    return {**_event("DatasetEvent", at), "dataset": dataset}


def facet(name: str, said: Document) -> Document:
    """Give one facet, which says who made it and by which schema."""
    return {"_producer": _producer(), "_schemaURL": _SCHEMAS[name], **said}


def _facets(said: Mapping[str, Document]) -> Document:
    return {name: facet(name, each) for name, each in said.items()}


def _event(kind: str, at: str) -> Document:
    return {"eventTime": at, "producer": _producer(), "schemaURL": f"{SPEC}{kind}"}


@cache
def _producer() -> str:
    return f"urn:registry_assets:{importlib.metadata.version('registry_assets')}"
