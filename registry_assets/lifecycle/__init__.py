"""The life of a version, one module per step: reserve, train, evaluate, promote, deploy, verify.

Each step works on the catalog and the store alone, so that a notebook, the command line
and Dagster do the same thing. `registry_assets.registry` is the façade over them.
"""
