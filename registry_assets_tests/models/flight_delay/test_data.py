"""The flights, weather and aircraft tables, and the checks that guard them."""

import io
from collections.abc import Callable

import pandas as pd
import pytest

from registry_assets.errors import DataUnusable
from registry_assets.models.flight_delay.data import (
    FLIGHTS,
    ORIGINS,
    PLANES,
    WEATHER,
    flights,
    flights_problems,
    planes,
    planes_problems,
    weather,
    weather_problems,
)

MONTHS = [f"2013-{month:02}" for month in range(1, 13)]
Break = Callable[[pd.DataFrame], pd.DataFrame]


def dtypes(frame: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(dtype) for name, dtype in frame.dtypes.items()}


@pytest.mark.parametrize(
    ("frame", "columns"),
    [(flights("2013-04"), FLIGHTS), (weather("2013-04"), WEATHER), (planes(), PLANES)],
    ids=["flights", "weather", "planes"],
)
def test_tables_have_the_documented_columns_and_survive_parquet(
    frame: pd.DataFrame, columns: dict[str, str]
) -> None:
    assert dtypes(frame) == columns
    file = io.BytesIO()
    frame.to_parquet(file)
    pd.testing.assert_frame_equal(pd.read_parquet(file), frame)


def test_the_months_hold_every_flight_that_arrived_once() -> None:
    frames = [flights(month) for month in MONTHS]
    assert sum(map(len, frames)) == 327_346
    assert all(set(frame["month"]) == {n} for n, frame in enumerate(frames, 1))
    assert isinstance(frames[3].index, pd.RangeIndex)


def test_late_is_thirty_minutes_or_more() -> None:
    april = flights("2013-04")
    assert (len(april), int(april["late"].sum())) == (27_564, 5_317)


def test_nothing_known_only_after_departure_is_in_the_flights() -> None:
    afterwards = {"dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"}
    assert not afterwards & set(flights("2013-04").columns)


def test_the_scheduled_hour_is_in_utc() -> None:
    first = flights("2013-01").iloc[0]
    assert (first["sched_dep_time"], first["time_hour"]) == (515, pd.Timestamp("2013-01-01T10Z"))


def test_a_wind_speed_that_cannot_be_is_missing() -> None:
    rows = weather("2013-02").query("origin == 'EWR' and time_hour == '2013-02-12T08:00Z'")
    assert rows["wind_speed"].isna().all()
    assert rows["temp"].notna().all()
    assert weather("2013-02")["wind_speed"].max() < 100


@pytest.mark.parametrize("month", MONTHS)
def test_every_month_of_the_source_is_sound(month: str) -> None:
    assert flights_problems(flights(month)) == []
    assert weather_problems(weather(month)) == []


def test_the_aircraft_of_the_source_are_sound() -> None:
    assert planes_problems(planes()) == []


@pytest.mark.parametrize("table", ["flights", "weather", "planes"])
def test_changing_a_table_does_not_change_the_next_one(table: str) -> None:
    def read() -> pd.DataFrame:
        if table == "planes":
            return planes()
        return flights("2013-04") if table == "flights" else weather("2013-04")

    before, changed = read(), read()
    changed.iloc[:, 1] = changed.iloc[::-1, 1].to_numpy()
    del changed["origin" if table != "planes" else "tailnum"]
    pd.testing.assert_frame_equal(read(), before)


@pytest.mark.parametrize("read", [flights, weather])
@pytest.mark.parametrize("month", ["2014-01", "2013-13", "2012-12"])
def test_a_month_outside_the_data_says_what_there_is(
    read: Callable[[str], pd.DataFrame], month: str
) -> None:
    with pytest.raises(DataUnusable, match=f"nothing in {month}") as raised:
        read(month)
    assert "2013-01 to 2013-12" in raised.value.hint


@pytest.mark.parametrize("month", ["", "2013", "2013-4", "April", "2013-04-01", "2013-04\n"])
def test_what_is_no_month_is_refused(month: str) -> None:
    with pytest.raises(DataUnusable, match="is no month"):
        flights(month)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda f: f.head(0), "the table has no rows"),
        (lambda f: f.drop(columns="late"), "column 'late' is missing"),
        (lambda f: f.astype({"late": "int64"}), "column 'late': expected bool, found int64"),
        (lambda f: f.assign(origin="PHL"), "column 'origin': 'PHL' is none of EWR, JFK, LGA"),
        (lambda f: f.assign(tailnum=f["tailnum"].where(f.index > 0)), "1 of 27564 values"),
        (lambda f: pd.concat([f, f.head(2)]), "2 rows repeat the key"),
        (lambda f: f.assign(distance=0), "column 'distance': 27564 values outside"),
        (lambda f: f.assign(sched_dep_time=2500), "column 'sched_dep_time'"),
    ],
)
def test_damaged_flights_are_described(damage: Break, sentence: str) -> None:
    assert sentence in "\n".join(flights_problems(damage(flights("2013-04"))))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda w: w.head(0), "the table has no rows"),
        (lambda w: w.drop(columns="visib"), "column 'visib' is missing"),
        (lambda w: w.assign(time_hour=w["time_hour"].dt.tz_localize(None)), "'time_hour'"),
        (lambda w: w[w["origin"] != "LGA"], "no weather for LGA"),
        (lambda w: pd.concat([w, w.head(3)]), "3 rows repeat the key (origin, time_hour)"),
        (lambda w: w.assign(wind_speed=1048.0), "column 'wind_speed'"),
        (lambda w: w.assign(temp=500.0), "column 'temp'"),
    ],
)
def test_damaged_weather_is_described(damage: Break, sentence: str) -> None:
    assert sentence in "\n".join(weather_problems(damage(weather("2013-04"))))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda p: p.head(0), "the table has no rows"),
        (lambda p: p.drop(columns="seats"), "column 'seats' is missing"),
        (lambda p: pd.concat([p, p.head(1)]), "1 rows repeat the key (tailnum)"),
        (lambda p: p.assign(tailnum=p["tailnum"].where(p.index > 0)), "column 'tailnum': 1 of"),
        (lambda p: p.assign(seats=0), "column 'seats'"),
    ],
)
def test_damaged_aircraft_are_described(damage: Break, sentence: str) -> None:
    assert sentence in "\n".join(planes_problems(damage(planes())))


def test_all_origins_have_flights_every_month() -> None:
    assert all(set(flights(month)["origin"]) == set(ORIGINS) for month in MONTHS)
