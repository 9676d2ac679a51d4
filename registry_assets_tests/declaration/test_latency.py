"""How a measurement of speed is declared, and which mistakes are refused."""

import math
from typing import Any

import pytest

from registry_assets.canonical import canonical_json
from registry_assets.declaration.latency import Latency
from registry_assets.errors import DeclarationError


def test_the_definition_holds_all_that_a_result_depends_on() -> None:
    plan = Latency(calls=50, batch_rows=10, rounds=5, seconds=2)
    assert plan.definition() == {"calls": 50, "batch_rows": 10, "rounds": 5, "seconds": 2.0}
    assert canonical_json(plan.definition())


def test_whole_seconds_are_the_same_declaration_as_decimal_ones() -> None:
    assert repr(Latency(seconds=10)) == repr(Latency(seconds=10.0)) == repr(Latency())


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ({"calls": 0}, "Latency(calls=0)"),
        ({"calls": 20.0}, "Latency(calls=20.0)"),
        ({"calls": True}, "Latency(calls=True)"),
        ({"batch_rows": 0}, "Latency(batch_rows=0)"),
        ({"rounds": 4}, "Latency(rounds=4)"),
        ({"calls": 10, "rounds": 20}, "rounds without a call"),
        ({"seconds": 0}, "Latency(seconds=0)"),
        ({"seconds": math.inf}, "Latency(seconds=…) is inf"),
        ({"seconds": "10"}, "Latency(seconds=…) is '10'"),
    ],
)
def test_a_mistake_is_refused_where_it_is_written(mistake: dict[str, Any], said: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        Latency(**mistake)
    assert said in caught.value.message
    assert caught.value.hint
