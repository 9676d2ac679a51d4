"""The loan features are row-wise and blind to race; the estimator can be shipped."""

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.metrics import roc_auc_score

from registry_assets.models.loan_approval.data import loans
from registry_assets.models.loan_approval.features import FEATURES, make_features, train
from registry_assets.packaging.closure import code_closure

PARAMS = {"n_estimators": 30, "min_samples_leaf": 10, "random_state": 0}
LOANS = loans()
ALL = make_features(LOANS)


def test_there_is_one_row_of_numbers_per_application_in_order() -> None:
    assert isinstance(ALL.index, pd.RangeIndex)
    assert list(ALL.columns) == list(FEATURES)
    assert set(map(str, ALL.dtypes)) == {"float64"}
    assert list(ALL["loanamt"]) == list(LOANS["loanamt"])


def test_an_application_alone_has_the_features_it_has_among_others() -> None:
    gaps = ALL.isna().any(axis=1).to_numpy().nonzero()[0]
    for row in [*range(0, len(ALL), 200), *gaps]:
        alone = make_features(LOANS.iloc[[row]])
        pd.testing.assert_frame_equal(alone, ALL.iloc[[row]].reset_index(drop=True))


def test_applications_typed_in_by_hand_are_scored_like_stored_ones() -> None:
    typed = pd.DataFrame(LOANS.head(3).to_dict("records"))
    pd.testing.assert_frame_equal(make_features(typed), ALL.head(3))


def test_race_decision_and_key_have_no_influence() -> None:
    bare = LOANS.drop(columns=["race", "approve", "application"])
    pd.testing.assert_frame_equal(make_features(bare), ALL)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(KeyError, match="obrat"):
        make_features(LOANS.drop(columns="obrat"))


def test_the_model_orders_unseen_applications_better_than_chance() -> None:
    held = LOANS["application"] % 3 == 0
    fitted = train(ALL[~held], LOANS["approve"][~held], PARAMS)
    scores = fitted.predict_proba(ALL[held])[:, 1]
    assert roc_auc_score(LOANS["approve"][held], scores) > 0.68


def test_the_estimator_is_stored_with_scikit_learn_types_only_and_reads_back_equal() -> None:
    fitted = train(ALL, LOANS["approve"], PARAMS)
    stored = skops.io.dumps(fitted)
    types = skops.io.get_untrusted_types(data=stored)
    assert all(name.startswith("sklearn.") for name in types), types
    read = skops.io.loads(stored, trusted=types)
    np.testing.assert_array_equal(read.predict_proba(ALL), fitted.predict_proba(ALL))
    assert list(read.classes_) == [False, True]


def test_training_twice_gives_the_same_model() -> None:
    first, second = (train(ALL, LOANS["approve"], PARAMS).predict_proba(ALL) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_package_needs_this_one_file_of_ours() -> None:
    closure = code_closure(make_features, train)
    assert [file.path for file in closure.files] == [
        "registry_assets/models/loan_approval/features.py"
    ]
    assert set(closure.distributions) == {"pandas", "scikit-learn"}
