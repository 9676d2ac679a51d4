"""What is found of a version that was replaced: told, and over, unless something still uses it."""

import numpy as np
import pytest

from registry_assets.declaration import PredictionLog
from registry_assets.registry import Registry
from registry_assets_tests.lifecycle.monitoring.conftest import watched
from registry_assets_tests.lifecycle.monitoring.test_performing import upside_down
from registry_assets_tests.lifecycle.monitoring.test_predicting import logged
from registry_assets_tests.worlds import SENSOR, World

MODEL, MAY, JUNE = "flight_delay", "2013-05", "2013-06"


def occasions(registry: Registry, number: int) -> list[str]:
    """What people are told of an alert."""
    return [letter.occasion for letter in registry.letters(MODEL, number)]


def test_a_decay_that_shows_after_the_version_was_replaced_is_told_and_over(
    succeeded: World,
) -> None:
    registry, model = succeeded.registry, watched(succeeded)
    succeeded.clock.now = succeeded.clock.now.replace(month=6)
    succeeded.arrive(MAY, upside_down(seed=5))
    registry.observe_predictions(model, MAY, run=SENSOR)
    registry.promote(MODEL, 2, run=SENSOR)
    seen = registry.observe_performance(model, MAY, run=SENSOR)
    found = {each.finding.check: each.finding.outcome for each in seen.recorded.results}
    assert found["performance_decay"] == "failed"
    assert registry.alerts(MODEL) == ()
    alert = registry.alert(MODEL, 1)
    assert (alert.check, alert.version) == ("performance_decay", 1)
    assert alert.resolved_why == "version 2 took its place in production"
    assert occasions(registry, 1) == ["opened", "resolved"]
    assert registry.verify().clean


@pytest.mark.parametrize("rows", [10, 400])
def test_a_version_that_something_still_predicts_with_stays_open(
    succeeded: World, rows: int
) -> None:
    registry = succeeded.registry
    registry.promote(MODEL, 2, run=SENSOR)
    succeeded.month(MAY)
    fresh = logged(version=2)
    model = watched(succeeded, predictions=PredictionLog(read=lambda partition: fresh))
    registry.observe_predictions(model, MAY, run=SENSOR)
    succeeded.clock.now = succeeded.clock.now.replace(month=7)
    succeeded.month(JUNE)
    stale = logged(version=np.where(np.arange(400) < rows, 1, 2))
    model = watched(succeeded, predictions=PredictionLog(read=lambda partition: stale))
    registry.observe_predictions(model, JUNE, run=SENSOR)
    still = [each for each in registry.alerts(MODEL) if each.version == 1]
    assert [each.check for each in still] == ["data_quality"]
    assert "which production has not held since" in still[0].why
