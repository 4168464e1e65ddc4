"""Numbers and dates as the report writes them."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from headwater.training import Problem

__all__ = [
    "count_of",
    "date",
    "first_sentence",
    "inner",
    "month",
    "name_of",
    "number",
    "percent",
    "plain",
    "points",
    "span",
    "summary_of",
    "summary_text",
    "trend",
]


def number(value: Any, digits: int = 3) -> str:
    """Return a number with so many decimals, or a dash if it is not defined.

    Examples
    --------
    >>> number(0.74762), number(float("nan")), number(-0.0001)
    ('0.748', '—', '0.000')
    """
    return f"{round(value, digits) + 0.0:.{digits}f}" if math.isfinite(value) else "—"


def percent(share: Any, digits: int = 1) -> str:
    """Return a share of 0 to 1 in per cent.

    Examples
    --------
    >>> percent(0.1327)
    '13.3%'
    """
    return f"{100 * share:.{digits}f}%" if math.isfinite(share) else "—"


def points(difference: Any) -> str:
    """Return the size of a difference of two shares, in percentage points."""
    return f"{abs(100 * difference):.1f} points" if math.isfinite(difference) else "—"


def count_of(rows: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> count_of(1, "alert"), count_of(19533, "row")
    ('1 alert', '19,533 rows')
    """
    return f"{rows:,} {noun if rows == 1 else plural or noun + 's'}"


def date(time: Any, *, year: bool = True) -> str:
    """Return the day of a time, such as ``7 October 2013``, or ``7 Oct`` without the year."""
    if time is pd.NaT:
        return "—"
    return f"{time.day} {time:%B %Y}" if year else f"{time.day} {time:%b}"


def span(start: Any, end: Any) -> str:
    """Return the days from `start` to `end`, the end exclusive.

    Examples
    --------
    >>> span(pd.Timestamp("2013-09-01"), pd.Timestamp("2013-10-01"))
    '1 Sep to 30 Sep 2013'
    """
    if start is None or end is None:
        return "—"
    last = end - pd.Timedelta(1, unit="us")
    year = "" if start.year == last.year else f" {start.year}"
    return f"{date(start, year=False)}{year} to {date(last, year=False)} {last.year}"


def month(text: str) -> str:
    """Return ``October 2013`` for ``2013-10``; a span keeps its *to*.

    Examples
    --------
    >>> month("2013-10"), month("2013-09 to 2013-10")
    ('October 2013', 'September 2013 to October 2013')
    """
    return " to ".join(f"{pd.Timestamp(f'{one}-01'):%B %Y}" for one in text.split(" to "))


def name_of(predictor: str) -> str:
    """Return a predictor's name in words.

    Examples
    --------
    >>> name_of("hour_and_carrier")
    'hour and carrier'
    """
    return predictor.replace("_", " ")


def plain(text: object) -> str:
    """Return text that a chart shows as it stands: Plotly reads some HTML in its labels."""
    return html.escape(str(text), quote=False)


def first_sentence(text: str) -> tuple[str, str]:
    """Return the first sentence and the rest.

    Examples
    --------
    >>> first_sentence("Passed: 0.75 is enough. No champion yet.")
    ('Passed: 0.75 is enough.', 'No champion yet.')
    """
    head, stop, rest = text.partition(". ")
    return (head + "." if stop else head), rest


def summary_of(problem: Problem) -> str:
    """Return the name of the figure that sums up labels: ``rate``, ``mean``."""
    return next(iter(problem.summary(np.array([], dtype=np.int64))))


def summary_text(figures: Any, problem: Problem) -> str:
    """Return what sums up labels: a share in per cent, or a mean."""
    value = figures[summary_of(problem)]
    return percent(value) if problem.level_is_share else number(value)


def inner(title: str) -> str:
    """Return a title as it stands within a sentence.

    Examples
    --------
    >>> inner("Log loss"), inner("ROC AUC"), inner("R²")
    ('log loss', 'ROC AUC', 'R²')
    """
    return title[0].lower() + title[1:] if title[1:2].islower() else title


def trend(values: Sequence[float], least: float) -> str:
    """Return how the last value relates to the first: ``rose``, ``fell``, or ``held`` if by less than `least`."""
    change = values[-1] - values[0]
    return "held" if abs(change) < least else "rose" if change > 0 else "fell"
