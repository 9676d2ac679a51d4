"""What `registry_definitions` makes of declarations, and what it refuses."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from registry_assets import Schedule, features_asset, registry_definitions
from registry_assets.definitions import defs
from registry_assets.errors import DeclarationError
from registry_assets.models.flight_delay.declaration import ASSETS, flight_delay, flights
from registry_assets.models.flight_delay.features import make_features

SNAPSHOT = Path(__file__).with_name("asset_graph.txt")
RENEW = "RENEW_ASSET_GRAPH"


def describe(definitions: dg.Definitions) -> str:
    """The whole code location as text: one line a thing, in order."""
    return "\n".join([*_assets(definitions), "", *_automation(definitions)]) + "\n"


def _assets(definitions: dg.Definitions) -> Iterator[str]:
    graph = definitions.resolve_asset_graph()
    for node in sorted(graph.asset_nodes, key=lambda node: node.key):
        yield f"asset {node.key.to_user_string()}"
        yield f"  group: {node.group_name}; partitions: {_partitions(node.partitions_def)}"
        if node.parent_keys:
            yield f"  from: {', '.join(sorted(k.to_user_string() for k in node.parent_keys))}"
        for key in sorted(node.check_keys):
            spec = graph.get_check_spec(key)
            blocking = ", blocking" if spec.blocking else ""
            yield f"  check {key.name} ({_partitions(spec.partitions_def)}{blocking})"


def _automation(definitions: dg.Definitions) -> Iterator[str]:
    repository = definitions.get_repository_def()
    for job in sorted(definitions.resolve_all_job_defs(), key=lambda job: job.name):
        yield f"job {job.name}"
        made = [key.to_user_string() for key in job.asset_layer.selected_asset_keys]
        if made:
            yield f"  makes: {', '.join(sorted(made))}"
    for sensor in sorted(repository.sensor_defs, key=lambda sensor: sensor.name):
        yield f"sensor {sensor.name} ({sensor.default_status.value})"
        launches = [target.job_name for target in sensor.targets]
        if launches:
            yield f"  launches: {', '.join(sorted(launches))}"
    for schedule in sorted(repository.schedule_defs, key=lambda schedule: schedule.name):
        when = f"{schedule.cron_schedule} {schedule.execution_timezone}"
        yield f"schedule {schedule.name} ({schedule.default_status.value}): {when}"
        yield f"  launches: {schedule.job_name}"


def _partitions(partitions: dg.PartitionsDefinition[Any] | None) -> str:
    if isinstance(partitions, dg.DynamicPartitionsDefinition):
        return f"dynamic {partitions.name}"
    return str(partitions) if partitions else "none"


def train_with_dagster(features: Any, target: Any, params: Any) -> Any:
    return dg.__version__


def test_the_shipped_models_load_without_a_warning() -> None:
    program = (
        "import warnings; import dagster as dg; warnings.simplefilter('error');"
        "from registry_assets.definitions import defs; dg.Definitions.validate_loadable(defs)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_graph_of_the_shipped_models_is_as_it_was_last_reviewed() -> None:
    found = describe(defs)
    if os.environ.get(RENEW):
        SNAPSHOT.write_text(found)
    assert found == SNAPSHOT.read_text(), (
        f"the code location changed. If you meant it: {RENEW}=1 pytest {Path(__file__).name},"
        f" then review the difference in {SNAPSHOT.name}"
    )


def test_features_of_a_model_need_not_be_listed() -> None:
    made = registry_definitions(models=[flight_delay], assets=ASSETS[:3])
    assert flight_delay.features.key in {
        key.to_user_string() for key in made.resolve_asset_graph().get_all_asset_keys()
    }


def test_two_models_of_one_name_are_refused() -> None:
    twin = replace(flight_delay, description="Another one.")
    with pytest.raises(DeclarationError, match="two RegisteredModels are called 'flight_delay'"):
        registry_definitions(models=[flight_delay, twin], assets=ASSETS)


@pytest.mark.parametrize(
    ("cron", "timezone"),
    [
        ("every monday", "UTC"),
        ("0 6 1 *", "UTC"),
        ("99 6 1 * *", "UTC"),
        ("0 6 1 * *", "Mars/Olympus"),
    ],
)
def test_a_schedule_that_nobody_can_read_is_refused(cron: str, timezone: str) -> None:
    def declare() -> dg.Definitions:
        model = replace(flight_delay, retrain=Schedule(cron, timezone=timezone))
        return registry_definitions(models=[model], assets=ASSETS)

    with pytest.raises(DeclarationError) as caught:
        declare()
    assert (timezone if timezone != "UTC" else cron) in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("train", "said"),
    [
        (lambda features, target, params: None, "lambda"),
        (len, "len"),
        (train_with_dagster, "dagster"),
    ],
)
def test_a_train_that_cannot_be_packaged_is_refused_where_it_is_declared(
    train: Callable[..., Any], said: str
) -> None:
    with pytest.raises(DeclarationError, match=said) as caught:
        registry_definitions(models=[replace(flight_delay, train=train)], assets=ASSETS)
    assert "'flight_delay'" in caught.value.message
    assert caught.value.hint


def test_features_of_a_table_that_is_no_snapshot_are_refused() -> None:
    @dg.asset(name="weather", partitions_def=flights.partitions_def)
    def weather() -> pd.DataFrame:
        return pd.DataFrame()

    with pytest.raises(
        DeclarationError, match="flight_features is made from weather, which the registry does not"
    ):
        registry_definitions(models=[flight_delay], assets=[flights, weather, ASSETS[2]])


def test_a_table_may_be_made_from_what_is_no_snapshot() -> None:
    @dg.asset
    def raw() -> str:
        return "a,b"

    @dg.asset(io_manager_key="snapshots")
    def parsed(raw: str) -> pd.DataFrame:
        return pd.DataFrame({"a": [raw]})

    @dg.multi_asset(
        outs={
            "small": dg.AssetOut(io_manager_key="snapshots"),
            "large": dg.AssetOut(io_manager_key="snapshots"),
        }
    )
    def both() -> tuple[pd.DataFrame, pd.DataFrame]:
        return pd.DataFrame(), pd.DataFrame()

    dg.Definitions.validate_loadable(registry_definitions(models=[], assets=[raw, parsed, both]))


def without_parameters() -> pd.DataFrame:
    return pd.DataFrame()


def with_the_rest(flights: pd.DataFrame, **others: pd.DataFrame) -> pd.DataFrame:
    return flights


def with_a_default(flights: pd.DataFrame, limit: int = 3) -> pd.DataFrame:
    return flights.head(limit)


def with_dagster(flights: pd.DataFrame) -> pd.DataFrame:
    return flights.assign(version=dg.__version__)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"make_features": without_parameters}, "takes \\(\\); every parameter must name one"),
        ({"make_features": with_the_rest}, "every parameter must name one table"),
        ({"make_features": with_a_default}, "every parameter must name one table"),
        ({"make_features": with_dagster}, "dagster"),
        ({"make_features": lambda flights: flights}, "lambda"),
        ({"make_features": "make_features"}, "make_features is a str"),
        ({"inputs": {"flihgts": flights}}, "takes \\(flights, .*\\); inputs names flihgts"),
        ({"name": "flight-features"}, "flight-features"),
        ({"keep": "late"}, "keep='late' is a text, not a list of columns"),
    ],
)
def test_a_mistake_in_features_is_one_sentence_where_it_is_written(
    changed: dict[str, Any], message: str
) -> None:
    right: dict[str, Any] = {
        "make_features": make_features,
        "name": "flight_features",
        "keep": ["late"],
    }
    given = {**right, **changed}
    function: Callable[..., pd.DataFrame] = given.pop("make_features")
    with pytest.raises(DeclarationError, match=message) as caught:
        features_asset(function, **given)
    assert caught.value.hint


def test_a_table_that_no_asset_makes_is_named_when_the_code_location_loads() -> None:
    made = registry_definitions(models=[flight_delay], assets=[flights, ASSETS[2]])
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="weather"):
        dg.Definitions.validate_loadable(made)
