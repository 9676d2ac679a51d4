"""Loading: models with versions, evaluations, verdicts, promotions and their history.

Durable and in order as the product's own writes are, only many in one transaction.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa

from benchmarks.bulk.events import Events, Promotions
from benchmarks.bulk.forms import EventForm, Form
from benchmarks.bulk.index import Index
from benchmarks.bulk.rows import Made, Manifests, Rows
from benchmarks.bulk.signing import Attester
from benchmarks.bulk.sink import insert_rows, large_cache, next_id, set_next_id
from benchmarks.measuring import require
from benchmarks.shapes import milliseconds_after_start, roc_auc
from benchmarks.subject.declaration import declared
from registry_assets.canonical import sha256_digest
from registry_assets.catalog import index_tables, tables
from registry_assets.catalog.ledger import GENESIS, REGISTRY, Head, read_head, row_digest
from registry_assets.catalog.models import PRODUCTION
from registry_assets.clock import timestamp
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.pointer_files import write_pointer_file
from registry_assets.lifecycle.reserving import declare_model
from registry_assets.manifest import FileEntry
from registry_assets.registry import Registry

START = datetime(2026, 1, 1, 6, tzinfo=UTC)
LOADER = RunInfo(actor="dagster/late__train", run_id="bulk")
BATCH = 10_000
PACKAGE_FILES = 10
PACKAGE_FILE_BYTES = 5_000


@dataclass(frozen=True, slots=True)
class Shape:
    """What to load.

    Args:
        models: numbers of the models; each is new.
        versions: of each model, all committed, evaluated and passed.
        promoted_every: each so-manieth version up to `production` took that pointer.
        production: the version that holds it; 0 for none.
        stored: how many of the newest versions have their manifests in the store: `verify`
            asks for all, a measured operation touches a few.
    """

    models: range
    versions: int
    production: int
    promoted_every: int = 10
    stored: int = 10**9

    def promoted(self, number: int) -> bool:
        """Tell whether a version took production once."""
        return number <= self.production and number % self.promoted_every == 0


def model_name(number: int) -> str:
    """Give the name of a loaded model."""
    return f"late_{number}"


def load(registry: Registry, shape: Shape) -> None:
    """Load models into a registry that does not have them."""
    backends = registry.backends
    for number in shape.models:
        declare_model(backends, declared(model_name(number)), actor=LOADER.actor)
    policy_digest = registry.model(model_name(shape.models[0])).policy_digest
    _Loader(backends, shape, _shared(registry, policy_digest)).load()
    for number in shape.models:
        if shape.stored and shape.production:
            write_pointer_file(backends, model_name(number), PRODUCTION)


def _shared(registry: Registry, policy_digest: str) -> Made:
    """Store what every version is made of: snapshots, and the blobs of one package."""
    import pandas as pd

    refs = tuple(
        registry.store_snapshot(
            pd.DataFrame({"hour": [5, 6], "late": [False, True], "origin": ["EWR", partition]}),
            asset="flight_features",
            partition=partition,
            kind="features",
            run=LOADER,
        ).ref
        for partition in ("2025-11", "2025-12")
    )
    store = registry.backends.store
    blobs = [bytes([number]) * PACKAGE_FILE_BYTES for number in range(PACKAGE_FILES)]
    files = tuple(
        FileEntry(f"part_{number}.bin", store.put(blob), len(blob))
        for number, blob in enumerate(blobs)
    )
    model = declared("late")
    return Made(
        model=model,
        policy_digest=policy_digest,
        code=sha256_digest(b"code"),
        train=refs[:1],
        holdout=refs[1:],
        package=files,
        report=files[:1],
    )


class _Loader:
    """Gathers the rows of many versions, and writes them in batches."""

    def __init__(self, backends: Backends, shape: Shape, made: Made) -> None:
        self._backends = backends
        self._shape = shape
        self._manifests = Manifests(made)
        self._rows = Rows(made)
        self._events = Events()
        self._promotions = Promotions(made)
        self._index = Index(made)
        self._pending: dict[sa.Table, list[Any]] = defaultdict(list)
        self._chains: dict[str, _Chain] = {}
        counted = (tables.evaluations, tables.verdicts, index_tables.indexed_versions)
        with backends.catalog.read() as connection:
            self._ids = {table: count(next_id(connection, table)) for table in counted}
            self._registry = read_head(connection, REGISTRY)
            self._attester = Attester(connection, backends, made)

    def load(self) -> None:
        """Write every version of every model."""
        gathered = 0
        for place in self._shape.models:
            chain = self._chain(model_name(place))
            for number in range(1, self._shape.versions + 1):
                made = milliseconds_after_start(place, number)
                self._gather(chain, number, START + timedelta(milliseconds=made))
                gathered += 1
                if gathered % BATCH == 0:
                    self._write()
        self._write()
        with self._backends.catalog.write() as connection:
            for table in self._ids:
                set_next_id(connection, table)

    def _chain(self, model: str) -> "_Chain":
        with self._backends.catalog.read() as connection:
            declared_as = _row(connection, tables.registered_models, name=model)
            pointer = _row(connection, tables.pointers, model=model, name=PRODUCTION)
        return _Chain(model, declared_as, row_digest(pointer))

    def _gather(self, chain: "_Chain", number: int, when: datetime) -> None:
        values = self._values(chain, number, when)
        self._digest_rows(chain, values)
        rows, events = self._rows, self._events
        self._add(tables.versions, rows.committed.row(values))
        self._add(tables.evaluations, rows.evaluation.row(values))
        for form in (rows.metadata_checked, rows.load_checked, rows.judged):
            self._add(tables.verdicts, form.row(values))
        for event in (events.reserved, events.committed, events.evaluated):
            self._append(chain, event, values)
        if self._shape.promoted(number):
            self._promote(chain, values)
        for table, found in self._index.rows(values).items():
            self._pending[table] += found
        chain.next_version = values["next_version"]
        chain.declared_digest = values["model_after_digest"]
        self._chains[chain.model] = chain
        if self._is_stored(number):
            self._store(values)

    def _values(self, chain: "_Chain", number: int, when: datetime) -> dict[str, Any]:
        auc = roc_auc(number)
        stage = "archived" if self._shape.promoted(number) else "staging"
        values: dict[str, Any] = {
            "model": chain.model,
            "number": number,
            "next_version": number + 1,
            "reserved_at": timestamp(when),
            "committed_at": timestamp(when + timedelta(seconds=10)),
            "evaluated_at": timestamp(when + timedelta(seconds=20)),
            "promoted_at": timestamp(when + timedelta(seconds=30)),
            "team": f"team-{number % 20}",
            "region": f"region-{number % 7}",
            "stage": "production" if number == self._shape.production else stage,
            "auc": auc,
            "low": round(auc - 0.01, 4),
            "high": round(auc + 0.01, 4),
            "loss": round(1.1 - auc, 4),
            "evaluation_id": next(self._ids[tables.evaluations]),
            "indexed_id": next(self._ids[index_tables.indexed_versions]),
            "registry_head": self._registry.sequence,
            "registry_head_digest": self._registry.digest,
            "model_before_digest": chain.declared_digest,
        }
        for name in ("metadata_check_id", "load_check_id", "gate_id"):
            values[name] = next(self._ids[tables.verdicts])
        manifests = self._manifests
        values["recipe_digest"] = manifests.recipe.digest(values)
        values["digest"] = manifests.version.digest(values)
        values["short"] = values["digest"][:19]
        values["evaluation_digest"] = manifests.evaluation.digest(values)
        return values

    def _digest_rows(self, chain: "_Chain", values: dict[str, Any]) -> None:
        """Add the digests that the events of these values vouch for their rows by."""
        rows = self._rows
        values["model_after_digest"] = chain.declaration.digest(values)
        values["reserved_row_digest"] = rows.reserved.digest(values)
        values["committed_row_digest"] = rows.committed.digest(values)
        values["metadata_check_digest"] = rows.metadata_checked.digest(values)
        values["load_check_digest"] = rows.load_checked.digest(values)
        values["evaluation_row_digest"] = rows.evaluation.digest(values)
        values["gate_row_digest"] = rows.judged.digest(values)

    def _promote(self, chain: "_Chain", values: dict[str, Any]) -> None:
        forms = self._promotions
        held = chain.held
        values |= {
            "from_version": held,
            "before_words": f"version {held}" if held else "nothing",
            "generation": chain.generation + 1,
            "head_sequence": chain.head.sequence,
            "head_digest": chain.head.digest,
            "pointer_before_digest": chain.pointer_digest,
        }
        self._attest(chain, values)
        promotion = forms.later if held else forms.first
        values["pointer_after_digest"] = forms.pointer.digest(values)
        values["promotion_row_digest"] = promotion.digest(values)
        values["attestation_row_digest"] = forms.attested.digest(values)
        self._add(tables.promotions, promotion.row(values))
        self._add(tables.attestations, forms.attested.row(values))
        self._append(chain, forms.moved, values)
        chain.held, chain.generation = values["number"], values["generation"]
        chain.pointer_digest = values["pointer_after_digest"]
        chain.pointer = forms.pointer.row(values)

    def _attest(self, chain: "_Chain", values: dict[str, Any]) -> None:
        manifest, signed = self._attester.attest(values, previous=chain.attestation)
        values["attestation_digest"] = chain.attestation = manifest.digest
        if self._is_stored(values["number"]):
            self._backends.store.put_all([signed, manifest.to_bytes()])

    def _is_stored(self, number: int) -> bool:
        return number > self._shape.versions - self._shape.stored

    def _append(self, chain: "_Chain", form: EventForm, values: dict[str, Any]) -> None:
        sequence = chain.head.sequence + 1
        event, digest = form.event(
            values, chain=chain.model, sequence=sequence, previous=chain.head.digest
        )
        chain.head = Head(sequence, digest)
        self._add(tables.events, event)

    def _add(self, table: sa.Table, row: tuple[Any, ...]) -> None:
        self._pending[table].append(row)

    def _store(self, values: dict[str, Any]) -> None:
        store, manifests = self._backends.store, self._manifests
        for form, digest in (
            (manifests.version, "digest"),
            (manifests.evaluation, "evaluation_digest"),
        ):
            require(store.put(form.fill(values).encode()), values[digest])

    def _write(self) -> None:
        with self._backends.catalog.write() as connection, large_cache(connection):
            for table in tables.metadata.sorted_tables:
                insert_rows(connection, table, self._pending.pop(table, []))
            for chain in self._chains.values():
                chain.write(connection)
        self._chains.clear()


class _Chain:
    """One model, as its history grows."""

    def __init__(self, model: str, declared_as: dict[str, Any], pointer_digest: str) -> None:
        def declaration(next_version: int) -> Any:
            return {**declared_as, "next_version": next_version}

        self.model = model
        self.declaration = Form(declaration)
        self.declared_digest = row_digest(declared_as)
        self.next_version = 1
        self.pointer_digest = pointer_digest
        self.pointer: tuple[Any, ...] | None = None
        self.held: int | None = None
        self.generation = 0
        self.attestation: str | None = None
        self.head = Head(0, GENESIS)

    def write(self, connection: sa.Connection) -> None:
        """Bring the rows that change with every version up to the last one."""
        models, pointers, heads = tables.registered_models, tables.pointers, tables.heads
        connection.execute(
            sa.update(models)
            .where(models.c.name == self.model)
            .values(next_version=self.next_version)
        )
        if self.pointer is not None:
            connection.execute(
                sa.update(pointers)
                .where(pointers.c.model == self.model, pointers.c.name == PRODUCTION)
                .values(dict(zip(pointers.columns.keys(), self.pointer, strict=True)))
            )
        connection.execute(sa.delete(heads).where(heads.c.chain == self.model))
        connection.execute(
            sa.insert(heads).values(
                chain=self.model, sequence=self.head.sequence, digest=self.head.digest
            )
        )


def _row(connection: sa.Connection, table: sa.Table, **key: str) -> dict[str, Any]:
    condition = sa.and_(*(table.c[name] == value for name, value in key.items()))
    return dict(connection.execute(sa.select(table).where(condition)).mappings().one())
