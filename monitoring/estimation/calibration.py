"""What a score means: the share of labels that came true at it, by isotonic regression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Calibration", "calibrated", "is_calibrated"]

_BINS = 10


@dataclass(frozen=True)
class Calibration:
    """Ascending shares of scores, block by block; a score belongs to the last block that starts at or below it.

    Parameters
    ----------
    starts
        The least score of each block; lower scores than the first belong to the first.
    shares
        The share of the block's labels that came true, 0 to 1.
    rows
        How many rows each share was learnt from.
    """

    starts: NDArray[np.float64]
    shares: NDArray[np.float64]
    rows: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.shares)

    def block(self, scores: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return the position of each score's block."""
        return np.maximum(np.searchsorted(self.starts, scores, side="right") - 1, 0)

    def document(self) -> dict[str, list[float]]:
        """Return it as JSON has it."""
        return {"starts": self.starts.tolist(), "shares": self.shares.tolist(), "rows": self.rows.tolist()}

    @classmethod
    def restored(cls, document: Mapping[str, Any]) -> Calibration:
        """Return what :meth:`document` wrote."""
        return cls(*(np.asarray(document[name], dtype=np.float64) for name in ("starts", "shares", "rows")))


def calibrated(scores: NDArray[np.float64], came_true: NDArray[np.float64]) -> Calibration:
    """Return the calibration of scores whose labels came true (1) or not (0); at least one row.

    The shares are those of isotonic regression (Ayer and others, 1955): the ascending ones with the least squared error. They are
    constant in each block and change halfway between the blocks' scores.

    Examples
    --------
    >>> found = calibrated(np.array([0.1, 0.2, 0.3, 0.9]), np.array([0.0, 1.0, 0.0, 1.0]))
    >>> found.shares.tolist(), [round(start, 3) for start in found.starts.tolist()]
    ([0.0, 0.5, 1.0], [0.1, 0.15, 0.6])
    """
    from sklearn.isotonic import isotonic_regression

    values, at = np.unique(scores, return_inverse=True)
    rows = np.bincount(at, minlength=len(values)).astype(np.float64)
    shares = isotonic_regression(np.bincount(at, weights=came_true, minlength=len(values)) / rows, sample_weight=rows)
    first = np.flatnonzero(np.r_[True, np.diff(shares) > 1e-12])
    starts = np.where(first > 0, (values[first] + values[np.maximum(first - 1, 0)]) / 2, values[first])
    return Calibration(starts, np.clip(shares[first], 0.0, 1.0), np.add.reduceat(rows, first))


def is_calibrated(scores: NDArray[np.float64], came_true: NDArray[np.float64]) -> bool:
    """Say whether scores are right as they are: calibrating them on every other row does not better the rest, and the other way.

    They are held to the expected calibration error of ten bins of equal width (Naeini and others, 2015).

    Examples
    --------
    >>> scores, half = np.repeat([0.25, 0.75], 8), np.tile([0.0, 0.0, 1.0, 1.0], 4)
    >>> right = np.r_[np.tile([0.0, 0.0, 0.0, 1.0], 2), np.tile([0.0, 1.0, 1.0, 1.0], 2)]
    >>> is_calibrated(scores, right), is_calibrated(scores, half)
    (True, False)
    """
    found, even = np.zeros(len(scores)), np.arange(len(scores)) % 2 == 0
    for judged in (even, ~even):
        if judged.all() or not judged.any():
            return True
        of = calibrated(scores[~judged], came_true[~judged])
        found[judged] = of.shares[of.block(scores[judged])]
    return _error(scores, came_true) <= _error(found, came_true)


def _error(chances: NDArray[np.float64], came_true: NDArray[np.float64]) -> float:
    bins = np.minimum((chances * _BINS).astype(np.intp), _BINS - 1)
    return float(np.abs(np.bincount(bins, weights=came_true - chances, minlength=_BINS)).sum() / len(chances))
