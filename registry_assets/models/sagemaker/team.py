"""What the team's code location has: see its project beside this."""

import dagster as dg

from registry_assets.orchestration.keys import Names

MODEL, MIRROR, GROUP = "meter_digits", "sagemaker", "meter-digits"
NAMES = Names(MODEL)
READINGS, FEATURES = dg.AssetKey("readings"), dg.AssetKey("reading_features")
