"""Two packaged versions are measured in turns, and their ratios tell them apart."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.declaration.latency import Latency
from registry_assets.evaluation.results.speed import SpeedResult
from registry_assets.evaluation.speed import (
    RATIOS,
    Timings,
    chosen_rows,
    measure_speed,
    speed_ratios,
)
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


def timings(singles: Any, batches: Any, **changes: Any) -> Timings:
    once: dict[str, Any] = {
        "batch_rows": 10,
        "load_seconds": 2.0,
        "peak_memory_bytes": 1000,
        "artifact_bytes": 100,
    }
    return Timings(
        singles=np.asarray(singles, dtype=float),
        batches=np.asarray(batches, dtype=float),
        **{**once, **changes},
    )


def test_a_slower_version_is_told_from_a_faster_one(package: Package) -> None:
    slow = featured_by(package, "time.sleep(0.003)")
    result = measured(slow, package)
    assert result.candidate
    assert result.baseline
    assert (result.reason, result.baseline_reason) == ("", "")
    assert 3 <= result.candidate.p50_ms <= result.candidate.p95_ms <= result.candidate.p99_ms
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


def test_a_baseline_that_crashes_half_way_leaves_the_candidate(package: Package) -> None:
    crash = featured_by(package, "CALLS.append(0); len(CALLS) > 30 and ctypes.string_at(0)")
    result = measured(package, crash)
    assert result.candidate
    assert result.candidate.calls == 50
    assert result.baseline is None
    assert "was ended by SIGSEGV" in result.baseline_reason


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


times = st.lists(st.floats(1.0, 1e12), min_size=15, max_size=15)


@given(times, times, st.sampled_from([0.25, 1.0, 2.0, 8.0]))
def test_a_version_k_times_as_slow_has_the_ratio_k_whatever_the_machine_did(
    singles: list[float], batches: list[float], k: float
) -> None:
    calls = np.array(singles).reshape(5, 3)
    ratios = speed_ratios(
        timings(calls * k, np.array(batches[:5]) * k), timings(calls, batches[:5])
    )
    for name in ("p50_ms", "p95_ms", "p99_ms", "seconds_per_row"):
        found = ratios[name]
        assert [found.value, found.low, found.high] == pytest.approx([k, k, k])


def test_the_interval_holds_the_truth_when_both_are_noisy() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for seed in range(200):
        machine = rng.lognormal(0, 0.5, (40, 1))
        slow, fast = (
            timings(scale * machine * rng.lognormal(0, 0.1, (40, 10)), np.ones(40))
            for scale in (1.5, 1.0)
        )
        found = speed_ratios(slow, fast, seed=seed)["p50_ms"]
        held += found.low <= 1.5 <= found.high
        assert found.high - found.low < 0.5
    assert held >= 180


def test_many_calls_are_drawn_part_by_part_with_the_same_result() -> None:
    rng = np.random.default_rng(1)
    calls = [rng.lognormal(0, 0.2, (20, 1000)) for _ in range(2)]
    slow, fast = (timings(each, np.ones(20)) for each in calls)
    assert speed_ratios(slow, fast) == speed_ratios(slow, fast)
    found = speed_ratios(slow, fast)["p50_ms"]
    assert 0.95 < found.low < 1 < found.high < 1.05


def test_figures_are_in_their_units() -> None:
    found = timings(np.full((5, 2), 3e6), [2e9, 1e9, 2e9, 1e9, 1e9], batch_rows=50).speed()
    assert (found.p50_ms, found.p95_ms, found.p99_ms, found.calls) == (3.0, 3.0, 3.0, 10)
    assert found.rows_per_second == 50.0


@given(st.integers(0, 2**32 - 1), st.randoms(use_true_random=False))
def test_rows_are_chosen_by_content_not_by_place(seed: int, random: Any) -> None:
    rows = pd.DataFrame(
        {
            "number": range(30),
            "mixed": [1, "a", None, 2.5, True] * 6,
            "lists": [[row % 4] for row in range(30)],
            "time": pd.date_range("2024-01-01", periods=30, tz="UTC"),
            "ignored": range(30, 0, -1),
        }
    )
    columns = {"number", "mixed", "lists", "time"}
    order = list(range(30))
    random.shuffle(order)
    chosen = chosen_rows(rows, columns=columns, count=10, seed=seed)
    again = chosen_rows(rows.iloc[order], columns=columns, count=10, seed=seed)
    assert list(chosen["number"]) == list(again["number"])
    assert len(set(chosen["number"])) == 10


def test_another_seed_chooses_other_rows() -> None:
    rows = pd.DataFrame({"number": range(1000)})
    first, second = (
        set(chosen_rows(rows, columns={"number"}, count=10, seed=seed)["number"]) for seed in (0, 1)
    )
    assert first != second
