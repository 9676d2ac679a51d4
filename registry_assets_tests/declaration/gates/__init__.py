"""Mirrors `registry_assets.declaration.gates`: what single kinds of gates do beside their laws."""
