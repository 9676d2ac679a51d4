"""The team's code location."""

import dagster as dg

from grove.declaration import flower_features, flowers, iris_species
from registry_assets.orchestration import registry_definitions

defs = registry_definitions(
    models=[iris_species],
    assets=[flowers, flower_features],
    sensor_interval=5,
    # A step is seconds of work; a process of its own would take three more to start.
    executor=dg.in_process_executor,
)
