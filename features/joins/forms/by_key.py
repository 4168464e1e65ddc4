"""The lookup in tables without a time key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from headwater.features.joins.columns import has_order
from headwater.features.joins.form import JoinForm, Plan
from headwater.features.joins.lookup import TableLookup
from headwater.features.joins.sides import Sides
from headwater.lakehouse import column, quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["ByKey", "join_latest"]


class ByKey(JoinForm):
    """The only form for tables without a time column: a left join."""

    name = "join by keys"
    rank = 0
    needs_time = False

    def fits(self, sides: Sides) -> Plan | None:
        """Return the plan."""
        del sides
        return Plan(self.name, "there is no time column")

    def join(self, rows: DataFrame, lookups: Sequence[TableLookup], plan: Plan, labels: DataFrame) -> DataFrame:
        """Return the rows, joined with one table after the other; see `join_latest`."""
        del plan, labels
        for lookup in lookups:
            rows = join_latest(rows, lookup.features, keys=lookup.keys, outputs=lookup.outputs)
        return rows


def join_latest(
    spine: DataFrame, features: DataFrame, *, keys: Sequence[tuple[str, str]], outputs: Mapping[str, str]
) -> DataFrame:
    """Return each row of `spine`, once, with the columns of the feature row of its keys; NULL keys match nothing.

    For tables without a time key. Should a key have several rows (a feature table made here has none), the greatest one
    counts, as in :func:`join_as_of`. A left join after an aggregation by the keys, which share their shuffle; Spark
    broadcasts the feature side where it is small.
    """
    from pyspark.sql import functions as F

    key_names = [f"__k{i}" for i in range(len(keys))]
    kinds = {o: features.schema[f].dataType for f, o in outputs.items()}
    named = features.select(
        *[column(right).alias(name) for name, (_, right) in zip(key_names, keys, strict=True)],
        F.struct(*[column(f).alias(o) for f, o in outputs.items()]).alias("__found"),
    )
    ordered = [F.col(f"__found.{quoted(o)}") for o, kind in kinds.items() if has_order(kind)]
    greatest = named.groupBy(*key_names).agg(
        F.max_by("__found", F.struct(*ordered)).alias("__found") if ordered else F.first("__found").alias("__found")
    )
    left = spine.select(
        F.struct(*[column(c) for c in spine.columns]).alias("__label"),
        *[column(left).alias(name) for name, (left, _) in zip(key_names, keys, strict=True)],
    )
    joined = left.join(greatest, on=key_names, how="left")
    return joined.select(
        *[F.col(f"__label.{quoted(c)}").alias(c) for c in spine.columns],
        *[F.col(f"__found.{quoted(o)}").alias(o) for o in outputs.values()],
    )
