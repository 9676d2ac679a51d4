"""The steps by which what is deployed is watched, and people told of it, each to be cut short.

Version 1 was really trained, and is in production; of May's flights only those of the evening
arrive. Then version 2 takes its place, which was never trained. Not a test.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from registry_assets.catalog.alerts import State
from registry_assets.catalog.observations import Kind
from registry_assets.declaration import Decay, Drift, Monitoring, Quality, RegisteredModel
from registry_assets.lifecycle.monitoring.delivering import CLAIMED_FOR
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import reopened
from registry_assets_tests.worlds import PERSON, SENSOR, World, flights, opened_world

MODEL, MAY = "flight_delay", "2013-05"
SINKS = ("log", "other")
STATES: tuple[State, ...] = ("open", "acknowledged", "resolved")
KINDS: tuple[Kind, ...] = ("predictions", "drift", "performance")


def begin(folder: Path) -> None:
    """Let May's flights arrive in a project with a version in production, and one to follow."""
    history = reopened(folder)
    history.version(2, model=MODEL)
    with opened_world(folder) as world:
        rows = flights(1000, seed=7)
        evening = rows[rows["sched_dep_time"] >= 1900].reset_index(drop=True)
        world.arrive(MAY, evening.assign(late=~evening["late"]))
    sinks = {name: {"type": "log", "path": f"{name}.jsonl"} for name in SINKS}
    (folder / "alerts.yaml").write_text(json.dumps({"sinks": sinks}))


def watched(world: World) -> RegisteredModel:
    """Give the world's model, with how it is watched."""
    plan = Monitoring(
        keys=("key",),
        drift=Drift(watch=("hour",)),
        quality=Quality(duplicates=0.0),
        decay=(Decay("roc_auc", 0.1),),
    )
    return replace(world.model(), monitoring=plan)


def observe_predictions(world: World) -> None:
    """Version 1 scores May's flights."""
    world.registry.observe_predictions(watched(world), MAY, run=SENSOR)


def observe_drift(world: World) -> None:
    """They are compared with those of its training, and an alert is opened."""
    world.registry.observe_drift(watched(world), MAY, run=SENSOR)


def observe_performance(world: World) -> None:
    """What it predicted is compared with what happened, and another alert is opened."""
    world.registry.observe_performance(watched(world), MAY, run=SENSOR)


def deliver(world: World) -> None:
    """Two sinks are told; again, once the claim of a deliverer that died has run out."""
    known = world.registry.deliveries()
    if any(each.state == "waiting" for each in known):
        world.clock.now += CLAIMED_FOR
    world.registry.deliver()


def acknowledge(world: World) -> None:
    """Somebody looks after the first alert."""
    world.registry.acknowledge(MODEL, 1, run=PERSON, reason="I look")


def replace_watched(world: World) -> None:
    """Version 2 takes production, and ends what is open about version 1."""
    world.registry.promote(MODEL, 2, run=SENSOR)


WATCHING: Mapping[str, Callable[[World], None]] = {
    step.__name__: step
    for step in (
        *(observe_predictions, observe_drift, observe_performance),
        *(deliver, acknowledge, replace_watched),
    )
}
"""In the order in which they happen; each needs those before it."""


def seen(registry: Registry) -> dict[str, object]:
    """Give everything that was seen of what is deployed, and who is told of it, as it stands."""
    made = [each for kind in KINDS for each in registry.observations(MODEL, kind)]
    alerts = registry.alerts(MODEL, states=STATES)
    return {
        "observed": [(each.kind, each.version, each.digest, each.rows) for each in made],
        "results": [
            (found.finding.check, found.finding.outcome, found.finding.why)
            for each in made
            for found in registry.results(each)
        ],
        "alerts": sorted(
            (each.number, each.check, each.version, each.state, each.count) for each in alerts
        ),
        "letters": sorted(
            (letter.alert, letter.occasion)
            for each in alerts
            for letter in registry.letters(MODEL, each.number)
        ),
        "delivered": Counter(each.state for each in registry.deliveries()),
    }


def told(folder: Path) -> dict[str, Counter[str]]:
    """Give how often each sink was told of each letter, by the end of its key.

    A line that whoever wrote it died in would tell nobody anything: it is no JSON.
    """
    found = {}
    for name in SINKS:
        path = folder / f"{name}.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        found[name] = Counter(str(json.loads(line)["id"]) for line in lines)
    return found


def keys(registry: Registry) -> set[str]:
    """Give the keys of all letters, as sinks are told of them."""
    alerts = registry.alerts(MODEL, states=STATES)
    letters = [each for alert in alerts for each in registry.letters(MODEL, alert.number)]
    return {each.key.partition("/")[2] for each in letters}
