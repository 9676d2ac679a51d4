"""A registered model of an MLflow tracking server, by MLflow's own client.

`client` is what the rest of the package uses. MLflow is imported when it is first called.
"""
