"""Verdicts on a table: what drifted, what cannot be said, and what people read of it."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from registry_assets.canonical import canonical_json
from registry_assets.declaration.monitoring import Drift
from registry_assets.monitoring.drift import compare, compare_slices
from registry_assets.monitoring.profile import Profile, profile_of, profiles_by
from registry_assets.monitoring.results.drift import ColumnDrift, DriftResult
from registry_assets_tests.evaluation.data.frames import odd, ordinary

RULE = Drift()
REFERENCE = ordinary(5_000, seed=0)


def result_of(current: pd.DataFrame, rule: Drift = RULE) -> DriftResult:
    return compare(profile_of(REFERENCE), profile_of(current), rule=rule)


def column_of(result: DriftResult, name: str) -> ColumnDrift:
    found = result.of(name)
    assert found is not None
    return found


def test_rows_of_the_same_source_pass() -> None:
    result = result_of(ordinary(4_000, seed=1))
    assert (result.outcome, result.drifted, result.compared) == ("passed", 0, 10)
    assert result.sentence == "0 of 10 columns drifted (50.0 % is too many)"
    assert (result.rows_before, result.rows_after, result.share) == (5_000, 4_000, 0)


def test_a_column_that_moved_is_named_with_its_numbers() -> None:
    current = ordinary(4_000, seed=1)
    current["normal"] += 0.5
    result = result_of(current)
    assert result.outcome == "passed"
    assert result.sentence.startswith("1 of 10 columns drifted (50.0 % is too many): normal (Was")
    found = column_of(result, "normal")
    assert found.finding == "drifted"
    assert found.value == pytest.approx(0.5, abs=0.05)
    assert found.adjusted_p is not None
    assert found.adjusted_p < 1e-6
    assert found.before is not None
    assert found.after is not None
    assert found.before.mean == pytest.approx(REFERENCE["normal"].mean(), abs=0.01)
    assert found.after.median == pytest.approx(current["normal"].median(), abs=0.01)
    assert found.outside == pytest.approx(
        (
            (current["normal"] < REFERENCE["normal"].min())
            | (current["normal"] > REFERENCE["normal"].max())
        ).mean(),
        abs=0.001,
    )


def test_too_many_columns_that_moved_fail() -> None:
    current = ordinary(4_000, seed=1)
    for name in ("normal", "skewed", "sometimes", "count", "few"):
        current[name] = current[name] * 2 + 1
    result = result_of(current)
    assert (result.outcome, result.drifted, result.share) == ("failed", 5, 0.5)
    assert result.sentence.startswith("5 of 10 columns drifted (50.0 %, 50.0 % is too many): ")
    assert result.sentence.endswith(" and 2 more")


def test_a_watched_column_that_moved_is_enough() -> None:
    current = ordinary(4_000, seed=1)
    current["normal"] += 0.5
    result = result_of(current, Drift(watch=("normal",)))
    assert result.outcome == "failed"
    assert result.sentence.startswith("normal (Wasserstein 0.4")
    assert "which is watched; 1 of 10 columns drifted" in result.sentence


def test_a_category_that_came_up_is_named_with_its_share() -> None:
    current = ordinary(4_000, seed=1)
    current.loc[current.index % 4 == 0, "text"] = "new"
    found = column_of(result_of(current), "text")
    assert found.drifted
    assert found.unseen == 0.25
    assert found.moved[0].category == "new"
    assert (found.moved[0].before, found.moved[0].after) == (0, 0.25)
    assert len(found.moved) == 5
    assert column_of(result_of(current), "flag").moved[0].category in ("True", "False")


def test_what_was_before_and_is_no_more_is_undecided_and_what_is_new_is_left_out() -> None:
    current = (
        ordinary(4_000, seed=1)
        .drop(columns="normal")
        .assign(skewed="text", count=np.nan, extra=1.0)
    )
    result = result_of(current)
    for name, reason in (
        ("normal", "the table does not have it"),
        ("skewed", "its type changed: it was number and is text"),
        ("count", "no value in 4,000 rows"),
    ):
        found = column_of(result, name)
        assert (found.finding, found.reason, found.value) == ("undecided", reason, None)
    assert column_of(result, "normal").after is None
    assert column_of(result, "extra").finding == "left_out"
    assert column_of(result, "extra").reason == "the reference does not have it"
    assert (result.outcome, result.compared) == ("passed", 10)


def test_what_cannot_be_said_is_undecided_where_it_might_fail() -> None:
    current = ordinary(4_000, seed=1)
    gone = ["normal", "skewed", "sometimes", "count", "few"]
    result = result_of(current.drop(columns=gone))
    assert result.outcome == "undecided"
    assert result.sentence == (
        "0 of 10 columns drifted, and 5 more cannot be said: normal (the table does not have it), "
        "skewed (the table does not have it), sometimes (the table does not have it) and 2 more"
    )
    assert result_of(current.drop(columns="flag")).outcome == "passed"
    assert result_of(current.drop(columns="flag"), Drift(watch=("flag",))).outcome == "undecided"
    never = result_of(current, Drift(watch=("never",)))
    assert never.outcome == "undecided"
    assert "never (the reference does not have it)" in never.sentence
    key = current.assign(text=[f"key {n}" for n in range(len(current))])
    assert result_of(key).outcome == "passed"
    assert result_of(key, Drift(watch=("text",))).outcome == "undecided"


def test_few_rows_and_none_are_undecided() -> None:
    for rows in (0, 99):
        result = result_of(ordinary(rows, seed=1))
        assert (result.outcome, result.drifted) == ("undecided", 0)
        assert "fewer than 100" in result.sentence
    assert result_of(pd.DataFrame()).outcome == "undecided"
    assert compare(Profile(), Profile(), rule=RULE).outcome == "undecided"
    assert compare(Profile(), profile_of(REFERENCE), rule=RULE).outcome == "undecided"


def test_a_sparse_column_is_not_judged_on_a_few_values() -> None:
    current = ordinary(4_000, seed=1)
    current.loc[50:, "normal"] = np.nan
    current["normal"] += 9
    found = column_of(result_of(current), "normal")
    assert (found.finding, found.reason) == ("undecided", "50 values, fewer than 100")


def test_free_text_and_ignored_columns_are_left_out() -> None:
    reference, current = REFERENCE.copy(), ordinary(4_000, seed=1)
    for frame in (reference, current):
        frame["key"] = [f"key {n}" for n in range(len(frame))]
    current["normal"] += 3
    rule = Drift(ignore=("normal",))
    result = compare(profile_of(reference), profile_of(current), rule=rule)
    assert column_of(result, "key").reason == "free text or a key: 4,000 values in 4,000 rows"
    assert column_of(result, "normal").reason == "not to be looked at"
    assert {column_of(result, name).finding for name in ("key", "normal")} == {"left_out"}
    assert (result.outcome, result.compared) == ("passed", 9)


def test_a_distance_by_chance_is_no_drift() -> None:
    beyond = alarms = 0
    for seed in range(20):
        result = result_of(ordinary(110, seed=100 + seed))
        beyond += sum((each.value or 0) >= 0.1 for each in result.columns)
        alarms += result.drifted
    assert beyond > 40
    assert alarms <= 3


@pytest.mark.parametrize("rows", [0, 1, 7, 300])
def test_every_odd_column_is_a_finding_and_comes_back_from_json(rows: int) -> None:
    before, after = odd(rows), odd(rows, seed=1)
    result = compare(profile_of(before), profile_of(after), rule=Drift(min_rows=2))
    assert len(result.columns) == before.shape[1]
    for each in result.columns:
        assert (each.value is None) is bool(each.reason), each.column
    again = DriftResult.from_json(json.loads(canonical_json(result.to_json())))
    assert again == result


def test_the_order_of_rows_and_of_portions_does_not_change_a_verdict() -> None:
    current = ordinary(6_000, seed=1)
    current["normal"] += 0.1
    mixed = current.sample(frac=1, random_state=0)
    parts = [mixed.head(100), mixed.tail(5_900)]
    first = result_of(current)
    second = compare(profile_of(REFERENCE), profile_of(parts), rule=RULE)
    assert canonical_json(first.to_json()) == canonical_json(second.to_json())


def test_slices_are_compared_each_with_its_own() -> None:
    current = ordinary(6_000, seed=1)
    current.loc[current["category"] == "a", "normal"] += 1
    current["text"] = current["text"].where(current.index % 9 != 0, "new")
    by = ("category", "text", "never")
    _, before = profiles_by(REFERENCE, by=by)
    _, after = profiles_by(current, by=by)
    found = {(each.column, each.value): each for each in compare_slices(before, after, rule=RULE)}
    moved = {
        value: each.result is not None and column_of(each.result, "normal").drifted
        for (column, value), each in found.items()
        if column == "category"
    }
    assert moved == {"a": True, "b": False, "c": False}
    assert found["text", "new"].reason == "the reference has no such rows"
    assert found["never", ""].reason == "the table does not have it"
    assert found["text", "a"].result is not None
    assert found["text", "a"].result.rule["alpha"] == pytest.approx(0.05 / 11)


def test_a_newer_format_is_refused() -> None:
    from registry_assets.errors import RegistryError

    document = {**result_of(ordinary(200, seed=1)).to_json(), "format": "registry_assets/drift/9"}
    with pytest.raises(RegistryError, match="upgrade registry_assets"):
        DriftResult.from_json(document)


def test_predictions_are_compared_under_a_threshold_of_their_own() -> None:
    before = pd.DataFrame({"prediction": np.random.default_rng(0).beta(2, 5, 9_000)})
    after = before.head(5_000) + 0.02
    rule = replace(RULE, threshold=0.3)
    assert compare(profile_of(before), profile_of(after), rule=RULE).outcome == "failed"
    assert compare(profile_of(before), profile_of(after), rule=rule).outcome == "passed"
