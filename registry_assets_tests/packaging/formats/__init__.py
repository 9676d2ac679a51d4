"""Estimators of every framework, written and read by its own format."""
