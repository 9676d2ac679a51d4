"""Two packaged versions are measured in turns, each as a deployment would call it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry_assets.declaration.latency import Latency
from registry_assets.evaluation.results.speed import SpeedResult
from registry_assets.evaluation.speed import measure_speed
from registry_assets.evaluation.timings import RATIOS
from registry_assets.packaging import Package, build_package, code_closure
from registry_assets.packaging.given import given_object
from registry_assets_tests.packaging.conftest import airline_package
from registry_assets_tests.packaging.projects import (
    AIRLINE,
    FEATURES,
    flights,
    planes,
    project_in,
)

PLAN = Latency(calls=50, batch_rows=40, rounds=10, seconds=60)
REGRESSION = """
from sklearn.linear_model import LinearRegression


def make_features(houses):
    return houses[["rooms"]] * 1.0


def train(features, target, params):
    return LinearRegression().fit(features, target)
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    with project_in(tmp_path_factory.mktemp("airline") / "src") as project:
        project.write(AIRLINE)
        return airline_package(project)


def featured_by(package: Package, body: str) -> Package:
    """The package, whose make_features runs these statements first."""
    source = FEATURES.replace("    known =", f"    {body}\n    known =")
    changed = f"import ctypes, time\nCALLS = []\n{source}".encode()
    return Package({**package.files, "code/airline/features.py": changed})


def measured(candidate: Package, baseline: Package | None, **changes: Any) -> SpeedResult:
    arguments: dict[str, Any] = {
        "rows": flights(),
        "references": {"planes": planes()},
        "plan": PLAN,
    }
    return measure_speed(candidate, baseline, **{**arguments, **changes})


def test_a_slower_version_is_told_from_a_faster_one(package: Package) -> None:
    slow = featured_by(package, "time.sleep(0.02)")
    result = measured(slow, package)
    assert result.candidate
    assert result.baseline
    assert (result.reason, result.baseline_reason) == ("", "")
    assert 20 <= result.candidate.p50_ms <= result.candidate.p95_ms <= result.candidate.p99_ms
    assert (result.candidate.calls, result.candidate.batch_rows) == (50, 40)
    assert set(result.ratios) == set(RATIOS)
    assert result.ratios["p50_ms"].value > 1
    assert result.ratios["seconds_per_row"].value > 1


def test_a_faster_version_is_told_from_a_slower_one(package: Package) -> None:
    result = measured(package, featured_by(package, "time.sleep(0.003)"))
    assert result.candidate
    assert result.ratios["p50_ms"].value < 1
    # The sample is no part of what a deployment reads.
    read = [len(data) for path, data in package.files.items() if not path.startswith("sample/")]
    assert result.candidate.artifact_bytes == sum(read)


def test_a_version_beside_itself_differs_by_noise_alone(package: Package) -> None:
    result = measured(package, package)
    assert result.candidate
    assert result.ratios["artifact_bytes"].value == 1
    # All that a busy machine may do to one of two that take turns is well within this.
    assert all(0.1 < result.ratios[name].value < 10 for name in ("p50_ms", "seconds_per_row"))
    once = [result.ratios[name] for name in ("load_seconds", "peak_memory_bytes", "artifact_bytes")]
    assert all(each.low == each.value == each.high for each in once)


def test_without_a_baseline_the_candidate_stands_alone(package: Package) -> None:
    result = measured(package, None, no_baseline="production has never held a version")
    assert result.candidate
    assert result.baseline is None
    assert result.baseline_reason == "production has never held a version"
    assert {each.reason for each in result.ratios.values()} == {result.baseline_reason}


@pytest.mark.thorough
def test_a_baseline_that_takes_other_columns_is_a_reason(package: Package) -> None:
    signature = package.files["signature.json"].replace(b'"distance"', b'"miles"')
    result = measured(package, Package({**package.files, "signature.json": signature}))
    assert result.candidate
    assert result.baseline is None
    assert "miles: missing, expected float64" in result.baseline_reason
    assert not result.ratios["p50_ms"].defined


def test_each_version_is_given_its_own_references(package: Package) -> None:
    needs = featured_by(package, "planes['wingspan']")
    signature = package.files["signature.json"].replace(b'"year"', b'"wingspan"')
    needs = Package({**needs.files, "signature.json": signature})
    wider = planes().rename(columns={"year": "wingspan"})
    result = measured(package, needs, baseline_references={"planes": wider})
    assert (result.baseline_reason, result.baseline is None) == ("", False)


@pytest.mark.thorough
def test_a_baseline_that_crashes_half_way_leaves_the_candidate(package: Package) -> None:
    crash = featured_by(package, "CALLS.append(0); len(CALLS) > 30 and ctypes.string_at(0)")
    result = measured(package, crash)
    assert result.candidate
    assert result.candidate.calls == 50
    assert result.baseline is None
    assert "was ended by SIGSEGV" in result.baseline_reason


@pytest.mark.thorough
def test_a_candidate_that_fails_is_a_reason_and_nothing_else_is_measured(package: Package) -> None:
    result = measured(featured_by(package, "raise ValueError('no such plane')"), package)
    assert (result.candidate, result.baseline) == (None, None)
    assert "ValueError: no such plane" in result.reason
    assert result.baseline_reason.startswith("not measured")
    assert {each.reason for each in result.ratios.values()} == {result.reason}


def test_no_rows_and_rows_of_nothing_known_are_reasons(package: Package) -> None:
    assert measured(package, None, rows=flights().head(0)).reason == "there are no rows to predict"
    other = pd.DataFrame([[1, [2], "x"]], columns=[0, None, "y"])
    assert "none of the columns" in measured(package, package, rows=other).reason
    doubled = pd.concat([flights(), flights()], axis=1)
    assert "tailnum: 2 columns have this name" in measured(package, None, rows=doubled).reason


@pytest.mark.thorough
def test_a_single_row_is_enough(package: Package) -> None:
    result = measured(package, None, rows=flights(1))
    assert result.candidate
    assert (result.candidate.calls, result.candidate.batch_rows) == (50, 1)


def test_a_slow_model_gets_fewer_calls_and_smaller_batches(package: Package) -> None:
    slow = featured_by(package, "time.sleep(0.03 * len(flights))")
    plan = Latency(calls=1000, batch_rows=200, rounds=10, seconds=1.0)
    result = measured(slow, None, plan=plan)
    assert result.candidate
    assert 5 <= result.candidate.calls <= 20
    assert 1 <= result.candidate.batch_rows <= 10


@pytest.mark.thorough
def test_a_regression_is_asked_for_its_numbers(tmp_path: Path) -> None:
    rows = pd.DataFrame({"rooms": np.arange(50), "price": np.arange(50) * 3.5})
    with project_in(tmp_path / "src") as project:
        project.write({"houses/__init__.py": "", "houses/model.py": REGRESSION})
        make_features = project.function("houses.model:make_features")
        train = project.function("houses.model:train")
        features = make_features(rows)
        regression = build_package(
            estimator=given_object(
                train(features, rows["price"], {}), features.head(8), task="regression"
            ),
            closure=code_closure(make_features, train),
            make_features=make_features,
            train=train,
            task="regression",
            inputs={"houses": rows.head(8)},
            features=features.head(8),
        )
    result = measured(regression, None, rows=rows, references={})
    assert (result.reason, result.candidate is None) == ("", False)
