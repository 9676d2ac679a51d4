"""Governance: the one decision, and what must be known about a version."""
