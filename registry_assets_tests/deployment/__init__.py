"""Versions from the store alone, on a machine that has no catalog."""
