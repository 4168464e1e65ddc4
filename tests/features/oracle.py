"""What the joins and windows must give, in plain Python: slow, obvious, and written without looking at the fast forms."""

from __future__ import annotations

import datetime as dt
import random
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
