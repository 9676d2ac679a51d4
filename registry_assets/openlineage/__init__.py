"""Events of OpenLineage: what they say, and where they go. Off unless REGISTRY_OPENLINEAGE is set.

`documents` writes run, job and dataset events as plain JSON, `destination` takes them to a file or
over HTTP. What is told of which event of the ledger is `registry_assets.lifecycle.openlineage`.
"""
