"""What definitions and steps take from Dagster beyond its public API."""

import warnings
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import dagster as dg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from registry_assets.orchestration.local import LocalDaemon
from registry_assets.orchestration.unstable import (
    migrations,
    quiet_previews,
    set_data_version,
    step_attempt,
)
from registry_assets_tests.orchestration.stage import Stage

DIGEST = "sha256:" + "a" * 64


def test_a_check_with_partitions_warns_unless_it_is_quiet() -> None:
    versions = dg.DynamicPartitionsDefinition(name="demo/versions")

    with pytest.warns(dg.PreviewWarning):
        dg.AssetCheckSpec("good", asset="model", partitions_def=versions)
    with quiet_previews():
        dg.AssetCheckSpec("good", asset="model", partitions_def=versions)


def test_every_other_warning_is_heard() -> None:
    with quiet_previews(), pytest.warns(dg.PreviewWarning, match="something else"):
        warnings.warn("something else is in preview", dg.PreviewWarning, stacklevel=1)


class _Remembering(dg.IOManager):
    """Keeps everything in memory, and what was loaded for each output."""

    def __init__(self) -> None:
        self._loaded: WeakKeyDictionary[Any, list[str]] = WeakKeyDictionary()
        self._stored: dict[dg.AssetKey, object] = {}
        self.loaded_for: dict[str, list[str]] = {}

    def load_input(self, context: dg.InputContext) -> object:
        self._loaded.setdefault(step_attempt(context), []).append(context.name)
        return self._stored[context.asset_key]

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        self._stored[context.asset_key] = obj
        self.loaded_for[context.name] = self._loaded.get(step_attempt(context), [])
        set_data_version(context, DIGEST)


def test_an_io_manager_sets_the_version_and_knows_what_it_loaded(tmp_path: Path) -> None:
    manager = _Remembering()
    tries = []

    @dg.asset
    def flights() -> int:
        return 1

    @dg.multi_asset(
        outs={"one": dg.AssetOut(), "two": dg.AssetOut()},
        retry_policy=dg.RetryPolicy(max_retries=1),
    )
    def features(flights: int) -> tuple[int, int]:
        tries.append(flights)
        if len(tries) == 1:
            raise ConnectionError("the first try fails")
        return 1, 2

    definitions = dg.Definitions(assets=[flights, features], resources={"io_manager": manager})
    keys = [dg.AssetKey(name) for name in ("flights", "one", "two")]
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with (
        dg.DagsterInstance.from_config(str(tmp_path)) as instance,
        LocalDaemon(instance=instance, definitions=definitions) as daemon,
    ):
        assert daemon.materialize(keys).success
        events = [instance.get_latest_materialization_event(key) for key in keys]

    assert len(tries) == 2
    assert manager.loaded_for == {"result": [], "one": ["flights"], "two": ["flights"]}
    for event in events:
        assert event is not None
        assert event.asset_materialization is not None
        assert event.asset_materialization.tags is not None
        assert event.asset_materialization.tags["dagster/data_version"] == DIGEST


def test_migrations_are_read_once_and_say_what_they_say_anew(
    arrived: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "_read", {})
    assert arrived.retrain(reason="first").success
    read = dict(migrations._read)
    assert arrived.retrain(reason="second").success
    assert len(read) > 0
    assert migrations._read == read
    for (file, location), folder in read.items():
        anew = Config(file)
        anew.set_main_option("script_location", str(location))
        assert folder.get_heads() == ScriptDirectory.from_config(anew).get_heads()
