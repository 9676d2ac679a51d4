"""What moves production, and what does not: the sensor, a hand, and a policy that waits."""

import logging
from dataclasses import replace
from types import ModuleType

import dagster as dg
import pytest

from registry_assets import AtLeast, Promotion, RegisteredModel, registry_definitions
from registry_assets_tests.orchestration.stage import (
    EVALUATION,
    PRODUCTION,
    Stage,
    open_stage,
)

RISKY = dg.AssetKey(["risky", "production"])


def definitions(project: ModuleType, *models: RegisteredModel) -> dg.Definitions:
    """The project's code location with other models declared."""
    return registry_definitions(
        models=models,
        assets=[project.flights, project.planes, project.ontime_features],
        executor=dg.in_process_executor,
    )


def test_the_sensor_promotes_and_the_digest_is_the_data_version(promoted: Stage) -> None:
    version = promoted.registry.version("ontime@production")
    assert version.version.number == 1
    assert version.stage == "production"
    assert promoted.made(PRODUCTION) == [(None, version.version.digest)]
    (promotion,) = promoted.registry.promotions("ontime")
    assert promotion.actor == "sensor:ontime__promotion"
    assert promotion.reason == "every gate passed"
    assert (
        promoted.promote().skip_reason
        == "no committed version of ontime above version 1 to promote"
    )


def test_the_check_on_production_speaks_of_the_version_it_holds(promoted: Stage) -> None:
    result = promoted.registry.verify("ontime@production")
    assert result.clean
    check = dg.AssetCheckKey(PRODUCTION, "verifies")
    outcome = promoted.promote_by_hand(1)
    assert outcome.success, outcome.failures
    (record, *_) = promoted.instance.event_log_storage.get_asset_check_execution_history(check, 1)
    assert record.event is not None
    found = record.event.get_dagster_event().asset_check_evaluation_data
    assert found.passed
    assert found.metadata["version"].value == "1"


def test_a_rejected_candidate_stays_out_and_the_skip_reason_names_every_gate(
    rejected: Stage,
) -> None:
    tick = rejected.promote()

    assert tick.runs == ()
    assert tick.skip_reason is not None
    assert tick.skip_reason.startswith("ontime:2 is held: ")
    assert "roc_auc_at_least failed: " in tick.skip_reason
    assert "roc_auc_not_worse_than_production failed: " in tick.skip_reason
    assert rejected.registry.pointer("ontime").version == 1
    assert len(rejected.made(PRODUCTION)) == 1


def test_production_by_hand_without_a_version_says_why_nothing_moves(rejected: Stage) -> None:
    outcome = rejected.promote_by_hand()

    assert outcome.success
    said = rejected.said(outcome)
    assert "nothing to promote: " in said
    assert "roc_auc_at_least failed" in said
    logs = rejected.instance.all_logs(outcome.run_id)
    (warning,) = [entry for entry in logs if entry.level == logging.WARNING]
    assert warning.user_message.startswith("nothing to promote: ")
    assert len(rejected.made(PRODUCTION)) == 1


def test_production_by_hand_with_nothing_above_it_says_so(promoted: Stage) -> None:
    outcome = promoted.promote_by_hand()

    assert outcome.success
    said = promoted.said(outcome)
    assert "nothing to promote: no version waits above production's" in said
    assert len(promoted.made(PRODUCTION)) == 1


def test_production_by_hand_before_any_version_says_so(arrived: Stage) -> None:
    outcome = arrived.promote_by_hand()

    assert outcome.success
    assert "nothing to promote: ontime has never been trained" in arrived.said(outcome)
    assert arrived.made(PRODUCTION) == []
    assert arrived.registry.models() == ()


def test_production_by_hand_without_a_version_takes_the_candidate(trained: Stage) -> None:
    outcome = trained.promote_by_hand()

    assert outcome.success
    version = trained.registry.version("ontime@production").version
    assert trained.made(PRODUCTION) == [(None, version.digest)]


def test_a_held_version_by_hand_fails_with_every_reason_and_no_retry(rejected: Stage) -> None:
    outcome = rejected.promote_by_hand(2)

    assert not outcome.success
    (failure,) = outcome.failures
    assert failure.startswith("ontime:2 may not take production:")
    assert "roc_auc_at_least failed" in failure
    assert "roc_auc_not_worse_than_production failed" in failure
    starts = {dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_RESTARTED}
    assert len(rejected.instance.all_logs(outcome.run_id, of_type=starts)) == 1
    assert rejected.registry.pointer("ontime").version == 1


