"""Splits that do not go by time: by groups whose rows belong together, and at random with the same share of each class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from headwater.lakehouse import InvalidInputError
from headwater.training.data.splits import Fold
from headwater.training.errors import TrainingDataError

__all__ = ["GroupFolds", "StratifiedFolds"]


@dataclass(frozen=True)
class GroupFolds:
    """All rows of a group train, or all validate: what is learnt of a customer is judged on other customers.

    For rows whose order in time does not matter. The holdout still goes by time.

    Parameters
    ----------
    group
        Column of the groups; it is no input. A missing value is a group of its own row.
    n
        Number of folds, at least 2; each group validates in one of them.
    seed
        Of the groups' order.

    Examples
    --------
    >>> times = pd.Series(pd.date_range("2013-01-01", periods=6, freq="D"))
    >>> for fold in GroupFolds("customer", 2).split(times, groups=pd.Series(["a", "b", "a", "b", "a", "b"])):
    ...     print(fold.train.tolist(), fold.validate.tolist())
    [1, 3, 5] [0, 2, 4]
    [0, 2, 4] [1, 3, 5]
    """

    group: str
    n: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        _at_least_two(self, self.n)

    def split(
        self, times: pd.Series, *, groups: pd.Series | None = None, labels: ArrayLike | None = None
    ) -> list[Fold]:
        """Return the folds, see `Folds`; the times say only when the validation rows are.

        Raises
        ------
        TrainingDataError
            There are fewer groups than folds.
        """
        del labels
        if groups is None:
            raise InvalidInputError(f"{self} needs the rows' groups: give the column {self.group!r} with the rows.")
        codes, known = pd.factorize(groups)
        codes = np.where(codes < 0, len(known) + np.arange(len(codes)), codes)
        kinds = np.unique(codes)
        if len(kinds) < self.n:
            raise TrainingDataError(
                f"The column {self.group!r}",
                f"{len(kinds)} groups for {self.n} folds",
                "Use fewer folds, or other groups.",
            )
        order = np.random.default_rng(self.seed).permutation(kinds)
        parts = [np.flatnonzero(np.isin(codes, order[place :: self.n])) for place in range(self.n)]
        return [_fold(times, part) for part in parts]


@dataclass(frozen=True)
class StratifiedFolds:
    """Rows drawn at random into folds, each with the same share of each class; for numbers, of each fifth of them.

    For rows whose order in time does not matter. The holdout still goes by time.

    Parameters
    ----------
    n
        Number of folds, at least 2; each row validates in one of them.
    seed
        Of the draw.

    Examples
    --------
    >>> times = pd.Series(pd.date_range("2013-01-01", periods=6, freq="D"))
    >>> folds = StratifiedFolds(2).split(times, labels=[0, 0, 0, 0, 1, 1])
    >>> [int((fold.validate >= 4).sum()) for fold in folds]
    [1, 1]
    """

    n: int = 3
    seed: int = 0

    group: ClassVar[str | None] = None

    def __post_init__(self) -> None:
        _at_least_two(self, self.n)

    def split(
        self, times: pd.Series, *, groups: pd.Series | None = None, labels: ArrayLike | None = None
    ) -> list[Fold]:
        """Return the folds, see `Folds`; the times say only when the validation rows are.

        Raises
        ------
        TrainingDataError
            There are fewer rows than folds.
        """
        del groups
        if labels is None:
            raise InvalidInputError(f"{self} needs the rows' labels.")
        values = pd.Series(np.asarray(labels))
        if len(values) < self.n:
            raise TrainingDataError("The rows", f"{len(values)} rows for {self.n} folds", "Use fewer folds.")
        strata = pd.qcut(values, 5, labels=False, duplicates="drop") if values.nunique() > 20 else values
        drawn = np.random.default_rng(self.seed).permutation(len(values))
        ordered = drawn[np.argsort(pd.factorize(strata)[0][drawn], kind="stable")]
        return [_fold(times, np.sort(ordered[place :: self.n])) for place in range(self.n)]


def _fold(times: pd.Series, validate: NDArray[np.int64]) -> Fold:
    moments = pd.DatetimeIndex(times)
    train = np.setdiff1d(np.arange(len(moments)), validate)
    held = moments[validate]
    return Fold(train, validate, held.min(), held.max() + pd.Timedelta(microseconds=1))


def _at_least_two(folds: object, n: int) -> None:
    if n < 2:
        raise InvalidInputError(f"{folds}: n must be at least 2.")
