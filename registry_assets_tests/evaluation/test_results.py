"""Results as JSON: whatever is filled comes back, and what earlier releases wrote is read."""

import json
import math
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_assets.canonical import canonical_json
from registry_assets.errors import RegistryError
from registry_assets.evaluation.results import Estimate, EvaluationResult
from registry_assets_tests.evaluation.plans import ordinary
from registry_assets_tests.evaluation.rows import TASKS

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def _filled(kind: Any, *, undefined: bool) -> Any:
    """Give a value of a type with every field filled; or with None wherever it may be."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Estimate:
        return (
            Estimate.undefined(rows=3, reason="one class only")
            if undefined
            else Estimate(0.5, 0.1, 1.0, rows=7)
        )
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        values = {
            each.name: _filled(hints[each.name], undefined=undefined) for each in fields(kind)
        }
        if kind is EvaluationResult:
            values["pictures"] = {"roc": b"PNG"}
        return typing.cast(Any, kind)(**values)
    if origin is Literal:
        return arguments[-1]
    if origin in (Union, UnionType):
        chosen = next(each for each in arguments if each is not type(None))
        return None if undefined and type(None) in arguments else _filled(chosen, undefined=False)
    if origin is tuple:
        assert arguments[1] is ...
        return (_filled(arguments[0], undefined=undefined),) * 2
    if origin is Mapping:
        # Not in the order of the alphabet, as metrics are.
        return {key: _filled(arguments[1], undefined=undefined) for key in ("roc_auc", "accuracy")}
    return {int: 3, float: 0.25, str: "text – é", bool: True, bytes: b"x"}[kind]


def _read(found: EvaluationResult) -> EvaluationResult:
    stored = json.loads(canonical_json(found.to_json()))
    return EvaluationResult.from_json(stored, pictures=found.pictures)


def test_an_evaluation_with_every_field_filled_comes_back_as_it_was() -> None:
    found = _filled(EvaluationResult, undefined=False)
    document = found.to_json()
    assert set(document) == {"format"} | {
        each.name for each in fields(EvaluationResult) if each.name != "pictures"
    }
    assert all(value not in (None, [], {}) for value in document.values())
    back = _read(found)
    assert back == found
    assert list(back.metrics) == ["roc_auc", "accuracy"]


def test_an_evaluation_with_nothing_in_every_field_that_may_be_empty_comes_back() -> None:
    found = _filled(EvaluationResult, undefined=True)
    back = _read(found)
    assert back.to_json() == found.to_json()
    assert back.pictures == found.pictures
    bare = EvaluationResult("binary", 0, 0, 100, {}, classes=("a", "b"), class_rows=(0, 0))
    assert _read(bare) == bare


@pytest.mark.parametrize("task", TASKS)
def test_a_real_evaluation_is_read_back_from_canonical_json_as_it_was_stored(task: Any) -> None:
    found = ordinary(task)
    back = _read(found)
    assert list(back.metrics) == list(found.metrics)
    assert canonical_json(back.to_json()) == canonical_json(found.to_json())
    assert back.pictures == found.pictures
    if all(each.defined for part in found.slices for each in part.estimates.values()):
        assert back == found


@given(FINITE, FINITE, FINITE, st.integers(0, 10**12))
def test_an_estimate_comes_back_from_its_json(
    value: float, low: float, high: float, rows: int
) -> None:
    found = Estimate(value, low, high, rows=rows)
    assert Estimate.from_json(json.loads(canonical_json(found.to_json()))) == found


@given(st.text(min_size=1), st.integers(0, 10**12))
def test_an_undefined_estimate_comes_back_with_its_reason(reason: str, rows: int) -> None:
    found = Estimate.undefined(rows=rows, reason=reason)
    stored = found.to_json()
    assert (stored["value"], stored["low"], stored["high"]) == (None, None, None)
    back = Estimate.from_json(json.loads(json.dumps(stored, allow_nan=False)))
    assert (back.reason, back.rows, back.defined) == (reason, rows, False)
    assert math.isnan(back.value)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_an_estimate_is_whole_or_undefined(bad: float) -> None:
    for numbers in ((bad, 0.1, 0.2), (0.1, bad, 0.2), (0.1, 0.1, bad)):
        with pytest.raises(ValueError, match="without a reason"):
            Estimate(*numbers, rows=3)
    with pytest.raises(ValueError, match="has numbers"):
        Estimate(0.1, 0.1, 0.2, rows=3, reason="none")


def test_an_evaluation_of_an_unknown_format_is_refused() -> None:
    newer = {**ordinary("binary").to_json(), "format": "registry_assets/evaluation/3"}
    with pytest.raises(RegistryError, match="upgrade registry_assets"):
        EvaluationResult.from_json(newer)
    with pytest.raises(RegistryError, match="format is None"):
        EvaluationResult.from_json({})


FORMAT_1 = """{
  "format": "registry_assets/evaluation/1", "rows": 400, "positives": 130, "seed": 3,
  "resamples": 1000,
  "metrics": [
    {"metric": "roc_auc", "value": 0.75, "low": 0.7, "high": 0.8, "rows": 400, "reason": ""},
    {"metric": "log_loss", "value": 0.5, "low": 0.45, "high": 0.55, "rows": 400, "reason": ""},
    {"metric": "average_precision", "value": null, "low": null, "high": null, "rows": 400,
     "reason": "too few rows of one class for an interval"}
  ],
  "slices": [
    {"column": "origin", "value": "EWR", "rows": 390, "positives": 125, "supported": true,
     "estimates": [{"metric": "roc_auc", "value": 0.7, "low": 0.6, "high": 0.8, "rows": 390,
                    "reason": ""}]},
    {"column": "origin", "value": null, "rows": 10, "positives": 5, "supported": false,
     "estimates": []}
  ],
  "comparison": {
    "pointer": "production", "generation": 7, "baseline_version": 3,
    "baseline_digest": "sha256:0000000000000000000000000000000000000000000000000000000000000000",
    "rows": 400, "undecided": null,
    "differences": [{"metric": "roc_auc", "value": 0.01, "low": -0.01, "high": 0.03,
                     "rows": 400, "reason": ""}]
  },
  "roc": [{"threshold": 0.5, "false_positive_rate": 0.1, "true_positive_rate": 1}],
  "calibration": [{"rows": 40, "predicted": 0.1, "observed": 0.2, "low": 0.1, "high": 0.3}]
}"""


def test_what_the_first_format_said_is_still_read() -> None:
    found = EvaluationResult.from_json(json.loads(FORMAT_1), pictures={"roc": b"PNG"})
    assert (found.task, found.rows, found.positives) == ("binary", 400, 130)
    assert (found.classes, found.class_rows) == (("False", "True"), (270, 130))
    assert (found.seed, found.resamples, found.less_is_better) == (3, 1000, ("log_loss",))
    assert list(found.metrics) == ["roc_auc", "log_loss", "average_precision"]
    assert found.metrics["roc_auc"] == Estimate(0.75, 0.7, 0.8, rows=400)
    assert "too few rows" in found.metrics["average_precision"].reason
    assert [part.label for part in found.slices] == ["origin EWR", "origin is missing"]
    assert found.slices[0].estimates["roc_auc"].low == 0.6
    assert found.comparison is not None
    assert found.comparison.outcome == "compared"
    assert found.comparison.differences["roc_auc"].high == 0.03
    assert (found.comparison.margins, found.comparison.changes) == ({}, None)
    assert found.roc[0].true_positive_rate == 1
    assert found.calibration[0].rows == 40
    assert found.pictures == {"roc": b"PNG"}
    assert (found.weak_slices, found.fairness, found.data, found.speed) == (None, (), None, None)


def test_the_first_format_is_written_again_as_today_s() -> None:
    found = EvaluationResult.from_json(json.loads(FORMAT_1))
    back = _read(found)
    assert canonical_json(back.to_json()) == canonical_json(found.to_json())
    assert found.to_json()["format"] == "registry_assets/evaluation/2"
    first = json.loads(FORMAT_1)
    bare = EvaluationResult.from_json({**first, "comparison": None, "slices": []})
    assert (bare.comparison, bare.slices) == (None, ())
