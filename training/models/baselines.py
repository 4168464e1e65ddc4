"""What a model must beat: the rate of all rows, and the rate by a few columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from headwater.lakehouse import MissingColumnsError

__all__ = ["RateBaseline"]

_MISSING = "<missing>"


@dataclass(frozen=True)
class RateBaseline:
    """Predict the training rows' rate of label 1, by the given columns' values if there are any.

    The rate of a combination with *k* of *n* rows is ``(k + smoothing * overall) / (n + smoothing)``, so that rare ones lean on
    the overall rate and unseen ones have it. A missing value is a value like any other.

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

    def predict(self, train: pd.DataFrame, label: ArrayLike, rows: pd.DataFrame) -> NDArray[np.float64]:
        """Return the probability of label 1 for each of `rows`, by the rates in `train`."""
        actual = np.asarray(label, dtype=np.float64)
        overall = float(actual.mean())
        if not self.columns:
            return np.full(len(rows), overall)
        for where, frame in (("the training rows", train), ("the rows to predict", rows)):
            missing = [c for c in self.columns if c not in frame.columns]
            if missing:
                raise MissingColumnsError(missing, where, [str(c) for c in frame.columns], f"baseline {self.name}")
        counts = (
            pd.DataFrame({"key": _keys(train, self.columns), "label": actual})
            .groupby("key")["label"]
            .agg(["sum", "size"])
        )
        rates = (counts["sum"] + self.smoothing * overall) / (counts["size"] + self.smoothing)
        return _keys(rows, self.columns).map(rates).fillna(overall).to_numpy(dtype=np.float64)


def _keys(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Return one value per row that is equal where all columns are."""
    parts = [frame[c].astype(object).mask(frame[c].isna(), _MISSING) for c in columns]
    return pd.Series(list(zip(*parts, strict=True)), index=frame.index, dtype=object)
