"""Finds what the registry knows and Dagster's event log is missing; tells nobody.

From rows alone, for a sensor looks twice a minute. What becomes of it is in `reporting`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import dagster as dg

from registry_assets.catalog.models import PRODUCTION
from registry_assets.declaration import RegisteredModel
from registry_assets.manifest import Json, canonical_json, sha256_digest
from registry_assets.orchestration.attempts import versions_alive
from registry_assets.orchestration.io_manager import asset_name
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.version_assets import VersionAssets
from registry_assets.registry import Registry, VersionSummary

_PAGE = 100


@dataclass(frozen=True, slots=True, eq=False)
class Reported:
    """What is reported on.

    Args:
        snapshots: the assets that are stored as snapshots, and whether they have partitions.
    """

    models: Sequence[tuple[RegisteredModel, VersionAssets]]
    snapshots: Sequence[tuple[dg.AssetKey, bool]]


@dataclass(frozen=True, slots=True)
class Missing:
    """One materialization that Dagster's event log should show; `generation` of a promotion."""

    asset: dg.AssetKey
    digest: str
    partition: str | None = None
    generation: int | None = None

    @property
    def sentence(self) -> str:
        """What it is about, for people."""
        where = f"[{self.partition}]" if self.partition else ""
        which = f", generation {self.generation}" if self.generation else ""
        return f"{asset_name(self.asset)}{where}{which}"


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that Dagster is missing: events, and partitions to be added."""

    missing: tuple[Missing, ...]
    partitions: tuple[dg.AddDynamicPartitionsRequest, ...]

    @property
    def state(self) -> str:
        """The stem of the run keys under which exactly these events are reported."""
        listed: list[Json] = [
            [asset_name(m.asset), m.partition, m.digest, m.generation] for m in self.missing
        ]
        return f"report:{sha256_digest(canonical_json(listed))}:"

    @property
    def added(self) -> str:
        """What becomes of the partitions, in a sentence; empty where there are none."""
        keys = sum(len(request.partition_keys) for request in self.partitions)
        if not keys:
            return ""
        return f"added {keys} partition{'s' if keys > 1 else ''} that Dagster was missing"


def find_missing(instance: dg.DagsterInstance, registry: Registry, reported: Reported) -> Found:
    """Find what Dagster is missing."""
    missing: list[Missing] = []
    partitions: list[dg.AddDynamicPartitionsRequest] = []
    for key, partitioned in reported.snapshots:
        missing += _missing_snapshots(instance, registry, key, partitioned=partitioned)
    known = {model.name for model in registry.models()}
    for model, assets in reported.models:
        if model.name not in known:
            continue
        alive = versions_alive(instance, model=model.name)
        versions = _settled(registry, model.name, alive)
        keys = _missing_keys(instance, model.name, versions)
        if keys:
            partitions.append(assets.partitions.build_add_request(keys))
        missing += _missing_versions(instance, registry, model.name, versions)
        missing += _missing_promotions(instance, registry, model.name, alive)
    return Found(tuple(missing), tuple(partitions))


def _settled(registry: Registry, model: str, alive: set[int]) -> list[VersionSummary]:
    """Give the committed versions that no run is about: a live run reports its own."""
    return [
        summary
        for summary in registry.versions(model)
        if summary.version.state == "committed" and summary.version.number not in alive
    ]


def _missing_keys(
    instance: dg.DagsterInstance, model: str, versions: Sequence[VersionSummary]
) -> list[str]:
    there = set(instance.get_dynamic_partitions(Names(model).versions))
    return [str(v.version.number) for v in versions if str(v.version.number) not in there]


def _missing_snapshots(
    instance: dg.DagsterInstance, registry: Registry, key: dg.AssetKey, *, partitioned: bool
) -> Iterator[Missing]:
    if partitioned:
        there = set(instance.get_materialized_partitions(key))
    else:
        # Read the event log itself: Dagster's index of assets keeps events of deleted runs.
        there = {"" for _ in instance.fetch_materializations(key, limit=1).records}
    for snapshot in registry.snapshots(asset_name(key)):
        if snapshot.partition not in there:
            yield Missing(key, snapshot.digest, snapshot.partition or None)


def _missing_versions(
    instance: dg.DagsterInstance,
    registry: Registry,
    model: str,
    versions: Sequence[VersionSummary],
) -> Iterator[Missing]:
    names = Names(model)
    trained = set(instance.get_materialized_partitions(names.model_key))
    evaluated = set(instance.get_materialized_partitions(names.evaluation_key))
    evaluated -= _outdated(instance, registry, model, versions)
    for summary in versions:
        key = str(summary.version.number)
        if key not in trained:
            yield Missing(names.model_key, str(summary.version.digest), key)
        if summary.evaluation is not None and key not in evaluated:
            yield Missing(names.evaluation_key, summary.evaluation.digest, key)


def _outdated(
    instance: dg.DagsterInstance, registry: Registry, model: str, versions: Sequence[VersionSummary]
) -> set[str]:
    """Give the keys whose newest evaluation is not the one that Dagster shows."""
    times = Counter(evaluation.version for evaluation in registry.evaluations(model))
    found = set()
    for summary in versions:
        key = str(summary.version.number)
        # One look per version would read every picture ever shown, at each tick.
        if summary.evaluation is None or times[summary.version.number] < 2:
            continue
        asset = Names(model).evaluation_key
        where = dg.AssetRecordsFilter(asset_key=asset, asset_partitions=[key])
        for record in instance.fetch_materializations(where, limit=1).records:
            event = record.asset_materialization
            tags = (event.tags or {}) if event else {}
            if tags.get("dagster/data_version") != summary.evaluation.digest:
                found.add(key)
    return found


def _missing_promotions(
    instance: dg.DagsterInstance, registry: Registry, model: str, alive: set[int]
) -> Iterator[Missing]:
    key = Names(model).pointer_key(PRODUCTION)
    promotions = registry.promotions(model, PRODUCTION)
    if not promotions or promotions[-1].version in alive:
        return
    shown = _generations(instance, key)
    *before, newest = promotions
    missing = [promotion for promotion in before if promotion.generation not in shown]
    # Dagster takes its last event for what is so now, so the newest comes after the others,
    # and again after whatever a person reported in the UI.
    if missing or shown[:1] != [newest.generation]:
        missing.append(newest)
    for promotion in missing:
        yield Missing(key, promotion.digest, generation=promotion.generation)


def _generations(instance: dg.DagsterInstance, key: dg.AssetKey) -> list[object]:
    """Give the generation of each materialization of a pointer, newest first."""
    found: list[object] = []
    cursor = None
    while True:
        page = instance.fetch_materializations(key, limit=_PAGE, cursor=cursor)
        for record in page.records:
            event = record.asset_materialization
            value = event.metadata.get("generation") if event else None
            found.append(value.value if value else None)
        if not page.has_more:
            return found
        cursor = page.cursor
