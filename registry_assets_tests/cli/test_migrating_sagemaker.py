"""`migrate sagemaker`: what came, for people and for programs; AWS is a double."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_assets.registry import Registry
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.cli.test_show import flat
from registry_assets_tests.lifecycle.migrating.grouped import Grouped
from registry_assets_tests.lifecycle.migrating.there import pickle_that_runs
from registry_assets_tests.servers.sagemaker import SageMakerDouble


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A registry of nothing."""
    registry = Registry.init(tmp_path / "project")
    yield registry.home.folder
    registry.backends.catalog.driver.pool.close()


@pytest.fixture
def group(sagemaker_completed: SageMakerDouble, monkeypatch: pytest.MonkeyPatch) -> Grouped:
    """A group of one version, which the usual AWS variables lead to."""
    for name, value in sagemaker_completed.environment.items():
        monkeypatch.setenv(name, value)
    group = Grouped(sagemaker_completed, f"churn-{secrets.token_hex(6)}")
    sagemaker_completed.client().create_model_package_group(ModelPackageGroupName=group.name)
    pickled = group.put("1/model.tar.gz", pickle_that_runs("exit 1"))
    group.version(1, data=pickled, ModelApprovalStatus="Approved")
    return group


def test_a_report_for_people_and_one_for_programs(
    command: Command, group: Grouped, folder: Path
) -> None:
    asked = ("migrate", "sagemaker", group.name, "--as", "churn", "--yes")
    without = command(*asked, folder=folder)
    assert without.code == 0, without.err
    assert "nowhere that was allowed; where this process may read it" in flat(without.out)
    done = command(*asked, "--from", group.prefix, folder=folder)
    assert done.code == 0, done.err
    said = flat(done.out)
    assert f"{group.name} at {group.server.url} has 1 version; here it is churn." in said
    assert "1 completed: their files came this time" in said
    assert "2 files copied and digested" in said
    assert "Note: 1 version with pickles, marked `unsafe: pickle`: kept, and never loaded." in said
    shown = command("show", "churn:1", folder=folder)
    assert f"SageMaker {group.name}/1" in flat(shown.out)
    assert "Approved" in shown.out
    again = command(*asked, "--from", group.prefix, "--json", folder=folder)
    assert (again.document["changed"], again.document["counts"]["known"]) == (False, 1)
    assert group.server.secret_key not in done.out + shown.out + again.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("Churn-Model",), 2, "say what it is to be called here: --as churn_model"),
        (("nothing-of-this-name", "--as", "churn", "--yes"), 2, "no model package group"),
        (("churn", "--region", "eu-west-2", "--yes"), 2, "no model package group"),
    ],
)
def test_what_cannot_be_done_is_named(
    command: Command,
    group: Grouped,
    folder: Path,
    arguments: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    ran = command("migrate", "sagemaker", *arguments, folder=folder)
    assert (ran.code, said in flat(ran.err)) == (code, True), ran.err
