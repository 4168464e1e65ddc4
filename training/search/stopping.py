"""When a search ends before its last trial, and when a trial before its last fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headwater.training.search.trial import Trial

__all__ = ["Stopping"]

_LEAST = 4  # trials whose losses are known before others are given up


@dataclass(frozen=True)
class Stopping:
    """Rules that look at the finished trials alone, in their order: the same trials, the same end, at any parallelism.

    Parameters
    ----------
    patience
        The search ends when so many trials in a row have not been better than the best before; None: it goes on.
    failures
        The search ends when so many trials have failed; None: it goes on.
    prune
        A trial is given up after a fold if its mean loss so far is above the median of the finished trials' at that fold.

    Examples
    --------
    >>> losses = [0.5, 0.4, 0.45, 0.41]
    >>> trials = [Trial(n, "a", {}, "ok", loss, fold_losses=(loss, loss)) for n, loss in enumerate(losses)]
    >>> Stopping(patience=2).is_over(trials), Stopping(patience=3).is_over(trials), Stopping(prune=True).bars(trials)
    (True, False, (0.43,))
    """

    patience: int | None = None
    failures: int | None = None
    prune: bool = False

    def is_over(self, trials: Sequence[Trial]) -> bool:
        """Return whether no further trial is to begin."""
        if self.failures is not None and sum(trial.failed for trial in trials) >= self.failures:
            return True
        losses = [trial.loss if trial.status == "ok" and trial.loss is not None else np.inf for trial in trials]
        if self.patience is None or not np.isfinite(losses).any():
            return False
        return len(losses) - 1 - int(np.argmin(losses)) >= self.patience

    def bars(self, trials: Sequence[Trial]) -> tuple[float, ...]:
        """Return, by fold but the last, the mean loss so far above which a trial is given up; empty: none is."""
        finished = [trial.partial_losses for trial in trials if trial.status == "ok"]
        if not self.prune or len(finished) < _LEAST:
            return ()
        return tuple(float(one) for one in np.median(np.array(finished), axis=0)[:-1].round(15))
