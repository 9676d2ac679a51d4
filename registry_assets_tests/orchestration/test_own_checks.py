"""Users' own asset checks as gates, in real runs: what counts, what does not, and what it costs."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import dagster as dg
import pytest
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)

from registry_assets.cli.app import run
from registry_assets.governance.decide import Held
from registry_assets_tests.orchestration.checked import LOOK, SAID, Said, checked_location
from registry_assets_tests.orchestration.stage import (
    EVALUATION,
    MODEL,
    Stage,
    copy_home,
    open_stage,
)


@pytest.fixture(scope="module")
def location(project: ModuleType) -> dg.Definitions:
    """The code location in which both checks are gates, and can be run alone."""
    return checked_location(project)


@pytest.fixture(autouse=True)
def _said() -> Iterator[None]:
    vars(SAID).update(vars(Said()))
    yield
    vars(SAID).update(vars(Said()))


@pytest.fixture(scope="module")
def checked_home(
    location: dg.Definitions, arrived_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Version 1 was trained, evaluated and checked in one run; nobody looked at the results."""
    home = copy_home(arrived_home, tmp_path_factory.mktemp("homes") / "checked")
    with open_stage(home, location) as stage:
        assert stage.retrain(reason="first").success
        (trained,) = stage.train().runs
        assert trained.success, trained.failures
    return home


@pytest.fixture
def checked(location: dg.Definitions, checked_home: Path, tmp_path: Path) -> Iterator[Stage]:
    """A home of one's own: version 1, and what the checks found of it in Dagster alone."""
    with open_stage(copy_home(checked_home, tmp_path / "home"), location) as stage:
        yield stage


