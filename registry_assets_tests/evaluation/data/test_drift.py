"""Distances between distributions: Evidently's numbers, and no alarm from chance alone."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance
from sklearn.datasets import load_breast_cancer

from registry_assets.evaluation.data.drift import drift
from registry_assets.evaluation.results.data import ColumnDrift
from registry_assets_tests.evaluation.data.frames import odd, ordinary


def _drift(training: pd.DataFrame, holdout: pd.DataFrame, **options: Any) -> dict[str, ColumnDrift]:
    return {each.column: each for each in drift(training, holdout, **options)}


def _evidently(
    training: pd.DataFrame, holdout: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> dict[str, tuple[str, float]]:
    """Give what Evidently takes by default: the method and the value, by column."""
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, at import and in a run
        from evidently import Report
        from evidently.metrics import ValueDrift

        report = Report([ValueDrift(column=column) for column in training.columns])
        found = report.run(holdout, training).dict()["metrics"]
    return {
        each["config"]["column"]: (each["config"]["method"], float(each["value"])) for each in found
    }


def test_the_values_are_those_of_evidently(monkeypatch: pytest.MonkeyPatch) -> None:
    training, holdout = ordinary(3000, seed=0), ordinary(2000, seed=1)
    holdout["normal"] += 0.5
    holdout.loc[holdout.index % 3 == 0, "few"] = 9
    holdout.loc[holdout.index % 4 == 0, "text"] = "other"
    holdout.loc[holdout.index % 5 == 0, "flag"] = True
    training.loc[training.index % 7 == 0, "skewed"] = np.inf
    training["ratio"] = training["few"] / 4
    holdout["ratio"] = holdout["few"] / 4
    columns = [name for name in training.columns if name != "when"]  # it refuses times
    theirs = _evidently(training[columns], holdout[columns], monkeypatch)
    ours = _drift(training, holdout)
    words = {
        "Wasserstein distance (normed)": "wasserstein",
        "Jensen-Shannon distance": "jensenshannon",
    }
    for name, (method, value) in theirs.items():
        assert ours[name].method == words[method], name
        assert ours[name].value == pytest.approx(value, abs=1e-9), name
        assert ours[name].drifted is (value >= 0.1), name
    assert {name for name, each in ours.items() if each.drifted} >= {"normal", "few", "text"}
    assert {each.method for each in ours.values()} == {"wasserstein", "jensenshannon"}


def test_a_known_shift_has_its_own_size() -> None:
    training = pd.DataFrame({"x": np.random.default_rng(0).normal(size=20_000)})
    found = _drift(training, training + 0.5)["x"]
    assert found.value == pytest.approx(0.5, rel=0.01)
    assert found.drifted
    assert (found.training_rows, found.holdout_rows) == (20_000, 20_000)


def test_the_distance_is_scipys_over_the_spread_of_training() -> None:
    data = load_breast_cancer(as_frame=True).data
    training, holdout = data.head(400), data.tail(169)
    for name, found in _drift(training, holdout).items():
        expected = wasserstein_distance(training[name], holdout[name]) / np.std(training[name])
        assert found.value == pytest.approx(expected)


def test_categories_that_share_nothing_are_as_far_apart_as_can_be() -> None:
    training = pd.DataFrame({"x": ["a", "b"] * 50})
    found = _drift(training, pd.DataFrame({"x": ["c", "d"] * 50}))["x"]
    assert found.value == pytest.approx(np.sqrt(np.log(2)))
    assert found.drifted


def test_a_frame_has_not_drifted_from_itself() -> None:
    frame = ordinary(500, seed=0)
    for each in drift(frame, frame):
        assert each.value == pytest.approx(0, abs=1e-7)
        assert not each.drifted


def test_few_rows_of_the_same_source_raise_no_alarm_though_they_are_far_apart() -> None:
    alarms = beyond = 0
    for seed in range(20):
        training, holdout = ordinary(2000, seed=seed), ordinary(60, seed=1000 + seed)
        for each in drift(training, holdout, seed=seed):
            beyond += (each.value or 0) >= 0.1
            alarms += each.drifted
    # By the threshold alone a third of the 200 columns would be called drifted.
    assert beyond > 60
    assert alarms <= 20  # 5 % of 200, and three standard errors


def test_a_category_of_many_values_does_not_drift_by_chance() -> None:
    generator = np.random.default_rng(0)
    names = np.array([f"plane {n}" for n in range(2000)])
    training, holdout = (
        pd.DataFrame({"x": names[generator.integers(0, 2000, 10_000)]}) for _ in range(2)
    )
    found = _drift(training, holdout)["x"]
    assert (found.value or 0) > 0.1
    assert not found.drifted


def test_a_constant_column_has_no_drift_until_it_changes() -> None:
    training = pd.DataFrame({"x": [0.1] * 200})
    assert _drift(training, training)["x"].value == 0
    found = _drift(training, pd.DataFrame({"x": [0.2] * 200}))["x"]
    assert found.drifted
    varied = _drift(training, pd.DataFrame({"x": np.linspace(0, 1, 200)}))["x"]
    assert varied.drifted


def test_times_are_compared_as_seconds_aware_or_not() -> None:
    day = pd.date_range("2024-01-01", periods=100, freq="D")
    training = pd.DataFrame({"x": day, "y": day.tz_localize("UTC")})
    holdout = pd.DataFrame(
        {"x": day[50:], "y": day[50:].tz_localize("UTC").tz_convert("Asia/Tokyo")}
    )
    found = _drift(training, holdout)
    # Fifty days of a hundred, on average 25 days later; the spread is 28.9 days.
    assert found["x"].value == pytest.approx(25 / 28.866, rel=0.001)
    assert found["y"].value == pytest.approx(found["x"].value)


@settings(max_examples=25, deadline=None)
@given(st.floats(1e-200, 1e200), st.integers(0, 1000))
def test_the_unit_of_a_number_does_not_matter(unit: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    training, holdout = generator.normal(size=300), generator.normal(0.2, size=200)
    found = [
        drift(pd.DataFrame({"x": training * by}), pd.DataFrame({"x": holdout * by}))[0]
        for by in (1.0, unit)
    ]
    assert found[0].value == pytest.approx(found[1].value)
    assert found[0].noise == pytest.approx(found[1].noise)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(), max_size=12), st.lists(st.floats(), max_size=12))
def test_any_numbers_have_a_finite_distance_or_a_reason(a: list[float], b: list[float]) -> None:
    frames = [pd.DataFrame({"x": np.array(values, dtype=float)}) for values in (a, b)]
    found = drift(*frames)[0]
    assert (found.value is None) is bool(found.reason)
    assert found.value is None or 0 <= found.value < np.inf


def test_one_enormous_value_in_the_holdout_does_not_hide_the_spread_of_training() -> None:
    training = pd.DataFrame({"x": np.random.default_rng(0).normal(size=1000)})
    holdout = training.head(500).copy()
    holdout.loc[0, "x"] = 1e15
    expected = wasserstein_distance(training["x"], holdout["x"]) / np.std(training["x"])
    assert _drift(training, holdout)["x"].value == pytest.approx(expected)


def test_the_order_of_the_rows_changes_nothing() -> None:
    training, holdout = ordinary(900, seed=0), ordinary(500, seed=1)
    shuffled = training.sample(frac=1, random_state=0), holdout.sample(frac=1, random_state=0)
    assert drift(training, holdout, max_rows=300) == drift(*shuffled, max_rows=300)
    assert drift(training, holdout) == drift(*shuffled)


def test_of_many_rows_a_sample_is_compared_and_its_size_is_told() -> None:
    found = _drift(ordinary(3000, seed=0), ordinary(2000, seed=1), max_rows=1000)
    assert (found["normal"].training_rows, found["normal"].holdout_rows) == (1000, 1000)
    assert found["sometimes"].training_rows < 900


def test_free_text_and_empty_columns_have_a_reason() -> None:
    words = pd.DataFrame({"x": [f"no {n}" for n in range(100)], "y": [np.nan] * 100})
    found = _drift(words, words)
    assert found["x"].reason == "free text or a key: 100 values in 100 rows"
    assert found["y"].reason == "no value in training"
    assert _drift(words.fillna(1), words)["y"].reason == "no value in the holdout"
    assert not any(each.drifted for each in found.values())


@pytest.mark.parametrize("rows", [0, 1, 2, 80])
@pytest.mark.parametrize("others", [0, 1, 80])
def test_odd_columns_get_a_distance_or_a_reason(rows: int, others: int) -> None:
    training, holdout = odd(80).head(rows), odd(80, seed=1).head(others)
    found = drift(training, holdout)
    assert len(found) == training.shape[1]
    for each in found:
        assert (each.value is None) is (each.noise is None) is bool(each.reason)
        assert each.value is None or np.isfinite(each.value)
        assert bool(each.method) is not bool(each.reason)


def test_a_column_that_changed_its_type_is_compared_all_the_same() -> None:
    frame = odd(80)
    for name in ("int8", "Float64", "mixed", "naive", "boolean"):
        for other in ("int8", "string", "maybe", "aware", "number category"):
            pair = [pd.DataFrame({"x": frame[each]}) for each in (name, other)]
            assert len(drift(*pair)) == 1
