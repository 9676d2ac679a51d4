"""Finds what the registry knows and Dagster's event log is missing; tells nobody.

From rows alone, for a sensor looks twice a minute. What becomes of it is in `reporting`.
Where nothing was missing and neither side has moved since, as `watching` tells, it is not
looked for again, but now and then.
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

import dagster as dg

from registry_assets.canonical import Json, canonical_json, sha256_digest
from registry_assets.catalog.committed import Committed
from registry_assets.declaration import RegisteredModel
from registry_assets.errors import NotFound
from registry_assets.orchestration.approved import find_untold_approvals
from registry_assets.orchestration.attempts import (
    is_job_alive,
    partitions_alive,
    versions_alive,
)
from registry_assets.orchestration.io_manager import asset_name
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.monitoring.freshness import find_untold_freshness
from registry_assets.orchestration.monitoring.views import KINDS
from registry_assets.orchestration.moves import find_untold_moves
from registry_assets.orchestration.recalled import find_untold
from registry_assets.orchestration.untold import Untold
from registry_assets.orchestration.version_assets import VersionAssets
from registry_assets.orchestration.watching import RECALLS, SNAPSHOTS, Seen, read_states
from registry_assets.registry import Registry

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
    """Everything that Dagster is missing: events, and partitions to be added.

    Args:
        untold: results of checks that became others, since people decided something or attempts
            failed.
        looked_at: the models that were looked through, `SNAPSHOTS` and `RECALLS`.
        seen: what needs no looking at next time, as long as it does not move.
    """

    missing: tuple[Missing, ...]
    untold: tuple[Untold, ...]
    partitions: tuple[dg.AddDynamicPartitionsRequest, ...]
    looked_at: tuple[str, ...]
    seen: Seen

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the events are about, for people."""
        missing = tuple(each.sentence for each in self.missing)
        return missing + tuple(each.sentence for each in self.untold)

    @property
    def state(self) -> str:
        """The stem of the run keys under which exactly these events are reported."""
        listed: list[Json] = [
            [asset_name(m.asset), m.partition, m.digest, m.generation] for m in self.missing
        ]
        listed += [[each.sentence, each.state] for each in self.untold]
        return f"report:{sha256_digest(canonical_json(listed))}:"

    @property
    def added(self) -> str:
        """What becomes of the partitions, in a sentence; empty where there are none."""
        keys = sum(len(request.partition_keys) for request in self.partitions)
        if not keys:
            return ""
        return f"added {keys} partition{'s' if keys > 1 else ''} that Dagster was missing"


def find_missing(
    instance: dg.DagsterInstance,
    registry: Registry,
    reported: Reported,
    *,
    seen: Seen,
) -> Found:
    """Find what Dagster is missing.

    Args:
        seen: what was complete at the last look, and is looked through only if it moved.
    """
    # Read first: what moves while this looks has moved since, next time.
    states = read_states(
        instance,
        registry,
        models=[model for model, _ in reported.models],
        snapshots=[key for key, _ in reported.snapshots],
    )
    missing: list[Missing] = []
    untold: list[Untold] = []
    partitions: list[dg.AddDynamicPartitionsRequest] = []
    looked_at = [name for name, state in states.items() if not seen.is_complete(name, state)]
    complete = {name: state for name, state in states.items() if name not in looked_at}
    if SNAPSHOTS in looked_at:
        for key, partitioned in reported.snapshots:
            missing += _missing_snapshots(instance, registry, key, partitioned=partitioned)
        if not missing:
            complete[SNAPSHOTS] = states[SNAPSHOTS]
    for model, assets in reported.models:
        if model.name not in looked_at:
            continue
        alive = versions_alive(instance, model=model.name)
        versions = _settled(registry, model.name, alive)
        keys = _missing_keys(instance, model.name, versions)
        if keys:
            partitions.append(assets.partitions.build_add_request(keys))
        moving = _is_moving(instance, model.name)
        found = [*_missing_versions(instance, model.name, versions)]
        for pointer in () if moving else model.pointers:
            found += missing_promotions(instance, registry, model.name, pointer, alive)
        watching = partitions_alive(instance, job=Names(model.name).watch_job)
        if model.monitoring is not None:
            found += _missing_observations(instance, registry, model, watching)
        found += _missing_publications(instance, registry, model)
        missing += found
        others = [] if alive or moving else _untold(instance, registry, model)
        untold += others
        if not (keys or found or alive or moving or watching or others):
            complete[model.name] = states[model.name]
    if RECALLS in looked_at:
        recalled = list(_recalled(instance, registry, reported))
        untold += recalled
        if not recalled:
            complete[RECALLS] = states[RECALLS]
    return Found(
        tuple(missing), tuple(untold), tuple(partitions), tuple(looked_at), seen.after(complete)
    )


