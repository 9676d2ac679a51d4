"""Reports to Dagster what the registry knows and Dagster's event log is missing.

The truth is in catalog and store; the event log displays it. Versions that were committed
elsewhere, promotions made on the command line, partitions or histories deleted in the UI,
and steps that died between the registry's commit and Dagster's event: all are the same
case, something that is in the registry and not in the log.

The sensor finds what is missing, and a run reports it. An event of no run would need no run,
but Dagster's SQLite storage takes only one such result of a check for each partition.
"""

import json
import time
from collections.abc import Iterator

import dagster as dg

from registry_assets.declaration import RegisteredModel
from registry_assets.errors import RegistryError
from registry_assets.evaluation.results import EvaluationResult
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.lifecycle.evaluating import RESULT_FILE
from registry_assets.orchestration.approved import approved_result
from registry_assets.orchestration.attempts import read_job_attempts
from registry_assets.orchestration.checks import check_event, check_results
from registry_assets.orchestration.events import Event, materialization, promotion_events
from registry_assets.orchestration.io_manager import snapshot_metadata
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.mirrors.assets import standing_metadata
from registry_assets.orchestration.missing import Found, Missing, Reported, find_missing
from registry_assets.orchestration.monitoring.events import is_observation, observation_events
from registry_assets.orchestration.moves import MOVES
from registry_assets.orchestration.presentation import evaluation_metadata, version_metadata
from registry_assets.orchestration.resource import RegistryResource, asset_page, refuse, run_info
from registry_assets.orchestration.untold import Untold
from registry_assets.orchestration.version_assets import VersionAssets
from registry_assets.orchestration.watching import SWEEP_SECONDS, Seen
from registry_assets.registry import Registry, VersionSummary

REPORT_SENSOR = "registry__report"
REPORT_JOB = REPORT_SENSOR

NOTHING_MISSING = "Dagster's event log has everything that the registry knows"
"""The skip reason of a tick that had nothing to report."""


