"""The whole evaluation: what it holds, that it is stored and read back, and what breaks it not."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from registry_assets.canonical import canonical_json
from registry_assets.declaration.evaluation import Evaluation
from registry_assets.errors import DataUnusable, RegistryError
from registry_assets.evaluation.comparison import Baseline
from registry_assets.evaluation.results import Estimate, EvaluationResult
from registry_assets.evaluation.scoring import FloatArray
from registry_assets.evaluation.suite import evaluate
from registry_assets_tests.evaluation.rows import METRICS, bernoulli

PLAN = Evaluation(
    metrics=("roc_auc", "log_loss", "average_precision"),
    slices=("carrier", "origin"),
    resamples=100,
    min_slice_rows=50,
)


def _frame(rows: int) -> pd.DataFrame:
    carriers = ["AA", "UA", "DL", None, "HA"]
    return pd.DataFrame(
        {
            "carrier": pd.Series([carriers[i % 5] for i in range(rows)], dtype="str"),
            "origin": pd.Series([("EWR", "LGA")[i % 2] for i in range(rows)], dtype="category"),
        }
    )


def _production(p: FloatArray) -> Baseline:
    return Baseline("production", generation=2, version=1, digest="sha256:" + "a" * 64, p=p)


def _evaluation(rows: int = 400) -> EvaluationResult:
    y, p = bernoulli(rows, seed=0)
    baseline = _production(p**2)
    return evaluate(y=y, p=p, frame=_frame(rows), suite=PLAN, baseline=baseline)


def test_an_evaluation_holds_all_that_the_plan_asks_for() -> None:
    found = _evaluation()
    y, _ = bernoulli(400, seed=0)
    assert (found.rows, found.positives) == (400, y.sum())
    assert list(found.metrics) == list(PLAN.metrics)
    assert [part.label for part in found.slices] == [
        "carrier AA", "carrier DL", "carrier HA", "carrier UA", "carrier is missing",
        "origin EWR", "origin LGA",
    ]  # fmt: skip
    assert found.comparison is not None
    assert found.comparison.outcome == "compared"
    assert set(found.pictures) == {"roc", "calibration"}
    assert found.roc
    assert found.calibration


def test_an_evaluation_is_read_back_from_canonical_json_as_it_was_stored() -> None:
    found = _evaluation()
    stored = json.loads(canonical_json(found.to_json()))
    back = EvaluationResult.from_json(stored, pictures=found.pictures)
    assert back == found
    assert list(back.metrics) == list(PLAN.metrics)


def test_a_permuted_row_order_changes_nothing() -> None:
    y, p = bernoulli(400, seed=0)
    order = np.random.default_rng(1).permutation(400)
    shuffled = evaluate(
        y=y[order],
        p=p[order],
        frame=_frame(400).iloc[order],
        suite=PLAN,
        baseline=_production((p**2)[order]),
    )
    assert shuffled == _evaluation()


def test_the_candidates_own_intervals_do_not_depend_on_a_baseline() -> None:
    y, p = bernoulli(400, seed=0)
    alone = evaluate(y=y, p=p, frame=_frame(400), suite=PLAN)
    assert alone.comparison is None
    assert alone.metrics == _evaluation().metrics


def test_the_first_version_has_nothing_to_compare_with() -> None:
    y, p = bernoulli(400, seed=0)
    baseline = Baseline.absent(pointer="production")
    found = evaluate(y=y, p=p, frame=_frame(400), suite=PLAN, baseline=baseline)
    assert found.comparison is not None
    assert found.comparison.outcome == "no_baseline"


HOSTILE = {
    "empty": ([], []),
    "one row": ([1], [0.4]),
    "only positives": ([1] * 120, [0.4] * 120),
    "only negatives": ([0] * 120, [0.4] * 120),
    "NaN scores": ([0, 1] * 60, [0.4, math.nan] * 60),
    "infinite scores": ([0, 1] * 60, [0.4, math.inf] * 60),
    "scores that are no probabilities": ([0, 1] * 60, [-3.0, 7.0] * 60),
    "three classes": ([0, 1, 2] * 40, [0.1, 0.5, 0.9] * 40),
    "one positive": ([1] + [0] * 119, [0.5] * 120),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_rows_give_finite_json_and_no_metric_that_could_pass(case: str) -> None:
    y, p = (np.array(values) for values in HOSTILE[case])
    found = evaluate(
        y=y,
        p=p.astype(np.float64),
        frame=_frame(len(y)),
        suite=PLAN,
        baseline=_production(np.full(len(y), 0.3)),
    )
    stored = json.loads(json.dumps(found.to_json(), allow_nan=False))
    back = EvaluationResult.from_json(stored, pictures=found.pictures)
    assert back.to_json() == found.to_json()
    assert found.metrics["roc_auc"].reason
    assert not found.metrics["roc_auc"].value >= 0
    assert not found.metrics["roc_auc"].low >= -1


def test_rows_that_do_not_match_are_refused() -> None:
    y, p = bernoulli(40, seed=0)
    with pytest.raises(DataUnusable, match=r"a frame of 39 rows"):
        evaluate(y=y, p=p, frame=_frame(39), suite=PLAN)
    with pytest.raises(DataUnusable, match=r"scores of shape \(40, 2\)"):
        evaluate(y=y, p=np.column_stack([1 - p, p]), frame=_frame(40), suite=PLAN)


def test_absent_slice_columns_are_all_named() -> None:
    y, p = bernoulli(40, seed=0)
    frame = _frame(40).rename(columns={"carrier": "airline", "origin": "airport"})
    with pytest.raises(DataUnusable, match=r"no column carrier, origin .* has airline, airport"):
        evaluate(y=y, p=p, frame=frame, suite=PLAN)


def test_an_evaluation_of_an_unknown_format_is_refused() -> None:
    newer = {**_evaluation().to_json(), "format": "registry_assets/evaluation/2"}
    with pytest.raises(RegistryError, match="upgrade registry_assets"):
        EvaluationResult.from_json(newer)


def test_an_estimate_is_whole_or_undefined() -> None:
    with pytest.raises(ValueError, match="without a reason"):
        Estimate(math.nan, 0.1, 0.2, rows=3)
    with pytest.raises(ValueError, match="has numbers"):
        Estimate(0.1, 0.1, 0.2, rows=3, reason="none")


def test_every_known_metric_is_part_of_these_tests() -> None:
    assert set(PLAN.metrics) == set(METRICS)
