"""A registry in which all happened that can, and a file that is told of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from registry_assets.openlineage.destination import FileDestination
from registry_assets_tests.catalog.history import History, lived_in, reopened
from registry_assets_tests.copies import copied
from registry_assets_tests.openlineage.schemas import valid


@pytest.fixture(scope="session")
def lived_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lived") / "project"
    lived_in(folder)
    return folder


@pytest.fixture
def history(lived_folder: Path, tmp_path: Path) -> History:
    """`late`: 1 archived, 2 in production, 3 failed; production was rolled back once."""
    return reopened(copied(lived_folder, tmp_path / "project"))


@pytest.fixture
def file(history: History) -> FileDestination:
    return FileDestination(history.registry.home.folder / "told.jsonl")


def told(file: FileDestination) -> list[dict[str, Any]]:
    """Every event in a file, each held against the schemas that it names."""
    if not file.path.exists():
        return []
    return [valid(json.loads(line)) for line in file.path.read_text().splitlines()]


def names(events: list[dict[str, Any]]) -> list[str]:
    """Say what each is about: `COMPLETE train/late`, `job train/late`, `dataset snapshots/…`."""
    said = []
    for event in events:
        if "run" in event:
            said.append(f"{event['eventType']} {event['job']['name']}")
        else:
            kind = "job" if "job" in event else "dataset"
            said.append(f"{kind} {event[kind]['name']}")
    return said