def report_sensor(
    reported: Reported, job: dg.JobDefinition, source: RegistryResource, *, interval: int
) -> dg.SensorDefinition:
    """Make the one sensor that finds what Dagster's event log is missing, and has it reported."""

    @dg.sensor(
        name=REPORT_SENSOR,
        job=job,
        minimum_interval_seconds=interval,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks for snapshots, versions, evaluations, promotions, what was observed"
        " after them and what went to mirrors, that are in the registry and not in Dagster's event"
        " log, made elsewhere or deleted in the UI, and for checks that say another thing than the"
        f" registry since people signed or recalled something, and launches the job `{REPORT_JOB}`."
        " It adds missing partitions by itself. Where neither side has moved, it looks every"
        f" {SWEEP_SECONDS // 60} minutes.",
    )
    def report(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        seen = Seen.read(context.cursor, now=time.time())
        found = find_missing(context.instance, source.open(), reported, seen=seen)
        requests, reason = _request(context.instance, found)
        return dg.SensorResult(
            cursor=found.seen.to_text(),
            run_requests=requests,
            dynamic_partitions_requests=found.partitions,
            skip_reason=None if requests else "; ".join(filter(None, [reason, found.added])),
        )

    return report


def report_job(reported: Reported, source: RegistryResource) -> dg.JobDefinition:
    """Make the job that reports what Dagster's event log is missing when its run begins."""

    @dg.op(name=f"{REPORT_JOB}_missing", out=dg.Out(dg.Nothing))
    def report_missing(
        context: dg.OpExecutionContext,
    ) -> Iterator[Event | dg.Output[None]]:
        """Log every event that is missing; of one that cannot be made, say why at the end."""
        try:
            registry = source.open()
            found = find_missing(context.instance, registry, reported, seen=Seen(time.time()))
        except RegistryError as error:
            raise refuse(error) from error
        failures = []
        for one in found.missing:
            try:
                events = list(_events(context.instance, registry, reported, one))
            except RegistryError as error:
                # One file that is corrupt must not keep everything else out of the log.
                failures.append(f"{one.sentence} cannot be reported: {error}")
                continue
            yield from events
            context.log.info("reported %s", one.sentence)
        for untold in found.untold:
            yield check_event(untold.result, untold.partition, about=context.instance)
            context.log.info("reported %s", untold.sentence)
            try:
                _alert(registry, reported, untold, run_info(context.instance, context.run))
            except RegistryError as error:
                failures.append(f"nobody is alerted of {untold.sentence}: {error}")
        if failures:
            raise dg.Failure(description="\n".join(failures), allow_retries=False)
        if not found.sentences:
            context.log.info(NOTHING_MISSING)
        yield dg.Output(None)

    @dg.job(
        name=REPORT_JOB,
        description="Reports to Dagster what the registry knows and its event log is missing."
        f" Launched by the sensor {REPORT_SENSOR}; safe to launch by hand: what is there"
        " already is not reported again.",
    )
    def report() -> None:
        report_missing()

    return report


def _alert(registry: Registry, reported: Reported, untold: Untold, run: RunInfo) -> None:
    """Alert people of a promotion that was given up, or that it is over, where one is watched."""
    for model, _ in reported.models:
        for pointer in model.pointers if model.monitoring is not None else ():
            if untold.asset != Names(model.name).pointer_key(pointer):
                continue
            if untold.result.check_name == MOVES:
                version = untold.result.metadata.get("version")
                registry.tell_given_up(
                    model,
                    pointer,
                    version=None if version is None else int(str(version.value)),
                    why=str(untold.result.description),
                    run=run,
                    links={"asset": asset_page(untold.asset)},
                )


def _request(instance: dg.DagsterInstance, found: Found) -> tuple[list[dg.RunRequest], str]:
    """Give the run to ask for; none, and the reason, where none is needed or sensible."""
    if not found.sentences:
        return [], "" if found.partitions else NOTHING_MISSING
    attempts = read_job_attempts(instance, job=REPORT_JOB, state=found.state)
    if attempts.alive:
        return [], f"a run of {REPORT_JOB} is under way"
    if attempts.exhausted:
        first, *others = found.sentences
        rest = f" and {len(others)} more" if others else ""
        return [], (
            f"{first}{rest}: reporting {attempts.sentence};"
            f" launch the job {REPORT_JOB} by hand to try again"
        )
    return [dg.RunRequest(run_key=f"{found.state}{attempts.next}")], ""


def _events(
    instance: dg.DagsterInstance, registry: Registry, reported: Reported, missing: Missing
) -> Iterator[Event]:
    """Make the events of one thing that is missing."""
    for model, assets in reported.models:
        names = Names(model.name)
        for pointer in model.pointers:
            if missing.asset == names.pointer_key(pointer):
                return promotion_events(instance, registry, model.name, pointer, missing)
        for mirror in model.mirrors:
            if missing.asset == names.mirror_key(mirror.mirror):
                return _publication_events(registry, model.name, mirror.mirror, missing)
        if is_observation(model, missing.asset):
            return observation_events(registry, model, missing)
        if missing.asset in (names.model_key, names.evaluation_key):
            summary = registry.version_numbered(model.name, int(str(missing.partition)))
            if missing.asset == names.model_key:
                return _model_events(assets, summary, missing)
            return _evaluation_events(registry, model, assets, summary, missing)
    return _snapshot_events(registry, missing)


def _snapshot_events(registry: Registry, missing: Missing) -> Iterator[Event]:
    snapshot = registry.find_snapshots([missing.digest])[missing.digest]
    yield materialization(missing, snapshot_metadata(registry, snapshot))


def _publication_events(
    registry: Registry, model: str, mirror: str, missing: Missing
) -> Iterator[Event]:
    standing = registry.mirror_standing(model, mirror)
    if standing is None or standing.digest != missing.digest:
        return  # published to again since it was found missing: the next look finds that
    yield materialization(missing, standing_metadata(standing))


def _model_events(
    assets: VersionAssets, summary: VersionSummary, missing: Missing
) -> Iterator[Event]:
    found = [verdict.finding for verdict in summary.verdicts]
    recalled = summary.decision.standing.recalled
    specs = assets.model_specs
    for result in check_results(specs, found, version=summary.version, recalled=recalled):
        yield check_event(result, missing.partition)
    yield materialization(missing, version_metadata(summary.version))


def _evaluation_events(
    registry: Registry,
    model: RegisteredModel,
    assets: VersionAssets,
    summary: VersionSummary,
    missing: Missing,
) -> Iterator[Event]:
    version = summary.version
    if summary.evaluation is None or summary.evaluation.digest != missing.digest:
        return  # evaluated again since it was found missing: the next look finds that
    result = _result(registry, missing.digest)
    checks = check_results(
        assets.evaluation_specs,
        [verdict.finding for verdict in summary.verdicts],
        version=version,
        evaluation=missing.digest,
        decision=registry.decision(version.model, version.number),
        gates=model.gates,
        result=result,
        approved=approved_result(registry, model, version.number),
    )
    metadata = evaluation_metadata(version, missing.digest, result)
    for check in checks:
        yield check_event(check, missing.partition)
    yield materialization(missing, metadata)


def _result(registry: Registry, digest: str) -> EvaluationResult:
    files = registry.manifest(digest).files
    read = registry.backends.store.read
    pictures = {
        file.path.removeprefix("pictures/").removesuffix(".png"): read(file.sha256)
        for file in files
        if file.path.startswith("pictures/")
    }
    (document,) = (file for file in files if file.path == RESULT_FILE)
    return EvaluationResult.from_json(json.loads(read(document.sha256)), pictures=pictures)
