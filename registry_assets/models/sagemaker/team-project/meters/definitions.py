"""The team's code location."""

import dagster as dg

from meters.declaration import meter_digits, reading_features, readings
from registry_assets.orchestration import registry_definitions

defs = registry_definitions(
    models=[meter_digits],
    assets=[readings, reading_features],
    sensor_interval=5,
    # A step is seconds of work; a process of its own would take three more to start.
    executor=dg.in_process_executor,
)
