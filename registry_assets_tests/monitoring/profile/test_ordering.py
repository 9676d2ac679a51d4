"""Numbers as whole numbers: in the same order, and back."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.monitoring.profile.ordering import (
    LARGEST,
    SMALLEST,
    bounds_of,
    keys_of,
    values_of,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(FINITE, min_size=1))
def test_keys_are_in_the_order_of_the_numbers_and_give_them_back(numbers: list[float]) -> None:
    values = np.array(numbers)
    keys = keys_of(values)
    assert (values[np.argsort(keys, kind="stable")] == np.sort(values)).all()
    assert (values_of(keys) == values).all()


def test_both_zeros_are_one_and_the_ends_are_the_largest_numbers() -> None:
    assert keys_of(np.array([-0.0, 0.0])).tolist() == [0, 0]
    largest = float(np.finfo(np.float64).max)
    assert keys_of(np.array([-largest, largest])).tolist() == [SMALLEST, LARGEST]


@given(FINITE, st.integers(0, 52))
def test_a_number_lies_within_the_bounds_of_its_cell(number: float, shift: int) -> None:
    cells = keys_of(np.array([number])) >> np.int64(shift)
    low, high = bounds_of(cells, shift=shift)
    assert low[0] <= number <= high[0]
    assert np.isfinite([low, high]).all()
    if shift == 0:
        assert low[0] == high[0] == number
