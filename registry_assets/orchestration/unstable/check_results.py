"""What Dagster remembers of an asset check: its results on one partition, and their targets.

Public is only the newest result of a check over all partitions, which may be about another
version.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)
from dagster._core.event_api import PartitionKeyFilter
from dagster._core.storage.asset_check_execution_record import (
    COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES,
    AssetCheckExecutionRecordStatus,
)

_PAGE = 20


_OUTCOMES = {
    AssetCheckExecutionRecordStatus.SUCCEEDED: True,
    AssetCheckExecutionRecordStatus.FAILED: False,
}


@dataclass(frozen=True, slots=True)
class StoredResult:
    """One result of an asset check, as Dagster stored it.

    Args:
        checked_at: in seconds since 1970.
        step_key: of the step that checked; None for a result of no run.
        target: storage id and run id of the materialization that was the newest of the
            partition when the result was given; None where Dagster noted none.
    """

    evaluation: dg.AssetCheckEvaluation
    run_id: str
    step_key: str | None
    checked_at: float
    target: tuple[int, str] | None


def stored_results(
    instance: dg.DagsterInstance, check: dg.AssetCheckKey, partition: str | None
) -> Iterator[StoredResult]:
    """Give the results of a check on one partition, newest first, a page at a time.

    A check that is planned or running has none yet, and one that raised has none at all.
    """
    cursor = None
    while True:
        records = instance.event_log_storage.get_asset_check_execution_history(
            check,
            limit=_PAGE,
            cursor=cursor,
            status=COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES,
            partition_filter=PartitionKeyFilter(key=partition),
        )
        for record in records:
            evaluation, entry = record.evaluation, record.event
            if evaluation is None or entry is None:
                continue
            target = evaluation.target_materialization_data
            yield StoredResult(
                evaluation=evaluation,
                run_id=record.run_id,
                step_key=entry.step_key,
                checked_at=entry.timestamp,
                target=(target.storage_id, target.run_id) if target else None,
            )
        if len(records) < _PAGE:
            return
        cursor = records[-1].id


def newest_target(
    instance: dg.DagsterInstance, asset: dg.AssetKey, partition: str | None
) -> AssetCheckEvaluationTargetMaterializationData | None:
    """Give what a result has to be tied to, to count for what an asset's partition holds now.

    Dagster looks it up by itself only for a step that executes the asset.
    """
    where = dg.AssetRecordsFilter(
        asset_key=asset, asset_partitions=None if partition is None else [partition]
    )
    found = instance.fetch_materializations(where, limit=1).records
    if not found:
        return None
    return AssetCheckEvaluationTargetMaterializationData(
        storage_id=found[0].storage_id, run_id=found[0].run_id, timestamp=found[0].timestamp
    )


def last_outcomes(instance: dg.DagsterInstance, check: dg.AssetCheckKey) -> dict[str | None, bool]:
    """Give whether a check passed last, by partition: in one query for as many as there are.

    None stands for an asset without partitions. Where there is no result, there is none here.
    """
    found: dict[str | None, bool] = {}
    for info in instance.event_log_storage.get_asset_check_partition_info([check]):
        outcome = _OUTCOMES.get(info.latest_execution_status)
        if outcome is None:  # planned, and perhaps for ever: what was said before it counts
            before = next(stored_results(instance, check, info.partition_key), None)
            outcome = before.evaluation.passed if before else None
        if outcome is not None:
            found[info.partition_key] = outcome
    return found
