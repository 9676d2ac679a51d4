"""How a model is watched is on record, for whoever does not have its code."""

from collections.abc import Sequence
from dataclasses import replace

from registry_assets.catalog.monitored import MONITORING_DECLARED, read_monitored
from registry_assets.declaration import Alerting, Dashboard, Monitoring, QuietHours
from registry_assets.lifecycle.monitoring.declared import alerting_of, dashboards_of
from registry_assets.lifecycle.reserving import declare_model
from registry_assets_tests.worlds import SENSOR, World

PLAN = Monitoring(
    dashboards=(Dashboard("Grafana", "https://grafana.example/d/{version}"),),
    alerting=Alerting(
        minimum="error",
        severities={"freshness": "info"},
        quiet=QuietHours("22:00", "07:00", timezone="America/New_York"),
        sinks=("pager",),
    ),
)


def declared(world: World, plan: Monitoring | None) -> None:
    """Declare the world's model, watched so."""
    declare_model(
        world.registry.backends, replace(world.model(), monitoring=plan), actor=SENSOR.actor
    )


def said(world: World) -> Sequence[str]:
    """What the ledger says of how it is watched."""
    log = world.registry.log("flight_delay")
    return [event.sentence for event in log if event.kind == MONITORING_DECLARED]


def test_what_was_declared_last_is_read_back_as_it_was_declared(trained: World) -> None:
    catalog = trained.registry.backends.catalog
    with catalog.read() as connection:
        assert read_monitored(connection, "flight_delay") is None
        assert alerting_of(connection, "flight_delay") == Alerting()
    for plan in (PLAN, PLAN, Monitoring(), PLAN):
        declared(trained, plan)
        with catalog.read() as connection:
            assert alerting_of(connection, "flight_delay") == plan.alerting
            assert dashboards_of(connection, "flight_delay") == plan.dashboards
    assert said(trained) == ["flight_delay is watched as it was declared now"] * 3
    assert trained.registry.verify().clean


def test_what_is_watched_no_more_is_said_once_and_nothing_of_what_never_was(
    trained: World,
) -> None:
    declared(trained, None)
    assert said(trained) == []
    for plan in (PLAN, None, None):
        declared(trained, plan)
    assert said(trained)[1:] == ["flight_delay is watched no more"]
    with trained.registry.backends.catalog.read() as connection:
        assert alerting_of(connection, "flight_delay") == Alerting()
        assert dashboards_of(connection, "flight_delay") == ()


def test_an_observation_declares_it_before_anybody_is_told(trained: World) -> None:
    trained.registry.promote("flight_delay", 1, run=SENSOR)
    trained.month("2013-04")
    watched = replace(trained.model(), monitoring=PLAN)
    trained.registry.observe_predictions(watched, "2013-04", run=SENSOR)
    kinds = [event.kind for event in trained.registry.log("flight_delay")]
    assert kinds[-2:] == [MONITORING_DECLARED, "observation_recorded"]
