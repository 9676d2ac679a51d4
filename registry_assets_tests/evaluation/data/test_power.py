"""Each column's power: known where the truth is, and a leak stands out from honest columns."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.metrics import roc_auc_score

from registry_assets.evaluation.data.power import _auc, deciding_columns
from registry_assets.evaluation.results.data import ColumnPower
from registry_assets.packaging.signature import Task
from registry_assets_tests.evaluation.data.frames import odd, ordinary


def _power(
    frame: pd.DataFrame, y: Any, task: Task = "binary", **options: Any
) -> dict[str, ColumnPower]:
    """Take every third row as the holdout."""
    target = pd.Series(y).reset_index(drop=True)
    held = np.arange(len(frame)) % 3 == 0
    found = deciding_columns(
        frame[~held], target[~held], frame[held], target[held], task=task, **options
    )
    return {each.column: each for each in found}


def test_a_copy_of_a_label_decides_in_whatever_guise() -> None:
    frame = ordinary(3000, seed=0)
    y = frame["normal"] + np.random.default_rng(1).normal(size=3000) > 1
    frame = frame.assign(
        copy=y,
        text=np.where(y, "late", "on time"),
        category=pd.Categorical(np.where(y, "b", "a")),
        number=np.where(y, 3.5, -1),
        gap=np.where(y, np.nan, 1.0),
        cause=pd.Series("weather", index=frame.index).where(y),
        order=np.where(y, np.inf, frame["count"]),
    )
    found = _power(frame, np.where(y, "yes", "no"))
    guises = {"copy", "text", "category", "number", "gap", "cause", "order"}
    assert {name for name, each in found.items() if each.decides} == guises
    assert all(found[name].value == 1 for name in guises)
    # P(normal above another's | y) for a sum of two: 0.83 or so.
    assert 0.8 < (found["normal"].value or 0) < 0.95
    for honest in ("skewed", "sometimes", "when", "text", "few"):
        assert honest in guises or abs((found[honest].value or 0) - 0.5) < 0.06


def test_the_strongest_comes_first_and_those_without_a_value_last() -> None:
    frame = ordinary(600, seed=0)
    found = _power(frame.assign(constant=1), frame["normal"] > 0)
    values = [each.value for each in found.values()]
    assert next(iter(found)) == "normal"
    assert values[:-1] == sorted((value for value in values if value is not None), reverse=True)
    assert found["constant"].value is None
    assert found["constant"].reason == "the same in every row of training"


@pytest.mark.parametrize(("wrong", "decides"), [(0.0, True), (0.005, True), (0.05, False)])
def test_a_copy_with_few_wrong_labels_still_decides(wrong: float, decides: bool) -> None:
    generator = np.random.default_rng(0)
    y = generator.random(30_000) < 0.2
    copy = y ^ (generator.random(30_000) < wrong)
    found = _power(pd.DataFrame({"copy": copy}), y)["copy"]
    assert found.decides is decides
    assert found.value == pytest.approx(1 - wrong, abs=0.005)


def test_a_column_that_tells_by_its_band_is_found() -> None:
    generator = np.random.default_rng(0)
    y = generator.random(5000) < 0.5
    x = np.where(y, 3 + generator.random(5000), generator.random(5000)) * generator.choice(
        [-1, 1], 5000
    )
    assert _power(pd.DataFrame({"band": x}), y)["band"].decides


def test_a_key_decides_nothing_though_it_fits_training_perfectly() -> None:
    y = np.random.default_rng(0).random(3000) < 0.5
    frame = pd.DataFrame({"number": range(3000), "text": [f"row {n}" for n in range(3000)]})
    for each in _power(frame, y).values():
        assert abs((each.value or 0) - 0.5) < 0.06


def test_a_number_is_told_by_a_copy_a_unit_and_a_curve_but_not_by_noise() -> None:
    generator = np.random.default_rng(0)
    y = generator.lognormal(sigma=1.5, size=9000)
    frame = pd.DataFrame(
        {
            "copy": y,
            "unit": 32 + y * 1.8e-6,
            "root": np.sqrt(y),
            "band": pd.Series(np.round(np.log(y), 1).astype(str), dtype="str"),
            "noise": generator.normal(size=9000),
        }
    )
    found = _power(frame, y, "regression")
    assert all(each.metric == "r2" for each in found.values())
    assert found["copy"].value == pytest.approx(1)
    assert found["unit"].value == pytest.approx(1)
    assert (found["root"].value or 0) > 0.9
    assert (found["band"].value or 0) > 0.8
    assert abs(found["noise"].value or 1) < 0.1
    assert not found["noise"].decides


def test_the_honest_columns_of_real_data_do_not_decide() -> None:
    tumours = load_breast_cancer(as_frame=True)
    best = next(iter(_power(tumours.data, tumours.target).values()))
    assert 0.93 < (best.value or 0) < 0.98
    wine = load_wine(as_frame=True)
    found = _power(wine.data, wine.target, "multiclass")
    assert not any(each.decides for each in found.values())
    assert found["flavanoids"].metric == "roc_auc_ovr"
    assert _power(wine.data.assign(leak=wine.target), wine.target, "multiclass")["leak"].decides
    diabetes = load_diabetes(as_frame=True)
    strongest = next(iter(_power(diabetes.data, diabetes.target, "regression").values()))
    assert strongest.column in ("bmi", "s5")
    assert 0.2 < (strongest.value or 0) < 0.5


def test_the_auc_of_counted_rows_is_that_of_the_rows() -> None:
    generator = np.random.default_rng(0)
    scores = generator.integers(0, 5, 200) / 5
    y = generator.random(200) < scores
    ones = np.ones(200)
    assert _auc(scores, ones * y, ones * ~y) == pytest.approx(roc_auc_score(y, scores))


def test_the_order_of_the_rows_changes_nothing() -> None:
    frame = ordinary(900, seed=0)
    y = pd.Series(frame["normal"] + frame["skewed"])
    mixed = np.random.default_rng(0).permutation(600)
    for task, target in (("binary", y > 1), ("regression", y)):
        first, second = frame.head(600), frame.tail(300)
        options: dict[str, Any] = {"task": task, "max_rows": 250}
        once = deciding_columns(first, target[:600], second, target[600:], **options)
        again = deciding_columns(
            first.take(mixed), target[:600].take(mixed), second[::-1], target[600:][::-1], **options
        )
        assert once == again
        assert {each.training_rows for each in once} == {250}


def test_rows_without_a_target_are_left_out() -> None:
    frame = ordinary(300, seed=0)
    y = pd.Series(np.where(frame["normal"] > 0, "a", "b"), dtype="object")
    y[frame["count"] < 50] = None
    found = _power(frame, y)["normal"]
    assert found.training_rows + found.holdout_rows == (frame["count"] >= 50).sum()
    assert found.decides
    number = frame["normal"].where(frame["count"] < 50, np.inf)
    assert _power(frame, number, "regression")["normal"].decides


def test_a_class_that_one_side_lacks_does_not_spoil_the_others() -> None:
    frame = pd.DataFrame({"x": [0, 1, 2] * 60 + [9] * 60})
    held = pd.DataFrame({"x": [0, 1, 7, 7] * 10})
    found = deciding_columns(
        frame, frame["x"].astype(str), held, held["x"].astype(str), task="multiclass"
    )
    assert found[0].value == 1


@pytest.mark.parametrize(
    ("y", "task", "reason"),
    [
        ([True] * 30, "binary", "training has one class only"),
        (["a"] * 30, "multiclass", "training has one class only"),
        ([2.5] * 30, "regression", "the target is the same in every row of training"),
        ([np.nan] * 30, "regression", "training has no row with a target"),
        ([None] * 30, "binary", "training has no row with a target"),
        (["a", "b", "c"] * 10, "regression", "the target is text, not a number"),
        ([1] * 29 + [0], "binary", "no class has 5 rows in the holdout and as many against it"),
    ],
)
def test_a_target_that_cannot_be_told_has_a_reason(
    y: list[object], task: Task, reason: str
) -> None:
    found = _power(ordinary(30, seed=0), y, task)
    assert {each.reason for each in found.values()} == {reason}
    assert not any(each.decides or each.value is not None for each in found.values())


def test_few_rows_prove_nothing() -> None:
    frame = pd.DataFrame({"x": range(12)})
    assert "has 4 rows" in _power(frame, frame["x"], "regression")["x"].reason
    for rows in (0, 1):
        assert _power(frame.head(rows), frame["x"].head(rows))["x"].reason


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(), st.floats()), min_size=6, max_size=30))
def test_any_numbers_have_a_finite_power_or_a_reason(rows: list[tuple[float, float]]) -> None:
    frame = pd.DataFrame(rows, columns=["x", "y"], dtype=float)
    tasks: tuple[Task, ...] = ("binary", "regression")
    for task in tasks:
        found = _power(frame[["x"]], frame["y"], task)["x"]
        assert (found.value is None) is bool(found.reason)
        assert found.value is None or (np.isfinite(found.value) and found.value <= 1)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("rows", [0, 1, 2, 60])
def test_odd_columns_get_a_number_or_a_reason(task: Task, rows: int) -> None:
    frame = odd(60).head(rows)
    for target in ("mixed", "int8", "infinite", "huge", "boolean", "naive", "giant", "lists"):
        for each in _power(frame, frame[target], task).values():
            assert (each.value is None) is bool(each.reason)
            assert each.value is None or np.isfinite(each.value)
