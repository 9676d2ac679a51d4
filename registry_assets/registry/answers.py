"""What is asked of the registry: one reading of the catalog each; nothing is changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from registry_assets.catalog import evaluations as evaluation_rows
from registry_assets.catalog import ledger
from registry_assets.catalog import models as model_rows
from registry_assets.catalog import pointers as pointer_rows
from registry_assets.catalog import snapshots as snapshot_rows
from registry_assets.catalog import versions as version_rows
from registry_assets.catalog.evaluations import EvaluationRecord, VerdictRecord
from registry_assets.catalog.indexing import Stage
from registry_assets.catalog.ledger import Event
from registry_assets.catalog.marks import MarkRecord
from registry_assets.catalog.models import PRODUCTION, ModelRecord
from registry_assets.catalog.pointers import PointerRecord, PromotionRecord
from registry_assets.catalog.snapshots import SnapshotRecord
from registry_assets.catalog.versions import VersionRecord
from registry_assets.governance import standing
from registry_assets.lifecycle import data, deploying, pointer_files
from registry_assets.manifest import Manifest
from registry_assets.references import Reference
from registry_assets.registry.part import Part
from registry_assets.store.manifests import read_manifest

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class VersionSummary:
    """One version with everything that is derived about it.

    Args:
        evaluation: the newest complete one under the suite in force.
        verdicts: those of that evaluation, and those reached at commit.
        mark: that a person archived or rejected it; None where nothing of that holds.
    """

    version: VersionRecord
    stage: Stage
    evaluation: EvaluationRecord | None
    verdicts: tuple[VerdictRecord, ...]
    mark: MarkRecord | None


class Answers(Part):
    """Models, versions, evaluations, pointers, snapshots, decisions and the ledger."""

    def models(self) -> tuple[ModelRecord, ...]:
        """Give every registered model, whether or not code still declares it."""
        with self.backends.catalog.read() as connection:
            return model_rows.list_models(connection)

    def model(self, name: str) -> ModelRecord:
        """Give one registered model."""
        with self.backends.catalog.read() as connection:
            return model_rows.get_model(connection, name)

    def versions(self, model: str) -> tuple[VersionSummary, ...]:
        """Give a model's versions, oldest first, each with stage, evaluation and verdicts."""
        with self.backends.catalog.read() as connection:
            record = model_rows.get_model(connection, model)
            return tuple(
                _summary(connection, record, version)
                for version in version_rows.list_versions(connection, model)
            )

    def reserved(self, model: str) -> tuple[VersionRecord, ...]:
        """Give the versions that are reserved and not yet trained."""
        with self.backends.catalog.read() as connection:
            model_rows.get_model(connection, model)
            return version_rows.list_versions(connection, model, state="reserved")

    def version(self, reference: str) -> VersionSummary:
        """Give the version that a reference names, with stage, evaluation and verdicts."""
        with self.backends.catalog.read() as connection:
            version = deploying.resolve(connection, Reference.parse(reference))
            record = model_rows.get_model(connection, version.model)
            return _summary(connection, record, version)

    def version_numbered(self, model: str, number: int) -> VersionSummary:
        """Give a version by number, also one that failed or is not trained yet."""
        with self.backends.catalog.read() as connection:
            record = model_rows.get_model(connection, model)
            return _summary(connection, record, version_rows.get_version(connection, model, number))

    def evaluations(self, model: str) -> tuple[EvaluationRecord, ...]:
        """Give all evaluations of a model's versions, oldest first."""
        with self.backends.catalog.read() as connection:
            return evaluation_rows.list_evaluations(connection, model)

    def pointers(self, model: str) -> tuple[PointerRecord, ...]:
        """Give a model's pointers."""
        with self.backends.catalog.read() as connection:
            model_rows.get_model(connection, model)
            return pointer_rows.list_pointers(connection, model)

    def pointer(self, model: str, name: str = PRODUCTION) -> PointerRecord:
        """Give one pointer."""
        with self.backends.catalog.read() as connection:
            return pointer_rows.get_pointer(connection, model, name)

    def stale_pointer(self, model: str, name: str = PRODUCTION) -> PointerRecord | None:
        """Give a pointer whose file in the store is behind the catalog; None where it is not."""
        return pointer_files.stale_pointer(self.backends, model, name)

    def promotions(self, model: str, pointer: str | None = None) -> tuple[PromotionRecord, ...]:
        """Give the promotions of a model, oldest first."""
        with self.backends.catalog.read() as connection:
            return pointer_rows.list_promotions(connection, model, pointer)

    def decision(
        self, model: str, number: int | None = None, *, pointer: str = PRODUCTION
    ) -> standing.Decision | None:
        """Decide on a version, by default the pointer's candidate; None where there is none."""
        with self.backends.catalog.read() as connection:
            model_rows.get_model(connection, model)
            found = number or standing.find_candidate(connection, model, pointer)
            if found is None:
                return None
            return standing.read_decision(connection, model, found, pointer)

    def log(self, chain: str) -> tuple[Event, ...]:
        """Give the events of a model, or of the registry itself, oldest first."""
        with self.backends.catalog.read() as connection:
            if chain != ledger.REGISTRY:
                model_rows.get_model(connection, chain)
            return tuple(ledger.read_events(connection, chain))

    def snapshots(self, asset: str) -> tuple[SnapshotRecord, ...]:
        """Give the current snapshot of each partition of an asset."""
        with self.backends.catalog.read() as connection:
            return snapshot_rows.current_snapshots(connection, asset)

    def find_snapshots(self, digests: Sequence[str]) -> dict[str, SnapshotRecord]:
        """Give what is known about these snapshots, by digest."""
        with self.backends.catalog.read() as connection:
            return snapshot_rows.find_snapshots(connection, digests)

    def read_frame(self, digest: str) -> "pd.DataFrame":
        """Read a snapshot's rows, verified."""
        return data.read_frame(self.backends, digest)

    def manifest(self, digest: str) -> Manifest:
        """Read a manifest, verified."""
        return read_manifest(self.backends.store, digest)

    def read_file(self, digest: str, path: str) -> bytes:
        """Read one file of a manifest, verified."""
        store = self.backends.store
        return store.read(read_manifest(store, digest).file(path).sha256)


def _summary(
    connection: sa.Connection,
    model: ModelRecord,
    version: VersionRecord,
) -> VersionSummary:
    found = standing.read_standing(connection, model, version.number, PRODUCTION)
    stage = standing.derive_stage(connection, version)
    return VersionSummary(version, stage, found.evaluation, found.verdicts, found.mark)
