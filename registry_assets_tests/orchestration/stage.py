"""A registered model in a Dagster home of its own, driven sensor by sensor. Not a test.

The user's project is that of `projects`, imported into this process. Data, runs and the
registry lie in a home that a test copies from a template: a training costs seconds, because
every package is loaded again in a fresh process.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg
import pytest

from registry_assets.orchestration.local import LocalDaemon, RunOutcome, Tick
from registry_assets.orchestration.reporting import REPORT_SENSOR
from registry_assets.registry import Registry
from registry_assets_tests.copies import copied
from registry_assets_tests.orchestration.projects import MONTHS, PACKAGE, make_project

MODEL = dg.AssetKey(["ontime", "model"])
EVALUATION = dg.AssetKey(["ontime", "evaluation"])
PRODUCTION = dg.AssetKey(["ontime", "production"])
FEATURES = dg.AssetKey("ontime_features")
POOR = {"sense": False}
"""Parameters of a model that predicts the opposite."""
_SETTINGS = "telemetry: {enabled: false}\nnux: {enabled: false}\n"


@dataclass(frozen=True, slots=True)
class Check:
    """One result of an asset check, as Dagster stored it."""

    passed: bool
    severity: str
    why: str
    digest: str


@dataclass(frozen=True, slots=True)
class Stage:
    """An open home: its registry, its Dagster instance, and the daemon that drives both."""

    folder: Path
    registry: Registry
    instance: dg.DagsterInstance
    daemon: LocalDaemon

    def retrain(self, model: str = "ontime", **config: Any) -> RunOutcome:
        """Launch the retrain job with this config."""
        config = {"ops": {f"{model}__reserve": {"config": config}}}
        return self.daemon.run_job(f"{model}__retrain", run_config=config)

    def train(self, model: str = "ontime") -> Tick:
        """Let the version sensor look once."""
        return self.daemon.tick(f"{model}__versions")

    def promote(self, model: str = "ontime") -> Tick:
        """Let the promotion sensor look once."""
        return self.daemon.tick(f"{model}__promotion")

    def report(self) -> Tick:
        """Let the report sensor look once."""
        return self.daemon.tick(REPORT_SENSOR)

    def promote_by_hand(self, version: int | None = None, model: str = "ontime") -> RunOutcome:
        """Launch the promotion job as a person does."""
        config = {} if version is None else {"version": version}
        return self.daemon.run_job(
            f"{model}__promote", run_config={"ops": {f"{model}__production": {"config": config}}}
        )

    def made(self, key: dg.AssetKey) -> list[tuple[str | None, str | None]]:
        """Partition and data version of each materialization of an asset, oldest first."""
        found = []
        for record in self.instance.fetch_materializations(key, limit=100, ascending=True).records:
            event = record.asset_materialization
            assert event is not None
            found.append((event.partition, (event.tags or {}).get("dagster/data_version")))
        return found

    def checks(self, key: dg.AssetKey, partition: str | None) -> dict[str, Check]:
        """The newest result of each check about one partition of an asset."""
        found = {}
        graph = self.instance.event_log_storage
        for name in CHECKS[key.path[-1]]:
            check = dg.AssetCheckKey(key, name)
            for record in graph.get_asset_check_execution_history(check, limit=100):
                event = record.event.dagster_event if record.event else None
                if record.partition != partition or event is None:
                    continue
                if event.event_type is not dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                    continue
                result = event.asset_check_evaluation_data
                found[name] = Check(
                    result.passed,
                    result.severity.value,
                    str(result.description),
                    str(result.metadata["digest"].value),
                )
                break
        return found

    def said(self, outcome: RunOutcome) -> str:
        """Everything that the steps of a run logged."""
        logs = self.instance.all_logs(outcome.run_id)
        return "\n".join(entry.user_message for entry in logs)

    def events(self, model: str = "ontime") -> list[str]:
        """The kinds of a model's ledger events: all that ever changed in the registry."""
        return [event.kind for event in self.registry.log(model)]


CHECKS = {
    "model": ("metadata_complete", "loads_and_reproduces"),
    "evaluation": ("roc_auc_at_least", "roc_auc_not_worse_than_production", "approved"),
}


def make_home(folder: Path) -> Path:
    """An empty registry and an initialised Dagster instance in a new folder."""
    folder.mkdir(parents=True)
    (folder / "dagster.yaml").write_text(_SETTINGS)
    Registry.init(folder)
    dg.DagsterInstance.from_config(str(folder)).dispose()
    return folder


def copy_home(template: Path, folder: Path) -> Path:
    """A copy of a home with all of its history."""
    return copied(template, folder)


@contextmanager
def open_stage(folder: Path, definitions: dg.Definitions) -> Iterator[Stage]:
    """Open a home under some definitions, whose registry is found by REGISTRY_HOME."""
    with (
        pytest.MonkeyPatch.context() as patch,
        dg.DagsterInstance.from_config(str(folder)) as instance,
        LocalDaemon(instance=instance, definitions=definitions) as daemon,
    ):
        patch.setenv("REGISTRY_HOME", str(folder))
        yield Stage(folder, Registry.open(folder), instance, daemon)


@contextmanager
def imported_project(folder: Path) -> Iterator[ModuleType]:
    """Make the project in a folder and import its code location for a while."""
    make_project(folder)
    others = [entry for entry in sys.path if not (Path(entry) / PACKAGE).is_dir()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*others, str(folder)])
        patch.setattr(sys, "dont_write_bytecode", True)
        hidden = {name: sys.modules.pop(name) for name in _modules()}
        try:
            yield import_module(f"{PACKAGE}.definitions")
        finally:
            for name in _modules():
                del sys.modules[name]
            sys.modules.update(hidden)


def arrive(stage: Stage, months: Sequence[str] = MONTHS) -> None:
    """Let data arrive."""
    outcomes = [stage.daemon.materialize([dg.AssetKey("planes")])]
    for month in months:
        keys = [dg.AssetKey("flights"), FEATURES]
        outcomes.append(stage.daemon.materialize(keys, partition_key=month))
    assert [outcome.failures for outcome in outcomes if not outcome.success] == []


def _modules() -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] == PACKAGE]
