"""Buckets of keys for a few label rows: feature rows of other keys do not leave the scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from headwater.features.joins.form import JoinForm, Plan
from headwater.features.joins.forms.buckets import join_buckets_of_keys
from headwater.features.joins.forms.narrow_wide import WIDE
from headwater.features.joins.lookup import TableLookup
from headwater.features.joins.pruning import rows_of_label_keys
from headwater.features.joins.sides import MIB, Sides

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["BucketsOfLabelKeys"]

_FEW_LABELS = 32 * MIB
_TIMES_AS_MUCH = 100  # of features as of labels, from which it pays to leave out other keys first
_ONE_IN = 4  # of a table's rows has the key of a label, where these are few; if all have, buckets are larger


class BucketsOfLabelKeys(JoinForm):
    """The labels' keys are broadcast, and leave out feature rows of other keys before these are dealt out."""

    name = "buckets of the labels' keys"
    rank = 10

    def fits(self, sides: Sides) -> Plan | None:
        """Return the plan for a few label rows that are the same when they are read twice, and tables that are not wide."""
        if sides.labels is None or sides.features is None or sides.unfit_for_arrow or not sides.is_repeatable:
            return None
        few = sides.labels <= _FEW_LABELS and sides.smallest_table >= _TIMES_AS_MUCH * sides.labels
        if not few or sides.columns >= WIDE:
            return None
        reason = f"{sides.features / MIB:,.0f} MiB of features for {sides.labels / MIB:,.1f} MiB of labels"
        return Plan(self.name, reason, sides.buckets_for(sides.labels + sides.features // _ONE_IN))

    def join(self, rows: DataFrame, lookups: Sequence[TableLookup], plan: Plan, labels: DataFrame) -> DataFrame:
        """Return the rows; see `rows_of_label_keys` and `join_buckets_of_keys`."""
        pruned = [
            replace(lookup, features=rows_of_label_keys(labels, lookup.features, lookup.keys)) for lookup in lookups
        ]
        return join_buckets_of_keys(rows, pruned, plan.buckets)
