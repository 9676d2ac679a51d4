"""What comes from Weights & Biases: versions of a collection, and what is said of them there."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from registry_assets.canonical import Json
from registry_assets.lifecycle.migrating.telling import LONGEST_NAME, Told
from registry_assets.mirroring.wandb.reading import Reader, ReadModel, ReadRun, ReadVersion

ALWAYS_LOST = (
    "of each metric only what its run's summary says came, not those of every step",
    "who set an alias, and when, its client is not told; `latest` is set by the server itself",
    "data that a run used, media, tables, and whatever it has beside the version, stay there",
)


@dataclass(frozen=True, slots=True)
class WeightsAndBiasesSource:
    """A collection there, as `migrating.source` asks for one."""

    reader: Reader

    @property
    def kind(self) -> str:
        """What it is."""
        return "wandb"

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
        """Read the collection: see `Reader.model`."""
        return self.reader.model(name)

    def look(self, versions: Sequence[ReadVersion]) -> list[ReadVersion]:
        """Read runs, and list files."""
        return self.reader.look(versions)

    def fetch(self, version: ReadVersion, folder: Path) -> str:
        """Write the files of a version into an empty folder."""
        return self.reader.fetch(version, folder)

    def fetch_all(self, wanted: Sequence[tuple[ReadVersion, Path]]) -> list[str]:
        """Write those of several, one after the other: their client shares one place."""
        return [self.reader.fetch(version, folder) for version, folder in wanted]

    def said(self, version: ReadVersion, told: Told) -> dict[str, Json]:
        """Give everything that is said of a version there, for its manifest and its row."""
        if version.listing is not None and version.run is None:
            told.lost.append("its run is gone, or is not shown: no metrics, no params")
        if version.status != "COMMITTED":
            told.lost.append(f"its status is {told.text(version.status, 'its status', 100)}")
        labels = {"wandb.tags": ", ".join(version.labels)} if version.labels else {}
        return {
            "source": "wandb",
            "name": told.text(version.name, "its name", LONGEST_NAME),
            "number": version.number,
            "created_at": version.created_at,
            "updated_at": version.updated_at,
            "user": told.text(version.run.user, "its user", LONGEST_NAME) if version.run else "",
            "description": told.text(version.description, "its description"),
            "stage": "",
            "status": told.text(version.status, "its status", 100),
            "tags": told.texts({**version.metadata, **labels}, "key of its metadata"),
            "artifacts": told.text(version.source, "the artifact that is linked", 2000),
            "run": None if version.run is None else _run(version.run, told),
        }

    def links(self, version: ReadVersion) -> dict[str, Json]:
        """Give the pages of a version and its run there."""
        run, address = version.run, self.reader.address
        pages = [*run.project.split("/"), "runs", run.run_id] if run else []
        return {
            "address": address.url,
            "url": version.page,
            "run_url": address.page(*pages) if run else None,
        }


def _run(run: ReadRun, told: Told) -> dict[str, Json]:
    return {
        "run_id": told.text(run.run_id, "the id of its run", 200),
        "name": told.text(run.name, "the name of its run", LONGEST_NAME),
        "experiment": told.text(run.project, "the project of its run", LONGEST_NAME),
        "status": told.text(run.status, "the status of its run", 100),
        "deleted": False,
        "user": told.text(run.user, "the user of its run", LONGEST_NAME),
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "metrics": told.numbers(run.metrics),
        "params": told.texts(run.params, "parameter"),
        "tags": {"notes": told.text(run.notes, "the notes of its run")} if run.notes else {},
        "inputs": [],
    }
