"""Tests of what a person sees in the Dagster UI, in Chromium."""
