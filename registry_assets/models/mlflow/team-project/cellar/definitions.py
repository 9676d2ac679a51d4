"""The team's code location."""

import dagster as dg

from cellar.declaration import bottle_features, bottles, wine_origin
from registry_assets.orchestration import registry_definitions

defs = registry_definitions(
    models=[wine_origin],
    assets=[bottles, bottle_features],
    sensor_interval=5,
    # A step is seconds of work; a process of its own would take three more to start.
    executor=dg.in_process_executor,
)
