"""Tests of `registry_assets.packaging`."""
