"""What a model must beat: the best constant of all rows, and that by a few columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from headwater.lakehouse import MissingColumnsError

__all__ = ["RateBaseline"]

_MISSING = "<missing>"


@dataclass(frozen=True)
class RateBaseline:
    """Predict the training rows' rate of label 1 (of each class; of a number its mean or median), by the given columns if any.

    The rate of a combination with *k* of *n* rows is ``(k + smoothing * overall) / (n + smoothing)``, so that rare ones lean on
    the overall rate and unseen ones have it; means and medians are drawn to the overall one alike. A missing value is a value
    like any other.

    Parameters
    ----------
    name
        The name under which it is logged.
    columns
        Columns whose combinations have rates of their own; none: one rate for all.
    smoothing
        Rows' worth of the overall rate added to each combination.

    Examples
    --------
    >>> train = pd.DataFrame({"carrier": ["UA", "UA", "AA"], "late": [1, 1, 0]})
    >>> baseline = RateBaseline("carrier", ("carrier",), smoothing=0.0)
    >>> baseline.predict(train, train["late"], pd.DataFrame({"carrier": ["UA", "AA", "B6"]})).round(2).tolist()
    [1.0, 0.0, 0.67]
    """

    name: str = "overall_rate"
    columns: tuple[str, ...] = ()
    smoothing: float = 20.0

    def predict(
        self, train: pd.DataFrame, targets: ArrayLike, rows: pd.DataFrame, *, centre: str | Sequence[float] = "mean"
    ) -> NDArray[np.float64]:
        """Return the answer for each of `rows`, by the training rows `train`.

        Parameters
        ----------
        targets
            What a perfect model answers for `train`: the label of 0 and 1, a column of 0 and 1 per class, or a number.
        centre
            ``"mean"``, ``"median"``, or a quantile for each column of the targets.
        """
        actual = np.asarray(targets, dtype=np.float64)
        wide = actual.reshape(len(actual), -1)
        overall = _centre_of(wide, centre)
        if not self.columns:
            return np.tile(overall, (len(rows), 1)).reshape(len(rows), *actual.shape[1:])
        for where, frame in (("the training rows", train), ("the rows to predict", rows)):
            missing = [c for c in self.columns if c not in frame.columns]
            if missing:
                raise MissingColumnsError(missing, where, [str(c) for c in frame.columns], f"baseline {self.name}")
        groups = pd.DataFrame(wide).groupby(_keys(train, self.columns).to_numpy())
        sizes = groups.size()
        own = _centres_of(groups, centre)
        rates = own.mul(sizes, axis=0).add(self.smoothing * overall, axis=1).div(sizes + self.smoothing, axis=0)
        places = pd.Series(np.arange(len(rates)), index=rates.index)
        found = _keys(rows, self.columns).map(places).to_numpy(dtype=np.float64)
        seen = ~np.isnan(found)
        answers = np.tile(overall, (len(rows), 1))
        answers[seen] = rates.to_numpy()[found[seen].astype(np.int64)]
        return answers.reshape(len(rows), *actual.shape[1:])


def _centre_of(wide: NDArray[np.float64], centre: str | Sequence[float]) -> NDArray[np.float64]:
    if isinstance(centre, str):
        return np.asarray(np.median(wide, axis=0) if centre == "median" else wide.mean(axis=0), dtype=np.float64)
    return np.array([np.quantile(wide[:, place], level) for place, level in enumerate(centre)])


def _centres_of(groups: Any, centre: str | Sequence[float]) -> pd.DataFrame:
    if isinstance(centre, str):
        found: pd.DataFrame = groups.median() if centre == "median" else groups.mean()
        return found
    return pd.DataFrame({place: groups[place].quantile(level) for place, level in enumerate(centre)})


def _keys(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Return one value per row that is equal where all columns are."""
    parts = [frame[c].astype(object).mask(frame[c].isna(), _MISSING) for c in columns]
    return pd.Series(list(zip(*parts, strict=True)), index=frame.index, dtype=object)
