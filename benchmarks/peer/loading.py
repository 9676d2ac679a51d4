"""Fills MLflow's tables as its own calls do, many rows at a time.

100,000 calls of `create_model_version` would take seven minutes and more.
"""

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measuring import require
from benchmarks.peer.client import EXPERIMENT, database, library, open_mlflow
from benchmarks.shapes import milliseconds_after_start, roc_auc

START_MS = int(datetime(2026, 1, 1, 6, tzinfo=UTC).timestamp() * 1000)
ALIAS = "production"
BATCH = 10_000
READY = 2  # of a logged model, as `LoggedModelStatus` counts

Rows = dict[str, list[dict[str, Any]]]


def load(folder: str, models: int, versions: int, production: int) -> None:
    """Load models with versions, tags, metrics and the alias that production is here."""
    client = open_mlflow(Path(folder))
    experiment = client.get_experiment_by_name(EXPERIMENT)
    run = client.create_run(experiment.experiment_id)
    loader = _Loader(
        library("sqlalchemy").create_engine(database(Path(folder))),
        experiment=int(experiment.experiment_id),
        run=run.info.run_id,
        artifacts=experiment.artifact_location,
    )
    for place in range(models):
        loader.add_model(f"late_{place}", production)
        for number in range(1, versions + 1):
            loader.add_version(place, number)
    loader.write()
    # MLflow's own client must find what was loaded.
    for name in {"late_0", f"late_{models - 1}"}:
        require(int(client.get_model_version_by_alias(name, ALIAS).version), production)
        newest = client.get_model_version(name, str(versions))
        require(newest.tags["ticket"], f"{name}-{versions}")
        logged = client.get_logged_model(newest.source.removeprefix("models:/"))
        require({metric.key for metric in logged.metrics}, {"roc_auc", "log_loss"})


class _Loader:
    """Gathers rows, and writes them in batches."""

    def __init__(self, engine: Any, *, experiment: int, run: str, artifacts: str) -> None:
        registry = library("mlflow.store.model_registry.dbmodels.models")
        tracking = library("mlflow.store.tracking.dbmodels.models")
        self._tables = {
            "models": registry.SqlRegisteredModel.__table__,
            "versions": registry.SqlModelVersion.__table__,
            "tags": registry.SqlModelVersionTag.__table__,
            "aliases": registry.SqlRegisteredModelAlias.__table__,
            "logged": tracking.SqlLoggedModel.__table__,
            "metrics": tracking.SqlLoggedModelMetric.__table__,
            "params": tracking.SqlLoggedModelParam.__table__,
            "logged_tags": tracking.SqlLoggedModelTag.__table__,
        }
        self._engine = engine
        self._experiment = experiment
        self._run = run
        self._artifacts = artifacts
        self._pending: Rows = defaultdict(list)

    def add_model(self, name: str, production: int) -> None:
        """Add a registered model whose alias names a version."""
        self._pending["models"].append(
            {"name": name, "creation_time": START_MS, "last_updated_time": START_MS}
        )
        if production:
            self._pending["aliases"].append(
                {"name": name, "alias": ALIAS, "version": str(production)}
            )

    def add_version(self, place: int, number: int) -> None:
        """Add a version with the tags, metrics and parameters that ours has."""
        name, key = f"late_{place}", f"m-{place:016x}{number:016x}"
        when = START_MS + milliseconds_after_start(place, number)
        location = f"{self._artifacts}/models/{key}/artifacts"
        model_of_experiment = {"model_id": key, "experiment_id": self._experiment}
        pending = self._pending
        pending["versions"].append(
            {
                "name": name,
                "version": number,
                "creation_time": when,
                "last_updated_time": when,
                "source": f"models:/{key}",
                "storage_location": location,
                "run_id": self._run,
            }
        )
        pending["tags"] += [
            {"name": name, "version": number, "key": tag, "value": value}
            for tag, value in tags_of(name, number).items()
        ]
        pending["logged"].append(
            {
                **model_of_experiment,
                "name": "model",
                "artifact_location": location,
                "creation_timestamp_ms": when,
                "last_updated_timestamp_ms": when,
                "status": READY,
                "source_run_id": self._run,
            }
        )
        auc = roc_auc(number)
        pending["metrics"] += [
            {
                **model_of_experiment,
                "metric_name": metric,
                "metric_timestamp_ms": when,
                "metric_step": 0,
                "metric_value": value,
                "run_id": self._run,
            }
            for metric, value in (("roc_auc", auc), ("log_loss", round(1.1 - auc, 4)))
        ]
        pending["logged_tags"] += [
            {**model_of_experiment, "tag_key": "ticket", "tag_value": f"{name}-{number}"}
        ]
        pending["params"] += [
            {**model_of_experiment, "param_key": param, "param_value": value}
            for param, value in (("C", "1.0"), ("max_iter", "200"), ("random_state", str(number)))
        ]
        if len(pending["versions"]) >= BATCH:
            self.write()

    def write(self) -> None:
        """Write what was gathered, in one transaction."""
        with self._engine.begin() as connection:
            for name, table in self._tables.items():
                if rows := self._pending.pop(name, []):
                    connection.execute(table.insert(), rows)


def tags_of(name: str, number: int) -> dict[str, str]:
    """Give the tags of one version; no other version has its ticket."""
    return {
        "use_case": "delay",
        "regulatory_class": "minimal",
        "deployment_target": "batch",
        "team": f"team-{number % 20}",
        "region": f"region-{number % 7}",
        "ticket": f"{name}-{number}",
    }
