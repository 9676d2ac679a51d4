"""Jobs by which people decide: the registry decides again, and a refusal changes nothing."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg
import pytest

from registry_assets import registry_definitions
from registry_assets.orchestration.decision_jobs import decision_jobs
from registry_assets.orchestration.keys import DECISIONS
from registry_assets.orchestration.missing import missing_promotions
from registry_assets.orchestration.resource import RegistryResource
from registry_assets_tests.catalog.history import PERSON
from registry_assets_tests.orchestration.projects import PACKAGE
from registry_assets_tests.orchestration.stage import PRODUCTION, Stage, copy_home, open_stage
from registry_assets_tests.orchestration.written import (
    CANARY,
    NAMES,
    decide,
    generations,
    held,
    history_of,
    location,
    look,
    pointed,
    written_home,
)

PROMOTER = {"registry/account": "promoter"}


@pytest.fixture(scope="module")
def definitions(project: ModuleType) -> dg.Definitions:
    return location(project, pointed(project, "canary", "production"))


@pytest.fixture(scope="module")
def moved_home(project: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 2 followed version 1 into production; nothing is in canary."""
    model = pointed(project, "canary", "production")
    home = written_home(tmp_path_factory.mktemp("moved") / "home", model)
    registry = RegistryResource(home).open()
    registry.promote("ontime", 1, run=PERSON)
    history_of(registry).evaluate(2, model="ontime")
    registry.promote("ontime", 2, run=PERSON)
    return home


@pytest.fixture
def moved(definitions: dg.Definitions, moved_home: Path, tmp_path: Path) -> Iterator[Stage]:
    """A home of one's own: version 2 followed version 1 into production."""
    with open_stage(copy_home(moved_home, tmp_path / "home"), definitions) as stage:
        yield stage


def refusal(stage: Stage, decision: str, **config: Any) -> str:
    """Launch a job that is refused: its one failure, of a step that was tried once."""
    before, pointers = stage.events(), held(stage)
    outcome = decide(stage, decision, **config)
    assert not outcome.success
    (failure,) = outcome.failures
    starts = {dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_RESTARTED}
    assert len(stage.instance.all_logs(outcome.run_id, of_type=starts)) == 1
    assert (stage.events(), held(stage)) == (before, pointers)
    return failure


def test_a_rollback_moves_holds_and_is_shown_once(moved: Stage) -> None:
    outcome = decide(moved, "rollback", reason="it was slow")
    assert outcome.success, outcome.failures
    assert held(moved)["production"] == 1
    promotion = moved.registry.promotions("ontime", "production")[-1]
    assert (promotion.run_id, promotion.reason) == (outcome.run_id, "it was slow")
    said = "production was rolled back from version 2 to version 1 in 0."
    assert said in moved.said(outcome)

    # Those that were made before Dagster heard of the model come along, the newest last.
    assert generations(moved, PRODUCTION) == [1, 2, 3]
    assert list(missing_promotions(moved.instance, moved.registry, "ontime", "production")) == []
    (shown,) = moved.instance.fetch_materializations(PRODUCTION, limit=1).records
    assert shown.asset_materialization is not None
    metadata = shown.asset_materialization.metadata
    assert metadata["rolled back from"].value == "version 2, which is held until released"
    assert "is stale: production has moved since" in str(metadata["waived"].value)
    check = dg.AssetCheckKey(PRODUCTION, "verifies")
    (result,) = moved.instance.event_log_storage.get_asset_check_execution_history(check, 9)
    assert result.evaluation is not None
    assert result.evaluation.passed
    assert result.evaluation.metadata["version"].value == "1"
    assert moved.registry.verify().clean


@pytest.mark.thorough
def test_a_hundred_ticks_after_a_rollback_move_nothing(
    moved: Stage, definitions: dg.Definitions
) -> None:
    history_of(moved.registry).evaluate(2, model="ontime")
    moved.registry.promote("ontime", 2, pointer="canary", run=PERSON)
    assert decide(moved, "rollback", reason="it was slow").success
    history_of(moved.registry).evaluate(2, model="ontime")
    before = moved.events()
    reasons = {look(definitions, moved.instance)[1] for _ in range(100)}
    (reason,) = reasons
    assert "production was rolled back from version 2 by " in reason
    assert reason.endswith(": it was slow.")
    assert (moved.promote().runs, moved.events()) == ((), before)


