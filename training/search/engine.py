"""What proposes hyperparameters: it is asked for trials and told how they went, and knows neither data nor Spark.

A new engine is a file here with a class of these methods; tests/training/search/suite.py holds every engine to one suite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Proposal", "SearchEngine"]


@dataclass(frozen=True)
class Proposal:
    """A trial to be run: its number from 0, the family's name, and the values of all of its hyperparameters."""

    number: int
    family: str
    params: Mapping[str, Any]


class SearchEngine(Protocol):
    """Proposes trials. The same seed, asked and told in the same order, proposes the same."""

    def ask(self) -> Proposal:
        """Return the next trial; it may be asked again before the trials before are told."""
        ...

    def tell(self, number: int, loss: float | None) -> None:
        """Take in the loss of a trial; None: it failed."""
        ...
