"""The peer: MLflow's registry on its own SQLite, used as a library. Runs in its environment."""
