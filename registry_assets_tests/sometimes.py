"""Which values of a parameter every run takes, and which only the thorough one. Not a test."""

from collections.abc import Iterable
from typing import Any

import pytest


def some(values: Iterable[Any], *, always: Iterable[Any]) -> list[Any]:
    """Give the values for `parametrize`: some in every run, the others in `make thorough`."""
    kept = list(always)
    given = list(values)
    assert all(value in given for value in kept), "one that is always taken is no value at all"
    return [
        value if value in kept else pytest.param(value, marks=pytest.mark.thorough)
        for value in given
    ]
