"""What the joins and windows must give, in plain Python: slow, obvious, and written without looking at the fast forms."""

from __future__ import annotations

import datetime as dt
import random
import statistics
from collections.abc import Sequence

Row = tuple

START = dt.datetime(2024, 3, 1)


def as_of(labels: Sequence[Row], features: Sequence[Row], lookback: dt.timedelta | None) -> list[Row]:
    """Labels are (id, keys…, time), features (keys…, time, values…); give (id, values…) for each label."""
    found = []
    width = len(features[0]) if features else 0
    for label in labels:
        *_, time = label
        keys = label[1:-1]
        n = len(keys)
        candidates = [
            row
            for row in features
            if time is not None
            and None not in keys
            and row[:n] == keys
            and row[n] is not None
            and row[n] <= time
            and (lookback is None or time - row[n] <= lookback)
        ]
        newest = max((row[n] for row in candidates), default=None)
        tied = [row[n + 1 :] for row in candidates if row[n] == newest]
        best = max(tied, key=lambda values: [(v is not None, v) for v in values], default=None)
        found.append((label[0], *(best if best is not None else (None,) * (width - n - 1))))
    return found


def cases(seed: int, count: int, *, dates: bool = False) -> tuple[list[Row], list[Row]]:
    """Give labels (id, case, key, time) and features (case, key, time, x, y) of many small cases with few times and keys."""
    dice = random.Random(seed)
    labels, features = [], []
    for case in range(count):
        moments = [START + dt.timedelta(hours=dice.randint(0, 12) * (24 if dates else 1)) for _ in range(6)]
        moments += [START + dt.timedelta(microseconds=1)]
        if dates:
            moments = [moment.date() for moment in moments]
        keys = ["a", "b", None]
        for _ in range(dice.choice([0, 1, 5])):
            labels.append((len(labels), case, dice.choice(keys), dice.choice([*moments, None])))
        for _ in range(dice.choice([0, 1, 4, 9])):
            values = (dice.choice([None, 1, 2]), dice.choice([None, 0.5]))
            features.append((case, dice.choice(keys), dice.choice([*moments, None]), *values))
    return labels, features


def window(
    events: Sequence[tuple[dt.datetime | None, float | None]], end: dt.datetime, duration: dt.timedelta
) -> list[float]:
    """Give the values, that are not None, of the events in [end - duration, end)."""
    return [v for at, v in events if at is not None and v is not None and end - duration <= at < end]


def last_end(time: dt.datetime, slide: dt.timedelta | None, delay: dt.timedelta) -> dt.datetime:
    """Give the last end of a window at or before a time; without slide the time itself."""
    time -= delay
    if slide is None:
        return time
    return time - (time - dt.datetime(1970, 1, 1)) % slide


MIDNIGHT = dt.datetime(1970, 1, 1)


def edges(
    time: dt.datetime,
    kind: str,
    duration: dt.timedelta | None,
    slide: dt.timedelta | None = None,
    delay: dt.timedelta = dt.timedelta(0),
    offset: dt.timedelta = dt.timedelta(0),
    since: dt.datetime | None = None,
) -> tuple[dt.datetime, dt.datetime]:
    """Give start (inclusive) and end (exclusive) of a declared window at a time, by counting slides and days."""
    end = time - delay
    if slide is not None:
        end = MIDNIGHT + offset + ((end - MIDNIGHT - offset) // slide) * slide
    start = dt.datetime(1, 1, 1) if duration is None else end - duration
    if kind == "sawtooth" and duration is not None:
        start = dt.datetime(start.year, start.month, start.day)
    return (start if since is None else max(start, since)), end


def aggregate(kind: str, number: float | None, timed: Sequence[tuple[dt.datetime, object]]):
    """Give an aggregate of (time, value) pairs whose value is not None; of none 0 for counts, else None."""
    timed = sorted(timed)
    values = [v for _, v in timed]
    if kind == "count":
        return len(values)
    if kind == "approx_count_distinct":
        return len(set(values))
    if not values:
        return None
    forms = {
        "sum": lambda: sum(values),
        "avg": lambda: sum(values) / len(values),
        "min": lambda: min(values),
        "max": lambda: max(values),
        "first": lambda: values[0],
        "last": lambda: values[-1],
        "first_n": lambda: values[:number],
        "last_n": lambda: values[::-1][:number],
        "first_distinct": lambda: list(dict.fromkeys(values))[:number],
        "last_distinct": lambda: list(dict.fromkeys(values[::-1]))[:number],
        "approx_percentile": lambda: next(
            v for v in sorted(values) if sum(w <= v for w in values) >= number * len(values)
        ),
        "var_pop": lambda: statistics.pvariance(values),
        "stddev_pop": lambda: statistics.pstdev(values),
        "var_samp": lambda: statistics.variance(values) if len(values) > 1 else None,
        "stddev_samp": lambda: statistics.stdev(values) if len(values) > 1 else None,
    }
    return forms[kind]()
