"""Match narrow, fetch wide: for label rows that can be broadcast, and wide feature tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from headwater.features.joins.columns import chosen
from headwater.features.joins.form import JoinForm, Plan
from headwater.features.joins.forms.buckets import join_buckets_of_keys
from headwater.features.joins.forms.by_key import join_latest
from headwater.features.joins.lookup import TableLookup
from headwater.features.joins.pruning import rows_of_label_keys
from headwater.features.joins.sides import MIB, Sides

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["WIDE", "NarrowMatch", "join_narrow"]

WIDE = 50
_NARROW = 3  # columns that are matched in place of the wide: keys and time
_BROADCAST = 128 * MIB
_TIMES_AS_MUCH = 3  # of features as of labels


class NarrowMatch(JoinForm):
    """Feature columns of rows that no label finds are neither shuffled nor turned into Arrow."""

    name = "narrow match, wide fetch"
    rank = 30

    def fits(self, sides: Sides) -> Plan | None:
        """Return the plan for wide tables, and label rows that are the same when they are read twice."""
        if sides.labels is None or sides.features is None or sides.unfit_for_arrow or not sides.is_repeatable:
            return None
        few = sides.labels <= _BROADCAST and sides.smallest_table >= _TIMES_AS_MUCH * sides.labels
        if not few or sides.columns < WIDE:
            return None
        mib = f"{sides.features / MIB:,.0f} MiB of features"
        reason = f"{mib} in {sides.columns} columns, of which labels find a part"
        return Plan(self.name, reason, sides.buckets_for(sides.labels + _NARROW * sides.features // sides.columns))

    def join(self, rows: DataFrame, lookups: Sequence[TableLookup], plan: Plan, labels: DataFrame) -> DataFrame:
        """Return the rows, joined with one table after the other; see `join_narrow`."""
        del labels
        for lookup in lookups:
            rows = join_narrow(rows, lookup, plan.buckets)
        return rows


def join_narrow(spine: DataFrame, lookup: TableLookup, buckets: int) -> DataFrame:
    """Return what :func:`features.join_as_of` returns; the label rows' keys and times must be small enough to broadcast.

    First labels are matched in `buckets` with keys and times of the feature rows alone, of which Spark then reads two columns;
    then the rows that were found are fetched with all their columns by a broadcast semi-join.

    Notes
    -----
    Cost: the feature table is read twice, once narrow; keys and times are shuffled; the rows that were found are shuffled.
    Feature columns of rows that no label finds never leave the scan. Lazy; no Spark job.
    """
    time = lookup.feature_time
    timed = join_buckets_of_keys(spine, [replace(lookup, outputs={time: "__at"})], buckets)
    fetched_by = [*lookup.keys, ("__at", time)]
    fetched = rows_of_label_keys(timed, lookup.features, fetched_by)
    joined = join_latest(timed, fetched, keys=fetched_by, outputs=dict(lookup.outputs))
    return chosen(joined, [*spine.columns, *lookup.outputs.values()])
