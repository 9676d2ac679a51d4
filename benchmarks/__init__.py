"""Our registry measured beside MLflow's: one command, one run, one table.

`python -m benchmarks` runs every workload here and in MLflow, interleaved on the same
machine, prints a table and writes `docs/performance.md`. Each module of `workloads/` is one
workload with all its sides; `bulk` fills our catalog, `peer/` fills MLflow's. Nothing in
here is part of the product.
"""
