"""Inputs as trees take them: numbers as they are, text by the positions of its frequent values."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Encoder", "one_thread"]

_CATEGORIES = 200
"""The most frequent values of a text column that are told apart: histogram boosting takes at most 255."""


def one_thread() -> AbstractContextManager[Any]:
    """Let trees be fitted and asked with one thread within: several wait for each other on a busy machine, 8 times as long.

    OpenMP alone, which trees use: its number belongs to the thread that asks. That of a BLAS is the whole process's, and two that
    overlap would leave it at 1.
    """
    from threadpoolctl import threadpool_limits

    found: AbstractContextManager[Any] = threadpool_limits(limits=1, user_api="openmp")
    return found


class Encoder:
    """Learns the columns of a frame and the frequent values of its text, then gives numbers; a missing or a rare value is NaN.

    Examples
    --------
    >>> frame = pd.DataFrame({"x": [1.0, None], "group": ["a", "b"]})
    >>> Encoder().fit(frame).transform(pd.DataFrame({"x": [3.0], "group": ["c"]}))
    array([[ 3., nan]])
    """

    def fit(self, frame: pd.DataFrame) -> Self:
        """Learn from the rows; a column without a value is left out."""
        frame = frame.loc[:, frame.notna().any()]
        numbers = [str(name) for name in frame if pd.api.types.is_numeric_dtype(frame[name])]
        self.categories_ = {
            str(name): frame[name].value_counts().sort_index().nlargest(_CATEGORIES).index.tolist()
            for name in frame
            if name not in numbers
        }
        self.names_ = [*numbers, *self.categories_]
        return self

    @property
    def is_text(self) -> list[bool]:
        """Say of each column whether it was text."""
        return [name in self.categories_ for name in self.names_]

    def transform(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Return a row each, and a column for each of `names_`."""
        columns = []
        for name in self.names_:
            if name in self.categories_:
                codes = pd.Categorical(frame[name], categories=self.categories_[name]).codes.astype(np.float64)
                columns.append(np.where(codes < 0, np.nan, codes))
            else:
                columns.append(frame[name].to_numpy(dtype=np.float64))
        return np.column_stack(columns) if columns else np.zeros((len(frame), 0))
