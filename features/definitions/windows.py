"""Time windows before a label time.

With t the label time, a window is the events in [start, end): start inclusive, **end exclusive**. Its end is t - delay, or the
last multiple of the slide at or before that; multiples are counted from 1970 UTC, moved by the offset. Its start is
end - duration (of a sawtooth window the midnight UTC at or before that; of a lifetime window, whose duration is None,
there is none), and never before `start_time`: older events do not count.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headwater.lakehouse import InvalidInputError

__all__ = [
    "DAY_MICROS",
    "RollingWindow",
    "SawtoothWindow",
    "SlidingWindow",
    "TimeWindow",
    "TumblingWindow",
    "Window",
    "epoch_micros",
    "micros",
]

_ZERO = dt.timedelta(0)
_SHORTEST_SAWTOOTH = dt.timedelta(days=2)
DAY_MICROS = 86_400_000_000


def micros(duration: dt.timedelta) -> int:
    """Return a duration in microseconds, exactly.

    Examples
    --------
    >>> micros(dt.timedelta(hours=1))
    3600000000
    """
    return (duration.days * 86_400 + duration.seconds) * 1_000_000 + duration.microseconds


def epoch_micros(time: dt.datetime) -> int:
    """Return a time in microseconds since 1970 UTC; one without a time zone is UTC.

    Examples
    --------
    >>> epoch_micros(dt.datetime(1970, 1, 1, 0, 0, 1))
    1000000
    """
    aware = time if time.tzinfo else time.replace(tzinfo=dt.UTC)
    return micros(aware - dt.datetime(1970, 1, 1, tzinfo=dt.UTC))


class TimeWindow:
    """What all windows have; make one of them: RollingWindow, TumblingWindow, SlidingWindow, SawtoothWindow."""

    window_duration: dt.timedelta | None
    delay: dt.timedelta
    start_time: dt.datetime | None
    offset: dt.timedelta = _ZERO

    def __init__(
        self,
        *,
        duration: dt.timedelta | None,
        delay: dt.timedelta | None = None,
        offset: dt.timedelta | None = None,
        start_time: dt.datetime | None = None,
    ) -> None:
        del duration, delay, offset, start_time
        raise InvalidInputError(
            "A TimeWindow is one of RollingWindow, TumblingWindow, SlidingWindow, SawtoothWindow: make one of these."
        )

    @property
    def duration(self) -> dt.timedelta | None:
        """Length of the window; None for all events."""
        return self.window_duration

    @property
    def is_lifetime(self) -> bool:
        """Whether the window has no duration: all events before its end."""
        return self.window_duration is None

    @property
    def slide_micros(self) -> int:
        """Distance between the ends of neighbouring windows: one microsecond, the resolution of time."""
        return 1

    @property
    def is_plain(self) -> bool:
        """Whether the window has a duration, no start time, and ends at multiples of its slide from 1970 on."""
        special = self.is_lifetime or self.start_time is not None or bool(self.offset)
        return not special and not isinstance(self, SawtoothWindow)

    @property
    def name(self) -> str:
        """Part of a feature's automatic name."""
        kind = type(self).__name__.removesuffix("Window").lower()
        return f"{kind}_{_short(self.window_duration)}{self._suffix}"

    @property
    def _suffix(self) -> str:
        suffix = f"_delay_{_short(self.delay)}" if self.delay else ""
        suffix += f"_offset_{_short(self.offset)}" if self.offset else ""
        if self.start_time is not None:
            suffix += f"_since_{self.start_time:%Y%m%dT%H%M%S}".removesuffix("T000000")
        return suffix

    def _check(self) -> None:
        """Complete and check what was given."""
        for name in ("delay", "offset"):
            if hasattr(self, name):
                value = getattr(self, name) or _ZERO
                if not isinstance(value, dt.timedelta) or value < _ZERO:
                    raise InvalidInputError(f"{name} must be a timedelta of at least 0, found {value!r}.")
                object.__setattr__(self, name, value)
        length = self.window_duration
        if length is not None and (not isinstance(length, dt.timedelta) or length <= _ZERO):
            raise InvalidInputError(f"window_duration must be a timedelta over 0, found {length!r}.")
        if self.offset and micros(self.offset) >= self.slide_micros:
            raise InvalidInputError(
                f"offset must be less than the distance of two windows, {_short(self.slide_micros)}, found {self.offset}."
            )
        since = self.start_time
        if since is not None:
            if not isinstance(since, dt.datetime):
                raise InvalidInputError(f"start_time must be a datetime (UTC where it has no zone), found {since!r}.")
            object.__setattr__(
                self, "start_time", since.astimezone(dt.UTC) if since.tzinfo else since.replace(tzinfo=dt.UTC)
            )


