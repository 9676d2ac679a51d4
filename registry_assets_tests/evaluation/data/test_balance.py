"""The target in both: every row counted once, under the name that the model has for it."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_wine

from registry_assets.evaluation.data.balance import balance
from registry_assets.packaging.signature import Label, Task
from registry_assets_tests.evaluation.data.frames import odd


def test_real_classes_are_counted_with_their_shares() -> None:
    y = load_wine().target
    found = balance(y[::2], y[1::2], task="multiclass", classes=(0, 1, 2))
    assert [each.label for each in found.classes] == ["0", "1", "2"]
    assert [each.training + each.holdout for each in found.classes] == [59, 71, 48]
    assert sum(each.training_share or 0 for each in found.classes) == pytest.approx(1)
    assert (found.training_rows, found.holdout_rows) == (89, 89)
    assert found.training is None


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        ([True, False, False], (False, True)),
        ([1, 0, 0], (False, True)),
        ([1.0, 0.0, 0.0], (False, True)),
        (pd.Series([True, False, False, None], dtype="boolean"), (False, True)),
        (pd.Series([True, False, False], dtype="object"), (False, True)),
        (["yes", "no", "no"], ("no", "yes")),
        (pd.Series(["yes", "no", "no", None], dtype="category"), ("no", "yes")),
        ([1, 0, 0], ("0", "1")),
        (pd.Series([1, 0, 0, None], dtype="Int64"), (0, 1)),
    ],
)
def test_labels_of_any_type_find_their_class(y: Any, classes: tuple[Label, ...]) -> None:
    found = balance(y, y, task="binary", classes=classes)
    assert [each.training for each in found.classes] == [2, 1]
    assert [each.label for each in found.classes] == [str(label) for label in classes]
    assert all(each.expected for each in found.classes)


def test_what_the_model_does_not_know_comes_last() -> None:
    known = pd.Series(["a", "b", None])
    found = balance(known, ["c", "c", "b", "b"], task="multiclass", classes=("b", "a"))
    assert [(each.label, each.expected) for each in found.classes] == [
        ("b", True),
        ("a", True),
        ("c", False),
    ]
    unknown = found.classes[-1]
    assert (unknown.training, unknown.holdout, unknown.holdout_share) == (0, 2, 0.5)
    assert (found.training_missing, found.holdout_missing) == (1, 0)


def test_a_side_without_rows_has_no_shares() -> None:
    found = balance([True], [], task="binary", classes=(False, True))
    assert [each.training_share for each in found.classes] == [0, 1]
    assert [each.holdout_share for each in found.classes] == [None, None]


def test_a_number_is_summarised_as_numpy_does() -> None:
    y = load_diabetes().target
    found = balance(y, pd.Series([1.0, np.nan, 3.0, np.inf]), task="regression")
    assert found.training is not None
    assert found.training.rows == 442
    assert found.training.mean == pytest.approx(y.mean())
    assert found.training.std == pytest.approx(y.std(ddof=1))
    assert found.training.p05 == pytest.approx(np.quantile(y, 0.05))
    assert found.training.median == pytest.approx(np.median(y))
    assert found.training.p95 == pytest.approx(np.quantile(y, 0.95))
    assert (found.training.minimum, found.training.maximum) == (y.min(), y.max())
    assert found.holdout is not None
    assert (found.holdout.rows, found.holdout_missing, found.holdout.mean) == (2, 2, 2.0)
    assert found.classes == ()


def test_numbers_that_are_not_defined_have_a_reason() -> None:
    found = balance([5.0], ["a", "b"], task="regression")
    assert found.training is not None
    assert (found.training.mean, found.training.std) == (5.0, None)
    assert found.training.reason == "one row has no standard deviation"
    assert found.holdout is not None
    assert found.holdout.reason == "no row has a finite number"
    assert found.holdout_missing == 2
    huge = balance([1.7e308, -1.7e308], [], task="regression").training
    assert huge is not None
    assert (huge.mean, huge.std) == (0.0, None)
    assert huge.reason == "the standard deviation is too large for a number"


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_odd_targets_are_counted(task: Task) -> None:
    frame = odd(60)
    for position in range(frame.shape[1]):
        values = frame.iloc[:, position]
        found = balance(values, values.head(0), task=task, classes=(1, "a", True))
        assert found.training_rows == 60
        counted = sum(each.training for each in found.classes)
        if found.training:
            counted = found.training.rows
        assert counted + found.training_missing == 60
