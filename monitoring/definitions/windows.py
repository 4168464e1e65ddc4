"""Windows of time: which one a moment belongs to, and where it starts and ends. The only place that knows alignment.

A window holds its start and not its end. All of it is UTC, whatever the session's time zone is. Windows of minutes, hours
and one day are aligned to midnight; weeks (also 2, 3 and 4 of them) start on Mondays and are counted from 1970-01-05;
months start on the first, years on 1 January. Every window of a granularity has an integer index, and the adjacent
previous window has the index before it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyspark.sql import Column

__all__ = [
    "BASELINE",
    "GRANULARITIES",
    "LATEST",
    "SNAPSHOT",
    "Span",
    "bounds",
    "index_column",
    "longest",
    "micros_of",
    "time_of",
    "window_index",
    "window_start",
]

_SECOND: Final = 1_000_000
_DAY: Final = 86_400 * _SECOND
_FIRST_MONDAY: Final = 4 * _DAY
_FIXED: Final = {
    "5 minutes": 300 * _SECOND,
    "30 minutes": 1800 * _SECOND,
    "1 hour": 3600 * _SECOND,
    "1 day": _DAY,
    "1 week": 7 * _DAY,
    "2 weeks": 14 * _DAY,
    "3 weeks": 21 * _DAY,
    "4 weeks": 28 * _DAY,
}
_CALENDAR: Final = {"1 month": "M", "1 year": "Y"}
GRANULARITIES: Final = (*_FIXED, *_CALENDAR)
"""The granularities there are, from short to long."""
SNAPSHOT: Final = "snapshot"
"""Granularity of a table without time; the index of its windows is the moment in microseconds."""
BASELINE: Final = ""
"""Stands for the one window of the baseline while it is computed; result tables have NULL."""

_EPOCH: Final = dt.datetime(1970, 1, 1)
EARLIEST: Final = (dt.datetime(1, 1, 1) - _EPOCH) // dt.timedelta(microseconds=1)
LATEST: Final = (dt.datetime(9999, 12, 31) - _EPOCH) // dt.timedelta(microseconds=1) + _DAY - 1
"""First and last moment of Python's datetimes, year 1 to 9999, in microseconds since 1970: windows start and end within them."""


