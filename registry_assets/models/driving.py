"""Runs and ticks as the stories of this folder drive them: each goes well, or says why not.

What a story is about is its own: `replay` lives the main job's, `governance` another one.
"""

import time

from registry_assets.catalog.observations import Kind, ObservationRecord
from registry_assets.errors import RegistryError
from registry_assets.orchestration.keys import Names
from registry_assets.orchestration.local import LocalDaemon, RunOutcome, Tick
from registry_assets.registry import Registry

OBSERVED: tuple[Kind, ...] = ("predictions", "drift", "performance")
# Beside a daemon of `make ui`, what a tick asks for may be under way over there.
PATIENCE_SECONDS = 600


def finished(outcome: RunOutcome) -> None:
    """Accept a run that went well.

    Raises:
        RegistryError: it failed; says why.
    """
    if not outcome.success:
        raise RegistryError(
            f"the run of {outcome.job} failed: {'; '.join(outcome.failures)}",
            hint=f"the whole log: make ui, then run {outcome.run_id}",
        )


def look(daemon: LocalDaemon, sensor: str) -> Tick:
    """Let a sensor look once; every run that it asks for goes well.

    Raises:
        RegistryError: one failed; says why.
    """
    tick = daemon.tick(sensor)
    for outcome in tick.runs:
        finished(outcome)
    return tick


def wait(tick: Tick, deadline: float) -> None:
    """Wait a moment after a tick that asked for nothing.

    Args:
        deadline: on the monotonic clock.

    Raises:
        RegistryError: it is past.
    """
    if tick.runs:
        return
    if time.monotonic() > deadline:
        raise RegistryError(
            f"the sensor {tick.sensor} still waits after {PATIENCE_SECONDS} s: {tick.skip_reason}",
            hint="look at the runs in the Dagster UI (`make ui`), then run this again",
        )
    time.sleep(1)


def train_reserved(daemon: LocalDaemon, registry: Registry, names: Names) -> None:
    """Let the version sensor look until every reserved version of a model is trained.

    Raises:
        RegistryError: a run failed, or it takes too long.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while registry.reserved(names.model):
        wait(look(daemon, names.version_sensor), deadline)


def headline(registry: Registry, reference: str) -> str:
    """Give `, roc_auc 0.785 [0.715, 0.846]`: a version's headline metric; "" where it has none."""
    summary = registry.version(reference)
    metric = registry.model(summary.version.model).headline
    found = summary.evaluation.metrics[metric] if summary.evaluation else None
    if not found or found["value"] is None:
        return ""
    return f", {metric} {found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


def lived_sentence(registry: Registry, lived: ObservationRecord) -> str:
    """Say how good a version was on a partition that it really predicted, and what was found."""
    metric = registry.model(lived.model).headline
    found, promised = lived.summary["metrics"].get(metric), lived.summary["promised"].get(metric)
    said = f"{lived.partition} was predicted by {lived.reference}"
    if found and found["value"] is not None:
        said += f": {metric} {found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"
    if promised and promised["value"] is not None:
        said += f", promised {promised['value']:.3f}"
    failed = [
        result.finding.check
        for kind in OBSERVED
        for each in registry.observations(lived.model, kind, partition=lived.partition)
        for result in registry.results(each)
        if result.finding.outcome == "failed"
    ]
    return f"{said}; failed: {', '.join(failed)}" if failed else f"{said}; every check passed"
