"""A world whose model is deployed, and has lived an ordinary month and a bad one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from registry_assets.declaration import (
    Dashboard,
    Decay,
    Drift,
    Evidently,
    Monitoring,
    Quality,
    RegisteredModel,
)
from registry_assets_tests.worlds import SENSOR, World, flights, small_world

MODEL = "flight_delay"
GOOD, BAD = "2013-04", "2013-05"
EVIDENTLY_ROWS = 200


def lived_model(world: World) -> RegisteredModel:
    """The world's model, watched by slices too, with Evidently's report and a dashboard."""
    plan = Monitoring(
        keys=("key",),
        drift=Drift(
            watch=("hour",), slices=("hour", "key"), evidently=Evidently(rows=EVIDENTLY_ROWS)
        ),
        quality=Quality(duplicates=0.0),
        decay=(Decay("roc_auc", 0.1),),
        dashboards=(Dashboard("Grafana", "https://grafana.example/d/x?v={version}"),),
    )
    return replace(world.model(), monitoring=plan)


def bad_month() -> pd.DataFrame:
    """Flights of the evening alone, of which the early ones are late."""
    rows = flights(2000, seed=5)
    rows = rows[rows["sched_dep_time"] >= 1900].reset_index(drop=True)
    return rows.assign(late=~rows["late"])


def observe(world: World, model: RegisteredModel, partition: str) -> None:
    """Let a partition be watched."""
    registry = world.registry
    registry.observe_predictions(model, partition, run=SENSOR)
    registry.observe_drift(model, partition, run=SENSOR)
    registry.observe_performance(model, partition, run=SENSOR)


@contextmanager
def lived_world(folder: Path) -> Iterator[World]:
    """Make a world in which version 1 was promoted, and lived two months."""
    with small_world(folder, months=("2013-01", "2013-02", "2013-03")) as world:
        model = lived_model(world)
        world.version(model, request="april")
        world.registry.promote(MODEL, 1, run=SENSOR)
        world.clock.now = datetime(2013, 5, 1, 6, tzinfo=UTC)
        world.month(GOOD)
        observe(world, model, GOOD)
        world.clock.now = datetime(2013, 6, 1, 6, tzinfo=UTC)
        world.arrive(BAD, bad_month())
        observe(world, model, BAD)
        yield world
