"""The main job as a new user runs it: real data, real Dagster, real processes."""
