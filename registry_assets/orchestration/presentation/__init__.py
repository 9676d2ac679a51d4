"""How versions, evaluations and promotions look in the Dagster UI: metadata for people.

versions     a committed version, and a promotion
evaluations  figures as tables and numbers that the UI plots, and the pictures
findings     what a check found
monitoring   what was observed after deployment
cells        numbers and lists as they stand in tables
"""

from registry_assets.orchestration.presentation.evaluations import evaluation_metadata
from registry_assets.orchestration.presentation.findings import finding_metadata, version_identity
from registry_assets.orchestration.presentation.versions import (
    promotion_metadata,
    version_metadata,
)

__all__ = [
    "evaluation_metadata",
    "finding_metadata",
    "promotion_metadata",
    "version_identity",
    "version_metadata",
]
