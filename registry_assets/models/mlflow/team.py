"""What the team's code location has: see its project beside this."""

import dagster as dg

from registry_assets.orchestration.keys import Names

MODEL, MIRROR = "wine_origin", "mlflow"
NAMES = Names(MODEL)
BOTTLES, FEATURES = dg.AssetKey("bottles"), dg.AssetKey("bottle_features")