@dataclass(frozen=True, kw_only=True)
class RollingWindow(TimeWindow):
    """The events of `window_duration` before the label time itself: [t - delay - duration, t - delay).

    Examples
    --------
    >>> RollingWindow(window_duration=dt.timedelta(days=7)).name
    'rolling_7d'
    """

    window_duration: dt.timedelta | None
    delay: dt.timedelta = None  # type: ignore[assignment]
    start_time: dt.datetime | None = None

    def __post_init__(self) -> None:
        self._check()


@dataclass(frozen=True, kw_only=True)
class SlidingWindow(TimeWindow):
    """The last window that ends at a multiple of `slide_duration` (from 1970 UTC and the offset) at or before t - delay.

    Examples
    --------
    >>> SlidingWindow(window_duration=dt.timedelta(days=7), slide_duration=dt.timedelta(days=1)).name
    'sliding_7d_1d'
    """

    window_duration: dt.timedelta | None
    slide_duration: dt.timedelta
    delay: dt.timedelta = None  # type: ignore[assignment]
    offset: dt.timedelta = None  # type: ignore[assignment]
    start_time: dt.datetime | None = None

    def __post_init__(self) -> None:
        slide = self.slide_duration
        if not isinstance(slide, dt.timedelta) or slide <= _ZERO:
            raise InvalidInputError(f"slide_duration must be a timedelta over 0, found {slide!r}.")
        self._check()
        if self.window_duration is not None and slide > self.window_duration:
            raise InvalidInputError(
                f"slide_duration must be at most the window's {self.window_duration}, found {slide}."
            )

    @property
    def slide_micros(self) -> int:
        """Distance between the ends of neighbouring windows, in microseconds."""
        return micros(self.slide_duration)

    @property
    def name(self) -> str:
        """Part of a feature's automatic name."""
        return f"sliding_{_short(self.window_duration)}_{_short(self.slide_duration)}{self._suffix}"


@dataclass(frozen=True, kw_only=True)
class TumblingWindow(TimeWindow):
    """The last complete window, aligned to 1970 UTC and the offset, that ends at or before t - delay.

    Examples
    --------
    >>> TumblingWindow(window_duration=dt.timedelta(days=30)).name
    'tumbling_30d'
    """

    window_duration: dt.timedelta
    delay: dt.timedelta = None  # type: ignore[assignment]
    offset: dt.timedelta = None  # type: ignore[assignment]
    start_time: dt.datetime | None = None

    def __post_init__(self) -> None:
        if self.window_duration is None:
            raise InvalidInputError(
                "A TumblingWindow needs a window_duration: for all events so far take RollingWindow(window_duration=None)."
            )
        self._check()

    @property
    def slide_micros(self) -> int:
        """Distance between the ends of neighbouring windows: the duration, in microseconds."""
        return micros(self.window_duration) if isinstance(self.window_duration, dt.timedelta) else 1


@dataclass(frozen=True, kw_only=True)
class SawtoothWindow(TimeWindow):
    """A window of over two days whose end is t - delay, and whose start is the midnight UTC at or before end - duration.

    It is up to a day longer than its duration, and its start moves once a day.

    Examples
    --------
    >>> SawtoothWindow(window_duration=dt.timedelta(days=30)).name
    'sawtooth_30d'
    """

    window_duration: dt.timedelta | None
    delay: dt.timedelta = None  # type: ignore[assignment]
    start_time: dt.datetime | None = None

    def __post_init__(self) -> None:
        self._check()
        if self.window_duration is not None and self.window_duration <= _SHORTEST_SAWTOOTH:
            raise InvalidInputError(
                f"A SawtoothWindow is over 2 days long, found {self.window_duration}: use RollingWindow for shorter ones."
            )


class Window:
    """The old spelling of RollingWindow: `duration`, and a negative `offset` in place of a delay."""

    def __new__(cls, *, duration: dt.timedelta, offset: dt.timedelta | None = None) -> Any:
        """Return a RollingWindow."""
        return RollingWindow(window_duration=duration, delay=-(offset or _ZERO))


def length_micros(window: TimeWindow) -> int:
    """Return the duration of a window that has one, in microseconds."""
    assert window.window_duration is not None
    return micros(window.window_duration)


def reach_micros(windows: Sequence[TimeWindow]) -> int | None:
    """Return how far before a time its windows can begin; None where one has no duration."""
    if any(window.is_lifetime for window in windows):
        return None
    return max(length_micros(w) + micros(w.delay) + max(w.slide_micros, _most_more(w)) for w in windows)


def grid(windows: Sequence[TimeWindow]) -> int:
    """Return the widest bucket, in microseconds, of which all the windows' starts and ends are multiples."""
    return math.gcd(*[length_micros(w) for w in windows], *[w.slide_micros for w in windows])


def _most_more(window: TimeWindow) -> int:
    return DAY_MICROS if isinstance(window, SawtoothWindow) else 0


def _short(duration: Any) -> str:
    if duration is None:
        return "lifetime"
    left = duration if isinstance(duration, int) else micros(duration)
    for unit, size in (("d", DAY_MICROS), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000)):
        if left % size == 0:
            return f"{left // size}{unit}"
    return f"{left}us"
