"""Splits by time: what a model is fitted on lies before what it is judged on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from headwater.lakehouse import InvalidInputError
from headwater.training.errors import TrainingDataError

__all__ = ["Fold", "Folds", "Holdout", "TimeFolds"]


@dataclass(frozen=True)
class Fold:
    """Row positions of one fold, and the bounds of its validation window (start inclusive, end exclusive)."""

    train: NDArray[np.int64]
    validate: NDArray[np.int64]
    start: pd.Timestamp
    end: pd.Timestamp


class Folds(Protocol):
    """How rows are split for a search, as frozen data."""

    @property
    def group(self) -> str | None:
        """Return the column of the groups that are kept together; None: there are none."""

    def split(
        self, times: pd.Series, *, groups: pd.Series | None = None, labels: ArrayLike | None = None
    ) -> list[Fold]:
        """Return the folds.

        Parameters
        ----------
        times
            One time per row, in any order, without nulls.
        groups
            One group per row; needed where there is a column `group`.
        labels
            One label per row, as the problem has it.
        """


@dataclass(frozen=True)
class TimeFolds:
    """The last `n` windows validate, one after the other; each trains on what lies before it, less a gap.

    Window *i* of *n* is the interval [start, end): start inclusive, end exclusive; the end of the last one lies one
    microsecond after the newest row. Its training rows are those with ``time < start - gap``. The gap should be at
    least the time after which a label is known, or the model learns from labels that it could not have had.

    Parameters
    ----------
    n
        Number of folds, at least 1.
    gap
        Time without rows between training and validation.
    window
        Length of each validation window; None: the span of all rows divided by ``n + 1``.

    Examples
    --------
    >>> times = pd.Series(pd.date_range("2013-01-01", periods=8, freq="D"))
    >>> for fold in TimeFolds(2, gap=dt.timedelta(days=1), window=dt.timedelta(days=2)).split(times):
    ...     print(fold.train.tolist(), fold.validate.tolist())
    [0, 1, 2] [4, 5]
    [0, 1, 2, 3, 4] [6, 7]
    """

    n: int = 3
    gap: dt.timedelta = dt.timedelta(0)
    window: dt.timedelta | None = None

    def __post_init__(self) -> None:
        if self.n < 1:
            raise InvalidInputError(f"TimeFolds(n={self.n}) has no fold: n must be at least 1.")
        _not_negative("TimeFolds", self.gap)
        if self.window is not None and self.window <= dt.timedelta(0):
            raise InvalidInputError(f"TimeFolds(window={self.window}) is empty: give a positive length.")

    group: ClassVar[str | None] = None

    def split(
        self, times: pd.Series, *, groups: pd.Series | None = None, labels: ArrayLike | None = None
    ) -> list[Fold]:
        """Return the folds by the times alone, the earliest first.

        Raises
        ------
        TrainingDataError
            If a fold has no training or no validation row.
        """
        del groups, labels
        moments = _moments(times)
        if not len(moments):
            raise TrainingDataError("Rows to split by time", "none", "Give a frame that has rows.")
        return [self._fold(moments, *window) for window in self.windows(moments.min(), moments.max())]

    def windows(self, first: pd.Timestamp, last: pd.Timestamp) -> list[tuple[pd.Timestamp, pd.Timestamp, pd.Timestamp]]:
        """Return for each fold the time before which rows train, and the start and end of validation, the end exclusive.

        Parameters
        ----------
        first, last
            Times of the oldest and of the newest row.
        """
        end = last + pd.Timedelta(microseconds=1)
        width = pd.Timedelta(self.window) if self.window is not None else (end - first) / (self.n + 1)
        starts = [end - (self.n - i) * width for i in range(self.n)]
        return [
            (start - pd.Timedelta(self.gap), start, end - (self.n - i - 1) * width) for i, start in enumerate(starts)
        ]

    def _fold(self, moments: pd.DatetimeIndex, before: pd.Timestamp, start: pd.Timestamp, end: pd.Timestamp) -> Fold:
        train = np.flatnonzero(moments < before)
        validate = np.flatnonzero((moments >= start) & (moments < end))
        if not len(train) or not len(validate):
            raise TrainingDataError(
                f"The fold that validates on [{start}, {end})",
                f"{len(train)} training and {len(validate)} validation rows between {moments.min()} and {moments.max()}",
                "Use fewer folds, a shorter window or a smaller gap.",
            )
        return Fold(train, validate, start, end)


@dataclass(frozen=True)
class Holdout:
    """The interval on which the final model is judged, never seen by the search or the fit.

    Parameters
    ----------
    start, end
        Inclusive and exclusive, UTC; rows from `end` on are used for nothing.
    gap
        Training rows are those with ``time < start - gap``.

    Examples
    --------
    >>> times = pd.Series(pd.date_range("2013-08-30", periods=5, freq="D"))
    >>> september = Holdout(dt.datetime(2013, 9, 1), dt.datetime(2013, 9, 3), gap=dt.timedelta(days=1))
    >>> [rows.tolist() for rows in september.split(times)]
    [[0], [2, 3]]
    """

    start: dt.datetime
    end: dt.datetime
    gap: dt.timedelta = dt.timedelta(0)

    def __post_init__(self) -> None:
        if _naive(self.start) >= _naive(self.end):
            raise InvalidInputError(
                f"The holdout [{self.start}, {self.end}) is empty: its start must lie before its end."
            )
        _not_negative("Holdout", self.gap)

    def split(self, times: pd.Series) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the positions of the training rows and of the holdout's rows.

        Raises
        ------
        TrainingDataError
            If either is empty.
        """
        moments = _moments(times)
        start, end = pd.Timestamp(_naive(self.start)), pd.Timestamp(_naive(self.end))
        train = np.flatnonzero(moments < start - pd.Timedelta(self.gap))
        holdout = np.flatnonzero((moments >= start) & (moments < end))
        if not len(train) or not len(holdout):
            span = f"rows from {moments.min()} to {moments.max()}" if len(moments) else "no rows"
            raise TrainingDataError(
                f"The holdout [{start}, {end}) with a gap of {self.gap}",
                f"{len(train)} rows before it and {len(holdout)} in it ({span})",
                "Move the holdout inside the rows' times.",
            )
        return train, holdout


def _naive(time: dt.datetime) -> dt.datetime:
    """Return the time as naive UTC, as Spark hands times out."""
    return time.astimezone(dt.UTC).replace(tzinfo=None) if time.tzinfo else time


def _moments(times: pd.Series) -> pd.DatetimeIndex:
    index = pd.DatetimeIndex(times)
    if index.tz is not None:
        index = index.tz_convert("UTC").tz_localize(None)
    if index.hasnans:
        raise TrainingDataError(
            "The time column", f"{int(np.count_nonzero(index.isna()))} nulls", "Filter those rows out."
        )
    return index


def _not_negative(what: str, gap: dt.timedelta) -> None:
    if gap < dt.timedelta(0):
        raise InvalidInputError(
            f"{what}(gap={gap}) is negative: training rows would lie inside the window they are judged on."
        )
