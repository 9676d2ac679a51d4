"""Migrating: a model of a real MLflow server, made by its own client, comes in as history."""
