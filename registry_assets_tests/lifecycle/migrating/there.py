"""A registered model in a real MLflow server, made by MLflow's own client. Not a test."""

import json
import logging
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_assets.lifecycle.migrating.values import Migrated
from registry_assets.registry import Registry
from registry_assets_tests.lifecycle.changes import history
from registry_assets_tests.servers.mlflow import MLflowServer
from registry_assets_tests.worlds import PERSON

Files = Mapping[str, bytes]


def pickle_that_runs(command: str) -> bytes:
    """A pickle that runs a shell's command in whoever opens it."""
    text = command.encode()
    return b"\x80\x02cposix\nsystem\nX" + len(text).to_bytes(4, "little") + text + b"\x85R."


def pickled(seed: int) -> dict[str, bytes]:
    """The files of a model as MLflow's scikit-learn flavour wrote them for years."""
    return {
        "MLmodel": f"flavors:\n  sklearn:\n    pickled_model: model.pkl\nseed: {seed}\n".encode(),
        "model.pkl": pickle_that_runs(f"exit {seed % 100}"),
        "requirements.txt": b"scikit-learn==1.9.1\n",
    }


@dataclass(frozen=True, slots=True)
class There:
    """A registered model of a server."""

    server: MLflowServer
    name: str
    aside: Path

    @property
    def client(self) -> Any:
        """MLflow's own client."""
        return self.server.client()

    def register(self) -> None:
        """Make the registered model."""
        # Whoever waits for a version to be ready is told so by a whole line each.
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        self.client.create_registered_model(
            self.name, tags={"team": "crm"}, description="Who leaves?"
        )

    def version(
        self,
        seed: int,
        *,
        files: Files | None = None,
        metrics: Mapping[str, float] | None = None,
        **said: Any,
    ) -> str:
        """Log a run with files, and make a version of it; give its number."""
        client = self.client
        experiment = client.get_experiment_by_name(self.name)
        where = experiment.experiment_id if experiment else client.create_experiment(self.name)
        run = client.create_run(where, run_name=f"run {seed}", start_time=1_700_000_000_000 + seed)
        run_id = run.info.run_id
        for metric, value in (metrics or {"auc": 0.7 + seed / 1000}).items():
            client.log_metric(run_id, metric, value)
        client.log_param(run_id, "depth", seed)
        client.set_tag(run_id, "note", f"seed {seed}")
        self.log_data(run_id, seed)
        folder = self.aside / secrets.token_hex(4)
        for path, data in (pickled(seed) if files is None else files).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        if folder.exists():
            client.log_artifacts(run_id, str(folder), "model")
        client.set_terminated(run_id, end_time=1_700_000_060_000 + seed)
        made = client.create_model_version(
            self.name,
            f"{run.info.artifact_uri}/model",
            run_id,
            **{"tags": {"seed": str(seed)}, "description": f"made with {seed}", **said},
        )
        return str(made.version)

    def log_data(self, run_id: str, seed: int) -> None:
        """Say what a run was made from."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        source = json.dumps({"url": f"postgresql://scott:tiger@db.example.com/flights?{seed}"})
        dataset = Dataset(f"flights {seed}", f"d{seed}", "sql", source)
        tag = InputTag("mlflow.data.context", "training")
        self.client.log_inputs(run_id, datasets=[DatasetInput(dataset, [tag])])

    def forget_run(self, number: str) -> None:
        """Let a version name no run, as those do that were made by other tools."""
        self._change(number, "run_id = NULL")

    def move_files(self, number: str, source: str) -> None:
        """Let a version say that its files are elsewhere, as servers of before do."""
        self._change(number, "source = ?, storage_location = NULL", source)

    def _change(self, number: str, what: str, *values: str) -> None:
        with closing(sqlite3.connect(self.server.database, timeout=30)) as database, database:
            query = f"UPDATE model_versions SET {what} WHERE name = ? AND version = ?"
            assert database.execute(query, (*values, self.name, number)).rowcount == 1

    def artifact(self, number: str) -> Path:
        """The folder in which the server keeps the files of a version."""
        uri = str(self.client.get_model_version_download_uri(self.name, number))
        return self.server.artifacts / uri.removeprefix("mlflow-artifacts:/")

    def migrate(self, registry: Registry, **options: Any) -> Migrated:
        """Bring it in, as `churn`."""
        asked = {"model": "churn", "tracking_uri": self.server.url, "run": PERSON, **options}
        return registry.migrate_mlflow(self.name, **asked)


MakeThere = Callable[..., There]


def state_of(registry: Registry, model: str = "churn") -> Any:
    """All that is known of what came, but for when it did and what it is called in the log."""
    return [
        (
            each.number,
            each.foreign_number,
            each.identity,
            each.digest,
            each.state,
            each.files,
            dict(each.said),
        )
        for each in registry.imported_versions(model, linked=True)
    ], [(each.alias, each.foreign_number) for each in registry.imported_aliases(model)]


def sentences(registry: Registry) -> list[str]:
    """What the ledger says, in its order."""
    return [event.sentence for event in history(registry)]
