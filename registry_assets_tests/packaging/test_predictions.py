"""What an estimator answers is held to its shape, and a refusal says which rows to look at."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from registry_assets.errors import DataUnusable
from registry_assets.packaging.predictions import predict, predict_proba, predictions
from registry_assets.packaging.signature import Output

FEATURES = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]})
LATE = Output("binary", (False, True))
HALVES = np.full((4, 2), 0.5)


def answering(*, predicted: object = None, probabilities: object = None) -> SimpleNamespace:
    """An estimator with these answers."""
    return SimpleNamespace(
        predict=lambda _features: predicted, predict_proba=lambda _features: probabilities
    )


def with_values(*changes: tuple[int, int, float]) -> np.ndarray:
    """Probabilities of one half, but for these."""
    found = HALVES.copy()
    for row, column, value in changes:
        found[row, column] = value
    return found


def test_predictions_and_probabilities_stand_beside_each_other() -> None:
    estimator = answering(predicted=[True, False, True, False], probabilities=HALVES)
    found = predictions(estimator, FEATURES, output=LATE)
    assert list(found.columns) == ["proba_0", "proba_1", "prediction"]
    assert found["prediction"].tolist() == [True, False, True, False]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_counted_by_row_and_the_first_is_named(value: float) -> None:
    probabilities = with_values((1, 0, value), (1, 1, value), (3, 1, value))
    with pytest.raises(DataUnusable) as caught:
        predict_proba(answering(probabilities=probabilities), FEATURES, output=LATE)
    assert "not finite numbers in 2 of 4 rows; the first of them is row 1" in caught.value.message
    assert "overflow or a division by zero" in caught.value.hint


def test_another_number_of_columns_or_rows_is_refused_with_the_classes() -> None:
    for probabilities in (HALVES[:, :1], HALVES[:2]):
        with pytest.raises(DataUnusable, match=r"expected shape \(4, 2\)") as caught:
            predict_proba(answering(probabilities=probabilities), FEATURES, output=LATE)
        assert "a column for each of False, True, in this order" in caught.value.hint


def test_a_column_of_predictions_is_refused_with_the_shape_to_give() -> None:
    with pytest.raises(DataUnusable, match=r"expected shape \(4,\), found \(4, 1\)") as caught:
        predict(answering(predicted=np.zeros((4, 1))), FEATURES)
    assert "one-dimensional" in caught.value.hint


def test_probabilities_of_a_regression_are_refused() -> None:
    with pytest.raises(DataUnusable, match="A regression model has no classes") as caught:
        predict_proba(answering(), FEATURES, output=Output("regression", ()))
    assert caught.value.hint == "Call predict: it gives the numbers."
