"""What evidence says in short of a version in use."""

from dataclasses import replace

from registry_assets.catalog.alerts import State
from registry_assets.lifecycle.evidence_pack.lived import read_lived
from registry_assets_tests.catalog.history import History
from registry_assets_tests.catalog.watched import Watch
from registry_assets_tests.lifecycle.packs import MODEL
from registry_assets_tests.worlds import World

SAID: tuple[tuple[tuple[State, ...], str], ...] = (
    ((), "no alert"),
    (("resolved",), "1 alert, resolved"),
    (("open",), "1 alert, not resolved"),
    (("resolved", "resolved"), "2 alerts, all of them resolved"),
    (("open", "acknowledged"), "2 alerts, none of them resolved"),
    (("open", "resolved", "resolved"), "3 alerts, 1 of them not resolved"),
)


def test_what_became_of_the_alerts_is_said_as_one_would_say_it(succeeded: World) -> None:
    watch = Watch(History(succeeded.registry, succeeded.clock), MODEL)
    watch.observe("drift", "2013-04", "failed")
    with succeeded.registry.backends.catalog.read() as connection:
        lived = read_lived(connection, MODEL, 1)
    (alert,) = lived.alerts
    for states, said in SAID:
        told = replace(lived, alerts=tuple(replace(alert, state=state) for state in states))
        assert told.sentence.startswith(f"Observed on 1 partition; {said}; its model is")
