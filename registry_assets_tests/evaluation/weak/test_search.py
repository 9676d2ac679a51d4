"""The search for weak slices: finds what was planted, nothing in noise, whatever the data."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LinearRegression, LogisticRegression

from registry_assets.evaluation.results.weak import WeakSliceSearch
from registry_assets.evaluation.scored import FloatArray
from registry_assets.evaluation.weak.search import find_weak_slices, member


def _features(rows: int, generator: np.random.Generator) -> pd.DataFrame:
    """Columns that have nothing to do with each other."""
    return pd.DataFrame(
        {
            "carrier": generator.choice(list("ABCDE"), size=rows),
            "hour": generator.integers(0, 5, size=rows),
            "late": generator.random(rows) < 0.4,
            "temp": generator.normal(15, 8, size=rows),
            "wind": np.where(generator.random(rows) < 0.2, np.nan, generator.normal(size=rows)),
        }
    )


def _labels(search: WeakSliceSearch) -> list[str]:
    return [part.label for part in search.found]


def test_a_weak_value_is_found_and_not_its_combinations() -> None:
    generator = np.random.default_rng(0)
    frame = _features(5000, generator)
    weak = frame["carrier"] == "C"
    loss = generator.exponential(size=5000) + 0.5 * weak.to_numpy()
    search = find_weak_slices(frame, loss, min_rows=50)
    assert _labels(search) == ["carrier is C"]
    (found,) = search.found
    assert found.rows == weak.sum()
    assert found.share == pytest.approx(weak.mean())
    assert found.mean_loss == pytest.approx(loss[weak].mean())
    assert found.rest_loss == pytest.approx(loss[~weak].mean())
    assert found.excess == pytest.approx(found.mean_loss - found.rest_loss)
    assert found.low < 0.5 < found.high
    assert found.p_adjusted < 1e-6
    assert (search.rows, search.sampled_from, search.reason) == (5000, 5000, "")


def test_a_weak_range_and_a_missing_value_are_found() -> None:
    generator = np.random.default_rng(1)
    frame = _features(5000, generator)
    hot = frame["temp"] >= frame["temp"].quantile(0.8)
    loss = generator.exponential(size=5000) + 0.6 * hot.to_numpy()
    loss += 0.6 * frame["wind"].isna().to_numpy()
    labels = _labels(find_weak_slices(frame, loss, min_rows=50))
    edge = frame["temp"].sort_values().iloc[3999]
    assert set(labels[:2]) == {f"temp >= {edge:.6g}", "wind is missing"}


def test_a_weak_pair_is_found_and_its_conditions_are_left_to_it() -> None:
    # Both conditions are weak too, but only by the rows they share.
    generator = np.random.default_rng(2)
    frame = _features(20_000, generator)
    weak = (frame["carrier"] == "C") & (frame["hour"] == 3)
    loss = generator.exponential(size=20_000) + 1.0 * weak.to_numpy()
    search = find_weak_slices(frame, loss, min_rows=100)
    assert _labels(search) == ["carrier is C and hour is 3"]
    parents = find_weak_slices(frame[["carrier"]], loss, min_rows=100)
    assert _labels(parents) == ["carrier is C"]


def test_an_interaction_without_any_effect_of_its_conditions_is_found() -> None:
    generator = np.random.default_rng(3)
    frame = pd.DataFrame(generator.random((8000, 3)) < 0.5, columns=["a", "b", "c"])
    loss = generator.exponential(size=8000) + 0.4 * (frame["a"] ^ frame["b"]).to_numpy()
    search = find_weak_slices(frame, loss, min_rows=100)
    expected = {"a is True and b is False", "a is False and b is True"}
    assert set(_labels(search)) == expected
    # Six values, and four pairs of values of each of three pairs of columns.
    assert search.tried == 6 + 3 * 4


def test_two_effects_that_add_up_are_told_with_the_pair() -> None:
    generator = np.random.default_rng(4)
    frame = _features(20_000, generator)
    loss = generator.exponential(size=20_000)
    loss += 0.6 * (frame["carrier"] == "C").to_numpy() + 0.6 * frame["late"].to_numpy()
    labels = set(_labels(find_weak_slices(frame, loss, min_rows=100)))
    assert labels == {"carrier is C", "late is True", "carrier is C and late is True"}


@pytest.mark.parametrize("kind", ["normal", "exponential", "seldom wrong", "mostly wrong"])
def test_noise_is_called_weak_no_oftener_than_the_level_says(kind: str) -> None:
    searches, false = 150, 0
    for seed in range(searches):
        generator = np.random.default_rng(seed)
        frame = _features(500, generator)
        frame["rare"] = generator.random(500) < 0.08
        noise = {
            "normal": generator.normal(size=500),
            "exponential": generator.exponential(size=500),
            "seldom wrong": (generator.random(500) < 0.02).astype(np.float64),
            "mostly wrong": (generator.random(500) < 0.98).astype(np.float64),
        }
        false += bool(find_weak_slices(frame, noise[kind], min_rows=20).found)
    assert false <= stats.binom.ppf(0.999, searches, 0.05)


def test_the_p_value_of_a_condition_is_corrected_by_how_many_were_tried() -> None:
    generator = np.random.default_rng(5)
    frame = pd.DataFrame({"late": generator.random(400) < 0.5})
    late = frame["late"].to_numpy()
    loss = generator.normal(size=400) + 0.5 * late
    (found,) = find_weak_slices(frame, loss, min_rows=20).found
    tests = [
        stats.ttest_ind(loss[late], loss[~late], equal_var=equal, alternative="greater").pvalue
        for equal in (False, True)
    ]
    assert found.p_adjusted == pytest.approx(2 * max(tests))
    interval = stats.ttest_ind(loss[late], loss[~late], equal_var=False).confidence_interval()
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


def _planted(rows: int, *, seed: int) -> tuple[pd.DataFrame, FloatArray]:
    generator = np.random.default_rng(seed)
    frame = _features(rows, generator)
    weak = (frame["carrier"] == "C") * 0.5 + (frame["temp"] > 22) * 0.5
    return frame, generator.exponential(size=rows) + weak.to_numpy()


@given(order=st.permutations(range(5)), seed=st.integers(0, 2**32 - 1))
def test_rows_and_columns_in_another_order_give_the_same(order: list[int], seed: int) -> None:
    frame, loss = _planted(600, seed=6)
    shuffled = np.random.default_rng(seed).permutation(600)
    for rows in (1000, 400):
        expected = find_weak_slices(frame, loss, min_rows=30, max_rows=rows)
        assert expected.found
        other = frame.iloc[shuffled, order].reset_index(drop=True)
        assert find_weak_slices(other, loss[shuffled], min_rows=30, max_rows=rows) == expected


def test_of_many_rows_a_sample_is_searched_that_the_seed_decides() -> None:
    frame, loss = _planted(10_000, seed=7)
    found = [
        find_weak_slices(frame, loss, min_rows=50, max_rows=4000, seed=seed) for seed in (0, 0, 1)
    ]
    assert found[0] == found[1] != found[2]
    assert {(each.rows, each.sampled_from) for each in found} == {(4000, 10_000)}
    assert all("carrier is C" in _labels(each) for each in found)


def test_of_equal_rows_a_fair_share_is_drawn() -> None:
    # By content alone all rows of a value would be drawn, or none.
    frame = pd.DataFrame({"size": np.repeat([0, 1, 2, 3], [4000, 3000, 2000, 1000])})
    loss = (frame["size"] == 3).to_numpy().astype(np.float64)
    (found,) = find_weak_slices(frame, loss, min_rows=50, max_rows=2000).found
    assert found.label == "size is 3"
    assert stats.binom.cdf(found.rows, 2000, 0.1) == pytest.approx(0.5, abs=0.4999)


def test_the_rows_of_a_slice_can_be_selected_again() -> None:
    frame, loss = _planted(10_000, seed=8)
    frame["day"] = pd.Timestamp("2013-01-01") + pd.to_timedelta(np.arange(10_000) % 300, unit="D")
    loss += 0.8 * (frame["day"] >= "2013-09-01").to_numpy() + 0.5 * frame["wind"].isna().to_numpy()
    found = find_weak_slices(frame, loss, min_rows=50, most=30).found
    assert {part.kind for each in found for part in each.conditions} >= {"text", "missing", "range"}
    for each in found:
        inside = member(frame, each)
        assert inside.sum() == each.rows
        assert loss[inside].mean() == pytest.approx(each.mean_loss)
        assert loss[~inside].mean() == pytest.approx(each.rest_loss)
    sampled = find_weak_slices(frame, loss, min_rows=50, max_rows=5000).found
    for each in sampled:
        assert member(frame, each).mean() == pytest.approx(each.share, abs=0.03)


def test_rows_are_not_selected_by_a_column_that_is_not_there() -> None:
    frame, loss = _planted(2000, seed=9)
    found = find_weak_slices(frame, loss, min_rows=50).found[0]
    with pytest.raises(ValueError, match="0 columns are named"):
        member(frame.drop(columns=found.conditions[0].column), found)


def test_of_slices_of_the_same_rows_one_is_told() -> None:
    generator = np.random.default_rng(10)
    frame = pd.DataFrame({"origin": generator.choice(list("ABC"), size=3000)})
    frame["airport"] = frame["origin"].str.lower()
    loss = generator.exponential(size=3000) + (frame["origin"] == "A").to_numpy()
    assert _labels(find_weak_slices(frame, loss, min_rows=50)) == ["airport is a"]
    excluded = find_weak_slices(frame, loss, min_rows=50, exclude=["airport"])
    assert _labels(excluded) == ["origin is A"]


def test_no_more_are_told_than_asked_for_and_the_strongest_are() -> None:
    frame, loss = _planted(10_000, seed=11)
    all_of_them = find_weak_slices(frame, loss, min_rows=50)
    assert len(all_of_them.found) > 1
    assert find_weak_slices(frame, loss, min_rows=50, most=1).found == all_of_them.found[:1]
    assert find_weak_slices(frame, loss, min_rows=50, most=0).found == ()


def test_as_many_as_are_listed_at_most_may_not_be_all() -> None:
    generator = np.random.default_rng(4)
    frame = _features(20_000, generator)
    loss = generator.exponential(size=20_000)
    loss += 0.6 * (frame["carrier"] == "C").to_numpy() + 0.6 * frame["late"].to_numpy()
    one, three, four = (
        find_weak_slices(frame, loss, min_rows=100, most=most) for most in (1, 3, 4)
    )
    assert [len(each.found) for each in (one, three, four)] == [1, 3, 3]
    assert [each.full for each in (one, three, four)] == [True, True, False]


def test_a_slice_of_fewer_rows_than_asked_for_is_not_tried() -> None:
    frame = pd.DataFrame({"carrier": ["A"] * 500 + ["B"] * 500 + ["C"] * 49})
    loss = np.random.default_rng(12).random(1049) + (frame["carrier"] == "C").to_numpy()
    assert find_weak_slices(frame, loss, min_rows=50).tried == 2
    assert _labels(find_weak_slices(frame, loss, min_rows=49)) == ["carrier is C"]


def test_weights_move_the_means_and_rows_without_weight_count_nothing() -> None:
    frame, loss = _planted(4000, seed=13)
    weight = np.random.default_rng(13).integers(0, 4, size=4000).astype(np.float64)
    search = find_weak_slices(frame, loss, weight=weight, min_rows=50)
    kept = weight > 0
    assert search == find_weak_slices(frame[kept], loss[kept], weight=weight[kept], min_rows=50)
    assert search.rows == search.sampled_from == kept.sum()
    for each in search.found:
        inside = member(frame, each)
        assert each.mean_loss == pytest.approx(np.average(loss[inside], weights=weight[inside]))
        assert each.rows == np.sum(inside & kept)


def test_equal_weights_are_as_good_as_none() -> None:
    frame, loss = _planted(4000, seed=14)
    plain = find_weak_slices(frame, loss, min_rows=50)
    weighted = find_weak_slices(frame, loss, min_rows=50, weight=np.full(4000, 7.0))
    assert _labels(plain) == _labels(weighted) != []
    for one, other in zip(plain.found, weighted.found, strict=True):
        assert (one.excess, one.low) == pytest.approx((other.excess, other.low))
        assert one.p_adjusted == pytest.approx(other.p_adjusted)


def test_a_few_rows_of_great_weight_prove_nothing() -> None:
    generator = np.random.default_rng(15)
    frame = pd.DataFrame({"late": np.arange(400) % 2 == 0})
    loss, weight = generator.random(400), np.ones(400)
    loss[0], weight[0] = 5.0, 1e6
    search = find_weak_slices(frame, loss, weight=weight, min_rows=20)
    assert (search.found, search.reason) == ((), "too few rows bear the weight")
    wild = 10 ** generator.uniform(-300, 300, size=400)
    assert find_weak_slices(frame, loss, weight=wild, min_rows=20).found == ()


@pytest.mark.parametrize(
    ("rows", "loss", "weight", "reason"),
    [
        (0, [], None, "there are no rows"),
        (1, [1.0], None, "there are 1 rows: a slice and the rest need 5 each"),
        (20, [1.0] * 20, None, "the loss is the same in all 20 rows"),
        (20, [*range(19), np.nan], None, "the loss is not finite, or too large, in 1 of 20 rows"),
        (20, [*range(19), np.inf], None, "the loss is not finite, or too large, in 1 of 20 rows"),
        (20, range(20), [0.0] * 20, "all 20 weights are 0"),
        (20, range(20), [-1.0] * 20, "20 of 20 weights are negative or not finite"),
        (20, range(20), [np.nan] * 20, "20 of 20 weights are negative or not finite"),
    ],
)
def test_what_cannot_be_searched_says_why(rows: int, loss: Any, weight: Any, reason: str) -> None:
    frame = pd.DataFrame({"late": np.arange(rows) % 2 == 0})
    losses = np.array(list(loss), dtype=np.float64)
    weights = None if weight is None else np.array(weight)
    search = find_weak_slices(frame, losses, weight=weights, min_rows=5)
    assert (search.reason, search.tried, search.found) == (reason, 0, ())


def test_a_loss_for_other_rows_is_refused() -> None:
    frame = pd.DataFrame({"late": [True, False]})
    with pytest.raises(ValueError, match="loss of shape"):
        find_weak_slices(frame, np.zeros(3), min_rows=1)
    with pytest.raises(ValueError, match="weight of shape"):
        find_weak_slices(frame, np.zeros(2), weight=np.ones(3), min_rows=1)


def test_columns_that_tell_no_rows_apart_are_left_out_with_the_reason() -> None:
    generator = np.random.default_rng(16)
    frame = pd.DataFrame(
        {
            "same": 1,
            "null": None,
            "id": [f"N{number}" for number in range(400)],
            "took": pd.to_timedelta(np.arange(400), unit="s"),
        }
    )
    search = find_weak_slices(frame, generator.random(400), min_rows=20)
    assert search.reason == "no column has parts that could be compared"
    parts = "no part of it has 20 rows and leaves as many"
    expected = {"same": parts, "null": parts, "id": parts, "took": "durations are not searched"}
    assert search.left_out == expected
    assert find_weak_slices(frame[[]], generator.random(400), min_rows=20).reason


def test_columns_of_one_name_are_left_out_and_odd_names_are_text() -> None:
    generator = np.random.default_rng(17)
    late = np.arange(400) % 2 == 0
    frame = pd.DataFrame({"a": late, "b": late, "c": late})
    frame.columns = pd.Index([1, "1", ("x", 2)], dtype=object)
    loss = generator.random(400) + late
    search = find_weak_slices(frame, loss, min_rows=20)
    assert search.left_out == {"1": "2 columns bear this name"}
    assert _labels(search) == ["('x', 2) is True"]
    assert np.array_equal(member(frame, search.found[0]), late)


def test_of_many_columns_the_most_even_are_paired() -> None:
    generator = np.random.default_rng(18)
    frame = pd.DataFrame(generator.random((300, 70)) < 0.5).add_prefix("even")
    frame["uneven"] = np.arange(300) % 10 == 0
    search = find_weak_slices(frame, generator.random(300), min_rows=10)
    assert len(search.unpaired) == 7
    assert "uneven" in search.unpaired


@pytest.mark.parametrize("scale", [1e-310, 1e-200, 1e12, 1e299])
def test_the_unit_of_the_loss_changes_nothing(scale: float) -> None:
    frame, loss = _planted(2000, seed=19)
    search = find_weak_slices(frame, loss * scale / 10, min_rows=50)
    assert _labels(search) == _labels(find_weak_slices(frame, loss, min_rows=50)) != []
    json.dumps(asdict(search), allow_nan=False)


def test_a_classifier_is_weak_where_a_column_that_it_ignores_speaks() -> None:
    data = load_breast_cancer(as_frame=True)
    fitted, held = slice(0, None, 2), slice(1, None, 2)
    seen, target = data.data[["mean texture", "mean smoothness"]], data.target
    model = LogisticRegression(max_iter=1000).fit(seen[fitted], target[fitted])
    p = model.predict_proba(seen[held])[:, 1]
    loss = -np.log(np.where(target[held] == 1, p, 1 - p))
    search = find_weak_slices(data.data[held], loss, min_rows=20)
    assert search.found[0].conditions[0].column == "worst concave points"
    assert search.found[0].conditions[0].high is None


def test_a_regression_is_weak_where_a_column_that_it_ignores_speaks() -> None:
    data = load_diabetes(as_frame=True)
    model = LinearRegression().fit(data.data[["sex"]], data.target)
    loss = (data.target - model.predict(data.data[["sex"]])).to_numpy() ** 2
    search = find_weak_slices(data.data, loss, min_rows=40)
    assert {part.column for each in search.found for part in each.conditions} & {"bmi", "s5"}
