"""Fresh Dagster homes for tests. Not a test."""

from pathlib import Path

import dagster as dg

from registry_assets_tests.copies import copied
from registry_assets_tests.orchestration import pipeline

_SETTINGS = "telemetry: {enabled: false}\nnux: {enabled: false}\n"
_LOCATION = f"python_file: {{relative_path: {pipeline.__file__}, location_name: demo}}"


def make_home(folder: Path) -> Path:
    """A Dagster home, initialised, with the pipeline as its only code location."""
    folder.mkdir(parents=True)
    (folder / "dagster.yaml").write_text(_SETTINGS)
    (folder / "workspace.yaml").write_text(f"load_from:\n  - {_LOCATION}\n")
    dg.DagsterInstance.from_config(str(folder)).dispose()
    return folder


def copy_home(template: Path, folder: Path) -> Path:
    """A copy of a home: creating its SQLite files anew takes a second each time."""
    return copied(template, folder)
