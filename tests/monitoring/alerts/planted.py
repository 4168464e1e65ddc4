"""A stream of flights with 14 weeks of history, and the faults that are planted in its last two weeks."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

START = dt.datetime(2013, 9, 2)
HISTORY, LIVE = 14, 3
WEEK = dt.timedelta(days=7)
END = START + (HISTORY + LIVE) * WEEK
FAULTY = END - 2 * WEEK
"""The first moment with a fault."""
_ROWS = 1_000
CARRIERS = np.array(["AA", "B6", "DL", "EV", "UA", "US"], dtype=object)
ORIGINS = np.array(["EWR", "JFK", "LGA"], dtype=object)
SOURCES = {
    "temp": "main.air.weather", "wind": "main.air.weather", "origin_delay": "main.air.departures",
    "carrier_delay": "main.air.carrier_history", "carrier": "the requests", "origin": "the requests",
    "distance": "the requests", "hour": "the requests",
}  # fmt: skip
FEATURES = tuple(SOURCES)


class Sources:
    """What the features are looked up in: hourly weather and departures by airport, a daily mean by carrier."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        hours = np.arange((HISTORY + LIVE) * 168)
        spells = _around_zero(rng, (3, len(hours)), keep=0.985)  # of some days, as weather has
        self.temp = 62 + 9 * np.sin((hours % 24 - 9) / 24 * 2 * np.pi) + 7 * spells + rng.normal(size=(3, len(hours)))
        self.wind = np.abs(9 + 4 * _around_zero(rng, (3, len(hours)), keep=0.9)).round(1)
        self.origin_delay = rng.gamma(1.2, 9, size=(3, len(hours))) * (0.6 + 0.8 * (hours % 24) / 24)
        level = np.array([[5.0], [11.0], [4.0], [14.0], [7.0], [3.0]])
        self.carrier_delay = level + 1.5 * _around_zero(rng, (6, len(hours) // 24), keep=0.8)

    def at(self, name: str, hour: np.ndarray, origin: np.ndarray) -> np.ndarray:
        """Give the newest values of an hourly source."""
        return getattr(self, name)[origin, hour].round(2)


def _around_zero(rng, shape, keep):
    """Give series of mean 0 and deviation 1 of which each value keeps a share of the one before."""
    steps = rng.normal(size=shape) * np.sqrt(1 - keep**2)
    found = np.empty(shape)
    found[:, 0] = rng.normal(size=shape[0])
    for at in range(1, shape[1]):
        found[:, at] = keep * found[:, at - 1] + steps[:, at]
    return found


def score(frame: pd.DataFrame) -> np.ndarray:
    """Give the served model's probability of a late flight; an absent value counts as usual."""
    usual = {"origin_delay": 11.0, "carrier_delay": 7.0, "wind": 9.0, "temp": 62.0}
    x = {name: frame[name].astype(float).fillna(value).to_numpy() for name, value in usual.items()}
    z = -3.2 + 0.12 * x["origin_delay"] + 0.01 * x["carrier_delay"] + 0.06 * x["wind"] - 0.01 * (x["temp"] - 62)
    return 1 / (1 + np.exp(-z))


def stream(seed: int = 4) -> tuple[pd.DataFrame, Sources]:
    """Give all rows with features, label and the model's scores, and the sources."""
    rng = np.random.default_rng(seed + 1)
    sources = Sources(seed)
    rows = _ROWS * (HISTORY + LIVE)
    day, hour = rng.integers(0, 7 * (HISTORY + LIVE), rows), rng.integers(5, 24, rows)
    at = day * 24 + hour
    origin, carrier = rng.integers(0, 3, rows), rng.choice(6, rows, p=[0.15, 0.2, 0.2, 0.15, 0.2, 0.1])
    frame = pd.DataFrame(
        {
            "at": pd.Timestamp(START) + pd.to_timedelta(at * 60 + rng.integers(0, 60, rows), unit="min"),
            "temp": sources.at("temp", at, origin),
            "wind": sources.at("wind", at, origin),
            "origin_delay": sources.at("origin_delay", at, origin),
            "carrier_delay": sources.carrier_delay[carrier, day].round(2),
            "carrier": CARRIERS[carrier],
            "origin": ORIGINS[origin],
            "distance": rng.choice([187, 214, 266, 502, 719, 764, 944, 1089, 1400, 2475], rows),
            "hour": hour,
            "source_hour": at,
        }
    ).sort_values("at", ignore_index=True)  # fmt: skip
    frame["late"] = (rng.uniform(size=rows) < score(frame)).astype(int)
    return frame.assign(model_version="1", proba=score(frame).round(6)), sources


def a_source_a_day_late(rows: pd.DataFrame, sources: Sources) -> pd.DataFrame:
    """Let weather arrive a day late: a lookup finds the last hour of the day before, and with a lookback of six hours nothing."""
    origin = np.searchsorted(ORIGINS.astype(str), rows["origin"].astype(str))
    newest = rows["source_hour"].to_numpy() // 24 * 24 - 1
    stale = rows.assign(temp=sources.at("temp", newest, origin))
    return stale.assign(wind=stale["wind"].where(stale["source_hour"] - newest <= 6))


def a_source_that_says_nothing_new(rows: pd.DataFrame, sources: Sources) -> pd.DataFrame:
    """Let departures come in once a day alone, at noon, when they are as on average: a lookup finds the last noon's delays."""
    origin = np.searchsorted(ORIGINS.astype(str), rows["origin"].astype(str))
    noon = (rows["source_hour"].to_numpy() - 12) // 24 * 24 + 12
    return rows.assign(origin_delay=sources.at("origin_delay", noon, origin))


def a_unit_changed(rows: pd.DataFrame, _: Sources) -> pd.DataFrame:
    """Let the temperature come in degrees Celsius."""
    return rows.assign(temp=((rows["temp"] - 32) / 1.8).round(2))


def a_carrier_renamed(rows: pd.DataFrame, _: Sources) -> pd.DataFrame:
    """Give United's flights another code."""
    return rows.assign(carrier=rows["carrier"].replace("UA", "UAL"))


def a_tenth_without_a_value(rows: pd.DataFrame, _: Sources) -> pd.DataFrame:
    """Leave a tenth of a feature's values out."""
    return rows.assign(origin_delay=rows["origin_delay"].where(np.random.default_rng(1).uniform(size=len(rows)) >= 0.1))


def a_column_swapped(rows: pd.DataFrame, _: Sources) -> pd.DataFrame:
    """Give the model two features in each other's place, and keep them so."""
    return rows.assign(origin_delay=rows["carrier_delay"], carrier_delay=rows["origin_delay"])


def a_column_swapped_behind_the_log(rows: pd.DataFrame, sources: Sources) -> pd.DataFrame:
    """Give the model two features in each other's place, but keep them as they were looked up."""
    return rows.assign(proba=score(a_column_swapped(rows, sources)).round(6))
