"""What an estimator of performance is. A new one is a file in this folder that is named in ``kinds.py``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["DocumentedEstimator", "Estimate", "Estimator", "Rows"]


@dataclass(frozen=True)
class Estimate:
    """A metric's estimate, and the standard error of the realised metric around it; NaN where it is not defined."""

    value: float
    error: float


@dataclass(frozen=True)
class Rows:
    """Scored rows, column by column; all arrays have one entry a row.

    Parameters
    ----------
    predictions
        Positions of the predicted classes, or the predicted numbers.
    scores
        The probability of the class at position 1, a column of probabilities for each class, or None of numbers.
    labels
        Positions of the true classes, or the true numbers; NaN where the label is not known.
    inputs
        What the model was given; None where the estimator looks at scores alone.
    """

    predictions: NDArray[np.float64]
    scores: NDArray[np.float64] | None
    labels: NDArray[np.float64]
    inputs: pd.DataFrame | None = None

    def __len__(self) -> int:
        return len(self.predictions)

    def take(self, chosen: NDArray[Any]) -> Rows:
        """Return the rows at these positions, or where the mask is true."""
        inputs = None
        if self.inputs is not None:
            at = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
            inputs = self.inputs.iloc[at]
        scores = None if self.scores is None else self.scores[chosen]
        return Rows(self.predictions[chosen], scores, self.labels[chosen], inputs)

    def labelled(self) -> Rows:
        """Return the rows whose label is known."""
        return self.take(~np.isnan(self.labels))


class Estimator(Protocol):
    """Learns from labelled rows of one model, then says of rows without labels how good the model is on them.

    What it needs of a window is a *state*, an array of sums: states of parts of a window are added up, so that a window of any
    size is read once, wherever its rows lie.
    """

    metrics: ClassVar[Mapping[str, bool]]
    """Whether higher is better, by the metric's name in ``…_profile_metrics``."""

    def fit(self, rows: Rows) -> Self:
        """Learn from rows that the model was not trained on."""
        ...

    def state(self, rows: Rows) -> NDArray[np.float64]:
        """Return the sums of the rows; their labels are not looked at."""
        ...

    def estimates(self, state: NDArray[np.float64]) -> dict[str, Estimate]:
        """Return the estimates of a window by metric, from the sum of its states."""
        ...

    def realised(self, rows: Rows) -> dict[str, float]:
        """Return the true metrics of labelled rows."""
        ...


@runtime_checkable
class DocumentedEstimator(Estimator, Protocol):
    """An estimator whose knowledge is small enough for a table; any other is fitted again on its reference."""

    def document(self) -> dict[str, Any]:
        """Return what was learnt, as JSON has it."""
        ...

    def restored(self, document: Mapping[str, Any]) -> Self:
        """Return the estimator with what a document says was learnt."""
        ...
