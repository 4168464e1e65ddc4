"""Which estimator a monitor has: by its problem, and by how its probabilities are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.monitoring.estimation.binary import BinaryEstimator
from headwater.monitoring.estimation.direct_loss import DirectLossEstimator
from headwater.monitoring.estimation.multiclass import MulticlassEstimator

if TYPE_CHECKING:
    from headwater.monitoring.estimation.estimator import Estimator

__all__ = ["BINARY", "MULTICLASS", "NUMBER", "estimator_of"]

BINARY, MULTICLASS, NUMBER = "binary", "multiclass", "number"


def estimator_of(kind: str, classes: Sequence[str]) -> Estimator:
    """Return an estimator that has learnt nothing yet.

    Examples
    --------
    >>> sorted(estimator_of("number", ()).metrics)
    ['mean_average_error', 'root_mean_squared_error']
    """
    if kind == BINARY:
        return BinaryEstimator()
    return MulticlassEstimator(len(classes)) if kind == MULTICLASS else DirectLossEstimator()