def _untold(
    instance: dg.DagsterInstance, registry: Registry, model: RegisteredModel
) -> list[Untold]:
    try:
        return [
            *find_untold_approvals(instance, registry, model),
            *find_untold_moves(instance, registry, model),
            *find_untold_freshness(instance, registry, model),
        ]
    except NotFound:
        return []  # declared in code, and never trained


def _recalled(
    instance: dg.DagsterInstance, registry: Registry, reported: Reported
) -> Iterator[Untold]:
    return find_untold(
        instance,
        registry,
        models=[model for model, _ in reported.models],
        snapshots=[key for key, _ in reported.snapshots],
    )


def _settled(registry: Registry, model: str, alive: set[int]) -> list[Committed]:
    """Give the committed versions that no run is about: a live run reports its own."""
    try:
        versions = registry.committed(model)
    except NotFound:
        return []  # declared in code, and never trained
    return [version for version in versions if version.number not in alive]


def _missing_keys(
    instance: dg.DagsterInstance, model: str, versions: Sequence[Committed]
) -> list[str]:
    there = set(instance.get_dynamic_partitions(Names(model).versions))
    return [str(v.number) for v in versions if str(v.number) not in there]


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
    instance: dg.DagsterInstance, model: str, versions: Sequence[Committed]
) -> Iterator[Missing]:
    names = Names(model)
    trained = set(instance.get_materialized_partitions(names.model_key))
    evaluated = set(instance.get_materialized_partitions(names.evaluation_key))
    evaluated -= _outdated(instance, model, versions)
    for version in versions:
        key = str(version.number)
        if key not in trained:
            yield Missing(names.model_key, version.digest, key)
        if version.evaluation is not None and key not in evaluated:
            yield Missing(names.evaluation_key, version.evaluation, key)


def _outdated(instance: dg.DagsterInstance, model: str, versions: Sequence[Committed]) -> set[str]:
    """Give the keys whose newest evaluation is not the one that Dagster shows."""
    found = set()
    for version in versions:
        key = str(version.number)
        # One look per version would read every picture ever shown.
        if version.evaluation is None or version.evaluated < 2:
            continue
        shown = _shown(instance, Names(model).evaluation_key, key)
        if shown is not None and shown != version.evaluation:
            found.add(key)
    return found


def _shown(instance: dg.DagsterInstance, asset: dg.AssetKey, partition: str) -> str | None:
    """Give the data version that Dagster shows of a partition; None if it shows nothing."""
    where = dg.AssetRecordsFilter(asset, asset_partitions=[partition] if partition else None)
    for record in instance.fetch_materializations(where, limit=1).records:
        event = record.asset_materialization
        return ((event.tags or {}) if event else {}).get("dagster/data_version", "")
    return None


def _missing_observations(
    instance: dg.DagsterInstance,
    registry: Registry,
    model: RegisteredModel,
    watching: Container[str],
) -> Iterator[Missing]:
    """Find the observations that are the newest of their partition, and that Dagster lacks.

    Args:
        watching: the partitions that a run is about, which reports its own.
    """
    for kind in KINDS:
        asset = Names(model.name).observation_key(kind)
        newest = {each.partition: each.digest for each in registry.observations(model.name, kind)}
        if not newest:
            continue
        there = set(instance.get_materialized_partitions(asset))
        # Of the others there was only one: whatever is shown is that. Without partitions Dagster
        # has no index that forgets deleted runs.
        uncertain = registry.repeated(model.name, kind) | {""}
        for partition, digest in newest.items():
            is_shown = partition in there
            if partition in uncertain:
                is_shown = _shown(instance, asset, partition) == digest
            if not is_shown and partition not in watching:
                yield Missing(asset, digest, partition or None)


def _missing_publications(
    instance: dg.DagsterInstance, registry: Registry, model: RegisteredModel
) -> Iterator[Missing]:
    """Find the mirrors in which something else stands than Dagster shows."""
    names = Names(model.name)
    if not model.mirrors or is_job_alive(instance, names.mirror_job):
        return  # a live run materializes what it publishes, or leaves a failure in the ledger
    for mirror in model.mirrors:
        standing = registry.mirror_standing(model.name, mirror.mirror)
        asset = names.mirror_key(mirror.mirror)
        if standing is not None and _shown(instance, asset, "") != standing.digest:
            yield Missing(asset, standing.digest)


def _is_moving(instance: dg.DagsterInstance, model: str) -> bool:
    """Tell whether a run may be between a move and its event: it reports that by itself.

    One that a person launched names no version in its tags.
    """
    names = Names(model)
    return any(is_job_alive(instance, job) for job in (names.promote_job, names.rollback_job))


def missing_promotions(
    instance: dg.DagsterInstance,
    registry: Registry,
    model: str,
    pointer: str,
    alive: Container[int] = (),
) -> Iterator[Missing]:
    """Find the promotions of a pointer that Dagster does not show.

    Args:
        alive: the versions that a run is about, which reports its own.
    """
    key = Names(model).pointer_key(pointer)
    promotions = registry.promotions(model, pointer)
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
