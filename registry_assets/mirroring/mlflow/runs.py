"""The run of a version in MLflow: parameters, metrics, data and code, and the artifact's place."""

import json
import tempfile
from pathlib import Path
from typing import Any

from registry_assets.canonical import canonical_json
from registry_assets.clock import parse_timestamp
from registry_assets.mirroring.mlflow import telling
from registry_assets.mirroring.mlflow.artifacts import Artifacts
from registry_assets.mirroring.mlflow.calling import ABSENT, PRESENT, Calls, is_code
from registry_assets.mirroring.mlflow.names import DIGEST, RECORD, REGISTRY, experiment_of
from registry_assets.mirroring.protocol import Outgoing

_AT_ONCE = 100


def find_run(calls: Calls, name: str, outgoing: Outgoing) -> Any:
    """Give the oldest run about a version that is not deleted; None where there is none."""
    with calls.to("its runs cannot be looked up") as client:
        experiment = client.get_experiment_by_name(experiment_of(name))
        if experiment is None:
            return None
        found = client.search_runs(
            [experiment.experiment_id],
            filter_string=f"tags.`{DIGEST}` = '{outgoing.digest}'"
            f" AND tags.`{REGISTRY}` = '{outgoing.registry}'",
            order_by=["attributes.start_time ASC", "attributes.run_id ASC"],
            max_results=1,
        )
        return found[0] if found else None


def create_run(calls: Calls, name: str, outgoing: Outgoing) -> Any:
    """Make the run about a version, named and tagged at once."""
    with calls.to("a run cannot be made") as client:
        return client.create_run(
            _experiment(client, experiment_of(name)),
            start_time=_milliseconds(outgoing.started_at),
            tags=telling.run_tags(outgoing),
            run_name=outgoing.reference,
        )


def get_run(calls: Calls, run_id: str) -> Any:
    """Give a run, brought back where somebody deleted it; None where it is gone for good."""
    if not run_id:
        return None
    with calls.to("its run cannot be read") as client:
        try:
            run = client.get_run(run_id)
            if run.info.lifecycle_stage == "deleted":
                client.restore_run(run_id)
                run = client.get_run(run_id)
        except Exception as error:
            if is_code(error, ABSENT):
                return None
            raise
        return run


def tell_run(calls: Calls, run: Any, outgoing: Outgoing, *, direct: bool) -> None:
    """Log what is said of a version and does not stand in its run yet."""
    from mlflow.entities import Metric, Param, RunTag

    run_id, data = run.info.run_id, run.data
    tags = [
        RunTag(name, value)
        for name, value in telling.run_tags(outgoing).items()
        if data.tags.get(name) != value
    ]
    # A parameter is written once and for all there.
    given = [
        Param(name, value)
        for name, value in telling.params(outgoing).items()
        if name not in data.params
    ]
    at = int(run.info.start_time)
    metrics = [
        Metric(name, float(value), at, 0)
        for name, value in outgoing.metrics.items()
        if data.metrics.get(name) != value
    ]
    with calls.to("what is said of it cannot be logged") as client:
        for tag in telling.taken_away(data.tags, outgoing):
            client.delete_tag(run_id, tag)
        for first in range(0, max(len(tags), len(given), len(metrics)), _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            client.log_batch(run_id, metrics=metrics[some], params=given[some], tags=tags[some])
        _log_inputs(client, run, outgoing)
        _log_record(calls, run, outgoing, direct=direct)


def finish_run(calls: Calls, run: Any, outgoing: Outgoing) -> None:
    """End a run that is not ended, when the training did."""
    if run.info.status != "FINISHED":
        ended = _milliseconds(outgoing.finished_at)
        with calls.to("its run cannot be ended") as client:
            client.set_terminated(run.info.run_id, status="FINISHED", end_time=ended)


def delete_run(calls: Calls, run_id: str) -> None:
    """Delete a run; MLflow keeps it for a while, as it does all that is deleted."""
    with calls.to("a run cannot be deleted") as client:
        try:
            client.delete_run(run_id)
        except Exception as error:
            if not is_code(error, ABSENT):
                raise


def _experiment(client: Any, name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name))
        except Exception as error:
            if not is_code(error, PRESENT):  # somebody was faster
                raise
            found = client.get_experiment_by_name(name)
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _log_inputs(client: Any, run: Any, outgoing: Outgoing) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    logged = run.inputs.dataset_inputs if run.inputs else []
    there = {(each.dataset.name, each.dataset.digest) for each in logged}
    context = {"train": "training", "holdout": "evaluation"}
    wanted = []
    for each in outgoing.inputs:
        said = telling.dataset(each)
        if (said["name"], said["digest"]) in there:
            continue
        there.add((said["name"], said["digest"]))
        tag = InputTag("mlflow.data.context", context.get(each.role, each.role))
        wanted.append(DatasetInput(Dataset(**said), [tag]))
    for first in range(0, len(wanted), _AT_ONCE):
        client.log_inputs(run.info.run_id, datasets=wanted[first : first + _AT_ONCE])


def _log_record(calls: Calls, run: Any, outgoing: Outgoing, *, direct: bool) -> None:
    """Write everything that is said as one file, of which nothing is cut."""
    said = json.dumps(json.loads(canonical_json(outgoing.to_json())), indent=2, sort_keys=True)
    with tempfile.TemporaryDirectory(prefix="registry-mirror-") as folder:
        file = Path(folder) / RECORD
        file.write_text(f"{said}\n", encoding="utf-8")
        Artifacts(calls.address, run.info.artifact_uri, direct=direct).write_file(file)


def _milliseconds(instant: str) -> int | None:
    return int(parse_timestamp(instant).timestamp() * 1000) if instant else None
