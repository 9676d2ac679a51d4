"""Mirrors `registry_assets.evaluation.metrics`."""