@pytest.fixture(scope="module")
def unchecked_home(
    location: dg.Definitions, arrived_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Version 1 was evaluated, and few_late broke before it said anything."""
    home = copy_home(arrived_home, tmp_path_factory.mktemp("homes") / "unchecked")
    before, SAID.few_late = SAID.few_late, None
    with open_stage(home, location) as stage:
        stage.retrain(reason="first")
        (trained,) = stage.train().runs
        assert not trained.success
        assert len(stage.made(EVALUATION)) == 1
    SAID.few_late = before
    return home


@pytest.fixture
def unchecked(location: dg.Definitions, unchecked_home: Path, tmp_path: Path) -> Iterator[Stage]:
    """A home of one's own: version 1, of which few_late has said nothing."""
    SAID.few_late = None
    with open_stage(copy_home(unchecked_home, tmp_path / "home"), location) as stage:
        yield stage


def look(stage: Stage, *, passed: bool | None, version: int = 1) -> bool:
    """Run few_late alone; tell whether the run succeeded."""
    SAID.few_late = passed
    return stage.daemon.run_job(LOOK, partition_key=str(version)).success


def recorded(stage: Stage) -> list[str]:
    """The sentences of all recorded results, oldest first."""
    log = stage.registry.log("ontime")
    return [event.sentence for event in log if event.kind == "check_recorded"]


def held(stage: Stage, version: int = 1) -> dict[str, str]:
    """What holds a version: subject → code."""
    decision = stage.registry.decision("ontime", version)
    assert decision is not None
    reasons = decision.answer.reasons if isinstance(decision.answer, Held) else ()
    return {reason.subject: reason.code for reason in reasons}


def record(stage: Stage) -> None:
    """Let the sensor have the results recorded, in exactly one run."""
    (outcome,) = stage.promote().runs
    assert (outcome.job, outcome.success) == ("ontime__record", True), outcome.failures


PASSED = [
    "the asset check few_late on the evaluation of version 1 passed",
    "the asset check small on the model of version 1 passed",
]
TO_RUN = (
    "few_late has no result yet: that asset check has to run on partition 1 of ontime/evaluation,"
    " as it was evaluated last"
)


def test_what_passed_in_the_run_of_the_evaluation_is_recorded_and_promoted(checked: Stage) -> None:
    assert held(checked) == {"few_late": "check_missing", "small": "check_missing"}
    assert checked.registry.version("ontime:1").stage == "development"
    record(checked)
    assert recorded(checked) == PASSED
    assert checked.registry.version("ontime:1").stage == "staging"
    (promoted,) = checked.promote().runs
    assert (promoted.job, promoted.success) == ("ontime__promote", True)

    assert checked.registry.pointer("ontime").version == 1
    (promotion,) = checked.registry.promotions("ontime")
    evidence = {v["gate"]: v["outcome"] for v in promotion.evidence["verdicts"]}
    assert (evidence["few_late"], evidence["small"]) == ("passed", "passed")
    assert len(checked.made(EVALUATION)) == 1
    assert checked.registry.verify().clean


def test_a_verdict_names_the_run_that_found_it_and_its_number(checked: Stage) -> None:
    record(checked)
    found = {v.finding.gate: v for v in checked.registry.version("ontime:1").verdicts}
    (trained,) = checked.instance.get_runs(dg.RunsFilter(job_name="ontime__train"))
    finding = found["few_late"].finding
    assert finding.why.startswith(f"version 1 was looked at (run {trained.run_id}, 20")
    assert finding.value == 0.25
    assert found["few_late"].evaluation_id is not None
    assert found["small"].evaluation_id is None


def test_results_are_recorded_once_over_many_looks(checked: Stage) -> None:
    record(checked)
    checked.promote()
    events = checked.registry.log("ontime")
    for _ in range(5):
        assert checked.promote().runs == ()
    by_hand = checked.daemon.run_job(
        "ontime__record", run_config={"ops": {"ontime__record_results": {"config": {"version": 1}}}}
    )
    assert by_hand.success
    assert "nothing new was found" in checked.said(by_hand)
    assert checked.registry.log("ontime") == events


def test_what_failed_holds_with_its_reason_though_its_severity_is_warn(checked: Stage) -> None:
    assert look(checked, passed=False)
    record(checked)
    tick = checked.promote()
    assert tick.runs == ()
    assert tick.skip_reason is not None
    assert tick.skip_reason.startswith(
        "ontime:1 is held: few_late failed: version 1 was looked at (run "
    )
    assert checked.registry.version("ontime:1").stage == "rejected"
    assert not checked.promote_by_hand(1).success


def test_a_later_result_supersedes_and_a_pass_again_lets_it_through(checked: Stage) -> None:
    record(checked)
    look(checked, passed=False)
    record(checked)
    assert held(checked) == {"few_late": "check_failed"}
    look(checked, passed=True)
    record(checked)
    assert held(checked) == {}
    few = "the asset check few_late on the evaluation of version 1"
    assert recorded(checked) == [*PASSED, f"{few} failed", f"{few} passed"]


def test_a_check_that_never_said_anything_holds_and_launches_nothing(unchecked: Stage) -> None:
    record(unchecked)  # small
    before = unchecked.registry.log("ontime")
    for _ in range(20):
        tick = unchecked.promote()
        assert tick.runs == ()
        assert tick.skip_reason == f"ontime:1 is held: {TO_RUN}"
    assert unchecked.registry.log("ontime") == before
    assert unchecked.registry.version("ontime:1").stage == "development"
    assert unchecked.report().runs == ()
    by_hand = unchecked.promote_by_hand(1)
    assert not by_hand.success
    assert TO_RUN in by_hand.failures[0]


def test_explain_and_show_name_the_check_and_what_to_run(
    unchecked: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(*arguments: str) -> str:
        monkeypatch.setenv("COLUMNS", "300")
        capsys.readouterr()
        assert run((*arguments, "ontime:1")) == 0
        return capsys.readouterr().out

    record(unchecked)
    explained = said("explain")
    assert TO_RUN in explained
    assert "run the asset check few_late: materializing partition 1 of its asset" in explained
    assert "ontime__evaluate" not in explained
    assert "few_late\n    no verdict yet: few of the held-out flights are late" in re.sub(
        r"\n *(?=\S)", "\n    ", re.sub(r" +\n", "\n", said("show"))
    )
    look(unchecked, passed=True)
    record(unchecked)
    assert "is ready: nothing holds it" in said("explain")
    assert "version 1 was looked at (run " in said("show")


def test_the_check_that_is_run_later_lets_it_through(unchecked: Stage) -> None:
    assert look(unchecked, passed=True)
    record(unchecked)
    (promoted,) = unchecked.promote().runs
    assert promoted.success
    assert unchecked.registry.pointer("ontime").version == 1
    assert len(unchecked.made(EVALUATION)) == 1


def test_evaluated_again_it_is_held_until_it_is_checked_again(checked: Stage) -> None:
    record(checked)
    SAID.few_late = None
    checked.daemon.run_job("ontime__evaluate", partition_key="1")
    assert len(checked.made(EVALUATION)) == 2
    tick = checked.promote()
    assert tick.runs == ()
    assert tick.skip_reason == f"ontime:1 is held: {TO_RUN}"

    look(checked, passed=True)
    record(checked)
    assert held(checked) == {}


def test_a_result_on_an_evaluation_that_was_replaced_before_anybody_looked_does_not_count(
    checked: Stage,
) -> None:
    SAID.few_late = None
    checked.daemon.run_job("ontime__evaluate", partition_key="1")
    record(checked)
    assert recorded(checked) == PASSED[1:]
    assert held(checked) == {"few_late": "check_missing"}
    assert checked.promote().runs == ()


def test_what_was_evaluated_again_while_the_check_looked_was_not_what_it_saw(
    unchecked: Stage,
) -> None:
    ((_, digest),) = unchecked.made(EVALUATION)

    def evaluate_meanwhile(context: dg.AssetCheckExecutionContext) -> None:
        context.instance.report_runless_asset_event(
            dg.AssetMaterialization(
                EVALUATION, partition="1", tags={"dagster/data_version": str(digest)}
            )
        )

    SAID.act = evaluate_meanwhile
    look(unchecked, passed=True)
    SAID.act = None
    record(unchecked)
    assert recorded(unchecked) == PASSED[1:]
    look(unchecked, passed=True)
    record(unchecked)
    assert held(unchecked) == {}


def test_a_materialization_that_is_not_the_registrys_counts_for_nothing(checked: Stage) -> None:
    checked.instance.report_runless_asset_event(
        dg.AssetMaterialization(
            EVALUATION, partition="1", tags={"dagster/data_version": "sha256:" + "0" * 64}
        )
    )
    look(checked, passed=True)
    record(checked)
    assert recorded(checked) == PASSED[1:]


def test_a_result_that_no_run_found_counts_for_nothing(unchecked: Stage) -> None:
    (record_of_it,) = unchecked.instance.fetch_materializations(EVALUATION, limit=1).records
    unchecked.instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=EVALUATION,
            check_name="few_late",
            passed=True,
            partition="1",
            target_materialization_data=AssetCheckEvaluationTargetMaterializationData(
                storage_id=record_of_it.storage_id,
                run_id=record_of_it.run_id,
                timestamp=record_of_it.timestamp,
            ),
        )
    )
    record(unchecked)
    assert recorded(unchecked) == PASSED[1:]


