"""What definitions make of gates that are asset checks, and what they refuse."""

from dataclasses import replace
from types import ModuleType
from typing import Any

import dagster as dg
import pytest

from registry_assets import AssetCheck, AtLeast
from registry_assets.errors import DeclarationError, RegistryError
from registry_assets.orchestration import version_check
from registry_assets.orchestration.unstable import quiet_previews
from registry_assets_tests.orchestration.checked import (
    FEW_LATE,
    VERSIONS,
    asked,
    checked_location,
    definitions,
    few_late,
    small,
)
from registry_assets_tests.orchestration.stage import EVALUATION


def test_the_jobs_of_versions_run_the_users_checks_with_them(project: ModuleType) -> None:
    location = checked_location(project)

    def checks(job: str) -> set[str]:
        keys = location.resolve_job_def(job).asset_layer.asset_graph.asset_check_keys
        return {key.name for key in keys}

    assert {"few_late", "small"} <= checks("ontime__train")
    assert "few_late" in checks("ontime__evaluate")
    assert "small" not in checks("ontime__evaluate")
    graph = location.resolve_asset_graph()
    spec = graph.get_check_spec(dg.AssetCheckKey(EVALUATION, "few_late"))
    assert spec.description == "few of the held-out flights are late"


def test_a_model_without_such_gates_has_no_job_for_them(project: ModuleType) -> None:
    jobs = {job.name for job in project.defs.resolve_all_job_defs()}
    assert "ontime__promote" in jobs
    assert "ontime__record" not in jobs


def test_a_check_is_made_for_a_model_by_its_name_and_for_an_asset_check(
    project: ModuleType,
) -> None:
    wrong: list[tuple[Any, Any, str, str]] = [
        ("ontime", "few_late", "is given 'few_late'", "version_check('ontime', AssetCheck("),
        ("ontime", AtLeast("roc_auc", 0.5), "is given AtLeast(", "a gate of another kind"),
        (project.ontime, FEW_LATE, "model is a RegisteredModel", "give its name: 'ontime'"),
        ("On time", FEW_LATE, "'On time' is no model name", "Try 'on_time'"),
    ]
    for model, gate, said, hint in wrong:
        with pytest.raises(RegistryError) as caught:
            version_check(model, gate)
        assert said in caught.value.message
        assert hint in caught.value.hint


with quiet_previews():

    @dg.asset_check(asset=EVALUATION, partitions_def=VERSIONS)
    def roc_auc_at_least(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        """Have the name of a gate."""
        return dg.AssetCheckResult(passed=True)

    @dg.asset_check(asset=EVALUATION, name="few_late")
    def of_no_partition() -> dg.AssetCheckResult:
        """Be about no version."""
        return dg.AssetCheckResult(passed=True)


@pytest.mark.parametrize(
    ("gates", "checks", "said"),
    [
        ((FEW_LATE,), (), r"'few_late'\) asks for an asset check .* on ontime/evaluation"),
        ((FEW_LATE,), (small,), "on ontime/evaluation, which is not there"),
        ((replace(FEW_LATE, on="model"),), (few_late,), "on ontime/model, which is not there"),
        ((FEW_LATE,), (of_no_partition,), "cannot be told from those of another version"),
        ((), (roc_auc_at_least,), "roc_auc_at_least on ontime/evaluation has the name of one"),
    ],
)
def test_a_gate_and_its_check_that_do_not_fit_are_refused_at_load(
    project: ModuleType,
    gates: tuple[AssetCheck, ...],
    checks: tuple[dg.AssetChecksDefinition, ...],
    said: str,
) -> None:
    with pytest.raises(DeclarationError, match=said) as caught:
        definitions(project, asked(project, *gates), *checks)
    assert caught.value.hint
