"""A promotion that was given up is a failed check on its pointer, until the pointer has moved."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import dagster as dg
import pytest

from registry_assets import RegisteredModel
from registry_assets.orchestration.attempts import MAX_ATTEMPTS
from registry_assets.orchestration.checks import check_event
from registry_assets.orchestration.moves import MOVES, find_untold_moves
from registry_assets.orchestration.reporting import NOTHING_MISSING, REPORT_JOB
from registry_assets.orchestration.unstable.check_results import StoredResult, stored_results
from registry_assets_tests.catalog.history import PERSON
from registry_assets_tests.orchestration.stage import PRODUCTION, Stage
from registry_assets_tests.orchestration.written import pointed, written_stage

CHECK = dg.AssetCheckKey(PRODUCTION, MOVES)


def shown(stage: Stage) -> list[StoredResult]:
    """The results of the check that Dagster has, newest first."""
    return list(stored_results(stage.instance, CHECK, None))


def reported(stage: Stage) -> None:
    """Let the sensor have what is missing reported, until nothing is."""
    runs = stage.report().runs
    assert [(run.job, run.failures) for run in runs] == [(REPORT_JOB, ())]
    assert stage.report().skip_reason == NOTHING_MISSING


def take_away(stage: Stage, reference: str) -> tuple[Path, Path]:
    """Break the store: the manifest of a version is not where it was."""
    digest = str(stage.registry.resolve(reference).digest)
    (manifest,) = Path(stage.registry.home.store).rglob(digest.removeprefix("sha256:")[2:])
    return manifest, manifest.rename(stage.folder / "away")


def fail(stage: Stage, times: int) -> list[str]:
    """Let the sensor try so often; give the ids of the runs."""
    runs = [run for _ in range(times) for run in stage.promote().runs]
    assert len(runs) == times
    assert not any(run.success for run in runs)
    return [run.run_id for run in runs]


def test_a_promotion_that_was_given_up_fails_the_pointer_s_check_until_it_has_moved(
    trained: Stage,
) -> None:
    manifest, away = take_away(trained, "ontime:1")
    # While it is still tried there is nothing to alert anybody of.
    fail(trained, MAX_ATTEMPTS - 1)
    trained.report()
    assert shown(trained) == []
    (last,) = fail(trained, 1)
    reported(trained)

    (result,) = shown(trained)
    found = result.evaluation
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    digest = str(trained.registry.resolve("ontime:1").digest)
    said = str(found.description)
    assert said.startswith(
        f"ontime:1 ({digest[:19]}) does not come to production: promoting it was given up after"
        f" {MAX_ATTEMPTS} failed runs. The last one: "
    )
    assert "Launch the job ontime__promote by hand to try again" in said
    metadata = {name: value.value for name, value in found.metadata.items()}
    assert metadata["version"] == 1
    assert metadata["digest"] == digest
    assert metadata["attempts"] == MAX_ATTEMPTS
    assert metadata["last run"] == last
    assert digest in str(metadata["last error"])

    # Told once, however often anybody looks.
    for _ in range(2):
        assert trained.promote().runs == ()
        assert trained.report().runs == ()
    assert len(shown(trained)) == 1

    away.rename(manifest)
    assert trained.promote_by_hand(1).success
    assert trained.registry.pointer("ontime").version == 1
    assert shown(trained)[0].evaluation.passed
    assert trained.report().skip_reason == NOTHING_MISSING


@pytest.fixture
def model(project: ModuleType) -> RegisteredModel:
    """What is declared where nothing was trained."""
    return pointed(project, "production")


@pytest.fixture
def ready(project: ModuleType, model: RegisteredModel, tmp_path: Path) -> Iterator[Stage]:
    """Version 2 may go into production; nothing of it was ever trained."""
    with written_stage(tmp_path / "home", project, model) as stage:
        yield stage


def told(stage: Stage, model: RegisteredModel) -> list[bool]:
    """What is to be reported of the check, and is now: whether it passes."""
    found = list(find_untold_moves(stage.instance, stage.registry, model))
    for each in found:
        event = check_event(each.result, each.partition, about=stage.instance)
        stage.instance.report_runless_asset_event(event)
    return [each.result.passed for each in found]


def test_what_is_given_up_is_told_once_and_what_moves_at_the_command_line_turns_green(
    ready: Stage, model: RegisteredModel
) -> None:
    assert told(ready, model) == []
    manifest, away = take_away(ready, "ontime:2")
    fail(ready, MAX_ATTEMPTS - 1)
    assert told(ready, model) == []
    fail(ready, 1)
    assert told(ready, model) == [False]
    assert told(ready, model) == []
    # A history that was deleted is told again.
    ready.instance.wipe_assets([PRODUCTION])
    assert shown(ready) == []
    assert told(ready, model) == [False]

    away.rename(manifest)
    ready.registry.promote("ontime", 2, run=PERSON, reason="the disk is back")
    assert told(ready, model) == [True]
    assert told(ready, model) == []
    newest = shown(ready)[0].evaluation
    assert newest.description == "nothing that is ready for production was given up"


def test_what_is_set_aside_is_no_longer_given_up(ready: Stage, model: RegisteredModel) -> None:
    take_away(ready, "ontime:2")
    fail(ready, MAX_ATTEMPTS)
    assert told(ready, model) == [False]
    ready.registry.archive("ontime:2", run=PERSON, reason="we train another")
    assert told(ready, model) == [True]


def test_a_model_that_was_never_trained_has_nothing_that_was_given_up(
    ready: Stage, model: RegisteredModel
) -> None:
    assert told(ready, replace(model, name="another")) == []
