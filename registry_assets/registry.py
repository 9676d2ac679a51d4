"""`Registry`: the façade over catalog, store and the steps of a version's life.

Everything that people, the command line and Dagster do goes through here. It holds no
logic of its own: each method is one reading of the catalog, or one step of `lifecycle`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from registry_assets.catalog import evaluations as evaluation_rows
from registry_assets.catalog import ledger
from registry_assets.catalog import models as model_rows
from registry_assets.catalog import pointers as pointer_rows
from registry_assets.catalog import snapshots as snapshot_rows
from registry_assets.catalog import versions as version_rows
from registry_assets.catalog.engine import Catalog, has_history
from registry_assets.catalog.evaluations import EvaluationRecord, VerdictRecord
from registry_assets.catalog.indexing import Stage
from registry_assets.catalog.ledger import Event
from registry_assets.catalog.models import PRODUCTION, ModelRecord
from registry_assets.catalog.pointers import PointerRecord, PromotionRecord
from registry_assets.catalog.snapshots import SnapshotRecord
from registry_assets.catalog.versions import Reservation, VersionRecord
from registry_assets.clock import Clock, system_clock
from registry_assets.errors import CatalogBehind
from registry_assets.governance import standing
from registry_assets.home import Home, find_home
from registry_assets.lifecycle import (
    data,
    deploying,
    evaluating,
    pointer_files,
    promoting,
    reindexing,
    reserving,
    training,
    verifying,
)
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.manifest import Json, Manifest, Parent
from registry_assets.references import Reference
from registry_assets.store import Store, create_store, open_store
from registry_assets.store.manifests import read_manifest

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from registry_assets.declaration import RegisteredModel
    from registry_assets.packaging.loaded import LoadedModel


@dataclass(frozen=True, slots=True)
class VersionSummary:
    """One version with everything that is derived about it.

    Args:
        evaluation: the newest complete one under the suite in force.
        verdicts: those of that evaluation, and those reached at commit.
    """

    version: VersionRecord
    stage: Stage
    evaluation: EvaluationRecord | None
    verdicts: tuple[VerdictRecord, ...]


class Registry:
    """An open registry.

    Examples:
        >>> registry = Registry.open()  # doctest: +SKIP
        >>> registry.load("flight_delay@production").predict(rows)  # doctest: +SKIP
    """

    def __init__(self, home: Home, backends: Backends) -> None:
        self.home = home
        self.backends = backends

    @classmethod
    def open(cls, start: Path | None = None, *, clock: Clock = system_clock) -> "Registry":
        """Open the registry of this folder, of one above it, or at REGISTRY_HOME.

        Raises:
            NoRegistry: there is none; says where it looked.
            CatalogTooNew, CatalogTooOld: another release wrote it.
        """
        home = find_home(start)
        catalog = Catalog.open(Path(home.catalog))
        return cls(home, Backends(catalog, open_store(home.store), clock))

    @classmethod
    def init(cls, folder: Path, *, clock: Clock = system_clock) -> "Registry":
        """Create a registry in a folder, or open and migrate the one that is there.

        Raises:
            StoreUnwritable: the folder cannot be written.
            CatalogTooNew: a newer release wrote the catalog.
            CatalogBehind: one of catalog and store is gone, the other full of history.
        """
        home = Home(folder.absolute())
        home.make()
        store = create_store(home.store)
        _refuse_half_a_registry(home, store)
        backends = Backends(Catalog.create(Path(home.catalog)), store, clock)
        with backends.catalog.read() as connection:
            indexed = reindexing.is_indexed(connection)
        if not indexed:
            reindexing.reindex(backends)
        return cls(home, backends)

    # Data

    def store_snapshot(
        self,
        value: "pd.DataFrame | pa.Table",
        *,
        asset: str,
        partition: str = "",
        kind: str = "dataset",
        parents: Sequence[Parent] = (),
        facts: Mapping[str, Json] | None = None,
        run: RunInfo,
    ) -> SnapshotRecord:
        """Store a table as the snapshot of one asset's partition: see `lifecycle.data`."""
        return data.store_snapshot(
            self.backends,
            value,
            asset=asset,
            partition=partition,
            kind=kind,
            parents=parents,
            facts=facts or {},
            run=run,
        )

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

    # Steps of a version's life

    def reserve(
        self, model: "RegisteredModel", request: reserving.Request, *, run: RunInfo
    ) -> Reservation:
        """Reserve the next version of a model: see `lifecycle.reserving`."""
        return reserving.reserve_version(self.backends, model, request, run=run)

    def train(self, model: "RegisteredModel", number: int, *, run: RunInfo) -> VersionRecord:
        """Train a reserved version and commit it: see `lifecycle.training`."""
        return training.train_version(self.backends, model, number, run=run)

    def evaluate(
        self, model: "RegisteredModel", number: int, *, run: RunInfo, pointer: str = PRODUCTION
    ) -> evaluating.Evaluated:
        """Evaluate a committed version and judge it: see `lifecycle.evaluating`."""
        return evaluating.evaluate_version(self.backends, model, number, run=run, pointer=pointer)

    def promote(
        self,
        model: str,
        number: int,
        *,
        run: RunInfo,
        pointer: str = PRODUCTION,
        reason: str = "",
    ) -> promoting.Promoted:
        """Move a pointer to a version, if nothing holds it: see `lifecycle.promoting`."""
        return promoting.promote_version(
            self.backends, model, number, run=run, pointer=pointer, reason=reason
        )

    # Deployment

    def resolve(self, reference: str) -> VersionRecord:
        """Give the committed version that a reference names."""
        with self.backends.catalog.read() as connection:
            return deploying.resolve(connection, Reference.parse(reference))

    def load(self, reference: str) -> "LoadedModel":
        """Load the version that a reference names, verified byte by byte.

        The packaged feature code and estimator run in this process from then on.
        """
        return deploying.load_version(self.backends, self.resolve(reference))

    def pull(self, reference: str, target: Path) -> VersionRecord:
        """Write the version that a reference names into a new folder, verified."""
        version = self.resolve(reference)
        deploying.pull_version(self.backends, version, target)
        return version

    # Answers

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

    def verify(self, reference: str | None = None) -> verifying.Verification:
        """Check everything, one model, or one version; read-only."""
        parsed = None if reference is None else Reference.parse(reference)
        return verifying.verify(self.backends, parsed)


def _summary(
    connection: sa.Connection,
    model: ModelRecord,
    version: VersionRecord,
) -> VersionSummary:
    found = standing.read_standing(connection, model, version.number, PRODUCTION)
    stage = standing.derive_stage(connection, version)
    return VersionSummary(version, stage, found.evaluation, found.verdicts)


def _refuse_half_a_registry(home: Home, store: Store) -> None:
    """A volume that was not mounted must not be made up for by an empty one."""
    stored = next(store.digests(), None) is not None
    recorded = has_history(Path(home.catalog))
    if stored and recorded is None:
        raise CatalogBehind(
            f"{home.store} holds the bytes of a registry, and its catalog {home.catalog} is gone",
            hint="put the catalog back from a backup; a new one would give the same numbers out"
            " again. To begin anew, move the store away first",
        )
    if recorded and not stored:
        raise CatalogBehind(
            f"{home.catalog} tells of a history, and the store {home.store} is empty",
            hint="put the store back (is its volume mounted?); nothing was changed",
        )