def rollback_of_ontime() -> dg.JobDefinition:
    """The job, as Dagster finds it again when it repeats a run."""
    project = sys.modules[f"{PACKAGE}.definitions"]
    made = location(project, pointed(project, "canary", "production"))
    return made.resolve_job_def(NAMES.rollback_job)


def test_a_rollback_whose_worker_was_lost_after_it_goes_back_once_when_it_is_retried(
    moved: Stage,
) -> None:
    history_of(moved.registry).version(9, model="ontime")
    moved.registry.promote("ontime", 3, run=PERSON)
    first = decide(moved, "rollback", reason="it was slow")
    assert held(moved)["production"] == 2

    retried = dg.execute_job(
        dg.reconstructable(rollback_of_ontime),
        instance=moved.instance,
        reexecution_options=dg.ReexecutionOptions(parent_run_id=first.run_id),
    )
    assert retried.success
    assert retried.dagster_run.root_run_id == first.run_id
    assert held(moved)["production"] == 2
    assert generations(moved, PRODUCTION) == [1, 2, 3, 4]


def test_a_rollback_of_another_pointer_is_shown_there(moved: Stage) -> None:
    history_of(moved.registry).evaluate(1, model="ontime")
    moved.registry.promote("ontime", 1, pointer="canary", run=PERSON)
    history_of(moved.registry).evaluate(2, model="ontime")
    moved.registry.promote("ontime", 2, pointer="canary", run=PERSON)
    outcome = decide(moved, "rollback", pointer="canary", to=1, reason="it was slow")
    assert outcome.success, outcome.failures
    assert held(moved) == {"canary": 1, "production": 2}
    assert generations(moved, CANARY) == [1, 2, 3]
    assert generations(moved, PRODUCTION) == []


def test_a_rollback_that_was_launched_twice_goes_back_once(moved: Stage) -> None:
    history = history_of(moved.registry)
    history.version(9, model="ontime")
    moved.registry.promote("ontime", 3, run=PERSON)
    assert decide(moved, "rollback", leaving=3, reason="it was slow").success
    again = decide(moved, "rollback", leaving=2, to=2, reason="it was slow")
    assert not again.success
    assert held(moved)["production"] == 2

    repeated = decide(moved, "rollback", leaving=3, to=2, reason="it was slow")
    assert repeated.success, repeated.failures
    assert "nothing was moved: production was rolled back to version 2 before" in moved.said(
        repeated
    )
    assert len(moved.registry.promotions("ontime", "production")) == 4
    assert generations(moved, PRODUCTION) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"to": 2, "reason": "slow"}, "ontime@production holds version 2 already"),
        ({"to": 9, "reason": "slow"}, "9"),
        ({"to": 0, "reason": "slow"}, "0 is no version number"),
        ({"leaving": 10**20, "reason": "slow"}, "is no version number"),
        ({"pointer": "canary", "reason": "slow"}, "ontime@canary"),
        ({"pointer": "blue", "reason": "slow"}, "no pointer called 'blue'"),
        ({"reason": "  "}, "a rollback needs a reason"),
        ({"reason": "a\0b"}, "which is not text"),
    ],
)
def test_a_rollback_that_is_refused_says_why_and_is_tried_once(
    moved: Stage, config: dict[str, Any], why: str
) -> None:
    assert why in refusal(moved, "rollback", **config)
    assert generations(moved, PRODUCTION) == []


