"""Groups of a sensitive column: fairlearn's measures, and groups that prove nothing."""

import math
from functools import cache
from typing import Any

import fairlearn.metrics
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_breast_cancer

from registry_assets.declaration.fairness import DISPARITIES, Fairness
from registry_assets.evaluation.fairness import RATES, fairness_results
from registry_assets.evaluation.results.fairness import FairnessResult
from registry_assets.evaluation.scored import Scored
from registry_assets_tests.evaluation.rows import binary, breast_cancer, weighted


def _found(
    scored: Scored, column: Any, *, min_group_rows: int = 30, resamples: int = 200
) -> FairnessResult:
    frame = pd.DataFrame({"group": column})
    plan = Fairness(("group",), min_group_rows=min_group_rows)
    [found] = fairness_results(
        frame, scored.outcomes, scored.predictions, plan=plan, resamples=resamples
    )
    return found


@cache
def loans() -> tuple[Scored, "pd.Series[Any]"]:
    """1,500 applications of four groups, which the model does not treat alike."""
    generator = np.random.default_rng(0)
    group = generator.choice(["A", "B", "C", "D"], 1500, p=[0.5, 0.3, 0.15, 0.05])
    lift = pd.Series(group).map({"A": 0.0, "B": -0.4, "C": 0.3, "D": -0.8}).to_numpy()
    strength = generator.normal(0, 1, 1500)
    y = generator.random(1500) < 1 / (1 + np.exp(-strength))
    p = 1 / (1 + np.exp(-(strength + lift + generator.normal(0, 0.7, 1500))))
    return binary(y, p), pd.Series(group)


@cache
def tumours() -> tuple[Scored, "pd.Series[Any]"]:
    """Real rows, grouped by a column the model was not given."""
    smoothness = load_breast_cancer(as_frame=True).data["mean symmetry"][1::2]
    names = ["low", "middle", "high"]
    return breast_cancer(), pd.qcut(smoothness, 3, labels=names).reset_index(drop=True)


@pytest.mark.parametrize("weights", [False, True], ids=["each row once", "weighted"])
@pytest.mark.parametrize("data", [loans, tumours])
def test_disparities_and_rates_are_fairlearn_s(data: Any, weights: bool) -> None:
    scored, group = data()
    scored = weighted(scored) if weights else scored
    found = _found(scored, group)
    arguments = {
        "y_true": scored.outcomes.y,
        "y_pred": scored.predictions.predicted,
        "sensitive_features": group.astype("str"),
    }
    weight = scored.weight if weights else None
    assert tuple(found.disparities) == DISPARITIES
    for name, estimate in found.disparities.items():
        expected = getattr(fairlearn.metrics, name)(**arguments, sample_weight=weight)
        assert_allclose(estimate.value, expected, rtol=1e-12, err_msg=name)
        assert estimate.low <= estimate.value <= estimate.high
        assert estimate.rows == scored.rows
    rates = ("selection_rate", "true_positive_rate", "false_positive_rate")
    by_group = fairlearn.metrics.MetricFrame(
        metrics={name: getattr(fairlearn.metrics, name) for name in rates},
        **arguments,
        sample_params={name: {"sample_weight": scored.weight} for name in rates},
    ).by_group
    for each in found.groups:
        assert each.group is not None
        for name in rates:
            assert_allclose(each.rates[name].value, by_group.loc[each.group, name], rtol=1e-12)


def test_rates_are_those_of_the_group_s_own_rows() -> None:
    scored, group = loans()
    found = {each.group: each for each in _found(scored, group).groups}
    assert list(found) == ["A", "B", "C", "D"]
    for name, each in found.items():
        own = (group == name).to_numpy()
        y, called = scored.outcomes.y[own], scored.predictions.predicted[own]
        assert each.rows == own.sum()
        assert tuple(each.rates) == RATES
        assert_allclose(each.rates["base_rate"].value, y.mean())
        assert_allclose(each.rates["accuracy"].value, (y == called).mean())
        for estimate in each.rates.values():
            assert estimate.low < estimate.value < estimate.high
            assert estimate.rows == each.rows


@pytest.mark.parametrize("weights", [False, True], ids=["each row once", "weighted"])
def test_a_permuted_row_order_changes_nothing(weights: bool) -> None:
    scored, group = loans()
    scored = weighted(scored) if weights else scored
    order = np.random.default_rng(1).permutation(scored.rows)
    again = _found(scored.take(order), group.iloc[order].reset_index(drop=True))
    assert again == _found(scored, group)


def test_the_index_of_the_column_is_not_read() -> None:
    scored, group = loans()
    other = group.set_axis(np.arange(len(group))[::-1])
    assert _found(scored, other.to_numpy()) == _found(scored, group)


def test_a_small_group_is_shown_and_takes_part_in_no_difference() -> None:
    scored, group = loans()
    without = group != "D"
    found = _found(scored, group, min_group_rows=int((~without).sum()) + 1)
    small = found.groups[-1]
    assert (small.group, small.supported, small.rates) == ("D", False, {})
    expected = fairlearn.metrics.demographic_parity_difference(
        scored.outcomes.y[without],
        scored.predictions.predicted[without],
        sensitive_features=group[without],
    )
    difference = found.disparities["demographic_parity_difference"]
    assert_allclose(difference.value, expected, rtol=1e-12)
    assert difference.rows == without.sum()


