"""The predictions of a partition: made by the version that a pointer holds, or read from a log.

The same data, version and declaration give the same manifest: repeated, it records nothing twice.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa

from registry_assets.canonical import Json, canonical_json
from registry_assets.catalog.observations import newest_observations
from registry_assets.catalog.pointers import list_promotions
from registry_assets.catalog.snapshots import SnapshotRecord, current_snapshots
from registry_assets.declaration import PredictionLog, RegisteredModel
from registry_assets.errors import NotFound
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.data import DATA_FILE
from registry_assets.lifecycle.monitoring.logged import (
    KnownVersions,
    log_snapshot,
)
from registry_assets.lifecycle.monitoring.recording import Observed, Seen, publish
from registry_assets.lifecycle.monitoring.reference import reference_of
from registry_assets.lifecycle.monitoring.scoring import (
    FEATURES_PROFILE,
    QUALITY_FILE,
    part_files,
    said_profile_file,
    score_partition,
)
from registry_assets.lifecycle.monitoring.taking import take_log
from registry_assets.lifecycle.monitoring.watched import (
    Watched,
    monitoring_of,
    watched_now,
    watched_version,
)
from registry_assets.lifecycle.publishing import Publication
from registry_assets.manifest import FileEntry, Manifest, Parent, file_entries
from registry_assets.monitoring.drift import compare
from registry_assets.monitoring.quality import (
    column_problems,
    duplicate_problem,
    judge_quality,
)
from registry_assets.monitoring.results.quality import QualityProblem, QualityResult

if TYPE_CHECKING:
    from registry_assets.monitoring.profile import Profile


def observe_predictions(
    backends: Backends,
    model: RegisteredModel,
    partition: str,
    *,
    run: RunInfo,
    links: Mapping[str, str],
) -> Observed:
    """Score a partition, or read what was logged of it, and record it with its `data_quality`.

    Raises:
        NotFound: the pointer holds nothing, or there is nothing of that partition.
    """
    plan = monitoring_of(model)
    with backends.catalog.read() as connection:
        watched = watched_now(connection, model.name, plan.pointer)
        snapshot = _snapshot(connection, model, partition)
    if watched is None:
        raise NotFound(
            f"{model.name}@{plan.pointer} holds no version that could predict anything",
            hint=f"`registry explain {model.name}` says what the newest candidate waits for",
        )
    if plan.predictions is not None:
        return _from_log(
            backends, model, plan.predictions, watched, snapshot, partition, run=run, links=links
        )
    if snapshot is None:
        raise NotFound(
            f"{model.features.key}[{partition}] has no snapshot",
            hint=f"materialize {model.features.key} for {partition or 'it'} first",
        )
    publication = Publication.begin(backends)
    scored = score_partition(backends, model, watched, snapshot.ref, publication=publication)
    quality = QualityResult(
        scored.given,
        (
            *scored.problems,
            *_of_columns(backends, model, watched, scored.features),
            *duplicate_problem(rows=scored.rows, duplicates=scored.duplicates, rule=plan.quality),
        ),
    )
    seen = Seen(
        watched,
        scored.rows,
        (judge_quality(quality),),
        summary={"features": snapshot.digest, "problems": [p.kind for p in quality.problems]},
    )
    manifest, contents = _with_quality(scored.manifest, scored.contents, quality)
    return publish(
        backends,
        model,
        "predictions",
        partition=partition,
        manifest=manifest,
        contents=contents,
        seen=[seen],
        run=run,
        links=links,
        publication=publication,
    )


def _snapshot(
    connection: sa.Connection, model: RegisteredModel, partition: str
) -> SnapshotRecord | None:
    current = current_snapshots(connection, model.features.key)
    return next((each for each in current if each.partition == partition), None)


def _of_columns(
    backends: Backends, model: RegisteredModel, watched: Watched, features: "Profile"
) -> tuple[QualityProblem, ...]:
    if not features.rows:
        return ()
    plan = monitoring_of(model)
    reference = reference_of(backends, watched.version).profile
    if reference is None:
        return ()
    drift = compare(reference, features, rule=plan.drift)
    return tuple(column_problems(drift, plan.quality))


def _with_quality(
    manifest: Manifest, contents: Mapping[str, bytes], quality: QualityResult
) -> tuple[Manifest, dict[str, bytes]]:
    """Put what was found wrong beside what was counted."""
    written = {**contents, QUALITY_FILE: canonical_json(quality.to_json())}
    kept = tuple(each for each in manifest.files if each.path not in written)
    return (
        Manifest(
            kind=manifest.kind,
            files=(*kept, *file_entries(written)),
            parents=manifest.parents,
            facts=manifest.facts,
        ),
        written,
    )


def _from_log(
    backends: Backends,
    model: RegisteredModel,
    log: PredictionLog,
    watched: Watched,
    snapshot: SnapshotRecord | None,
    partition: str,
    *,
    run: RunInfo,
    links: Mapping[str, str],
) -> Observed:
    plan = monitoring_of(model)
    with backends.catalog.read() as connection:
        since = _logged_since(connection, model.name, plan.pointer, partition)
        versions = KnownVersions.read(connection, model.name, plan.pointer, since=since)
    publication = Publication.begin(backends)
    taken = take_log(backends, model, log, versions, partition, publication=publication)
    stored = taken.stored
    features, parts = _of_features(backends, model, snapshot)
    quality = QualityResult(
        taken.count.rows,
        (
            *taken.problems,
            *taken.count.problems(versions),
            *_of_columns(backends, model, watched, features),
            *duplicate_problem(rows=taken.rows, duplicates=taken.repeated, rule=plan.quality),
        ),
    )
    contents = {
        FEATURES_PROFILE: features.to_bytes(),
        **parts,
        QUALITY_FILE: canonical_json(quality.to_json()),
        **{said_profile_file(number): each.to_bytes() for number, each in taken.said.items()},
    }
    source = log_snapshot(backends, log.asset, partition) if log.asset else None
    with backends.catalog.read() as connection:
        seen_versions = [
            watched_version(connection, model.name, plan.pointer, number)
            for number in sorted(taken.said)
        ] or [watched]
    parents = [Parent("version", str(each.version.digest)) for each in seen_versions]
    parents += [Parent("features", snapshot.digest)] if snapshot else []
    parents += [Parent("log", source.digest)] if source else []
    finding = judge_quality(quality)
    summary: dict[str, Json] = {
        "features": snapshot.digest if snapshot else None,
        "log": source.digest if source else stored.digest,
        "problems": [problem.kind for problem in quality.problems],
    }
    return publish(
        backends,
        model,
        "predictions",
        partition=partition,
        manifest=Manifest(
            kind="predictions",
            files=(
                *file_entries(contents),
                FileEntry(DATA_FILE, taken.stored.digest, taken.stored.size),
            ),
            parents=tuple(parents),
            facts={
                "model": model.name,
                "partition": partition,
                "pointer": plan.pointer,
                "generation": watched.generation or 0,
                "rows": taken.rows,
                "keys": list(plan.keys),
                "log": log.asset or "read by a function",
            },
        ),
        contents=contents,
        seen=[
            Seen(
                each,
                taken.count.of_version.get(each.version.number, 0),
                (finding,),
                summary=summary,
                stray=each.version.number in versions.stray,
            )
            for each in seen_versions
        ],
        run=run,
        links=links,
        publication=publication,
    )


def _logged_since(connection: sa.Connection, model: str, pointer: str, partition: str) -> str:
    """Give from when on rows of a log are new: since the newest partition before was read."""
    made = newest_observations(connection, model, "predictions")
    before = [each.created_at for each in made if each.partition < partition]
    moves = list_promotions(connection, model, pointer)
    return max([*before, *(move.created_at for move in moves[:1])], default="")


def _of_features(
    backends: Backends, model: RegisteredModel, snapshot: SnapshotRecord | None
) -> "tuple[Profile, dict[str, bytes]]":
    """Give what the features of a logged partition are like, where they are stored as well.

    With the files of their slices and of the rows drawn from them.
    """
    from registry_assets.lifecycle.data import read_frame
    from registry_assets.lifecycle.profiling import profiled
    from registry_assets.monitoring.drawing import Draw
    from registry_assets.monitoring.profile import Profile

    if snapshot is None:
        return Profile(), {}
    rule = monitoring_of(model).drift
    frame = read_frame(backends, snapshot.digest)
    kept = [name for name in model.features.keep if name in frame]
    features = frame.drop(columns=kept)
    drawn = Draw(rule.evidently.rows if rule.evidently else 0)
    drawn.add(features)
    profile, groups = profiled(iter([(features, frame[kept])]), by=rule.slices)
    return profile, part_files(groups, drawn)
