"""What the flight delay model sees of a flight, and how it is trained.

This file is packaged with every version and runs wherever the model does: it imports the
model's own libraries and nothing else. Where its tables come from is in `data.py`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

FEATURES = {
    "carrier": "str",
    "origin": "str",
    "dest": "str",
    "weekday": "int64",
    "dep_minute": "int64",
    "sched_minutes": "int64",
    "distance": "float64",
    "temp": "float64",
    "dewp": "float64",
    "humid": "float64",
    "wind_dir": "float64",
    "wind_speed": "float64",
    "wind_gust": "float64",
    "precip": "float64",
    "pressure": "float64",
    "visib": "float64",
    "plane_age": "float64",
    "plane_seats": "float64",
}
_FLIGHT = [
    *("year", "month", "day", "sched_dep_time", "sched_arr_time"),
    *("carrier", "tailnum", "origin", "dest", "distance", "time_hour"),
]
_WEATHER = [
    *("origin", "time_hour", "temp", "dewp", "humid", "wind_dir", "wind_speed"),
    *("wind_gust", "precip", "pressure", "visib"),
]


def make_features(
    flights: pd.DataFrame, weather: pd.DataFrame, planes: pd.DataFrame
) -> pd.DataFrame:
    """Give one row of features per flight, in the flights' order.

    Each row depends on its own flight alone, so a flight scored by itself gets the very
    features it would have in a month of them. Weather or aircraft that are not known are
    missing values, and no reason to drop the flight.

    - carrier, origin, dest: codes
    - weekday: 0 is Monday; dep_minute: minutes since midnight
    - sched_minutes: scheduled arrival minus departure by the local clocks, 0 to 1439; the
      time zone's part is constant for a destination
    - distance: miles; temp … visib: weather in the hour of departure, units as in the source
    - plane_age: years; plane_seats: count

    Raises:
        KeyError: a column is missing.
        pandas.errors.MergeError: weather or planes repeat a key.
    """
    aircraft = planes[["tailnum", "year", "seats"]].rename(
        columns={"year": "plane_year", "seats": "plane_seats"}
    )
    # many_to_one: a repeated key would silently turn one flight into two.
    rows = (
        flights[_FLIGHT]
        .merge(weather[_WEATHER], on=["origin", "time_hour"], how="left", validate="many_to_one")
        .merge(aircraft, on="tailnum", how="left", validate="many_to_one")
    )
    departure = _minutes(rows["sched_dep_time"])
    arrival = _minutes(rows["sched_arr_time"])
    features = rows.assign(
        weekday=pd.to_datetime(rows[["year", "month", "day"]]).dt.dayofweek,
        dep_minute=departure,
        sched_minutes=(arrival - departure) % (24 * 60),
        plane_age=rows["year"] - rows["plane_year"],
    )
    # A column of counts turns float where a join left a gap, and stays int where it did
    # not: without fixed types one flight alone would look unlike a month of them.
    return features[list(FEATURES)].astype(FEATURES)


def train(features: pd.DataFrame, target: pd.Series, params: Mapping[str, Any]) -> Pipeline:
    """Fit gradient-boosted trees that tell the probability of arriving late.

    Args:
        features: as `make_features` gives them.
        target: bool, one value per row.
        params: arguments of HistGradientBoostingClassifier; a wrong name is refused there.
    """
    text = [name for name, dtype in FEATURES.items() if dtype == "str"]
    # A carrier or destination that was never seen counts as missing: it is scored, not
    # refused. Trees split plain codes as well as declared categories here (AUC within .003
    # over four months), so the estimator's file needs none of the latter's machinery.
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    encode = ColumnTransformer([("text", codes, text)], remainder="passthrough")
    # No early stopping: it would hold out random rows of the same days, on which any model
    # looks better than on the month to come.
    classify = HistGradientBoostingClassifier(early_stopping=False, **params)
    return make_pipeline(encode, classify).fit(features[list(FEATURES)], target)


def _minutes(clock: "pd.Series[int]") -> "pd.Series[int]":
    """Minutes since midnight of clocks written HHMM."""
    return clock // 100 * 60 + clock % 100
