"""What comes from MLflow: versions with their runs, and what is said of them there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from registry_assets.canonical import Json
from registry_assets.lifecycle.migrating.telling import LONGEST_NAME, MOST_ENTRIES, Told
from registry_assets.mirroring.mlflow.reading import (
    DatasetInput,
    Reader,
    ReadModel,
    ReadRun,
    ReadVersion,
)

ALWAYS_LOST = (
    "of each metric only its last value came, not those of every step",
    "who set an alias, and when, MLflow does not keep",
    "traces, and whatever a run has beside the version's own folder, stay there",
)


@dataclass(frozen=True, slots=True)
class MLflowSource:
    """An MLflow server, as `migrating.source` asks for one."""

    reader: Reader

    @property
    def kind(self) -> str:
        """What it is."""
        return "mlflow"

    @property
    def address(self) -> str:
        """Where it is."""
        return self.reader.address.url

    @property
    def always_lost(self) -> tuple[str, ...]:
        """What comes of no version."""
        return ALWAYS_LOST

    def secrets(self) -> tuple[str, ...]:
        """Give what must not be kept."""
        return self.reader.address.secrets()

    def model(self, name: str) -> ReadModel:
        """Read a registered model: see `Reader.model`."""
        return self.reader.model(name)

    def look(self, versions: Sequence[ReadVersion]) -> list[ReadVersion]:
        """Read runs, and list files."""
        return self.reader.look(versions)

    def fetch(self, version: ReadVersion, folder: Path) -> str:
        """Write the files of a version into an empty folder."""
        return self.reader.fetch(version, folder)

    def fetch_all(self, wanted: Sequence[tuple[ReadVersion, Path]]) -> list[str]:
        """Write those of several, beside each other."""
        return self.reader.fetch_all(wanted)

    def said(self, version: ReadVersion, told: Told) -> dict[str, Json]:
        """Give everything that is said of a version there, for its manifest and its row."""
        if version.run_id and version.run is None:
            told.lost.append(
                f"its run {version.run_id:.64} is gone for good: no metrics, no params"
            )
        if not version.run_id:
            told.lost.append("it names no run: no metrics, no params, no data")
        if version.status not in ("", "READY"):
            told.lost.append(f"its status is {told.text(version.status, 'its status', 100)}")
        return {
            "source": "mlflow",
            "name": told.text(version.name, "its name", LONGEST_NAME),
            "number": str(version.number),
            "created_at": version.created_at,
            "updated_at": version.updated_at,
            "user": told.text(version.user, "its user", LONGEST_NAME),
            "description": told.text(version.description, "its description"),
            "stage": told.text(version.stage, "its stage", 100),
            "status": told.text(version.status, "its status", 100),
            "tags": told.texts(version.tags, "tag"),
            "artifacts": told.text(version.source, "the address of its files", 2000),
            "run": None if version.run is None else _run(version.run, told),
        }

    def links(self, version: ReadVersion) -> dict[str, Json]:
        """Give the pages of a version and its run there."""
        run, address = version.run, self.reader.address
        run_page = address.page("experiments", run.experiment, "runs", run.run_id) if run else None
        page = address.page("models", version.name, "versions", str(version.number))
        return {"address": address.url, "url": page, "run_url": run_page}


def _run(run: ReadRun, told: Told) -> dict[str, Json]:
    return {
        "run_id": told.text(run.run_id, "the id of its run", 100),
        "name": told.text(run.name, "the name of its run", LONGEST_NAME),
        "experiment": told.text(run.experiment, "its experiment", 100),
        "status": told.text(run.status, "the status of its run", 100),
        "deleted": run.deleted,
        "user": told.text(run.user, "the user of its run", LONGEST_NAME),
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "metrics": told.numbers(run.metrics),
        "params": told.texts(run.params, "parameter"),
        "tags": told.texts(run.tags, "tag of its run"),
        "inputs": _inputs(run.inputs, told),
    }


def _inputs(inputs: Iterable[DatasetInput], told: Told) -> list[Json]:
    return [
        {
            "name": told.text(each.name, "the name of a dataset", LONGEST_NAME),
            "digest": told.text(each.digest, "the digest of a dataset", LONGEST_NAME),
            "source_type": told.text(each.source_type, "the kind of a dataset", LONGEST_NAME),
            "source": told.text(each.source, "the source of a dataset"),
            "context": told.text(each.context, "the use of a dataset", LONGEST_NAME),
        }
        for each in list(inputs)[:MOST_ENTRIES]
    ]
