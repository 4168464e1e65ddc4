"""Both sides dealt out by their keys, matched by Spark's workers: one shuffle for all tables, no sort of times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.features.joins.dealing import bucket_of, match_in_buckets, send_matching_by_value
from headwater.features.joins.form import JoinForm, Plan
from headwater.features.joins.lookup import TableLookup
from headwater.features.joins.sides import BUCKET, BUCKETS_PER_TASK, MIB, Sides
from headwater.features.joins.time_slices import HotKeys, Slicing
from headwater.lakehouse import quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import DataType

__all__ = ["BucketsOfKeys", "join_buckets_of_keys", "plan_buckets_of_keys"]


class BucketsOfKeys(JoinForm):
    """What Spark's workers do unless another form fits better."""

    name = "buckets of keys"
    rank = 50

    def fits(self, sides: Sides) -> Plan | None:
        """Return the plan where the tables' sizes are known, and Arrow can hold the rows."""
        return plan_buckets_of_keys(self.name, sides)

    def join(self, rows: DataFrame, lookups: Sequence[TableLookup], plan: Plan, labels: DataFrame) -> DataFrame:
        """Return the rows; see `join_buckets_of_keys`."""
        del labels
        return join_buckets_of_keys(rows, lookups, plan.buckets)


def plan_buckets_of_keys(form: str, sides: Sides) -> Plan | None:
    """Return the plan of a form that deals out both sides by their keys, hot keys or not."""
    if sides.features is None or sides.unfit_for_arrow:
        return None
    mib = f"{sides.features / MIB:,.0f} MiB of features"
    if sides.labels is None:
        buckets = max(4 * sides.tasks * BUCKETS_PER_TASK, sides.features // BUCKET)
        return Plan(form, f"{mib} and labels of unknown size", buckets)
    buckets = sides.buckets_for(sides.labels + sides.features)
    return Plan(form, f"{mib}, neither small nor wide beside the labels", buckets)


def join_buckets_of_keys(
    spine: DataFrame, lookups: Sequence[TableLookup], buckets: int, slicing: Slicing | None = None
) -> DataFrame:
    """Return each row of `spine`, once, with what :func:`features.join_as_of` would find for it in each of the tables.

    Parameters
    ----------
    lookups
        All of the same key columns of the spine. All columns go through Arrow unchanged.
    buckets
        Both sides are dealt out by their keys into so many. A bucket is held in memory by one Python worker.
    slicing
        How keys with very many feature rows are dealt out by time as well; None: all of a key is in one bucket.

    Notes
    -----
    Cost: one shuffle of both sides, whatever the number of tables; feature rows of all tables travel in as many columns as
    the widest has of each type. With `slicing` keys and times of the tables are read twice before. Spark measures what it
    sends to workers at every row, a tenth of all, unless ``spark.sql.execution.arrow.maxBytesPerBatch`` is 2147483647, which
    suits rows of less than 200 KB. Lazy; no Spark job.
    """
    from pyspark.sql import functions as F

    send_matching_by_value()
    slots, places = _slots(lookups)
    hot = None
    if slicing is not None:
        hot = HotKeys.of([(table.features, table.feature_keys, table.feature_time) for table in lookups], slicing)
    rows = None
    for number, lookup in enumerate(lookups):
        keys, time = lookup.feature_keys, lookup.feature_time
        sources = {place: quoted(name) for (name, _), place in zip(lookup.columns, places[number], strict=True)}
        timed = lookup.features.where(f"{quoted(time)} IS NOT NULL")
        timed = timed if hot is None else hot.cut_features(timed, keys, time, number)
        part = timed.selectExpr(
            bucket_of(keys if hot is None else [*keys, "__slice"], buckets),
            *([f"{number}S AS __table"] if len(lookups) > 1 else []),
            *[f"{sources.get(slot, 'NULL')} AS {slot}" for slot in slots],
        )
        free = {slot: F.col(slot).cast(kind) for slot, kind in slots.items() if slot not in sources}
        part = part.withColumns(free) if free else part
        rows = part if rows is None else rows.unionAll(part)
    assert rows is not None
    keys = lookups[0].label_keys
    if hot is None:
        return match_in_buckets(spine, spine, keys, rows, buckets, lookups, places)
    cut = hot.cut_labels(spine, keys, lookups[0].label_time)
    return match_in_buckets(spine, cut, [*keys, "__slice"], rows, buckets, lookups, places)


def _slots(lookups: Sequence[TableLookup]) -> tuple[dict[str, DataType], list[list[str]]]:
    """Return the columns in which the rows of all tables travel, and for each table the columns of its own in their order."""
    slots: dict[str, DataType] = {}
    places = []
    for lookup in lookups:
        free = dict(slots)
        own = []
        for _, kind in lookup.columns:
            spot = next((slot for slot, there in free.items() if there == kind), None) or f"__s{len(slots)}"
            slots[spot] = kind
            free.pop(spot, None)
            own.append(spot)
        places.append(own)
    return slots, places
