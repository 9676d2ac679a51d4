"""A recall, which is no run, shows as failed checks; lifted, or mended, they pass again."""

from types import ModuleType

import dagster as dg

from registry_assets.catalog.ledger import REGISTRY
from registry_assets.lifecycle.backends import RunInfo
from registry_assets.orchestration.missing import Found, Reported, find_missing
from registry_assets.orchestration.recalled import NOT_RECALLED
from registry_assets.orchestration.reporting import NOTHING_MISSING, REPORT_JOB
from registry_assets.orchestration.resource import RegistryResource
from registry_assets.orchestration.unstable.check_results import last_outcomes, stored_results
from registry_assets.orchestration.version_assets import version_assets
from registry_assets.orchestration.watching import RECALLS, Seen
from registry_assets_tests import worlds
from registry_assets_tests.orchestration.projects import MONTHS
from registry_assets_tests.orchestration.stage import FEATURES, MODEL, PRODUCTION, Stage

PERSON = RunInfo(actor="alice", run_id="by hand")
FLIGHTS, PLANES = dg.AssetKey("flights"), dg.AssetKey("planes")
JANUARY, _, MARCH = MONTHS
GREEN = {
    "flights": dict.fromkeys(MONTHS, True),
    "planes": {None: True},
    "ontime_features": dict.fromkeys(MONTHS, True),
    "ontime/model": {"1": True},
    "ontime/production": {None: True},
}


def shown(stage: Stage) -> dict[str, dict[str | None, bool]]:
    """What Dagster shows of the check, by asset and partition."""
    keys = (FLIGHTS, PLANES, FEATURES, MODEL, PRODUCTION)
    return {
        key.to_user_string(): last_outcomes(stage.instance, dg.AssetCheckKey(key, NOT_RECALLED))
        for key in keys
    }


def failing(stage: Stage) -> set[tuple[str, str | None]]:
    """The assets and partitions on which it fails."""
    found = shown(stage)
    return {(key, part) for key, parts in found.items() for part, ok in parts.items() if not ok}


def why(stage: Stage, key: dg.AssetKey, partition: str | None) -> str:
    """What the newest result says."""
    check = dg.AssetCheckKey(key, NOT_RECALLED)
    return str(next(stored_results(stage.instance, check, partition)).evaluation.description)


def results(stage: Stage) -> int:
    """How many results there are in all."""
    keys = (FLIGHTS, PLANES, FEATURES, MODEL, PRODUCTION)
    history = stage.instance.event_log_storage.get_asset_check_execution_history
    return sum(len(history(dg.AssetCheckKey(key, NOT_RECALLED), limit=1000)) for key in keys)


def report(stage: Stage) -> None:
    """Let the sensor look, and find that one run tells all, and nothing twice."""
    tick = stage.report()
    assert [(run.job, run.failures) for run in tick.runs] == [(REPORT_JOB, ())]
    assert stage.report().skip_reason == NOTHING_MISSING


def test_a_recall_fails_the_checks_of_all_that_stands_on_it_and_no_others(
    promoted: Stage,
) -> None:
    assert shown(promoted) == GREEN
    assert promoted.report().skip_reason == NOTHING_MISSING
    told, registry = results(promoted), promoted.registry
    registry.recall(f"flights[{JANUARY}]", reason="a day came twice", run=PERSON)
    assert shown(promoted) == GREEN
    report(promoted)
    spoilt: set[tuple[str, str | None]] = {
        ("flights", JANUARY),
        ("ontime_features", JANUARY),
        ("ontime/model", "1"),
        ("ontime/production", None),
    }
    assert failing(promoted) == spoilt
    assert results(promoted) == told + 4
    assert why(promoted, FLIGHTS, JANUARY).endswith(
        "by alice on " + registry.recalls()[0].set_at[:10] + ": a day came twice"
    )
    for key, partition in ((FEATURES, JANUARY), (MODEL, "1"), (PRODUCTION, None)):
        said = f"was made from data that is wrong: flights[{JANUARY}] was recalled by alice"
        assert said in why(promoted, key, partition)
    # The same of another recall is the same result.
    registry.recall("planes", reason="no seats", run=PERSON)
    report(promoted)
    assert results(promoted) == told + 4 + 1 + 2
    # A history that was deleted comes back as it was.
    promoted.instance.wipe_assets([MODEL])
    report(promoted)
    assert ("ontime/model", "1") in failing(promoted)


