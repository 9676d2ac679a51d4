"""Rows that nobody would wish for: nothing raises, and no gate passes on what is not defined."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry_assets.canonical import canonical_json
from registry_assets.declaration.gates import (
    AtLeast,
    AtMost,
    BetterThanProduction,
    CalibrationAtMost,
    FairnessAtMost,
    Gate,
    LatencyAtMost,
    LatencyNotWorse,
    NoLeakage,
    NotWorseThanProduction,
    SizeAtMost,
    SliceFloor,
    SliceGap,
)
from registry_assets.declaration.metrics import METRICS, Task
from registry_assets.declaration.slicing import Bins, Where
from registry_assets.evaluation.results import Estimate, EvaluationResult
from registry_assets.evaluation.scored import Outcomes, Predictions, Scored
from registry_assets_tests.evaluation.plans import evaluated, frame
from registry_assets_tests.evaluation.rows import (
    binary,
    measures,
    multiclass,
    regression,
    synthetic,
)

NAN, INF = math.nan, math.inf
ROWS = 60
Y = np.arange(ROWS) % 2
P = np.linspace(0.1, 0.9, ROWS)
CLASSES = ("a", "b", "c")


def _three(y: Any = None, **more: Any) -> Scored:
    y = np.arange(ROWS) % 3 if y is None else np.asarray(y)
    p = np.random.default_rng(0).dirichlet(np.ones(3), len(y))
    return multiclass(y, p, classes=CLASSES, **more)


def _instead(scored: Scored, bad: float, *, every: int) -> Scored:
    """Put a bad number into the predictions of some rows."""
    predicted = scored.predictions.predicted.astype(np.float64)
    if scored.outcomes.task == "regression":
        predicted[::every] = bad
        return Scored(scored.outcomes, Predictions(predicted))
    p = scored.probabilities.copy()
    p[::every] = bad
    return Scored(scored.outcomes, Predictions(scored.predictions.predicted, p))


def _text() -> Scored:
    outcomes = Outcomes.of_labels("binary", ["no", "yes", "?"] * 20, classes=("no", "yes"))
    p = np.column_stack([1 - P, P])
    said = np.array(["no", "yes"])[(P > 0.5).astype(int)]
    predictions = Predictions.of_labels(said, p, known=("no", "yes"), classes=("no", "yes"))
    return Scored(outcomes, predictions)


# Which metrics of these rows are defined: all, none, or of some it does not matter here.
CASES: Mapping[str, tuple[Callable[[], Scored], str]] = {
    "no rows": (lambda: binary([], []), "none"),
    "one row": (lambda: binary([1], [0.4]), "none"),
    "two rows": (lambda: binary([0, 1], [0.4, 0.6]), "some"),
    "only positives": (lambda: binary(Y * 0 + 1, P), "some"),
    "only negatives": (lambda: binary(Y * 0, P * 0 + 0.4), "some"),
    "one positive": (lambda: binary(np.arange(ROWS) == 3, P), "some"),
    "NaN scores": (lambda: _instead(binary(Y, P), NAN, every=2), "none"),
    "infinite scores": (lambda: _instead(binary(Y, P), INF, every=7), "none"),
    "scores that are no probabilities": (lambda: _instead(binary(Y, P), 7.0, every=7), "none"),
    "constant scores": (lambda: binary(Y, P * 0 + 0.3), "some"),
    "certain scores": (lambda: binary(Y, Y), "some"),
    "certain and wrong scores": (lambda: binary(Y, 1 - Y), "some"),
    "an unseen text label": (_text, "none"),
    "some zero weights": (lambda: binary(Y, P, weight=np.arange(ROWS) % 3), "all"),
    "zero weights of all positives": (lambda: binary(Y, P, weight=1 - Y), "some"),
    "only zero weights": (lambda: binary(Y, P, weight=Y * 0), "none"),
    "negative weights": (lambda: binary(Y, P, weight=Y - 0.5), "none"),
    "missing weights": (lambda: binary(Y, P, weight=np.where(Y, NAN, 1)), "none"),
    "immense weights": (lambda: binary(Y, P, weight=Y * 1e300 + 1), "none"),
    "tiny weights": (lambda: binary(Y, P, weight=Y * 0 + 1e-300), "some"),
    "no row of three classes": (lambda: _three([]), "none"),
    "one row of three classes": (lambda: _three([2]), "none"),
    "one class of three": (lambda: _three(Y * 0 + 1), "some"),
    "a class of three that does not occur": (lambda: _three(Y), "some"),
    "an unseen class of three": (lambda: _three(np.where(Y, -1, 0)), "none"),
    "NaN scores of three classes": (lambda: _instead(_three(), NAN, every=9), "none"),
    "a class of three without weight": (lambda: _three(weight=np.arange(ROWS) % 3), "some"),
    "no number": (lambda: regression([], []), "none"),
    "one number": (lambda: regression([3.0], [4.0]), "none"),
    "a constant target": (lambda: regression(P * 0 + 5, P), "some"),
    "a constant prediction": (lambda: regression(P, P * 0 + 0.5), "all"),
    "a perfect prediction": (lambda: regression(P, P), "all"),
    "a target of zeros": (lambda: regression(P * 0, P * 0), "some"),
    "a missing target": (lambda: regression(np.where(Y, NAN, P), P), "none"),
    "an infinite prediction": (lambda: _instead(regression(P, P), -INF, every=9), "none"),
    "immense numbers": (lambda: regression(P * 1e200, -P * 1e200), "none"),
    "numbers of which nothing but weightless ones": (
        lambda: regression(P, P, weight=Y * 0),
        "none",
    ),
}


def _evaluated(scored: Scored) -> EvaluationResult:
    rows = frame(scored.rows)
    slices = (
        "carrier",
        "nothing",
        Bins("gust", 3),
        Where("nobody", "distance < 0"),
        Where("the first", lambda rows: np.arange(len(rows)) == 0),
    )
    return evaluated(scored, rows=rows, slices=slices, min_slice_rows=1, baseline=_other(scored))


def _other(scored: Scored) -> Predictions:
    usable = synthetic(scored.outcomes.task, scored.rows, seed=5)
    if scored.outcomes.task == "multiclass":
        p = np.full((scored.rows, 3), 1 / 3)
        return Predictions(p.argmax(axis=1), p)
    return usable.predictions


def _gates(task: Task) -> Iterator[tuple[Gate, str]]:
    """Every kind of gate, as lenient as can be, and the metric it reads."""
    for each in measures(task):
        name = each.name
        if each.greater_is_better:
            yield AtLeast(name, -1e300), name
            yield AtLeast(name, -1e300, bound="low"), name
            yield SliceFloor(name, by="nobody", floor=-1e300), ""
        else:
            yield AtMost(name, 1e300), name
            yield AtMost(name, 1e300, bound="high"), name
        yield NotWorseThanProduction(name, margin=1e300), name
        yield BetterThanProduction(name), name
        yield SliceGap(name, by="carrier", limit=1e300), ""
    if task != "regression":
        yield CalibrationAtMost(0.999), "calibration_error"
        yield CalibrationAtMost(0.999, bound="high"), "calibration_error"


NEVER: tuple[Gate, ...] = (
    LatencyAtMost("p95", 1e9),
    LatencyNotWorse("p95", margin=1e9),
    SizeAtMost(1e9),
    NoLeakage(shared=0.99),
)


def _estimates(found: EvaluationResult) -> Iterator[tuple[str, Estimate]]:
    yield from found.metrics.items()
    for part in found.slices:
        yield from part.estimates.items()
    for each in found.fairness:
        yield from each.disparities.items()
        for group in each.groups:
            yield from group.rates.items()
    assert found.comparison is not None
    yield from found.comparison.differences.items()
    yield from found.comparison.baseline.items()


@pytest.mark.parametrize("case", CASES)
def test_hostile_rows_give_finite_json_and_nothing_that_passes_undefined(case: str) -> None:
    make, defined = CASES[case]
    scored = make()
    found = _evaluated(scored)

    stored = canonical_json(found.to_json())
    back = EvaluationResult.from_json(json.loads(stored), pictures=found.pictures)
    assert canonical_json(back.to_json()) == stored
    assert all(len(picture) < 50_000 for picture in found.pictures.values())
    for name, each in _estimates(found):
        assert each.defined or (each.reason and math.isnan(each.value)), name
        assert not each.defined or each.low <= each.high, name

    built_in = {name: each for name, each in found.metrics.items() if name in METRICS}
    if defined != "some":
        assert {each.defined for each in built_in.values()} == {defined == "all"}

    for gate, name in _gates(scored.outcomes.task):
        judged = gate.judge(found)
        assert judged.why
        if name and not found.metrics[name].defined:
            assert judged.outcome != "passed", gate.name
        assert judged.outcome != "passed" or judged.value is not None
    for gate in NEVER:
        assert gate.judge(found).outcome != "passed"
    for groups in found.fairness:
        for measure in ("demographic_parity_difference", "equalized_odds_difference"):
            judged = FairnessAtMost(measure, by=groups.by, limit=0.999).judge(found)
            assert (judged.outcome == "passed") <= groups.disparities[measure].defined


def test_a_slice_of_no_row_or_of_one_has_no_number_and_does_not_pass() -> None:
    found = _evaluated(binary(Y, P))
    parts = {part.label: part for part in found.slices}
    assert (parts["nobody"].rows, parts["nobody"].supported) == (0, False)
    assert (parts["the first"].rows, parts["the first"].supported) == (1, True)
    for by in ("nobody", "the first"):
        assert SliceFloor("roc_auc", by=by, floor=-1e9).judge(found).outcome == "failed"
        assert SliceGap("roc_auc", by=by, limit=1e9).judge(found).outcome == "failed"
    assert parts["nothing is missing"].rows == ROWS


def test_an_empty_group_is_no_group_and_a_group_of_one_class_proves_nothing() -> None:
    rows = frame(ROWS).assign(race=pd.Categorical(["x"] * ROWS, categories=["x", "y"]))
    found = evaluated(binary(Y, P), rows=rows, slices=())
    by_race = {each.by: each for each in found.fairness}["race"]
    assert [each.group for each in by_race.groups] == ["x"]
    gate = FairnessAtMost("equalized_odds_difference", by="race", limit=0.9)
    assert gate.judge(found).outcome == "failed"
    rows = frame(ROWS).assign(race=np.where(Y, "x", "y"))
    apart = evaluated(binary(Y, P), rows=rows, slices=())
    assert gate.judge(apart).outcome == "failed"


def _odd_columns() -> dict[str, Any]:
    mixed: list[Any] = [1, "a", None, 2.5, (1, 2), [3], {"b": 4}, b"c", NAN, INF]
    times = pd.date_range("2020-01-01", periods=ROWS)
    return {
        "mixed": pd.Series(mixed * 6, dtype="object"),
        "naive": pd.Series(times),
        "aware": pd.Series(times.tz_localize("America/New_York")),
        "maybe": pd.Series([1, None] * 30, dtype="Int64"),
        "truth": pd.Series([True, None] * 30, dtype="boolean"),
        "text": pd.Series(["", "a\x00b", "é" * 500] * 20, dtype="str"),
        "days": pd.Series(pd.to_timedelta(np.arange(ROWS), unit="D")),
        "complex": pd.Series(np.arange(ROWS) * 1j),
        "category": pd.Categorical([3, 1] * 30, categories=[3, 2, 1]),
        "infinite": pd.Series([INF, -INF, NAN] * 20),
        "constant": 1,
    }


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_columns_of_any_kind_are_sliced_by_searched_and_shown(task: Task) -> None:
    columns = _odd_columns()
    rows = pd.DataFrame(columns)
    rows.columns = pd.Index([*rows.columns[:-1], 7])
    rows = pd.concat([rows, pd.DataFrame({7: range(ROWS), None: range(ROWS)})], axis=1)
    names = tuple(name for name in columns if name != "constant")
    scored = synthetic(task, ROWS, seed=0)
    found = evaluated(scored, rows=rows, slices=names, min_slice_rows=5, fairness=None)
    assert canonical_json(found.to_json())
    for name in names:
        parts = [part for part in found.slices if part.column == name]
        assert sum(part.rows for part in parts) == ROWS, name
