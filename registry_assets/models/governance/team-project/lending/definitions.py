"""The team's code location."""

import dagster as dg

from lending.declaration import loan_approval, loan_features, loans
from registry_assets.orchestration import registry_definitions

defs = registry_definitions(
    models=[loan_approval],
    assets=[loans, loan_features],
    sensor_interval=5,
    # A step is seconds of work; a process of its own would take three more to start.
    executor=dg.in_process_executor,
)
