"""From a recipe to a trained and evaluated version, through jobs, sensors and checks."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import dagster as dg
import pytest

from registry_assets import NotWorseThanProduction, registry_definitions
from registry_assets.orchestration.reporting import NOTHING_MISSING
from registry_assets_tests.orchestration.stage import (
    EVALUATION,
    MODEL,
    POOR,
    PRODUCTION,
    Stage,
    open_stage,
)

VERSIONS = "ontime/versions"
FAILING = {"fail": "the sky fell"}


def test_a_reserved_version_is_trained_and_evaluated_in_its_partition(promoted: Stage) -> None:
    version = promoted.registry.version("ontime:1")
    assert version.evaluation is not None
    assert promoted.instance.get_dynamic_partitions(VERSIONS) == ["1"]
    assert promoted.made(MODEL) == [("1", version.version.digest)]
    assert promoted.made(EVALUATION) == [("1", version.evaluation.digest)]

    passed = {name: c.passed for name, c in promoted.checks(MODEL, "1").items()}
    assert passed == {"metadata_complete": True, "loads_and_reproduces": True}
    judged = promoted.checks(EVALUATION, "1")
    assert {name: check.passed for name, check in judged.items()} == {
        "roc_auc_at_least": True,
        "roc_auc_not_worse_than_production": True,
        "approved": True,
    }
    assert {check.digest for check in judged.values()} == {version.version.digest}


def test_a_run_about_a_version_says_which_and_what_for(promoted: Stage) -> None:
    runs = promoted.instance.get_runs(dg.RunsFilter(tags={"registry/model": "ontime"}))
    told = {run.job_name: run.tags for run in runs}
    assert set(told) == {"ontime__train", "ontime__promote"}
    assert told["ontime__train"]["dagster/run_key"] == "ontime:1:train:1"
    assert {tags["registry/version"] for tags in told.values()} == {"1"}
    assert told["ontime__promote"]["registry/purpose"] == "promote"


def test_a_rejected_candidate_is_a_successful_run_with_failed_checks(rejected: Stage) -> None:
    (run, *_) = rejected.instance.get_runs(dg.RunsFilter(job_name="ontime__train"))
    assert run.status is dg.DagsterRunStatus.SUCCESS
    assert run.tags["dagster/partition"] == "2"
    checks = rejected.checks(EVALUATION, "2")
    assert {name: (c.passed, c.severity) for name, c in checks.items()} == {
        "roc_auc_at_least": (False, "ERROR"),
        "roc_auc_not_worse_than_production": (False, "ERROR"),
        "approved": (True, "WARN"),
    }
    assert all(check.passed for check in rejected.checks(EVALUATION, "1").values())
    assert rejected.registry.version("ontime:2").stage == "rejected"


def test_a_first_version_is_shown_held_by_a_gate_that_holds_it(
    trained: Stage, project: ModuleType
) -> None:
    name = "roc_auc_not_worse_than_production"
    assert trained.checks(EVALUATION, "1")[name].passed
    holding = NotWorseThanProduction("roc_auc", margin=0.05, first="hold")
    model = replace(project.ontime, gates=(project.ontime.gates[0], holding))
    data = [project.flights, project.planes, project.ontime_features]
    definitions = registry_definitions(models=[model], assets=data, executor=dg.in_process_executor)
    with open_stage(trained.folder, definitions) as stage:
        (evaluated,) = stage.promote().runs
        assert (evaluated.job, evaluated.success) == ("ontime__evaluate", True)
        tick = stage.promote()
        assert tick.skip_reason is not None
        assert f"{name} no_baseline" in tick.skip_reason
        for _ in range(2):
            checks = stage.checks(EVALUATION, "1")
            assert {check: result.passed for check, result in checks.items()} == {
                "roc_auc_at_least": True,
                name: False,
                "approved": True,
            }
            assert checks[name].why.endswith("; the gate holds a first version")
            stage.instance.wipe_assets([EVALUATION])
            assert [run.success for run in stage.report().runs] == [True]
        assert stage.report().skip_reason == NOTHING_MISSING


def test_the_ledger_says_whether_there_was_something_to_compare_with(promoted: Stage) -> None:
    promoted.daemon.materialize([EVALUATION], partition_key="1")
    log = promoted.registry.log("ontime")
    assert [event.sentence for event in log if event.kind == "version_evaluated"] == [
        "version 1 was evaluated; every gate passed or had nothing to compare with",
        "version 1 was evaluated; every gate passed",
    ]


def test_the_same_recipe_is_not_trained_again(promoted: Stage) -> None:
    outcome = promoted.retrain(reason="again")

    assert outcome.success
    assert "the recipe is that of ontime:1, which is committed" in promoted.said(outcome)
    assert promoted.train().skip_reason == "no reserved version waits for training"


def test_a_key_that_nobody_reserved_fails_before_training(arrived: Stage) -> None:
    arrived.instance.add_dynamic_partitions(VERSIONS, ["7"])
    outcome = arrived.daemon.materialize([MODEL, EVALUATION], partition_key="7")

    assert not outcome.success
    assert "version 7 of ontime was never reserved" in outcome.failures[0]
    assert "launch the job ontime__retrain" in outcome.failures[0]
    assert len(outcome.failures) == 1
    assert arrived.made(MODEL) == []
    assert arrived.registry.models() == ()


def test_evaluating_a_key_that_nobody_reserved_fails_and_records_nothing(promoted: Stage) -> None:
    events = promoted.events()
    promoted.instance.add_dynamic_partitions(VERSIONS, ["7"])
    outcome = promoted.daemon.materialize([EVALUATION], partition_key="7")

    assert not outcome.success
    assert outcome.failures[0].startswith("ontime has no version 7: it has 1 to 1\nHint:")
    assert promoted.events() == events


def test_a_key_that_is_no_number_fails_and_says_so(arrived: Stage) -> None:
    for key in ("latest", "0", "01", "1.0", "-1"):
        arrived.instance.add_dynamic_partitions(VERSIONS, [key])
        outcome = arrived.daemon.materialize([MODEL], partition_key=key)
        assert not outcome.success
        assert f"{key!r} is no version number" in outcome.failures[0]
        assert "launch the retrain job" in outcome.failures[0]


def test_materializing_a_committed_key_gives_the_committed_version(promoted: Stage) -> None:
    digest = promoted.registry.version("ontime:1").version.digest
    outcome = promoted.daemon.materialize([MODEL], partition_key="1")

    assert outcome.success
    assert promoted.made(MODEL) == [("1", digest)] * 2
    assert promoted.events().count("version_committed") == 1


def test_a_failed_training_fails_its_run_once_and_marks_the_version(arrived: Stage) -> None:
    arrived.retrain(params=FAILING)
    (run,) = arrived.train().runs

    assert not run.success
    assert run.failures == (
        "train raised ValueError: the sky fell\nHint: the traceback is in the run's log",
    )
    version = arrived.registry.version_numbered("ontime", 1)
    assert version.stage == "failed"
    assert version.version.failure == "train raised ValueError: the sky fell"
    assert arrived.train().skip_reason == "no reserved version waits for training"
    assert arrived.instance.get_runs_count(dg.RunsFilter(job_name="ontime__train")) == 1


def test_a_schedule_skips_a_failed_recipe_and_a_person_may_try_again(arrived: Stage) -> None:
    arrived.retrain(params=FAILING)
    arrived.train()

    skipped = arrived.retrain(params=FAILING, trigger="schedule")
    assert skipped.success
    assert "skipped: the recipe is that of ontime:1, which failed" in arrived.said(skipped)
    assert [v.version.number for v in arrived.registry.versions("ontime")] == [1]

    arrived.retrain(params=FAILING, trigger="manual")
    assert [v.version.number for v in arrived.registry.versions("ontime")] == [1, 2]


def test_training_gives_up_after_three_runs_and_says_how_to_go_on(arrived: Stage) -> None:
    arrived.retrain()
    # A blob that is away for now is no fault of the version: it stays reserved.
    blob = _data_blob(arrived)
    away = blob.rename(blob.with_name("away"))

    for attempt in (1, 2, 3):
        (run,) = arrived.train().runs
        assert not run.success
        tags = arrived.instance.get_run_by_id(run.run_id).tags  # type: ignore[union-attr]
        assert tags["dagster/run_key"] == f"ontime:1:train:{attempt}"
    assert arrived.train().skip_reason == (
        "ontime:1 was given up after 3 failed runs; materialize its partition by hand to try again"
    )
    assert arrived.registry.version_numbered("ontime", 1).version.state == "reserved"

    away.rename(blob)
    assert arrived.daemon.materialize([MODEL, EVALUATION], partition_key="1").success
    assert arrived.registry.version("ontime:1").stage == "staging"


def test_a_partition_deleted_while_it_waits_is_added_again(arrived: Stage) -> None:
    arrived.retrain(params=POOR)
    arrived.instance.add_dynamic_partitions(VERSIONS, ["1"])
    arrived.instance.delete_dynamic_partition(VERSIONS, "1")

    (run,) = arrived.train().runs
    assert run.success
    assert arrived.instance.get_dynamic_partitions(VERSIONS) == ["1"]


@pytest.mark.thorough
def test_a_hundred_ticks_after_everything_is_done_launch_nothing(rejected: Stage) -> None:
    rejected.report()
    before = rejected.instance.get_runs_count()
    events = rejected.events()
    for _ in range(34):
        ticks = [rejected.train(), rejected.promote(), rejected.report()]
        assert [tick.runs for tick in ticks] == [()] * 3

    assert rejected.instance.get_runs_count() == before
    assert rejected.events() == events
    assert len(rejected.made(PRODUCTION)) == 1


def _data_blob(stage: Stage) -> Path:
    """The file of the newest training month's features."""
    version = stage.registry.version_numbered("ontime", 1).version
    manifest = stage.registry.manifest(version.recipe.train[0].digest)
    (file,) = manifest.files
    name = file.sha256.removeprefix("sha256:")
    (found,) = Path(stage.registry.home.store).rglob(f"{name[:2]}/{name[2:]}")
    return found
