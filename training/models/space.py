"""A search space as frozen data, compiled to a search engine's own where the search runs.

Which values a hyperparameter may take is said once, in words of our own, so that a family of models knows no search engine.
A new kind of dimension is one class: what an engine draws for it, and what the model gets for what was drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

from headwater.lakehouse import InvalidInputError

__all__ = ["Choice", "Dimension", "Integers", "LogUniform", "Uniform"]


class Dimension(Protocol):
    """A hyperparameter's values. Frozen data, that is checked when it is made."""

    def expression(self, hp: Any, label: str) -> Any:
        """Return what hyperopt's module `hp` draws from, under a label."""

    def value(self, drawn: Any) -> Any:
        """Return the model's value for what was drawn."""

    def drawn(self, value: Any) -> Any:
        """Return what is drawn for a value of the model's; raises InvalidInputError if nothing is."""


@dataclass(frozen=True)
class Uniform:
    """A real number from `low` to `high`, evenly.

    Examples
    --------
    >>> Uniform(0.0, 1.0)
    Uniform(low=0.0, high=1.0)
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _ordered(self, self.low, self.high)

    def expression(self, hp: Any, label: str) -> Any:
        """Return what hyperopt draws from."""
        return hp.uniform(label, self.low, self.high)

    def distribution(self, distributions: Any) -> Any:
        """Return Optuna's distribution."""
        return distributions.FloatDistribution(self.low, self.high)

    def value(self, drawn: Any) -> float:
        """Return the drawn value as a Python number."""
        return float(drawn)

    def drawn(self, value: Any) -> Any:
        """Return the value."""
        return value


@dataclass(frozen=True)
class LogUniform:
    """A positive real number whose logarithm is even between those of `low` and `high`.

    Examples
    --------
    >>> LogUniform(0.0, 1.0)
    Traceback (most recent call last):
    headwater.lakehouse.errors.InvalidInputError: LogUniform(low=0.0, high=1.0) has no logarithm at its low end: ...
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _ordered(self, self.low, self.high)
        if self.low <= 0:
            raise InvalidInputError(f"{self} has no logarithm at its low end: low must be positive.")

    def expression(self, hp: Any, label: str) -> Any:
        """Return what hyperopt draws from: it takes the logarithms of the ends."""
        return hp.loguniform(label, math.log(self.low), math.log(self.high))

    def distribution(self, distributions: Any) -> Any:
        """Return Optuna's distribution."""
        return distributions.FloatDistribution(self.low, self.high, log=True)

    def value(self, drawn: Any) -> float:
        """Return the drawn value as a Python number."""
        return float(drawn)

    def drawn(self, value: Any) -> Any:
        """Return the value."""
        return value


@dataclass(frozen=True)
class Integers:
    """A whole number from `low` to `high`, both inclusive; with `log`, small ones are as likely as large ones.

    Examples
    --------
    >>> Integers(8, 64).value(31.0)
    31
    """

    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        _ordered(self, self.low, self.high)
        if self.log and self.low < 1:
            raise InvalidInputError(f"{self} has no logarithm at its low end: low must be at least 1.")

    def expression(self, hp: Any, label: str) -> Any:
        """Return what hyperopt draws from: real numbers, of which each whole one's share is as wide as the others'."""
        low, high = self.low - 0.49, self.high + 0.49
        return hp.loguniform(label, math.log(low), math.log(high)) if self.log else hp.uniform(label, low, high)

    def distribution(self, distributions: Any) -> Any:
        """Return Optuna's distribution."""
        return distributions.IntDistribution(self.low, self.high, log=self.log)

    def value(self, drawn: Any) -> int:
        """Return the drawn value as a whole number inside the bounds."""
        return min(self.high, max(self.low, math.floor(float(drawn) + 0.5)))

    def drawn(self, value: Any) -> Any:
        """Return the value."""
        return value


@dataclass(frozen=True)
class Choice:
    """One of some values that have no order, of any type; the model gets the value as it was given.

    Parameters
    ----------
    choices
        The values, in a tuple, a list or a NumPy array, whose elements are taken as Python's numbers. A search draws a place
        among them, so that no search engine sees, or changes, the values themselves.

    Examples
    --------
    >>> Choice((None, [64, 32])).value(1)
    [64, 32]
    """

    choices: tuple[Any, ...]

    def __post_init__(self) -> None:
        given: Any = self.choices
        if isinstance(given, str) or not hasattr(given, "__iter__"):
            raise InvalidInputError(f"Choice takes several values, found {given!r}: write Choice([{given!r}]).")
        object.__setattr__(self, "choices", tuple(given.tolist() if hasattr(given, "tolist") else given))
        if not self.choices:
            raise InvalidInputError("Choice(choices=()) leaves nothing to choose: give at least one value.")

    def expression(self, hp: Any, label: str) -> Any:
        """Return what hyperopt draws from: the places."""
        return hp.choice(label, list(range(len(self.choices))))

    def distribution(self, distributions: Any) -> Any:
        """Return Optuna's distribution."""
        return distributions.CategoricalDistribution(tuple(range(len(self.choices))))

    def value(self, drawn: Any) -> Any:
        """Return the value at the drawn place, which counts from 0, as it was given."""
        return self.choices[int(drawn)]

    def drawn(self, value: Any) -> int:
        """Return the place of a value; ``1``, ``1.0`` and true are told apart.

        Raises
        ------
        InvalidInputError
            The value is none of the choices.
        """
        places = [i for i, one in enumerate(self.choices) if type(one) is type(value) and repr(one) == repr(value)]
        if not places:
            raise InvalidInputError(f"{value!r} is not among the choices {list(self.choices)!r}.")
        return places[0]


def _ordered(dimension: object, low: float, high: float) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InvalidInputError(f"{dimension} is empty: low must be below high, and both finite.")