def test_lifted_they_pass_again(promoted: Stage) -> None:
    registry = promoted.registry
    registry.recall(f"flights[{MARCH}]", reason="a day came twice", run=PERSON)
    report(promoted)
    # That month only judges the version.
    assert {("ontime/model", "1"), ("flights", MARCH)} <= failing(promoted)
    registry.lift_recall(f"flights[{MARCH}]", reason="it was right", run=PERSON)
    report(promoted)
    assert shown(promoted) == GREEN
    assert why(promoted, MODEL, "1") == "nothing behind it is recalled"


def test_what_is_lifted_before_anybody_was_told_is_told_to_nobody(promoted: Stage) -> None:
    registry, told = promoted.registry, results(promoted)
    registry.recall("planes", reason="no seats", run=PERSON)
    registry.lift_recall("planes", reason="there are", run=PERSON)
    assert promoted.report().skip_reason == NOTHING_MISSING
    assert results(promoted) == told


def test_data_that_comes_again_passes_with_its_run_and_what_is_made_of_it_after_it(
    promoted: Stage,
) -> None:
    registry = promoted.registry
    registry.recall(f"flights[{JANUARY}]", reason="a day came twice", run=PERSON)
    report(promoted)
    # The asset gives the very same rows again: the run itself says that they are wrong still.
    again = promoted.daemon.materialize([FLIGHTS], partition_key=JANUARY)
    assert again.success
    assert ("flights", JANUARY) in failing(promoted)
    other = worlds.flights(seed=5)
    registry.store_snapshot(other, asset="flights", partition=JANUARY, run=PERSON)
    report(promoted)
    assert ("flights", JANUARY) not in failing(promoted)
    assert ("ontime_features", JANUARY) in failing(promoted)
    assert promoted.daemon.materialize([FEATURES], partition_key=JANUARY).success
    assert ("ontime_features", JANUARY) not in failing(promoted)
    assert failing(promoted) == {("ontime/model", "1"), ("ontime/production", None)}
    assert promoted.report().skip_reason == NOTHING_MISSING


def test_a_retraining_on_recalled_data_fails_and_names_the_recall(arrived: Stage) -> None:
    arrived.registry.recall(f"flights[{JANUARY}]", reason="a day came twice", run=PERSON)
    ran = arrived.retrain(reason="first")
    assert not ran.success
    assert f"flights[{JANUARY}] was recalled by alice" in str(ran.failures)
    assert not arrived.registry.is_registered("ontime")


def test_recalls_are_looked_at_only_where_something_moved(
    promoted: Stage, project: ModuleType
) -> None:
    reported = Reported(
        [(project.ontime, version_assets(project.ontime, RegistryResource()))], [(FLIGHTS, True)]
    )

    def look(seen: Seen) -> Found:
        return find_missing(promoted.instance, promoted.registry, reported, seen=seen)

    first = look(Seen(0.0))
    assert RECALLS not in first.looked_at
    promoted.registry.recall(f"flights[{JANUARY}]", reason="a day came twice", run=PERSON)
    found = look(first.seen)
    assert RECALLS in found.looked_at
    assert len(found.untold) == 3
    assert RECALLS in look(found.seen).looked_at  # until it was told
    report(promoted)
    quiet = look(found.seen)
    assert (quiet.untold, look(quiet.seen).looked_at) == ((), ())
    promoted.registry.lift_recall(f"flights[{JANUARY}]", reason="right", run=PERSON)
    assert RECALLS in look(quiet.seen).looked_at
    assert promoted.registry.log(REGISTRY)[-1].kind == "recall_lifted"
