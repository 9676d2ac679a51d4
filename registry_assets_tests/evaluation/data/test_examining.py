"""All of it in one call: consistent with its parts, and with no data that it cannot stand."""

import dataclasses
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry_assets.evaluation.data.examining import examine_data
from registry_assets.evaluation.results.data import DataResult
from registry_assets.packaging.signature import Task, columns_of
from registry_assets_tests.evaluation.data.frames import odd, ordinary
from registry_assets_tests.sometimes import some


def _strict_json(result: DataResult) -> str:
    return json.dumps(dataclasses.asdict(result), allow_nan=False)


def test_every_part_finds_what_was_planted() -> None:
    training, holdout = ordinary(1500, seed=0), ordinary(800, seed=1)
    y, y_holdout = training["normal"] > 1, holdout["normal"] > 1
    expected = columns_of(training.drop(columns="flag"))
    holdout = pd.concat([holdout, training.head(7)], ignore_index=True)
    y_holdout = pd.concat([y_holdout, y.head(7)], ignore_index=True)
    holdout["skewed"] *= 2
    found = examine_data(
        training,
        y,
        holdout,
        y_holdout,
        task="binary",
        classes=(False, True),
        expected=expected,
        ignore=["skewed"],
    )
    assert found.shared is not None
    assert found.shared.shared == 7
    assert found.deciding == ("normal",)
    assert found.drifted == ("skewed",)
    assert found.schema == ("flag (bool) is not expected.",)
    assert found.balance is not None
    assert [each.training for each in found.balance.classes] == [(~y).sum(), y.sum()]
    assert [each.column for each in found.columns] == list(training)
    assert found.reasons == {}
    assert (found.training_sample, found.holdout_sample) == (1500, 807)


def test_the_order_of_the_rows_changes_nothing_but_where_examples_stand() -> None:
    training, holdout = ordinary(900, seed=0), ordinary(700, seed=1)
    mixed = np.random.default_rng(0).permutation(900)
    options: dict[str, Any] = {"task": "regression", "max_rows": 400}
    once = examine_data(training, training["count"], holdout, holdout["count"], **options)
    turned = training.take(mixed)
    again = examine_data(turned, turned["count"], holdout[::-1], holdout["count"][::-1], **options)
    assert dataclasses.replace(once, shared=None) == dataclasses.replace(again, shared=None)
    assert once.training_sample == once.holdout_sample == 400


def test_without_a_signature_the_schema_is_absent_for_a_reason() -> None:
    frame = ordinary(50, seed=0)
    found = examine_data(frame, frame["flag"], frame, frame["flag"], task="binary")
    assert found.reasons == {"schema": "the model's columns are not recorded"}


@pytest.mark.parametrize("task", some(["binary", "multiclass", "regression"], always=["binary"]))
@pytest.mark.parametrize(("rows", "others"), [(0, 0), (1, 0), (0, 1), (1, 1), (60, 60)])
def test_no_data_raises_and_all_that_is_said_is_json(task: Task, rows: int, others: int) -> None:
    training, holdout = odd(60).head(rows), odd(60, seed=1).head(others)
    for target in ("mixed", "all None", "constant", "huge", "maybe", "string", "zones"):
        found = examine_data(
            training,
            training[target],
            holdout,
            holdout[target],
            task=task,
            classes=("a", "b"),
            expected=columns_of(holdout),
        )
        assert set(found.reasons) == set()
        assert len(found.drift) == len(found.power) == len(found.columns) == odd(1).shape[1]
        _strict_json(found)


def test_frames_without_columns_say_so() -> None:
    empty = pd.DataFrame(index=range(3))
    found = examine_data(empty, [1, 2, 3], empty, [1, 2, 3], task="regression")
    assert found.shared is not None
    assert found.shared.reason
    assert (found.power, found.drift, found.columns) == ((), (), ())


def test_targets_that_are_not_one_a_row_are_refused() -> None:
    frame = ordinary(5, seed=0)
    with pytest.raises(ValueError, match="training has 5 rows and 4 targets"):
        examine_data(frame, [1] * 4, frame, [1] * 5, task="binary")


def test_stored_values_are_read_without_a_numeric_library() -> None:
    program = (
        "import sys; import registry_assets.evaluation.results.data;"
        "print([n for n in ('numpy', 'pandas', 'sklearn', 'scipy') if n in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert answer.stdout.strip() == b"[]"
