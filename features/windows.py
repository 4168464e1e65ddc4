"""Time windows before a label time.

With t the label time, a window is the events in [end - duration, end): start inclusive, **end exclusive**, where end is
t - delay, or the last multiple of the slide (from 1970 UTC) at or before it.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

from lakehouse import InvalidInputError

__all__ = ["RollingWindow", "SlidingWindow", "TimeWindow", "TumblingWindow", "micros"]

_ZERO = dt.timedelta(0)


def micros(duration: dt.timedelta) -> int:
    """Return a duration in microseconds, exactly.

    Examples
    --------
    >>> micros(dt.timedelta(hours=1))
    3600000000
    """
    return (duration.days * 86_400 + duration.seconds) * 1_000_000 + duration.microseconds


@dataclass(frozen=True, kw_only=True)
class RollingWindow:
    """The events of `window_duration` before the label time itself: [t - delay - duration, t - delay).

    Examples
    --------
    >>> RollingWindow(window_duration=dt.timedelta(days=7)).name
    'rolling_7d'
    """

    window_duration: dt.timedelta
    delay: dt.timedelta = _ZERO

    def __post_init__(self) -> None:
        _check(self)

    @property
    def slide_micros(self) -> int:
        """Distance between the ends of neighbouring windows: one microsecond, the resolution of time."""
        return 1

    @property
    def name(self) -> str:
        """Part of a feature's automatic name."""
        return f"rolling_{_short(self.window_duration)}" + _delay(self)


@dataclass(frozen=True, kw_only=True)
class SlidingWindow:
    """The last window that ends at a multiple of `slide_duration` (from 1970 UTC) at or before t - delay.

    Examples
    --------
    >>> SlidingWindow(window_duration=dt.timedelta(days=7), slide_duration=dt.timedelta(days=1)).name
    'sliding_7d_1d'
    """

    window_duration: dt.timedelta
    slide_duration: dt.timedelta
    delay: dt.timedelta = _ZERO

    def __post_init__(self) -> None:
        _check(self)
        if not _ZERO < self.slide_duration <= self.window_duration:
            raise InvalidInputError(
                f"slide_duration must be over 0 and at most the window's {self.window_duration}, found {self.slide_duration}."
            )

    @property
    def slide_micros(self) -> int:
        """Distance between the ends of neighbouring windows, in microseconds."""
        return micros(self.slide_duration)

    @property
    def name(self) -> str:
        """Part of a feature's automatic name."""
        return f"sliding_{_short(self.window_duration)}_{_short(self.slide_duration)}" + _delay(self)


@dataclass(frozen=True, kw_only=True)
class TumblingWindow:
    """The last complete window, aligned to 1970 UTC, that ends at or before t - delay.

    Examples
    --------
    >>> TumblingWindow(window_duration=dt.timedelta(days=30)).name
    'tumbling_30d'
    """

    window_duration: dt.timedelta
    delay: dt.timedelta = _ZERO

    def __post_init__(self) -> None:
        _check(self)

    @property
    def slide_micros(self) -> int:
        """Distance between the ends of neighbouring windows: the duration, in microseconds."""
        return micros(self.window_duration)

    @property
    def name(self) -> str:
        """Part of a feature's automatic name."""
        return f"tumbling_{_short(self.window_duration)}" + _delay(self)


TimeWindow = RollingWindow | SlidingWindow | TumblingWindow


def grid(windows: list[TimeWindow]) -> int:
    """Return the widest bucket, in microseconds, of which all the windows' starts and ends are multiples."""
    return math.gcd(*[micros(w.window_duration) for w in windows], *[w.slide_micros for w in windows])


def _check(window: TimeWindow) -> None:
    if not isinstance(window.window_duration, dt.timedelta) or window.window_duration <= _ZERO:
        raise InvalidInputError(f"window_duration must be a timedelta over 0, found {window.window_duration!r}.")
    if not isinstance(window.delay, dt.timedelta) or window.delay < _ZERO:
        raise InvalidInputError(f"delay must be a timedelta of at least 0, found {window.delay!r}.")


def _short(duration: dt.timedelta) -> str:
    left = micros(duration)
    for unit, size in (("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000)):
        if left % size == 0:
            return f"{left // size}{unit}"
    return f"{left}us"


def _delay(window: TimeWindow) -> str:
    return f"_delay_{_short(window.delay)}" if window.delay else ""
