"""When a project's model is trained again: the policy, and what it says at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from headwater.lakehouse import InvalidInputError

__all__ = ["Asked", "Retraining", "Verdict"]


@dataclass(frozen=True)
class Asked:
    """A decision of the monitor: as of when, and why it asked for a retraining."""

    as_of: dt.datetime
    reason: str


@dataclass(frozen=True)
class Verdict:
    """Whether to train, and why or why not, as a sentence."""

    train: bool
    reason: str


@dataclass(frozen=True)
class Retraining:
    """How a project is retrained.

    Parameters
    ----------
    holdout
        The newest rows of this length judge the new model and the champion; what lies before them trains.
    history
        Length of the rows that train, before the holdout; None: all that there are.
    apart
        Least time from the end of one training's rows to the end of the next one's.
    every
        Train so long after the last training, whether the monitor asks for it or not; None: only when it asks.

    Examples
    --------
    >>> policy = Retraining(every=dt.timedelta(days=90))
    >>> day = dt.datetime(2013, 10, 1, tzinfo=dt.UTC)
    >>> policy.verdict(day, last_end=day - dt.timedelta(days=91), asked=[])
    Verdict(train=True, reason='91 days have passed since the last training, and 90 are the policy.')
    >>> policy.verdict(day, last_end=day - dt.timedelta(days=30), asked=[]).train
    False
    """

    holdout: dt.timedelta = dt.timedelta(days=28)
    history: dt.timedelta | None = None
    apart: dt.timedelta = dt.timedelta(days=28)
    every: dt.timedelta | None = None

    def __post_init__(self) -> None:
        lengths = {"holdout": self.holdout, "history": self.history, "every": self.every}
        wrong = [name for name, length in lengths.items() if length is not None and length <= dt.timedelta(0)]
        if wrong or self.apart < dt.timedelta(0):
            raise InvalidInputError(f"{self}: {(wrong or ['apart'])[0]} must be a positive time.")

    def verdict(self, as_of: dt.datetime, *, last_end: dt.datetime | None, asked: Sequence[Asked]) -> Verdict:
        """Return whether to train on what was known at a time.

        Parameters
        ----------
        last_end
            End of the rows of the last training, whatever came of it; None: there was none.
        asked
            Decisions of the monitor that asked for a retraining, in any order; those up to the last training's end, and those
            after `as_of`, do not count.
        """
        if last_end is None:
            return Verdict(True, "There is no model yet.")
        passed = as_of - last_end
        if passed < self.apart:
            return Verdict(
                False,
                f"The last training had rows up to {last_end:%Y-%m-%d %H:%M} UTC; the next may begin from "
                f"{last_end + self.apart:%Y-%m-%d %H:%M} on.",
            )
        requests = sorted((one for one in asked if last_end < one.as_of <= as_of), key=lambda one: one.as_of)
        if requests:
            return Verdict(
                True, f"As of {requests[-1].as_of:%Y-%m-%d}, the monitor asked for it: {requests[-1].reason}"
            )
        if self.every is not None and passed >= self.every:
            return Verdict(
                True,
                f"{passed.days} days have passed since the last training, and {self.every.days} are the policy.",
            )
        return Verdict(False, "The monitor has not asked for it since the last training, and no time is up.")