def window_index(micros: NDArray[np.int64], granularity: str) -> NDArray[np.int64]:
    """Return the index of the window that each moment (microseconds since 1970, UTC) is in.

    Examples
    --------
    >>> moments = [micros_of(dt.datetime(2013, 1, 6, 23, 59)), micros_of(dt.datetime(2013, 1, 7))]
    >>> [int(i) for i in np.diff(window_index(np.array(moments), "1 week"))]
    [1]
    """
    if granularity in _CALENDAR:
        unit = f"datetime64[{_CALENDAR[granularity]}]"
        return micros.astype("datetime64[us]").astype(unit).astype(np.int64)
    if granularity in _FIXED:
        return np.asarray((micros - _origin(granularity)) // _FIXED[granularity], dtype=np.int64)
    return np.zeros(len(micros), dtype=np.int64) if granularity == BASELINE else micros


def window_start(index: int, granularity: str) -> int:
    """Return the first moment of a window in microseconds since 1970, UTC; the next index's start is its exclusive end.

    It stays within `EARLIEST` and `LATEST`: the last window of year 9999 ends at its last microsecond, which it holds.

    Examples
    --------
    >>> week = int(window_index(np.array([micros_of(dt.datetime(2013, 1, 9))]), "1 week")[0])
    >>> time_of(window_start(week, "1 week"))
    datetime.datetime(2013, 1, 7, 0, 0)
    """
    if granularity in _CALENDAR:
        moment = np.array([index]).astype(f"datetime64[{_CALENDAR[granularity]}]")
        return _clipped(int(moment.astype("datetime64[us]").astype(np.int64)[0]))
    if granularity in _FIXED:
        return _clipped(index * _FIXED[granularity] + _origin(granularity))
    return index


def window_end(index: int, granularity: str) -> int:
    """Return the exclusive end of a window in microseconds since 1970, UTC; a snapshot ends when it starts."""
    return index if granularity == SNAPSHOT else window_start(index + 1, granularity)


def index_column(time: Column, granularity: str) -> Column:
    """Return :func:`window_index` as a Spark expression over a TIMESTAMP."""
    from pyspark.sql import functions as F

    micros = F.unix_micros(time)
    if granularity in _FIXED:
        size = F.lit(_FIXED[granularity]).cast("bigint")
        shifted = micros - F.lit(_origin(granularity)).cast("bigint")
        return ((shifted - F.pmod(shifted, size)) / size).cast("bigint")
    day = F.date_add(F.lit("1970-01-01").cast("date"), F.floor(micros / F.lit(_DAY)).cast("int"))
    years = (F.year(day) - 1970).cast("bigint")
    return years if granularity == "1 year" else years * 12 + F.month(day) - 1


def micros_of(time: dt.datetime) -> int:
    """Return microseconds since 1970; a naive time is UTC."""
    aware = time.astimezone(dt.UTC) if time.tzinfo else time.replace(tzinfo=dt.UTC)
    return (aware - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def time_of(micros: int) -> dt.datetime:
    """Return the naive UTC time, as Spark hands it out."""
    return dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=micros)


@dataclass(frozen=True)
class Span:
    """Windows of one granularity with `first` ≤ index < `stop`; None is without bound.

    Examples
    --------
    >>> span = Span.touched("1 week", dt.datetime(2013, 1, 9), dt.datetime(2013, 1, 14))
    >>> time_of(span.start), time_of(span.end)
    (datetime.datetime(2013, 1, 7, 0, 0), datetime.datetime(2013, 1, 14, 0, 0))
    """

    granularity: str
    first: int | None
    stop: int | None

    @classmethod
    def touched(cls, granularity: str, start: dt.datetime | None, end: dt.datetime | None) -> Span:
        """Return the windows that share a moment with `start` (inclusive) to `end` (exclusive)."""
        first = None if start is None else int(window_index(np.array([micros_of(start)]), granularity)[0])
        stop = None if end is None else int(window_index(np.array([micros_of(end) - 1]), granularity)[0]) + 1
        return cls(granularity, first, stop)

    @property
    def start(self) -> int | None:
        """First moment in microseconds, inclusive."""
        return None if self.first is None else window_start(self.first, self.granularity)

    @property
    def end(self) -> int | None:
        """Last moment in microseconds, exclusive."""
        return None if self.stop is None else window_start(self.stop, self.granularity)

    def holds(self, index: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say of each index whether it lies in the span."""
        inside = np.ones(len(index), dtype=bool)
        if self.first is not None:
            inside &= index >= self.first
        if self.stop is not None:
            inside &= index < self.stop
        return inside


def bounds(spans: Sequence[Span]) -> tuple[int | None, int | None]:
    """Return the first moment of any window and the exclusive end of the last, in microseconds; None is without bound.

    Examples
    --------
    >>> [time_of(at).day for at in bounds([Span("1 day", 6, 8), Span("1 week", 0, 1)])]
    [5, 12]
    """
    starts, ends = [span.start for span in spans], [span.end for span in spans]
    first = min((s for s in starts if s is not None), default=None) if None not in starts else None
    last = max((e for e in ends if e is not None), default=None) if None not in ends else None
    return first, None if last == LATEST else last  # the last window holds its end


def longest(granularities: Iterable[str]) -> str:
    """Return the longest of some granularities.

    Examples
    --------
    >>> longest(["1 day", "1 month", "4 weeks"])
    '1 month'
    """
    return max(granularities, key=lambda name: window_start(1, name) - window_start(0, name))


def _origin(granularity: str) -> int:
    return _FIRST_MONDAY if "week" in granularity else 0


def _clipped(micros: int) -> int:
    return min(max(micros, EARLIEST), LATEST)
