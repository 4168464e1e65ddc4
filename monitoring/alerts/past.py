"""What is normal for a column: how far the windows of the past lie from each other, by kind of change.

The past are the windows of the baseline. A window of the past is compared with the nearest of the others, leaving out those
beside it, as a window in service has none beside it either. So a slow feature, whose every week differs from the whole, and
a seasonal one, whose December resembles the January before, are held to weeks of their own past.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from headwater.monitoring.alerts.kinds.kind import Change, Column, Kind
from headwater.monitoring.alerts.kinds.registry import all_kinds
from headwater.monitoring.distances import benjamini_hochberg

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headwater.monitoring.definitions.policy import AlertPolicy
    from headwater.monitoring.states.column_state import ColumnState

__all__ = ["Found", "Limit", "Past", "changes_of", "learn_limits", "learn_margin"]

_FEWEST = 6
"""Fewer windows of the past than this teach no limit; the constants hold."""
_MARGINS = (1.0, 1.15, 1.3, 1.5, 1.75, 2.0, 2.5, 3.0)


@dataclass(frozen=True)
class Limit:
    """The limit of a column and kind, and the effects of the past's windows (NaN: no rows) that it was learnt from."""

    value: float
    effects: tuple[float, ...] = ()


@dataclass(frozen=True)
class Past:
    """The windows of the past: their indices, and the states of each column, one per window (None: no rows)."""

    columns: Mapping[str, Column]
    indices: Sequence[int]
    states: Mapping[str, Sequence[ColumnState | None]]
    _summaries: dict[tuple[str, str], tuple[Any, list[Any | None]]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def summaries(self, name: str, kind: Kind) -> tuple[Any, list[Any | None]]:
        """Return a column's scale of a kind of change, and the summary of each window; computed once."""
        if (name, kind.name) not in self._summaries:
            column, states = self.columns[name], self.states.get(name, ())
            scale = kind.scale(column, [state for state in states if state is not None])
            found = [None if state is None else kind.summary(column, state, scale) for state in states]
            self._summaries[name, kind.name] = scale, found
        return self._summaries[name, kind.name]


@dataclass(frozen=True)
class Found:
    """A change of a column in a window that is over its limit: `excess` is the effect in limits, 1 or more."""

    column: str
    kind: str
    concerns: str
    change: Change
    limit: float

    @property
    def excess(self) -> float:
        """How many limits the effect is."""
        return self.change.effect / self.limit


def learn_limits(past: Past, policy: AlertPolicy) -> dict[tuple[str, str], Limit]:
    """Return the limits by column and kind: mean and deviations of the past's own distances, never under the constants.

    Each window is compared with the others that are at least ``policy.apart`` windows away (in a short past: with all others).

    Examples
    --------
    >>> from headwater.monitoring.definitions.policy import AlertPolicy
    >>> learn_limits(Past({"x": Column("x", "number", np.zeros(1))}, [], {}), AlertPolicy())["x", "nulls"]
    Limit(value=0.05, effects=())
    """
    apart = policy.apart if len(past.indices) >= 4 * policy.apart else 1
    limits = {}
    for name, column in past.columns.items():
        for kind in all_kinds().values():
            if not kind.fits(column):
                continue
            _, summaries = past.summaries(name, kind)
            windows = [(i, one) for i, one in zip(past.indices, summaries, strict=False) if one is not None]
            effects = {i: _effect(kind, one, [two for j, two in windows if abs(i - j) >= apart]) for i, one in windows}
            every = tuple(effects.get(i, math.nan) for i in past.indices) if past.states.get(name) else ()
            limits[name, kind.name] = Limit(_limit(every, kind.name, policy), every)
    return limits


def learn_margin(
    past: Past,
    limits: Mapping[tuple[str, str], Limit],
    policy: AlertPolicy,
    *,
    per_month: float,
    cause_of: Callable[[str], str] = str,
) -> float:
    """Return the least margin over the limits with which the past's own windows would have kept to the budget.

    Each window of the past is held to limits that were learnt without it. A series of windows in which columns of one cause
    are over their limits is one alert.

    Parameters
    ----------
    per_month
        Number of windows in 30 days.
    """
    months = max(len(past.indices) / per_month, 1.0)
    ratios = {key: _ratios(limit.effects, key[1], policy) for key, limit in limits.items()}
    for margin in _MARGINS:
        alarms: dict[str, NDArray[np.bool_]] = {}
        for (name, _), of in ratios.items():
            raised = _raised([ratio > margin for ratio in of], policy)
            cause = cause_of(name)
            alarms[cause] = alarms[cause] | raised if cause in alarms else raised
        begun = sum(int(np.sum(raised & ~np.r_[False, raised[:-1]])) for raised in alarms.values())
        if begun / months <= policy.monthly_budget:
            return margin
    return _MARGINS[-1]


def changes_of(
    states: Mapping[str, ColumnState],
    past: Past,
    limits: Mapping[tuple[str, str], Limit],
    policy: AlertPolicy,
    margin: float = 1.0,
) -> list[Found]:
    """Return the changes of a window that are over their limits, and significant after correction for the columns.

    The greatest excess comes first. A column that the past does not have is left out.
    """
    found: list[Found] = []
    for kind in all_kinds().values():
        measured = []
        for name, column in past.columns.items():
            if name not in states or not kind.fits(column):
                continue
            scale, summaries = past.summaries(name, kind)
            now, others = kind.summary(column, states[name], scale), [one for one in summaries if one is not None]
            change = kind.change(now, others) if now is not None and others else None
            if change is not None:
                measured.append((name, change))
        if not measured:
            continue
        corrected = benjamini_hochberg([change.pvalue for _, change in measured])
        for (name, change), pvalue in zip(measured, corrected, strict=True):
            limit = limits[name, kind.name].value * margin
            if change.effect > limit and pvalue <= policy.max_pvalue:
                found.append(Found(name, kind.name, kind.concerns, change, limit))
    return sorted(found, key=lambda one: -one.excess)


def _effect(kind: Kind, now: Any, others: Sequence[Any]) -> float:
    """Return how far a window is from the nearest of the others; NaN if nothing can be said."""
    change = kind.change(now, others) if others else None
    return math.nan if change is None else change.effect


def _limit(effects: Sequence[float], kind: str, policy: AlertPolicy) -> float:
    least, there = policy.limit(kind), [effect for effect in effects if not math.isnan(effect)]
    if len(there) < _FEWEST:
        return least
    return max(least, float(np.mean(there) + policy.deviations * np.std(there, ddof=1)))


def _ratios(effects: Sequence[float], kind: str, policy: AlertPolicy) -> list[float]:
    """Return each effect in limits that were learnt from the others."""
    return [one / _limit((*effects[:at], *effects[at + 1 :]), kind, policy) for at, one in enumerate(effects)]


def _raised(over: Sequence[bool], policy: AlertPolicy) -> NDArray[np.bool_]:
    """Say of each window whether it is over, and n of m with it."""
    return np.array(
        [over[at] and sum(over[max(0, at - policy.m + 1) : at + 1]) >= policy.n for at in range(len(over))], dtype=bool
    )
