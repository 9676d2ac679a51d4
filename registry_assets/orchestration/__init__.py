"""Everything that imports Dagster: resource, IO manager, assets, checks, jobs, sensors.

Nothing is decided here. Each asset and job calls one step of the registry and shows what
came of it; what Dagster passes in is never evidence.
"""

from registry_assets.orchestration.build import registry_definitions
from registry_assets.orchestration.data_checks import data_check
from registry_assets.orchestration.features import FeaturesAsset, features_asset
from registry_assets.orchestration.io_manager import SnapshotIOManager
from registry_assets.orchestration.own_checks import version_check
from registry_assets.orchestration.resource import RegistryResource

__all__ = [
    "FeaturesAsset",
    "RegistryResource",
    "SnapshotIOManager",
    "data_check",
    "features_asset",
    "registry_definitions",
    "version_check",
]
