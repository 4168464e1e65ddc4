"""The plug point of the join's physical forms. All give the same rows; they differ in what they shuffle and sort.

A new form is a file in ``forms/`` with one public class of this kind: the planner and the tests find it there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from headwater.features.joins.lookup import TableLookup
from headwater.features.joins.sides import Sides
from headwater.features.joins.time_slices import Slicing

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["JoinForm", "Plan"]


@dataclass(frozen=True)
class Plan:
    """The form that is taken, why, into how many buckets rows are dealt out, and how hot keys are."""

    form: str
    reason: str
    buckets: int = 0
    slicing: Slicing | None = None


class JoinForm(ABC):
    """One way to find the feature rows of label rows. An instance has no state.

    Attributes
    ----------
    name
        What ``TrainingSet.explain()`` calls it.
    rank
        Of the forms that fit, the one of the lowest rank is taken.
    needs_time
        Whether it is for tables with a time column; else it is for tables without one.
    takes_any_keys
        Whether it looks up tables by different label columns together; else all lookups have the same keys and time.
    """

    name: ClassVar[str]
    rank: ClassVar[int]
    needs_time: ClassVar[bool] = True
    takes_any_keys: ClassVar[bool] = False

    @abstractmethod
    def fits(self, sides: Sides) -> Plan | None:
        """Return the plan with this form, or None if it does not fit; runs no Spark job."""

    @abstractmethod
    def join(self, rows: DataFrame, lookups: Sequence[TableLookup], plan: Plan, labels: DataFrame) -> DataFrame:
        """Return each of `rows` once, with the outputs of all lookups; lazy. `labels`: the rows before any lookup."""
