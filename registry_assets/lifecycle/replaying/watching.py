"""What is seen of a partition that arrives, and what alerts came of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from registry_assets.catalog import outbox
from registry_assets.catalog.pointers import get_pointer
from registry_assets.declaration import RegisteredModel
from registry_assets.lifecycle.backends import Backends, RunInfo
from registry_assets.lifecycle.monitoring.drifting import observe_drift
from registry_assets.lifecycle.monitoring.due import find_due
from registry_assets.lifecycle.monitoring.performing import observe_performance
from registry_assets.lifecycle.monitoring.predicting import observe_predictions
from registry_assets.lifecycle.monitoring.recording import Observed
from registry_assets.lifecycle.replaying.declared import headline
from registry_assets.lifecycle.replaying.values import Failed, Step, Told


def watch(backends: Backends, model: RegisteredModel, step: Step, *, run: RunInfo) -> Step:
    """Score, measure and judge what arrived, and give the step with what was found."""
    plan = model.monitoring
    if plan is None:
        return step
    with backends.catalog.read() as connection:
        held = get_pointer(connection, model.name, plan.pointer).version
        waits = {each.partition for each in find_due(connection, model)}
    if held is None or step.partition not in waits:
        return step
    made = [
        observe(backends, model, step.partition, run=run, links={})
        for observe in (observe_predictions, observe_drift, observe_performance)
    ]
    drift, performance = (each.recorded.observations[-1].summary for each in made[1:])
    return replace(
        step,
        version=held,
        promised=_value(performance.get("promised"), headline(model)),
        lived=_value(performance.get("metrics"), headline(model)),
        drifted=drift.get("drifted"),
        compared=drift.get("compared"),
        failed=tuple(_failed(made)),
    )


def told_since(backends: Backends, model: str, count: int) -> tuple[Told, ...]:
    """Give what people would have been told, but for so many things that they were told first."""
    with backends.catalog.read() as connection:
        letters = outbox.list_letters(connection, model)
    return tuple(
        Told(
            alert=letter.alert,
            check=str(letter.body["alert"]["check"]),
            occasion=letter.occasion,
            sentence=str(letter.body["sentence"]),
        )
        for letter in letters[count:]
    )


def _failed(made: Sequence[Observed]) -> Iterator[Failed]:
    for observed in made:
        for result in observed.recorded.results:
            found = result.finding
            if found.outcome != "passed":
                yield Failed(found.check, result.version, found.outcome, found.why)


def _value(metrics: Mapping[str, Any] | None, name: str) -> float | None:
    found = (metrics or {}).get(name)
    return None if found is None else found.get("value")
