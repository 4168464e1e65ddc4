"""Buckets of keys where single keys may have so many rows that they are cut into slices of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from headwater.features.joins.form import JoinForm, Plan
from headwater.features.joins.forms.buckets import join_buckets_of_keys, plan_buckets_of_keys
from headwater.features.joins.lookup import TableLookup
from headwater.features.joins.sides import BUCKET, Sides
from headwater.features.joins.time_slices import Slicing

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["HotKeysByTime"]

_MANY_TASKS = 4
_LARGE = 16 * BUCKET


class HotKeysByTime(JoinForm):
    """A key that would be half of what a task has to do at least, or too much for a worker's memory, goes to several."""

    name = "buckets of keys, hot ones by time"
    rank = 40

    def fits(self, sides: Sides) -> Plan | None:
        """Return the plan for large tables and many tasks.

        With few tasks no key is too much for one, and in few rows it is not worth the passes that find it.
        """
        plan = plan_buckets_of_keys(self.name, sides)
        if plan is None or sides.features is None or sides.tasks < _MANY_TASKS or sides.features < _LARGE:
            return None
        share = min(1 / (2 * sides.tasks), 4 * BUCKET / sides.features)
        slicing = Slicing(share, min(64, max(16, 2 * sides.tasks)), one_in=sides.features // BUCKET)
        hot = f"keys with {share:.1%} of the rows or more in {slicing.slices} slices of time"
        return replace(plan, reason=f"{plan.reason}; {hot}", slicing=slicing)

    def join(self, rows: DataFrame, lookups: Sequence[TableLookup], plan: Plan, labels: DataFrame) -> DataFrame:
        """Return the rows; see `join_buckets_of_keys`."""
        del labels
        return join_buckets_of_keys(rows, lookups, plan.buckets, plan.slicing)
