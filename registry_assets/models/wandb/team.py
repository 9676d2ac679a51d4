"""What the team's code location has: see its project beside this."""

import dagster as dg

from registry_assets.orchestration.keys import Names

MODEL, MIRROR = "iris_species", "wandb"
NAMES = Names(MODEL)
FLOWERS, FEATURES = dg.AssetKey("flowers"), dg.AssetKey("flower_features")
