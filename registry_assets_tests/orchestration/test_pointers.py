"""Several pointers of one model: each an asset that moves by itself, past one gate."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from registry_assets.errors import DeclarationError
from registry_assets.lifecycle.promoting import Promoted
from registry_assets.orchestration.keys import DECISIONS
from registry_assets.orchestration.missing import missing_promotions
from registry_assets.orchestration.pointer_asset import pointer_asset
from registry_assets.orchestration.reporting import NOTHING_MISSING
from registry_assets.orchestration.resource import RegistryResource
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import PERSON
from registry_assets_tests.catalog.statements import statements
from registry_assets_tests.orchestration.stage import (
    PRODUCTION,
    Stage,
    copy_home,
    open_stage,
)
from registry_assets_tests.orchestration.written import (
    CANARY,
    GATE,
    NAMES,
    RELATIVE,
    generations,
    held,
    history_of,
    location,
    look,
    pointed,
    written_stage,
)

BOTH = ("canary", "production")


@pytest.fixture
def compared(project: ModuleType, tmp_path: Path) -> Iterator[Stage]:
    """Canary and production, and two versions that were compared with production."""
    with written_stage(tmp_path / "home", project, pointed(project, *BOTH)) as stage:
        yield stage


@pytest.fixture
def alone(project: ModuleType, tmp_path: Path) -> Iterator[Stage]:
    """Canary and production, and two versions that nothing compares."""
    model = pointed(project, *BOTH, compared=False)
    with written_stage(tmp_path / "home", project, model) as stage:
        yield stage


@contextmanager
def counted() -> Iterator[list[int]]:
    """Count the instructions that SQLite executes meanwhile, for whatever it is asked."""
    done = [0]

    def count() -> int:
        done[0] += 1
        return 0

    def watch(connection: Any, *_rest: object) -> None:
        connection.connection.dbapi_connection.set_progress_handler(count, 1)

    sa.event.listen(sa.Engine, "before_cursor_execute", watch)
    try:
        yield done
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", watch)


def asked(stage: Stage) -> list[tuple[str, str, str]]:
    """Version, pointer and purpose of each run that names its version, oldest first."""
    runs = [run.tags for run in stage.instance.get_runs()[::-1]]
    names = ("registry/version", "registry/pointer", "registry/purpose")
    found = [[tags.get(name, "") for name in names] for tags in runs if names[0] in tags]
    return [(version, pointer, purpose) for version, pointer, purpose in found]


def test_each_pointer_is_an_asset_with_its_check_and_one_job_makes_them_all(
    project: ModuleType,
) -> None:
    made = location(project, pointed(project, "production_eu", *BOTH))
    keys = {NAMES.pointer_key(name) for name in ("production_eu", *BOTH)}
    graph = made.resolve_asset_graph()
    assert keys <= set(graph.get_all_asset_keys())
    for key in keys:
        assert graph.get(key).parent_keys == {NAMES.evaluation_key}
        assert "verifies" in {check.name for check in graph.get(key).check_keys}
    assert set(made.resolve_job_def(NAMES.promote_job).asset_layer.selected_asset_keys) == keys


@pytest.mark.parametrize("name", ["reserve", "promote", *DECISIONS, "rollback_decision"])
def test_a_pointer_that_dagster_could_not_tell_from_a_job_is_refused(
    name: str, project: ModuleType
) -> None:
    with pytest.raises(DeclarationError, match=f"'{name}': ontime__{name} is a job") as caught:
        location(project, pointed(project, name, "production"))
    assert caught.value.hint


def test_production_moves_after_the_pointers_that_were_compared_with_it(compared: Stage) -> None:
    (canary,) = compared.promote().runs
    assert (canary.success, held(compared)) == (True, {"canary": 2, "production": None})
    (production,) = compared.promote().runs
    assert (production.success, held(compared)) == (True, {"canary": 2, "production": 2})

    assert asked(compared) == [("2", "canary", "promote"), ("2", "production", "promote")]
    digest = compared.registry.resolve("ontime:2").digest
    for key, run in ((CANARY, canary), (PRODUCTION, production)):
        assert compared.made(key) == [(None, digest)]
        check = dg.AssetCheckKey(key, "verifies")
        (record,) = compared.instance.event_log_storage.get_asset_check_execution_history(check, 9)
        assert record.run_id == run.run_id
        assert record.evaluation is not None
        assert record.evaluation.passed
    assert compared.registry.verify().clean


def test_every_pointer_that_may_move_is_asked_for_in_one_tick_and_in_order(
    alone: Stage, project: ModuleType
) -> None:
    made = location(project, pointed(project, "production", "canary", compared=False))
    requests, _ = look(made, alone.instance)
    assert [request.asset_selection for request in requests] == [[PRODUCTION], [CANARY]]
    assert {request.job_name for request in requests} == {NAMES.promote_job}

    tick = alone.promote()
    assert [run.success for run in tick.runs] == [True, True]
    assert held(alone) == {"canary": 2, "production": 2}
    assert asked(alone) == [("2", "canary", "promote"), ("2", "production", "promote")]


def test_the_skip_reason_has_a_sentence_for_each_pointer(alone: Stage) -> None:
    alone.registry.promote("ontime", 1, pointer="canary", run=PERSON)
    alone.registry.promote("ontime", 2, pointer="canary", run=PERSON)
    alone.registry.promote("ontime", 2, run=PERSON)
    assert alone.promote().skip_reason == (
        "canary: no committed version of ontime above version 2 to promote.\n"
        "production: no committed version of ontime above version 2 to promote."
    )
    alone.registry.rollback("ontime", pointer="canary", reason="slow", run=PERSON)
    reason = alone.promote().skip_reason
    assert reason is not None
    canary, production = reason.split("\n")
    assert canary.startswith(
        "canary: no committed version of ontime above version 2 to promote;"
        f" canary was rolled back from version 2 by {PERSON.actor} on "
    )
    assert production.endswith("above version 2 to promote.")

    history_of(alone.registry).version(9, model="ontime", failing=[GATE])
    assert alone.promote().skip_reason == (
        f"canary: ontime:3 is held: {GATE} failed: it was measured.\n"
        f"production: ontime:3 is held: {GATE} failed: it was measured."
    )


def test_pointers_whose_version_became_stale_ask_for_one_evaluation_and_against_production(
    compared: Stage, project: ModuleType
) -> None:
    compared.registry.promote("ontime", 1, run=PERSON)
    made = location(project, pointed(project, *BOTH))
    (request,), _ = look(made, compared.instance)
    assert (request.job_name, request.partition_key) == (NAMES.evaluate_job, "2")
    # Whatever the canary did: it is the generation of production that the evaluation is about.
    assert str(request.run_key).startswith("ontime:2:evaluate:1:")

    history_of(compared.registry).evaluate(2, model="ontime")
    (request,), _ = look(made, compared.instance)
    assert request.asset_selection == [CANARY]


def test_a_move_of_the_canary_makes_nothing_stale(compared: Stage, project: ModuleType) -> None:
    compared.registry.promote("ontime", 1, pointer="canary", run=PERSON)
    decision = compared.registry.decision("ontime", 2)
    assert decision is not None
    assert decision.ready
    requests, _ = look(location(project, pointed(project, *BOTH)), compared.instance)
    assert [request.asset_selection for request in requests] == [[CANARY]]


def test_by_hand_without_a_selection_each_pointer_takes_its_own_candidate(alone: Stage) -> None:
    alone.registry.promote("ontime", 2, pointer="canary", run=PERSON)
    outcome = alone.promote_by_hand()
    assert outcome.success, outcome.failures
    assert held(alone) == {"canary": 2, "production": 2}
    assert "nothing to promote: no version waits above canary's" in alone.said(outcome)
    assert generations(alone, PRODUCTION) == [1]
    assert generations(alone, CANARY) == []


def test_by_hand_a_pointer_that_production_went_before_says_so(
    project: ModuleType, tmp_path: Path
) -> None:
    model = pointed(project, "production", "zebra")  # by the alphabet the last to be made
    with written_stage(tmp_path / "home", project, model) as stage:
        outcome = stage.promote_by_hand()
        assert outcome.success, outcome.failures
        assert held(stage) == {"production": 2, "zebra": None}
        stale = f"{RELATIVE} is stale: production has moved since"
        assert f"nothing to promote: {stale}" in stage.said(outcome)


class _Overtaken(RegistryResource):
    """A registry in which production moves whenever a promotion is about to be decided."""

    def open(self) -> Registry:
        registry = RegistryResource.open(self)
        promote = registry.promote

        def overtaken(model: str, number: int, **asked: Any) -> Promoted:
            promote(model, number, run=PERSON)
            return promote(model, number, **asked)

        registry.promote = overtaken  # type: ignore[method-assign]
        return registry


@pytest.mark.parametrize("version", [None, 2])
def test_a_candidate_that_is_held_in_the_last_moment_is_no_failure_unless_it_was_named(
    version: int | None, compared: Stage, project: ModuleType
) -> None:
    asset = pointer_asset(pointed(project, *BOTH), "canary", _Overtaken())
    done = dg.materialize(
        [asset],
        instance=compared.instance,
        run_config={"ops": {NAMES.pointer_op("canary"): {"config": {"version": version}}}},
        raise_on_error=False,
    )
    assert done.success == (version is None)
    assert held(compared) == {"canary": None, "production": 2}
    logs = compared.instance.all_logs(done.run_id)
    warnings = [each.user_message for each in logs if each.level == logging.WARNING]
    assert [f"{RELATIVE} is stale" in each for each in warnings] == [True] * (version is None)


def test_by_hand_a_version_is_promoted_to_the_pointer_that_is_selected_and_no_other(
    alone: Stage,
) -> None:
    outcome = alone.daemon.run_job(
        NAMES.promote_job,
        run_config={"ops": {NAMES.pointer_op("canary"): {"config": {"version": 1}}}},
        asset_selection=[CANARY],
    )
    assert outcome.success, outcome.failures
    assert held(alone) == {"canary": 1, "production": None}


@pytest.mark.parametrize("version", [0, -1, 9, 10**12])
def test_what_is_no_version_moves_nothing(alone: Stage, version: int) -> None:
    outcome = alone.promote_by_hand(version)
    assert (outcome.success, held(alone)["production"]) == (False, None)
    assert str(version) in outcome.failures[0]
    assert "Traceback" not in outcome.failures[0]


def test_nothing_that_a_run_is_told_moves_a_pointer_past_the_gate(alone: Stage) -> None:
    history_of(alone.registry).version(9, model="ontime", failing=[GATE])
    before = alone.events()
    forged = {
        **NAMES.tags(3, "promote", "production"),
        "dagster/sensor_name": NAMES.promotion_sensor,
        "dagster/run_key": "ontime:3:promote:production:0:1",
    }
    config = {"config": {"version": 3, "reason": "every gate passed"}}
    outcome = alone.daemon.run_job(
        NAMES.promote_job,
        run_config={"ops": {NAMES.pointer_op(pointer): config for pointer in BOTH}},
        tags=forged,
    )
    assert not outcome.success
    assert len(outcome.failures) == 2
    assert all(f"{GATE} failed" in failure for failure in outcome.failures)
    assert held(alone) == {"canary": None, "production": None}
    assert alone.events() == before


def test_a_pointer_that_is_declared_no_longer_stays_and_no_sensor_moves_it(
    alone: Stage, project: ModuleType
) -> None:
    alone.promote()
    history_of(alone.registry).version(9, model="ontime")
    only = location(project, pointed(project, "production", compared=False))
    with open_stage(alone.folder, only) as stage:
        (run,) = stage.promote().runs
        assert run.success, run.failures
        assert held(stage) == {"canary": 2, "production": 3}
        assert stage.promote().skip_reason == (
            "no committed version of ontime above version 3 to promote"
        )
        assert stage.registry.resolve("ontime@canary").number == 2
    assert list(missing_promotions(alone.instance, alone.registry, "ontime", "canary")) == []


def test_a_pointer_file_that_was_lost_is_written_again_for_that_pointer_alone(
    alone: Stage,
) -> None:
    alone.promote()
    (file,) = Path(alone.registry.home.store).rglob("canary.json")
    kept = file.read_bytes()
    file.chmod(0o600)
    file.unlink()
    (run,) = alone.promote().runs
    assert run.success, run.failures
    assert asked(alone)[-1] == ("2", "canary", "promote")
    assert file.read_bytes() == kept
    assert len(alone.registry.promotions("ontime")) == 2


def test_a_pointer_that_was_just_declared_is_recorded_moved_and_shown(
    trained_home: Path, project: ModuleType, tmp_path: Path
) -> None:
    made = location(project, pointed(project, *BOTH))
    with open_stage(copy_home(trained_home, tmp_path / "home"), made) as stage:
        assert held(stage) == {"production": None}
        jobs = [[(run.job, run.failures) for run in stage.promote().runs] for _ in range(4)]
        assert jobs == [
            [(NAMES.evaluate_job, ())],
            [(NAMES.promote_job, ())],
            [(NAMES.promote_job, ())],
            [],
        ]
        assert held(stage) == {"canary": 1, "production": 1}
        assert stage.events().count("declaration_changed") == 1
        bound = [v.finding.binding for v in stage.registry.version("ontime:1").verdicts]
        assert {binding.pointer for binding in bound if binding} == {"production"}
        assert stage.report().skip_reason == NOTHING_MISSING

        shown = [stage.made(key) for key in (CANARY, PRODUCTION)]
        stage.instance.wipe_assets([CANARY, PRODUCTION])
        (run,) = stage.report().runs
        assert run.success, run.failures
        assert [stage.made(key) for key in (CANARY, PRODUCTION)] == shown
        assert stage.report().skip_reason == NOTHING_MISSING
        # A promotion elsewhere, of a pointer that is looked after like every other.
        stage.instance.wipe_assets([CANARY])
        assert [run.success for run in stage.report().runs] == [True]
        assert generations(stage, CANARY) == [1]


def test_a_new_pointer_without_any_version_waits_like_the_others(
    arrived: Stage, project: ModuleType
) -> None:
    assert arrived.retrain().success
    _, reason = look(location(project, pointed(project, *BOTH)), arrived.instance)
    said = "no committed version of ontime to promote"
    assert reason == f"canary: {said}.\nproduction: {said}."


def test_a_tick_costs_the_same_however_many_versions_there_are(
    alone: Stage, project: ModuleType
) -> None:
    made = location(project, pointed(project, *BOTH, compared=False))
    history = history_of(alone.registry)
    alone.registry.promote("ontime", 1, run=PERSON)
    look(made, alone.instance)  # the first time Dagster looks what its storage has
    asked_for, instructions = [], []
    for more in (8, 92):
        for seed in range(more):
            history.version(100 * more + seed, model="ontime")
        with statements() as seen, counted() as done:
            requests, _ = look(made, alone.instance)
        assert len(requests) == 2
        asked_for.append(seen)
        instructions.append(done[0])
    assert asked_for[0] == asked_for[1]
    assert instructions[0] == instructions[1] > 0
