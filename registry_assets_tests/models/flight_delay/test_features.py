"""The flight features are row-wise and stable in type; the estimator can be shipped."""

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.metrics import roc_auc_score

from registry_assets.models.flight_delay import data
from registry_assets.models.flight_delay.features import FEATURES, make_features, train
from registry_assets.packaging.closure import code_closure

PARAMS = {"max_iter": 30, "learning_rate": 0.1, "max_leaf_nodes": 15, "random_state": 0}
FLIGHTS = data.flights("2013-04").drop(columns="late")
WEATHER = data.weather("2013-04")
PLANES = data.planes()
MONTH = make_features(FLIGHTS, WEATHER, PLANES)


def test_there_is_one_row_per_flight_in_order() -> None:
    assert isinstance(MONTH.index, pd.RangeIndex)
    assert len(MONTH) == len(FLIGHTS)
    for column in ("carrier", "origin", "dest"):
        pd.testing.assert_series_equal(MONTH[column], FLIGHTS[column])
    assert {str(name): str(dtype) for name, dtype in MONTH.dtypes.items()} == FEATURES


def test_a_flight_alone_has_the_features_it_has_in_its_month() -> None:
    gaps = MONTH["temp"].isna(), MONTH["plane_seats"].isna(), MONTH["plane_age"].isna()
    rows = [*range(0, len(MONTH), 1500), *(int(gap.to_numpy().nonzero()[0][0]) for gap in gaps)]
    for row in rows:
        alone = make_features(FLIGHTS.iloc[[row]], WEATHER, PLANES)
        pd.testing.assert_frame_equal(alone, MONTH.iloc[[row]].reset_index(drop=True))


def test_no_flights_give_no_rows_of_the_same_types() -> None:
    pd.testing.assert_frame_equal(make_features(FLIGHTS.head(0), WEATHER, PLANES), MONTH.head(0))


def test_flights_typed_in_by_hand_are_scored_like_stored_ones() -> None:
    typed = pd.DataFrame(FLIGHTS.head(3).to_dict("records"))
    pd.testing.assert_frame_equal(make_features(typed, WEATHER, PLANES), MONTH.head(3))


def test_target_order_index_and_further_columns_have_no_influence() -> None:
    some = FLIGHTS.head(50)
    disturbed = some.assign(late=True, temp=-1.0, seats=0)[::-1]
    found = make_features(disturbed, WEATHER, PLANES)
    pd.testing.assert_frame_equal(found[::-1].reset_index(drop=True), MONTH.head(50))


def test_unknown_weather_and_aircraft_leave_gaps_and_the_flight() -> None:
    found = make_features(FLIGHTS.head(5), WEATHER.head(0), PLANES.head(0))
    gaps = ["temp", "wind_speed", "visib", "plane_age", "plane_seats"]
    assert found[gaps].isna().all(axis=None)
    pd.testing.assert_frame_equal(
        found[["carrier", "distance"]], MONTH[["carrier", "distance"]].head(5)
    )
    assert {str(name): str(dtype) for name, dtype in found.dtypes.items()} == FEATURES


def test_a_repeated_key_is_refused_rather_than_multiplying_flights() -> None:
    with pytest.raises(pd.errors.MergeError):
        make_features(FLIGHTS, pd.concat([WEATHER, WEATHER.head(1)]), PLANES)
    with pytest.raises(pd.errors.MergeError):
        make_features(FLIGHTS, WEATHER, pd.concat([PLANES, PLANES.head(1)]))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(KeyError, match="sched_arr_time"):
        make_features(FLIGHTS.drop(columns="sched_arr_time"), WEATHER, PLANES)


def test_clocks_become_minutes_also_over_midnight() -> None:
    flight = FLIGHTS.head(1).assign(
        year=2013, month=4, day=7, sched_dep_time=2359, sched_arr_time=344
    )
    found = make_features(flight, WEATHER, PLANES).iloc[0]
    assert found["dep_minute"] == 23 * 60 + 59
    assert found["sched_minutes"] == 3 * 60 + 45
    assert found["weekday"] == 6  # a Sunday


def test_the_model_orders_the_next_month_better_than_chance() -> None:
    months = ["2013-05", "2013-06"]
    may, june = (make_features(data.flights(m), data.weather(m), PLANES) for m in months)
    fitted = train(may, data.flights("2013-05")["late"], PARAMS)
    scores = fitted.predict_proba(june)[:, 1]
    assert roc_auc_score(data.flights("2013-06")["late"], scores) > 0.65


def test_the_estimator_is_stored_with_scikit_learn_types_only_and_reads_back_equal() -> None:
    target = data.flights("2013-04")["late"]
    fitted = train(MONTH, target, PARAMS)
    stored = skops.io.dumps(fitted)
    types = skops.io.get_untrusted_types(data=stored)
    assert all(name.startswith("sklearn.") for name in types), types
    read = skops.io.loads(stored, trusted=types)
    np.testing.assert_array_equal(read.predict_proba(MONTH), fitted.predict_proba(MONTH))
    assert list(read.classes_) == [False, True]


def test_a_carrier_or_destination_never_seen_is_scored() -> None:
    fitted = train(MONTH, data.flights("2013-04")["late"], PARAMS)
    strange = MONTH.head(2).assign(carrier="ZZ", dest="XXX")
    assert np.isfinite(fitted.predict_proba(strange)).all()


def test_training_twice_gives_the_same_model() -> None:
    target = data.flights("2013-04")["late"]
    first, second = (train(MONTH, target, PARAMS).predict_proba(MONTH) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_parameter_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TypeError, match="trees"):
        train(MONTH, data.flights("2013-04")["late"], {"trees": 3})


def test_a_package_needs_this_one_file_of_ours() -> None:
    closure = code_closure(make_features, train)
    assert [file.path for file in closure.files] == [
        "registry_assets/models/flight_delay/features.py"
    ]
    assert set(closure.distributions) == {"numpy", "pandas", "scikit-learn"}