def test_a_version_that_never_was_fails_by_hand(promoted: Stage) -> None:
    outcome = promoted.promote_by_hand(9)

    assert not outcome.success
    assert "ontime has no version 9: it has 1 to 1" in outcome.failures[0]


@pytest.fixture
def waiting(arrived: Stage) -> Stage:
    """A high-risk model whose version 1 is trained and passed its gates."""
    arrived.retrain("risky")
    (run,) = arrived.train("risky").runs
    assert run.success, run.failures
    return arrived


def test_a_high_risk_version_waits_for_a_person_whoever_asks(waiting: Stage) -> None:
    assert waiting.registry.version("risky:1").stage == "staging"
    checks = waiting.checks(dg.AssetKey(["risky", "evaluation"]), "1")
    waits = (
        "risky:1 waits for 1 approval by a person of role risk (risk: high);"
        " no policy is in force that says who may sign"
    )
    assert (checks["approved"].passed, checks["approved"].severity) == (False, "WARN")
    assert checks["approved"].why == waits
    assert checks["roc_auc_at_least"].passed

    tick = waiting.promote("risky")
    assert tick.runs == ()
    assert tick.skip_reason == f"risky:1 is held: {waits}"

    by_hand = waiting.promote_by_hand(1, "risky")
    assert not by_hand.success
    assert waits in by_hand.failures[0]

    unnamed = waiting.promote_by_hand(model="risky")
    assert unnamed.success
    assert waits in waiting.said(unnamed)
    assert waiting.made(RISKY) == []
    assert waiting.registry.pointer("risky").version is None


def test_a_declaration_that_asks_for_more_people_binds_at_once(
    trained: Stage, project: ModuleType
) -> None:
    stricter = replace(project.ontime, promotion=Promotion(risk="high"))
    with open_stage(trained.folder, definitions(project, stricter)) as stage:
        for _ in range(3):
            stage.promote()
        tick = stage.promote()
        assert stage.registry.pointer("ontime").version is None
        assert tick.skip_reason is not None
        assert "waits for 1 approval" in tick.skip_reason
        assert not stage.checks(EVALUATION, "1")["approved"].passed
        assert not stage.promote_by_hand(1).success


def test_a_gate_that_was_raised_is_judged_again_before_anything_moves(
    trained: Stage, project: ModuleType
) -> None:
    stricter = replace(project.ontime, gates=(AtLeast("roc_auc", 0.999),))
    with open_stage(trained.folder, definitions(project, stricter)) as stage:
        (run,) = stage.promote().runs
        assert (run.job, run.success) == ("ontime__evaluate", True)
        tick = stage.promote()
        assert stage.registry.pointer("ontime").version is None
        assert not stage.checks(EVALUATION, "1")["roc_auc_at_least"].passed
    assert tick.skip_reason is not None
    assert "roc_auc_at_least failed" in tick.skip_reason


def test_a_gate_that_was_raised_holds_a_hand_too(trained: Stage, project: ModuleType) -> None:
    stricter = replace(project.ontime, gates=(AtLeast("roc_auc", 0.999),))
    with open_stage(trained.folder, definitions(project, stricter)) as stage:
        named = stage.promote_by_hand(1)
        unnamed = stage.promote_by_hand()
        assert stage.registry.pointer("ontime").version is None
        assert not named.success
        assert "no complete evaluation" in named.failures[0]
        assert "no complete evaluation" in stage.said(unnamed)


@pytest.mark.thorough
def test_a_model_gone_from_the_code_leaves_the_others_working(
    waiting: Stage, project: ModuleType
) -> None:
    with open_stage(waiting.folder, definitions(project, project.ontime)) as stage:
        stage.retrain()
        (trained,) = stage.train().runs
        (moved,) = stage.promote().runs
        assert trained.success
        assert moved.success
        assert stage.report().runs == ()

        assert {model.name for model in stage.registry.models()} == {"ontime", "risky"}
        assert stage.registry.version("risky:1").stage == "staging"
        assert stage.registry.load("risky:1").classes is not None
        assert stage.registry.verify().clean


def test_a_renamed_model_starts_anew_and_its_old_name_still_answers(
    promoted: Stage, project: ModuleType
) -> None:
    renamed = replace(project.ontime, name="punctual")
    with open_stage(promoted.folder, definitions(project, renamed)) as stage:
        assert stage.report().skip_reason is not None
        stage.retrain("punctual")
        (trained,) = stage.train("punctual").runs
        assert trained.success, trained.failures
        assert stage.registry.version("punctual:1").stage == "staging"
        assert stage.registry.version("ontime@production").version.number == 1
        assert len(stage.made(PRODUCTION)) == 1