def test_what_was_rolled_back_from_comes_back_once_it_is_released(moved: Stage) -> None:
    assert decide(moved, "rollback", reason="it was slow").success
    history_of(moved.registry).evaluate(2, model="ontime")
    by_hand = moved.promote_by_hand(2)
    assert "production was rolled back from version 2" in by_hand.failures[0]

    assert "a release needs a reason" in refusal(moved, "release", version=2, reason=" ")
    assert "canary" in refusal(moved, "release", version=2, pointer="canary", reason="mended")
    released = decide(moved, "release", version=2, reason="it is mended")
    assert released.success, released.failures
    assert "version 2 was released for production by" in moved.said(released)
    assert held(moved)["production"] == 1
    assert moved.promote_by_hand(2).success
    assert held(moved)["production"] == 2


def test_a_version_is_archived_taken_back_and_rejected(moved: Stage) -> None:
    assert decide(moved, "archive", version=1, reason="it is old").success
    assert moved.registry.version("ontime:1").stage == "archived"
    again = decide(moved, "archive", version=1)
    assert again.success
    assert "nothing to do: ontime:1 was archived by" in moved.said(again)
    assert decide(moved, "unarchive", version=1).success
    assert decide(moved, "reject", version=1, reason="it learned from the label").success
    assert moved.registry.version("ontime:1").stage == "rejected"
    assert "for good" in refusal(moved, "unarchive", version=1)
    kinds = [kind for kind in moved.events() if kind.startswith("version_")][-3:]
    assert kinds == ["version_archived", "version_unarchived", "version_rejected"]


@pytest.mark.parametrize(
    ("decision", "config", "why"),
    [
        ("archive", {"version": 2}, "production holds it"),
        ("reject", {"version": 2, "reason": "bad"}, "production holds it"),
        ("reject", {"version": 1, "reason": ""}, "needs a reason"),
        ("unarchive", {"version": 1}, "was never archived by hand"),
        ("archive", {"version": 9}, "no version 9"),
        ("archive", {"version": -1}, "-1 is no version number"),
        ("release", {"version": 2, "reason": "mended"}, "never rolled back from it"),
    ],
)
def test_a_decision_that_is_refused_says_why_and_is_tried_once(
    moved: Stage, decision: str, config: dict[str, Any], why: str
) -> None:
    assert why in refusal(moved, decision, **config)


def test_forged_tags_decide_nothing(moved: Stage) -> None:
    forged = {
        **NAMES.tags(2, "rollback", "production"),
        "dagster/sensor_name": NAMES.promotion_sensor,
        "registry/approved": "true",
    }
    before = moved.events()
    outcome = moved.daemon.run_job(
        NAMES.rollback_job,
        run_config={
            "ops": {NAMES.decision_op("rollback"): {"config": {"to": 9, "reason": "forged"}}}
        },
        tags=forged,
    )
    assert (outcome.success, moved.events()) == (False, before)


def test_every_decision_has_a_job_that_says_what_it_does_and_what_it_takes(
    project: ModuleType,
) -> None:
    jobs = decision_jobs(project.ontime, RegistryResource(), PROMOTER)
    assert [job.name for job in jobs] == [f"ontime__{decision}" for decision in DECISIONS]
    for job, decision in zip(jobs, DECISIONS, strict=True):
        assert "ontime" in str(job.description)
        assert job.tags["registry/account"] == "promoter"
        op: Any = job.get_node_named(NAMES.decision_op(decision)).definition
        fields = op.config_schema.config_type.fields
        assert set(fields) >= ({"pointer", "reason"} if decision == "rollback" else {"version"})
        assert all(field.description for field in fields.values())


def test_a_decision_in_a_run_has_a_limit_and_the_promoters_account(project: ModuleType) -> None:
    made = registry_definitions(
        models=[project.ontime],
        assets=[project.flights, project.planes, project.ontime_features],
        promoter_tags={**PROMOTER, "dagster/max_runtime": "60"},
    )
    for name in (NAMES.promote_job, *map(NAMES.job, DECISIONS)):
        tags = made.resolve_job_def(name).tags
        assert (tags["registry/account"], tags["dagster/max_runtime"]) == ("promoter", "60")
    assert "registry/account" not in made.resolve_job_def(NAMES.train_job).tags
    usual = location(project, project.ontime).resolve_job_def(NAMES.promote_job).tags
    assert usual["dagster/max_runtime"] == "1800"
