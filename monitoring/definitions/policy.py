"""When a change is an alert: how often, how sure, how many a month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headwater.lakehouse import InvalidInputError, known
from headwater.monitoring.definitions.channel import Channel

__all__ = ["CONSTANT_LIMITS", "AlertPolicy"]

CONSTANT_LIMITS: Mapping[str, float] = {
    "values": 0.1,
    "nulls": 0.05,
    "new categories": 0.01,
    "tails": 0.02,
    "repeats": 0.5,
    "performance": 0.06,
    "estimated performance": 0.06,
}
"""The least effect that is worth an alert, by kind: a KS or total variation distance, shares of rows, the
share of different values that is gone, a loss of skill; an estimated one, or the relative rise of an estimated mean absolute
error."""


@dataclass(frozen=True, kw_only=True)
class AlertPolicy:
    """When a change is an alert.

    Parameters
    ----------
    granularity
        Windows to look at; None: the longest of the monitor's.
    n, m
        A change is an alert if it is found in `n` of the last `m` windows, the newest among them.
    max_pvalue
        Largest p-value of a change, corrected by Benjamini-Hochberg over the columns of a window and kind.
    deviations
        A learnt limit is the mean of the past's own distances plus so many standard deviations.
    monthly_budget
        At most so many alerts a month (30 days). The margin over the limits is chosen so that the past would have kept to it;
        alerts past the budget are kept and marked, and lists leave them out. Loss of performance is never past it.
    apart
        Windows of the past closer than this to a window are not compared with it when the limits are learnt: a window in
        service has no neighbours in the past either.
    limits
        By kind, the least effect that is worth an alert; see `CONSTANT_LIMITS`, which hold for kinds that are not named.
    channels
        Where people are told when an incident opens and when it is over, such as ``Slack("SLACK_URL")``; see
        :mod:`monitoring.alerts.channels`. None: nowhere, and the incidents are in ``…_incidents``.

    Notes
    -----
    Limits are learnt once for each version of the baseline, in the driver: each of its windows is compared with each other one,
    column by column.

    Examples
    --------
    >>> AlertPolicy().limit("nulls"), AlertPolicy(limits={"nulls": 0.2}).limit("nulls")
    (0.05, 0.2)
    >>> AlertPolicy(n=3, m=2)
    Traceback (most recent call last):
    headwater.lakehouse.errors.InvalidInputError: The policy asks for 3 of 2 windows: choose 1 ≤ n ≤ m.
    """

    granularity: str | None = None
    n: int = 2
    m: int = 3
    max_pvalue: float = 0.001
    deviations: float = 3.0
    monthly_budget: int = 4
    apart: int = 4
    limits: Mapping[str, float] = field(default_factory=dict)
    channels: Sequence[Channel] = field(default=(), repr=False)  # limits are kept for a policy's text

    def __post_init__(self) -> None:
        if not 1 <= self.n <= self.m:
            raise InvalidInputError(f"The policy asks for {self.n} of {self.m} windows: choose 1 ≤ n ≤ m.")
        if not 0 < self.max_pvalue < 1:
            raise InvalidInputError(f"The policy has max_pvalue={self.max_pvalue}: it must lie between 0 and 1.")
        if self.monthly_budget < 1 or self.apart < 1 or self.deviations <= 0:
            raise InvalidInputError(
                f"The policy has monthly_budget={self.monthly_budget}, apart={self.apart}, deviations={self.deviations}: "
                "the first two are at least 1, the last is more than 0."
            )
        if not isinstance(self.channels, Sequence):
            raise InvalidInputError(
                f"The policy's channels are a list, found one {type(self.channels).__name__}: write [...]."
            )
        object.__setattr__(self, "channels", tuple(self.channels))
        names = [channel.name for channel in self.channels]
        if len(set(names)) < len(names):
            raise InvalidInputError(f"The policy has channels of one name, found {names}: give each receiver once.")
        for kind, limit in self.limits.items():
            if kind not in CONSTANT_LIMITS:
                raise InvalidInputError(f"The policy has a limit of {kind!r}. {known(kind, list(CONSTANT_LIMITS))}")
            if not limit > 0:
                raise InvalidInputError(f"The policy has the limit {limit} of {kind!r}: it must be more than 0.")

    def limit(self, kind: str) -> float:
        """Return the least effect of a kind that is worth an alert."""
        return self.limits.get(kind, CONSTANT_LIMITS[kind])
