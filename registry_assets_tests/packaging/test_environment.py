"""What is recorded of the environment, and how a difference is told."""

import platform
from importlib.metadata import version

from registry_assets.canonical import Json
from registry_assets.packaging import code_closure
from registry_assets.packaging.environment import (
    environment,
    environment_differences,
    requirement_lines,
)
from registry_assets_tests.packaging.projects import Project


def recorded(project: Project) -> dict[str, Json]:
    return environment(code_closure(project.function("airline.training:train")))


def test_requirements_of_requirements_are_recorded_and_unrelated_ones_are_not(
    project: Project,
) -> None:
    found = recorded(project)
    distributions = found["distributions"]
    assert isinstance(distributions, dict)
    assert found["python"] == platform.python_version()
    assert distributions["scikit-learn"] == version("scikit-learn")
    assert distributions["threadpoolctl"] == version("threadpoolctl")
    assert not {"dagster", "pytest", "matplotlib"} & set(distributions)


def test_the_recorded_environment_can_be_installed_again(project: Project) -> None:
    lines = requirement_lines(recorded(project))
    assert f"numpy=={version('numpy')}" in lines
    assert lines == sorted(lines)


def test_the_same_environment_has_no_differences(project: Project) -> None:
    assert environment_differences(recorded(project)) == []


def test_every_difference_is_told_in_a_sentence() -> None:
    there: dict[str, Json] = {
        "python": "3.8.1",
        "distributions": {"numpy": "1.0", "never-made": "2.0"},
    }
    python, missing, numpy = environment_differences(there)
    assert (
        python
        == f"Python is {platform.python_version()} here and was 3.8.1 when the model was made."
    )
    assert missing == "never-made is not installed here; the model was made with 2.0."
    assert numpy == f"numpy is {version('numpy')} here and was 1.0 when the model was made."
