"""The code location: the shipped models in one Definitions."""

import json
import os

import dagster as dg

from registry_assets.models.flight_delay import declaration as flights
from registry_assets.models.loan_approval import declaration as loans
from registry_assets.orchestration import RegistryResource, registry_definitions

registry = RegistryResource()

defs = registry_definitions(
    models=[flights.flight_delay, loans.loan_approval],
    assets=[*flights.ASSETS, *loans.ASSETS],
    asset_checks=[*flights.CHECKS, *loans.CHECKS],
    registry=registry,
    # For the run launcher of the place: which account moves pointers there.
    promoter_tags=json.loads(os.environ.get("REGISTRY_PROMOTER_TAGS") or "{}"),
    # A step is seconds of work; a process of its own would take three more to start.
    executor=dg.in_process_executor,
)
