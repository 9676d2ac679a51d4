"""What was found in place is not looked through again until something has moved."""

from dataclasses import replace
from types import ModuleType

import dagster as dg
import pytest

from registry_assets import RegisteredModel
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.lifecycle.reserving import declare_model
from registry_assets.orchestration.missing import Found, Reported, find_missing
from registry_assets.orchestration.reporting import NOTHING_MISSING
from registry_assets.orchestration.resource import RegistryResource
from registry_assets.orchestration.version_assets import version_assets
from registry_assets.orchestration.watching import SNAPSHOTS, SWEEP_SECONDS, Seen, read_states
from registry_assets_tests.orchestration.stage import FEATURES, MODEL, Stage

ALICE = RunInfo(actor="alice", run_id="by hand")


def states(stage: Stage, model: RegisteredModel) -> dict[str, str]:
    return read_states(stage.instance, stage.registry, models=[model], snapshots=[FEATURES])


def moved(stage: Stage, model: RegisteredModel, before: dict[str, str]) -> set[str]:
    """What has moved since."""
    return {name for name, state in states(stage, model).items() if state != before[name]}


def test_nothing_moves_by_being_looked_at(promoted: Stage, project: ModuleType) -> None:
    before = states(promoted, project.ontime)
    assert promoted.report().skip_reason == NOTHING_MISSING
    assert promoted.registry.verify().clean
    assert moved(promoted, project.ontime, before) == set()


def test_every_change_of_the_registry_moves_what_it_is_about(
    promoted: Stage, project: ModuleType
) -> None:
    before, declared = states(promoted, project.ontime), project.ontime
    promoted.registry.evaluate(declared, 1, run=ALICE)
    assert moved(promoted, project.ontime, before) == {"ontime"}
    before = states(promoted, project.ontime)
    frame = promoted.registry.read_frame(promoted.registry.snapshots("planes")[0].digest)
    promoted.registry.store_snapshot(frame.head(1), asset="planes", run=ALICE)
    assert moved(promoted, project.ontime, before) == {SNAPSHOTS}
    declare_model(promoted.registry.backends, declared, actor="alice")
    assert moved(promoted, project.ontime, before) == {SNAPSHOTS}  # as before


@pytest.mark.parametrize("what", ["run", "partition", "history", "materialization"])
def test_what_a_person_does_to_dagsters_log_moves_the_model(
    promoted: Stage, project: ModuleType, what: str
) -> None:
    before = states(promoted, project.ontime)
    instance = promoted.instance
    if what == "run":
        instance.delete_run(instance.get_runs(dg.RunsFilter(job_name="ontime__train"))[0].run_id)
    elif what == "partition":
        instance.delete_dynamic_partition("ontime/versions", "1")
    elif what == "history":
        instance.wipe_assets([MODEL])
    else:
        event = dg.AssetMaterialization(MODEL, partition="1")
        instance.report_runless_asset_event(event)
    assert "ontime" in moved(promoted, project.ontime, before)


def test_every_pointer_is_watched_and_one_that_was_just_declared_at_once(
    promoted: Stage, project: ModuleType
) -> None:
    several = replace(project.ontime, pointers=("canary", "production"))
    assert moved(promoted, several, states(promoted, project.ontime)) == {"ontime"}
    before = states(promoted, several)
    promoted.instance.report_runless_asset_event(dg.AssetMaterialization(["ontime", "canary"]))
    assert moved(promoted, several, before) == {"ontime"}


def test_a_model_is_looked_through_until_nothing_is_missing_and_then_no_more(
    promoted: Stage, project: ModuleType
) -> None:
    reported = Reported(
        [(project.ontime, version_assets(project.ontime, RegistryResource()))], [(FEATURES, True)]
    )

    def look(seen: Seen) -> Found:
        return find_missing(promoted.instance, promoted.registry, reported, seen=seen)

    first = look(Seen(0.0))
    assert (first.missing, set(first.looked_at)) == ((), {SNAPSHOTS, "ontime"})
    assert look(first.seen).looked_at == ()
    promoted.instance.wipe_assets([MODEL])
    lacking = look(first.seen)
    assert (len(lacking.missing), lacking.looked_at) == (1, ("ontime",))
    assert look(lacking.seen).looked_at == ("ontime",)
    assert promoted.report().skip_reason is None  # reports it, by a run: all has moved
    again = look(lacking.seen)
    assert (again.missing, set(again.looked_at)) == ((), {SNAPSHOTS, "ontime"})
    assert look(again.seen).looked_at == ()


def test_after_a_while_everything_is_looked_through_again() -> None:
    seen = Seen(1000.0).after({"ontime": "state"})
    text = seen.to_text()
    soon = Seen.read(text, now=1000.0 + SWEEP_SECONDS - 1)
    assert soon == seen
    assert soon.is_complete("ontime", "state")
    assert not soon.is_complete("ontime", "another state")
    assert not soon.is_complete("another", "state")
    for later in (1000.0 + SWEEP_SECONDS, 999.0):  # or the clock was set back
        assert Seen.read(text, now=later) == Seen(later)


@pytest.mark.parametrize("cursor", [None, "", "3", "[]", "{}", '{"swept_at": "x"}', "no JSON"])
def test_a_cursor_that_says_nothing_makes_it_look(cursor: str | None) -> None:
    assert Seen.read(cursor, now=5.0) == Seen(5.0)
