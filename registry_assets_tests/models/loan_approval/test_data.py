"""The loan applications, and the checks that guard them."""

import io
from collections.abc import Callable

import pandas as pd
import pytest

from registry_assets.models.loan_approval.data import LOANS, loans, loans_problems


def test_the_table_has_the_documented_columns_and_survives_parquet() -> None:
    frame = loans()
    assert {str(name): str(dtype) for name, dtype in frame.dtypes.items()} == LOANS
    file = io.BytesIO()
    frame.to_parquet(file)
    pd.testing.assert_frame_equal(pd.read_parquet(file), frame)


def test_the_key_is_the_row_in_the_source() -> None:
    assert list(loans()["application"]) == list(range(1989))


def test_approvals_by_race_are_those_of_the_source() -> None:
    found = loans().groupby("race")["approve"].agg(["size", "sum"])
    assert found.T.to_dict("list") == {
        "black": [197, 133],
        "hispanic": [111, 85],
        "white": [1681, 1527],
    }


def test_nothing_known_only_after_the_decision_is_in_the_table() -> None:
    afterwards = {"action", "reject", "typur", "gdlin", "unver", "inson", "review"}
    assert not afterwards & set(loans().columns)


def test_codes_for_unknown_are_missing_values() -> None:
    frame = loans()
    assert frame[["liq", "term"]].isna().sum().to_dict() == {"liq": 9, "term": 4}
    assert (frame["liq"].max(), frame["term"].max()) == (8650, 480)


def test_the_source_is_sound() -> None:
    assert loans_problems(loans()) == []


def test_changing_the_table_does_not_change_the_next_one() -> None:
    before = loans()
    changed = loans()
    changed["approve"] = False
    pd.testing.assert_frame_equal(loans(), before)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda f: f.head(0), "the table has no rows"),
        (lambda f: f.drop(columns="obrat"), "column 'obrat' is missing"),
        (lambda f: f.astype({"approve": "int64"}), "column 'approve': expected bool"),
        (lambda f: pd.concat([f, f.head(1)]), "1 rows repeat the key (application)"),
        (lambda f: f.assign(race="martian"), "'martian' is none of black, hispanic, white"),
        (lambda f: f.assign(race=f["race"].where(f.index > 0)), "column 'race': 1 of 1989"),
        (lambda f: f.assign(liq=1_000_000.0), "column 'liq': 1989 values outside"),
        (lambda f: f.assign(term=999_999.375), "column 'term': 1989 values outside"),
    ],
)
def test_damaged_applications_are_described(
    damage: Callable[[pd.DataFrame], pd.DataFrame], sentence: str
) -> None:
    assert sentence in "\n".join(loans_problems(damage(loans())))