def test_missing_values_are_a_group_of_their_own() -> None:
    scored, group = loans()
    found = _found(scored, group.where(group != "A"))
    assert [each.group for each in found.groups] == ["B", "C", "D", None]
    assert found.groups[-1].supported
    assert found.disparities["demographic_parity_difference"].defined


@pytest.mark.parametrize(
    ("column", "least", "reason"),
    [
        (["A"] * 1500, 30, "only one group has enough rows: A"),
        (["A", *["B"] * 1499], 30, "only one group has enough rows: B"),
        ([None] * 1500, 30, "only one group has enough rows: "),
        (range(1500), 30, "no group has enough rows"),
        (["A", "B"] * 750, 1000, "no group has enough rows"),
    ],
)
def test_without_two_groups_there_is_nothing_to_be_apart(
    column: Any, least: int, reason: str
) -> None:
    scored, _ = loans()
    found = _found(scored, list(column), min_group_rows=least)
    for estimate in found.disparities.values():
        assert reason in estimate.reason
        assert math.isnan(estimate.value)


def test_a_group_without_positives_has_no_odds_and_no_zero_in_their_place() -> None:
    scored, group = loans()
    y = np.where(group == "B", 0, scored.outcomes.y)
    found = _found(binary(y, scored.scores), group)
    b = found.groups[1].rates
    assert b["true_positive_rate"].reason == "no row of it is positive"
    assert b["false_positive_rate"].defined
    for name, estimate in found.disparities.items():
        assert estimate.defined == name.startswith("demographic"), name
        assert estimate.defined or "a group has no row of one class" in estimate.reason


def test_a_group_of_positives_only_has_no_false_positives() -> None:
    scored, group = loans()
    y = np.where(group == "B", 1, scored.outcomes.y)
    rates = _found(binary(y, scored.scores), group).groups[1].rates
    assert rates["false_positive_rate"].reason == "every row of it is positive"
    assert rates["true_positive_rate"].defined


def test_nobody_called_positive_is_apart_by_nothing_and_has_no_ratio() -> None:
    scored, group = loans()
    found = _found(binary(scored.outcomes.y, scored.scores / 10), group).disparities
    difference = found["demographic_parity_difference"]
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)
    assert not found["demographic_parity_ratio"].defined


@pytest.mark.parametrize(
    ("p", "weight", "reason"),
    [
        (math.nan, None, "scores are not finite"),
        (0.3, 0.0, "weights are 0"),
        (0.3, -1.0, "weights are negative"),
    ],
)
def test_unusable_rows_leave_every_number_undefined(
    p: float, weight: float | None, reason: str
) -> None:
    w = None if weight is None else np.full(80, weight)
    found = _found(binary(np.arange(80) % 2, np.full(80, p), weight=w), ["A", "B"] * 40)
    assert [each.rows for each in found.groups] == [40, 40]
    numbers = [*found.disparities.values(), *found.groups[0].rates.values()]
    assert len(numbers) == 9
    assert all(reason in each.reason for each in numbers)


def test_of_a_key_s_values_the_50_largest_are_listed_and_the_rest_together() -> None:
    scored, _ = loans()
    key = pd.Series(range(1500)).replace({1: 0, 7: 0})
    found = _found(scored, key)
    assert len(found.groups) == 51
    assert (found.groups[0].group, found.groups[0].rows) == ("0", 3)
    assert found.groups[-1].group == "(1,448 other values)"
    assert sum(each.rows for each in found.groups) == 1500


def test_no_rows_have_no_groups() -> None:
    found = _found(binary([], []), [])
    assert found.groups == ()
    assert all("no rows" in each.reason for each in found.disparities.values())


def test_a_group_of_nothing_but_zero_weights_has_no_rates() -> None:
    scored, group = loans()
    weight = np.where(group == "B", 0.0, 1.0)
    found = _found(binary(scored.outcomes.y, scored.scores, weight=weight), group)
    assert not any(each.defined for each in found.groups[1].rates.values())
    assert all(each.reason for each in found.groups[1].rates.values())
    assert not found.disparities["demographic_parity_difference"].defined


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["A", "B"] * 40, dtype="category"),
        pd.Series([1, 2] * 40, dtype="Int64"),
        pd.Series([True, None] * 40, dtype="boolean"),
        pd.Series([True, False] * 40),
        pd.Series([1, "a"] * 40, dtype="object"),
        pd.Series([0.5, math.inf] * 40),
        pd.Series(pd.to_datetime(["2020-01-01", "2021-01-01"] * 40, utc=True)),
    ],
)
def test_groups_may_be_of_any_type(column: "pd.Series[Any]") -> None:
    p = np.linspace(0.01, 0.99, 80)
    found = _found(binary((np.arange(80) // 2) % 2, p), column)
    assert [each.rows for each in found.groups] == [40, 40]
    assert found.disparities["demographic_parity_difference"].defined
