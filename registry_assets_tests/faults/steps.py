"""The steps of a version's life, each in a process of its own that may be killed on the way.

Processes are forked from a server that has imported what they need and done nothing: real
ones, that start in milliseconds instead of seconds. Not a test.
"""

import json
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.synchronize import Event
from pathlib import Path

from registry_assets import faults
from registry_assets.deployment.contents import MANIFEST_FILE
from registry_assets.errors import RegistryError
from registry_assets.governance.metadata import VersionMetadata
from registry_assets.lifecycle.committing import CheckedPackage, commit_checked
from registry_assets.packaging.load_check import LoadCheck
from registry_assets.packaging.package import Package
from registry_assets_tests.faults import calls
from registry_assets_tests.faults.agreeing import AGREEING, pack
from registry_assets_tests.faults.watching import WATCHING
from registry_assets_tests.laws.combinations import Site
from registry_assets_tests.worlds import SENSOR, World, opened_world

LOG = "REGISTRY_FAULT_LOG"
IMPORTED_BEFORE = (
    __name__,
    "boto3",
    "botocore.httpsession",
    "matplotlib.backends.backend_agg",
    "psycopg2",
    "registry_assets.evaluation.suite",
    "registry_assets.lifecycle.monitoring.drifting",
    "registry_assets.lifecycle.monitoring.performing",
    "registry_assets.lifecycle.monitoring.predicting",
    "registry_assets.monitoring.report",
    "registry_assets.packaging.build",
    "registry_assets.packaging.loaded",
    "skops.io",
    "sklearn.linear_model",
)
STOP = "stop:"
REFUSED = 3
"""The exit code of a process whose step ended in an error of ours, with a hint."""
GIVEN = "given"
"""The folder in a project with the files of version 1, checked, for `commit`."""
_CODES = threading.Lock()
# Starting a process asks for the exit codes of all others. What two threads read at once, one
# of them gets, and the other is told 255.


def arrive(world: World) -> None:
    """April's flights arrive, and their features are made."""
    world.month("2013-04")


def reserve(world: World) -> None:
    """The next version is asked for."""
    world.reserve(request="the one")


def commit(world: World) -> None:
    """Version 1 is committed, as a training does that has just checked its package."""
    folder = world.folder / GIVEN
    paths = [path for path in folder.rglob("*") if path.is_file()]
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    facts = json.loads(files.pop(MANIFEST_FILE))["facts"]
    told = {**facts["metadata"], "owners": tuple(facts["metadata"]["owners"])}
    metadata = VersionMetadata(**told)
    checked = CheckedPackage(Package(files), metadata.framework, LoadCheck(facts["load_check"]))
    version = world.registry.version_numbered("flight_delay", 1).version
    commit_checked(world.registry.backends, version, checked, metadata, run=SENSOR)


def train(world: World) -> None:
    """Version 1 is trained, packaged and committed."""
    world.registry.train(world.model(), 1, run=SENSOR)


def evaluate(world: World) -> None:
    """Version 1 is evaluated and judged."""
    world.registry.evaluate(world.model(), 1, run=SENSOR)


def promote(world: World) -> None:
    """Version 1 takes production."""
    world.registry.promote("flight_delay", 1, run=SENSOR)


def roll_back(world: World) -> None:
    """Production goes back from version 2 to version 1."""
    world.registry.rollback("flight_delay", reason="it was slow", run=SENSOR)


STEPS: Mapping[str, Callable[[World], None]] = {
    step.__name__: step for step in (arrive, reserve, commit, train, evaluate, promote, roll_back)
}
"""In the order of a life; each needs those before it, but `train` does what `commit` does.

Before `roll_back`, production takes a version 2: see `lives`.
"""


def processes() -> ForkServerContext:
    """Give the context whose processes are forked from the server."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(IMPORTED_BEFORE))
    return context


def run(step: str, site: Site, *, fault: str = "", log: Path | None = None) -> int:
    """Perform a step in a new process; give its exit code.

    Args:
        fault: where the process is killed: a named point as REGISTRY_FAULT has it, or a call
            as `calls` names it, `os.fsync:3`; and `stop:` before a point only stops it there.
        log: a file that takes every point and call which the process passes, a line each.
    """
    return ended(start(step, site, fault=fault, log=log))


def start(
    step: str,
    site: Site,
    *,
    fault: str = "",
    log: Path | None = None,
    ready: Event | None = None,
    go: Event | None = None,
) -> ForkServerProcess:
    """Begin a step in a new process.

    Args:
        ready: set by the process once everything is open, just before the step.
        go: then waited for.
    """
    process: ForkServerProcess = processes().Process(
        target=_perform, args=(step, site, fault, log, ready, go)
    )
    with _CODES:
        process.start()
    return process


def ended(process: ForkServerProcess) -> int:
    """Wait for a process; give its exit code."""
    assert wait([process.sentinel], 120), f"{process} does not end"
    with _CODES:
        process.join()
    assert process.exitcode is not None
    return process.exitcode


def _perform(
    step: str, site: Site, fault: str, log: Path | None, ready: Event | None, go: Event | None
) -> None:
    site.enter()
    at_a_call = fault.startswith(calls.PREFIXES)
    os.environ[faults.VARIABLE] = "" if at_a_call else fault
    watch = nullcontext()
    if at_a_call:
        watch = calls.watched(calls.at(fault, _die))  # type: ignore[assignment]
    if fault.startswith(STOP):
        os.environ[faults.VARIABLE] = fault.removeprefix(STOP)
        faults.reached.__code__ = _stopping.__code__
    if log is not None:
        os.environ[LOG] = str(log)
        # Whoever has imported `reached` has this one.
        faults.reached.__code__ = noting.__code__
        watch = calls.watched(noting)  # type: ignore[assignment]
    with opened_world(site.folder) as world:
        if ready is not None:
            ready.set()
        if go is not None:
            go.wait(60)
        try:
            with watch:
                {**STEPS, **AGREEING, **WATCHING, "pack": pack}[step](world)
        except RegistryError as error:
            traceback.print_exc()
            sys.exit(REFUSED if error.hint else 1)


def _stopping(name: str) -> None:
    # In the place of `faults.reached`, as `noting`.
    if name == os.environ["REGISTRY_FAULT"]:
        os.kill(os.getpid(), signal.SIGSTOP)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def noting(name: str) -> None:
    """Write a point down; it runs in the place of `faults.reached`, among that module's names."""
    with open(os.environ["REGISTRY_FAULT_LOG"], "a") as log:  # noqa: PTH123  # no Path there
        log.write(f"{name}\n")
