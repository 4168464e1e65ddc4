"""Feature tables so small that all of their rows go to every bucket of label rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.features.joins.dealing import match_in_buckets, send_matching_by_value
from headwater.features.joins.form import JoinForm, Plan
from headwater.features.joins.lookup import TableLookup
from headwater.features.joins.matching.packed_rows import packed
from headwater.features.joins.sides import BUCKET, MIB, Sides
from headwater.lakehouse import quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["SmallTables", "join_small_tables"]


class SmallTables(JoinForm):
    """Label rows are dealt out evenly, feature rows to all: hot keys do not matter, and tables may have any keys."""

    name = "small tables to all buckets"
    rank = 20
    takes_any_keys = True

    def fits(self, sides: Sides) -> Plan | None:
        """Return the plan for tables that are small in all, whose copies are at most twice both sides."""
        if sides.labels is None or sides.features is None or sides.unfit_for_arrow or sides.features > BUCKET:
            return None
        both = sides.labels + sides.features
        few = max(min(sides.tasks, sides.buckets_for(both)), -(-sides.labels // BUCKET))  # each sorts all feature rows
        if sides.features * few > 2 * both:
            return None
        return Plan(self.name, f"{sides.features / MIB:,.0f} MiB of features, for {few} buckets of labels", few)

    def join(self, rows: DataFrame, lookups: Sequence[TableLookup], plan: Plan, labels: DataFrame) -> DataFrame:
        """Return the rows; see `join_small_tables`."""
        del labels
        return join_small_tables(rows, lookups, plan.buckets)


def join_small_tables(spine: DataFrame, lookups: Sequence[TableLookup], buckets: int) -> DataFrame:
    """Return each row of `spine`, once, with what :func:`features.join_as_of` would find for it in each of the tables.

    Keys and times of the lookups may differ; the feature rows must be few enough to go to every bucket of label rows.

    Notes
    -----
    Cost: one shuffle of the label rows, evenly however their keys are spread. Feature rows are packed into a few large
    values, which go to each bucket: as rows they would each be copied, shuffled and sorted for each. Lazy; no Spark job.
    """
    from pyspark.sql.pandas.types import to_arrow_schema
    from pyspark.sql.types import StructField, StructType

    send_matching_by_value()
    zone = spine.sparkSession.conf.get("spark.sql.session.timeZone")
    rows, places, schemas = None, [], []
    for number, lookup in enumerate(lookups):
        place = [f"__s{i}" for i in range(len(lookup.columns))]
        timed = lookup.features.where(f"{quoted(lookup.feature_time)} IS NOT NULL")
        flat = timed.selectExpr(*[f"{quoted(n)} AS {slot}" for (n, _), slot in zip(lookup.columns, place, strict=True)])
        part = flat.mapInArrow(packed, "__rows binary").selectExpr(
            f"explode(sequence(0, {buckets - 1})) AS __bucket", f"{number}S AS __table", "__rows"
        )
        rows = part if rows is None else rows.unionAll(part)
        places.append(place)
        kinds = [StructField(slot, kind) for (_, kind), slot in zip(lookup.columns, place, strict=True)]
        schemas.append(to_arrow_schema(StructType(kinds), timezone=zone))
    assert rows is not None
    dealt_by = list(dict.fromkeys(name for table in lookups for name in (*table.label_keys, table.label_time)))
    return match_in_buckets(spine, spine, dealt_by, rows, buckets, lookups, places, tuple(schemas))