def test_a_result_about_another_version_does_not_count(unchecked: Stage) -> None:
    record(unchecked)
    unchecked.retrain(reason="second", params={"C": 0.5})
    SAID.few_late = True
    (trained,) = unchecked.train().runs
    assert trained.success, trained.failures
    record(unchecked)  # of version 2, the candidate
    assert held(unchecked, 2) == {}
    assert held(unchecked, 1) == {"few_late": "check_missing"}


def test_when_the_pointer_moves_the_candidate_that_waits_is_evaluated_again_once_by_itself(
    checked: Stage,
) -> None:
    record(checked)
    assert checked.promote().runs[0].success
    SAID.few_late = False
    for strength in (0.5, 0.25):
        checked.retrain(reason="stronger", params={"C": strength})
        (trained,) = checked.train().runs
        assert trained.success, trained.failures
        record(checked)
    assert held(checked, 2) == held(checked, 3) == {"few_late": "check_failed"}
    assert against(checked, 3) == "production version 1"

    look(checked, passed=True, version=2)
    assert checked.daemon.run_job(
        "ontime__record", run_config={"ops": {"ontime__record_results": {"config": {"version": 2}}}}
    ).success
    assert checked.promote_by_hand(2).success
    assert checked.registry.pointer("ontime").version == 2
    relative = "roc_auc_not_worse_than_production"
    assert held(checked, 3) == {"few_late": "check_failed", relative: "check_stale"}

    SAID.few_late = False
    (again,) = checked.promote().runs
    assert (again.job, again.success) == ("ontime__evaluate", True), again.failures
    assert against(checked, 3) == "production version 2"
    assert checked.checks(EVALUATION, "3")[relative].passed
    record(checked)
    for _ in range(5):
        tick = checked.promote()
        assert tick.runs == ()
        assert str(tick.skip_reason).startswith("ontime:3 is held: few_late failed: ")
    evaluated = checked.instance.get_runs(dg.RunsFilter(job_name="ontime__evaluate"))
    assert [run.tags["dagster/partition"] for run in evaluated] == ["3"]

    look(checked, passed=True, version=3)
    record(checked)
    assert checked.promote().runs[0].success
    assert checked.registry.pointer("ontime").version == 3


def against(stage: Stage, version: int) -> str:
    """What a version was compared with when it was evaluated last."""
    verdicts = stage.registry.version(f"ontime:{version}").verdicts
    (why,) = (v.finding.why for v in verdicts if "not_worse" in v.finding.gate)
    found = re.search(r"production version \d+", why)
    return found[0] if found else why


def test_dagsters_history_may_go_and_the_verdicts_stay(checked: Stage) -> None:
    look(checked, passed=False)
    look(checked, passed=True)
    record(checked)
    for each in checked.instance.get_runs():
        checked.instance.delete_run(each.run_id)
    assert held(checked) == {}
    events = checked.registry.log("ontime")
    checked.instance.wipe_assets([MODEL, EVALUATION])
    assert held(checked) == {}
    assert checked.registry.log("ontime") == events
    (promoted,) = checked.promote().runs
    assert promoted.success
    assert checked.registry.pointer("ontime").version == 1


def test_the_newest_result_stays_the_newest_when_its_run_is_deleted(checked: Stage) -> None:
    record(checked)
    look(checked, passed=False)
    record(checked)
    (looked, *_) = checked.instance.get_runs(dg.RunsFilter(job_name=LOOK))
    checked.instance.delete_run(looked.run_id)
    for _ in range(3):
        assert checked.promote().runs == ()
    assert held(checked) == {"few_late": "check_failed"}
