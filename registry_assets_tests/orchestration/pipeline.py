"""A small code location with everything that a registered model makes Dagster do.

Versions as dynamic partitions that a sensor adds, checks for each version, a version that was
made by hand, a pointer that a second sensor moves. Loaded from this file by `LocalDaemon` and
by `dagster dev`, so that the two can be held against each other. Not a test.
"""

from collections.abc import Iterator

import dagster as dg

from registry_assets.orchestration.unstable import quiet_previews

VERSIONS = dg.DynamicPartitionsDefinition(name="demo/versions")
MODEL = dg.AssetKey(["demo", "model"])
EVALUATION = dg.AssetKey(["demo", "evaluation"])
PRODUCTION = dg.AssetKey(["demo", "production"])
BY_HAND = "3"
SCORES = {"1": 0.9, "2": 0.4, BY_HAND: 0.8}


def digest(kind: str, version: str) -> str:
    """A digest of the right form that says what it stands for."""
    return "sha256:" + f"{kind}{version}".encode().hex().rjust(64, "0")


class Candidate(dg.Config):
    """Which version to promote; without one there is nothing to do."""

    version: int | None = None


with quiet_previews():
    loads = dg.AssetCheckSpec("loads", asset=MODEL, partitions_def=VERSIONS)
    good = dg.AssetCheckSpec("good", asset=EVALUATION, partitions_def=VERSIONS)


@dg.asset(key=MODEL, partitions_def=VERSIONS, check_specs=[loads], code_version="1")
def model(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
    """Loads, always."""
    yield dg.MaterializeResult(
        data_version=dg.DataVersion(digest("model", context.partition_key)),
        check_results=[dg.AssetCheckResult(check_name="loads", passed=True)],
    )


@dg.asset(
    key=EVALUATION, partitions_def=VERSIONS, deps=[MODEL], check_specs=[good], code_version="1"
)
def evaluation(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
    """Rejects the second version: an error, not blocking, so the run is a success."""
    score = SCORES[context.partition_key]
    yield dg.MaterializeResult(
        data_version=dg.DataVersion(digest("evaluation", context.partition_key)),
        check_results=[
            dg.AssetCheckResult(
                check_name="good", passed=score >= 0.5, metadata={"value": score, "threshold": 0.5}
            )
        ],
    )


@dg.asset(key=PRODUCTION, deps=[EVALUATION], output_required=False, code_version="1")
def production(
    context: dg.AssetExecutionContext, config: Candidate
) -> Iterator[dg.MaterializeResult[None]]:
    """Moves to the version it is told; refuses the rejected one."""
    if config.version is None:
        context.log.info("Nothing to promote.")
        return
    if SCORES[str(config.version)] < 0.5:
        raise dg.Failure(f"version {config.version} is held", allow_retries=False)
    yield dg.MaterializeResult(
        data_version=dg.DataVersion(digest("model", str(config.version))),
        metadata={"version": config.version},
    )


train = dg.define_asset_job("demo__train", [model, evaluation])
promote = dg.define_asset_job("demo__promote", [production])


@dg.sensor(job=train, minimum_interval_seconds=1, default_status=dg.DefaultSensorStatus.RUNNING)
def versions(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """One version a tick; the third was made by hand and is only reported."""
    tick = int(context.cursor or 0) + 1
    if tick > 4:
        return dg.SkipReason("no reserved version waits for training")
    # The fourth tick asks for the first run again, as a repeated request does.
    key = {4: "1"}.get(tick, str(tick))
    if key == BY_HAND:
        made = dg.AssetMaterialization(
            MODEL,
            partition=key,
            metadata={"how": "by hand"},
            tags={
                "dagster/data_version": digest("model", key),
                "dagster/data_version_is_user_provided": "true",
                "dagster/code_version": "1",
            },
        )
        checked = dg.AssetCheckEvaluation(
            asset_key=MODEL,
            check_name="loads",
            passed=True,
            metadata={},
            severity=dg.AssetCheckSeverity.ERROR,
            partition=key,
        )
        return dg.SensorResult(
            dynamic_partitions_requests=[VERSIONS.build_add_request([key])],
            asset_events=[made, checked],
            cursor=str(tick),
        )
    return dg.SensorResult(
        dynamic_partitions_requests=[VERSIONS.build_add_request([key])],
        run_requests=[
            dg.RunRequest(run_key=f"demo/{key}/1", partition_key=key, tags={"asked_by": "versions"})
        ],
        cursor=str(tick),
    )


@dg.sensor(job=promote, minimum_interval_seconds=1, default_status=dg.DefaultSensorStatus.RUNNING)
def promotion(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Asks for the first version once it is evaluated, and for nothing after that."""
    if context.cursor:
        return dg.SkipReason("version 2 is held: good failed")
    if "1" not in context.instance.get_materialized_partitions(EVALUATION):
        return dg.SkipReason("no version is evaluated")
    config = dg.RunConfig(ops={"demo__production": Candidate(version=1)})
    request = dg.RunRequest(run_key="demo/production/1", run_config=config)
    return dg.SensorResult(run_requests=[request], cursor="asked for 1")


@dg.sensor(job=train)
def switched_off(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Off unless somebody starts it."""
    return dg.SkipReason("it was evaluated")


retrain = dg.ScheduleDefinition(name="retrain", job=promote, cron_schedule="0 6 1 * *")

defs = dg.Definitions(
    assets=[model, evaluation, production],
    jobs=[train, promote],
    schedules=[retrain],
    sensors=[versions, promotion, switched_off],
    executor=dg.in_process_executor,
)
