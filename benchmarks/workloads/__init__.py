"""One module for each workload: its cases, and a function for each side.

A side's function takes a `Setting` and gives an `Operation`. It runs in a worker: `mlflow…`
in MLflow's environment, all others in ours; so nothing heavy is imported at the top.
"""

from importlib import import_module

from benchmarks.cases import Case, Scale

WORKLOADS = (
    "resolve",
    "get_model",
    "search",
    "move_pointer",
    "load",
    "fresh",
    "commit",
    "register",
    "processes",
    "large_file",
    "alone",
)
"""In the order of the table. Those that only read come before those that write."""


def cases(scale: Scale) -> list[Case]:
    """Give every case of a run."""
    return [
        case
        for name in WORKLOADS
        for case in import_module(f"benchmarks.workloads.{name}").cases(scale)
    ]
