"""Which partition is expected by now: none that nothing is ever predicted of."""

from datetime import UTC, datetime
from pathlib import Path

from registry_assets.declaration import Freshness
from registry_assets.lifecycle.monitoring.due import find_due
from registry_assets.lifecycle.monitoring.freshening import find_punctuality
from registry_assets_tests.lifecycle.monitoring.conftest import watched
from registry_assets_tests.worlds import SENSOR, opened_world

MAY, JUNE = datetime(2013, 5, 10, tzinfo=UTC), datetime(2013, 6, 10, tzinfo=UTC)


def test_a_month_that_arrived_before_anything_was_deployed_is_not_waited_for(
    trained_folder: Path, tmp_path: Path
) -> None:
    with opened_world(trained_folder) as world:
        world.copy(tmp_path / "early")
    with opened_world(tmp_path / "early") as world:
        world.month("2013-04")
        world.registry.promote("flight_delay", 1, run=SENSOR)
        model = watched(world, freshness=Freshness(days=3))
        with world.registry.backends.catalog.read() as connection:
            early = find_punctuality(connection, model, now=MAY)
            due = find_due(connection, model)
            late = find_punctuality(connection, model, now=JUNE)

    assert early is not None and late is not None  # noqa: PT018
    assert due == ()
    assert (early.expected, early.finding.outcome) == ("", "passed")
    assert (late.expected, late.finding.outcome) == ("2013-05", "failed")
