"""Drift: how far one profile is from another, and whether that is more than chance.

distances    Wasserstein and Jensen-Shannon, with how wrong they may be
chance       how likely a difference is without drift, with all columns allowed for
sides        what a column holds, in people's own units
columns      one column
comparing    all of them, and the verdict
"""

from registry_assets.monitoring.drift.comparing import compare, compare_slices

__all__ = ["compare", "compare_slices"]
