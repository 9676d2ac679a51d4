"""Labels that cannot be used are a named problem, and no reason to know nothing of the rest."""

import pandas as pd
import pytest

from registry_assets.catalog.observations import ResultRecord
from registry_assets.declaration import Labels, RegisteredModel
from registry_assets_tests.lifecycle.monitoring.conftest import watched
from registry_assets_tests.worlds import SENSOR, World, flights, planes

APRIL = "2013-04"


def labelled(world: World, table: pd.DataFrame) -> RegisteredModel:
    """The model, whose labels are an asset that holds this table for April."""
    world.registry.store_snapshot(table, asset="outcomes", partition=APRIL, run=SENSOR)
    return watched(world, labels=Labels("outcomes", on=("key",)))


def judged(world: World, model: RegisteredModel) -> dict[str, ResultRecord]:
    """What the checks found of April's outcomes."""
    world.registry.observe_predictions(model, APRIL, run=SENSOR)
    world.registry.observe_drift(model, APRIL, run=SENSOR)
    seen = world.registry.observe_performance(model, APRIL, run=SENSOR)
    return {each.finding.check: each for each in seen.recorded.results}


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (
            flights(seed=4)[["key", "origin"]],
            "outcomes[2013-04] has no column late; it has key, origin",
        ),
        (
            flights(seed=4)[["key", "late"]].assign(key=range(400)),
            "outcomes[2013-04] cannot be joined with the predictions by key",
        ),
    ],
)
def test_labels_that_cannot_be_joined_fail_the_check_of_labels(
    deployed: World, table: pd.DataFrame, sentence: str
) -> None:
    deployed.arrive(APRIL, flights(seed=4))
    model = labelled(deployed, table)
    found = judged(deployed, model)
    finding = found["label_quality"].finding
    assert finding.outcome == "failed"
    assert finding.why.startswith(sentence)
    assert found["performance_decay"].finding.outcome == "undecided"
    assert deployed.registry.due(model) == ()


def test_labels_of_rows_that_could_not_be_scored_are_of_nothing_that_was_predicted(
    deployed: World,
) -> None:
    raw = flights(seed=4)
    features = deployed.model().features.make_features(raw, planes())
    beside = raw[["late", "origin", "key"]]
    deployed.arrive(
        APRIL, raw.drop(columns="distance"), features=pd.concat([features, beside], axis=1)
    )
    found = judged(deployed, labelled(deployed, raw[["key", "late"]]))
    finding = found["label_quality"].finding
    assert finding.outcome == "failed"
    assert "400 of 400 labels are of rows that nothing was predicted for" in finding.why


def test_a_label_without_a_key_is_of_nothing_and_no_prediction_without_one_gets_it(
    deployed: World,
) -> None:
    rows = flights(seed=4)
    rows["key"] = [None] * 7 + rows["key"].tolist()[7:]
    deployed.arrive(APRIL, rows)
    found = judged(deployed, labelled(deployed, rows[["key", "late"]]))
    assert found["label_quality"].finding.why == "7 of 400 labels have no key"
    assert found["performance_decay"].finding.rows == 393
