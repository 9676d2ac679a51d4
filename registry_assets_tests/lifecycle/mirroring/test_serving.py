"""`mlflow models serve` of what is in production there answers what is in production here."""

import json

import numpy as np

from registry_assets_tests.lifecycle.mirroring.mirrored import MODEL, Mirrored
from registry_assets_tests.servers.mlflow_serving import serving
from registry_assets_tests.worlds import flights, planes


def test_the_mirrored_production_is_served_by_mlflow_alone(published: Mirrored) -> None:
    rows = flights(12, seed=9).drop(columns="late")
    ours = published.registry.load(f"{MODEL}@production").predict(rows, planes=planes())
    environment = published.server.environment
    with serving(f"models:/{published.name}@production", environment=environment) as server:
        split = json.loads(rows.to_json(orient="split"))
        predicted = server.predict({"dataframe_split": split})
    assert np.array_equal(np.asarray(predicted), ours)
