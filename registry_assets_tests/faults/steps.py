"""The steps of a version's life, each in a process of its own that may be killed on the way.

Processes are forked from a server that has imported what they need and done nothing: real
ones, that start in milliseconds instead of seconds. Not a test.
"""

import multiprocessing
import os
from collections.abc import Callable, Mapping
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from registry_assets import faults
from registry_assets_tests.worlds import SENSOR, World, opened_world

LOG = "REGISTRY_FAULT_LOG"
IMPORTED_BEFORE = (
    __name__,
    "matplotlib.backends.backend_agg",
    "registry_assets.evaluation.suite",
    "registry_assets.packaging.build",
    "registry_assets.packaging.loaded",
    "skops.io",
    "sklearn.linear_model",
)


def arrive(world: World) -> None:
    """April's flights arrive, and their features are made."""
    world.month("2013-04")


def reserve(world: World) -> None:
    """The next version is asked for."""
    world.reserve(request="the one")


def train(world: World) -> None:
    """Version 1 is trained, packaged and committed."""
    world.registry.train(world.model(), 1, run=SENSOR)


def evaluate(world: World) -> None:
    """Version 1 is evaluated and judged."""
    world.registry.evaluate(world.model(), 1, run=SENSOR)


def promote(world: World) -> None:
    """Version 1 takes production."""
    world.registry.promote("flight_delay", 1, run=SENSOR)


STEPS: Mapping[str, Callable[[World], None]] = {
    step.__name__: step for step in (arrive, reserve, train, evaluate, promote)
}
"""In the order of a life; each needs those before it."""


def processes() -> ForkServerContext:
    """Give the context whose processes are forked from the server."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(IMPORTED_BEFORE))
    return context


def run(step: str, folder: Path, *, fault: str = "", log: Path | None = None) -> int:
    """Perform a step in a new process; give its exit code.

    Args:
        fault: where the process is killed, as REGISTRY_FAULT names it.
        log: a file that takes every fault point which the process passes, a line each.
    """
    process: ForkServerProcess = processes().Process(
        target=_perform, args=(step, folder, fault, log)
    )
    process.start()
    process.join(120)
    assert process.exitcode is not None, f"{step} does not end"
    return process.exitcode


def _perform(step: str, folder: Path, fault: str, log: Path | None) -> None:
    os.environ[faults.VARIABLE] = fault
    if log is not None:
        os.environ[LOG] = str(log)
        # Whoever has imported `reached` has this one.
        faults.reached.__code__ = noting.__code__
    with opened_world(folder) as world:
        STEPS[step](world)


def noting(name: str) -> None:
    """Note a point instead of dying there."""
    # Runs in the place of `faults.reached`, among the names of that module.
    with open(os.environ["REGISTRY_FAULT_LOG"], "a") as log:  # noqa: PTH123  # no Path there
        log.write(f"{name}\n")
