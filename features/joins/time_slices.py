"""Keys that have so many feature rows that they are cut into slices of time, so that several workers share them.

Each slice gets its own rows, and the last row of every slice before it: what a label at its start must find. More of a key's
rows than are needed never change a result, so that it does not matter how even the slices are, nor which share a bucket; only
that both sides cut alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from headwater.features.joins.columns import is_date, micros, none_is_null
from headwater.lakehouse import column

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["HotKeys", "Slicing"]


@dataclass(frozen=True)
class Slicing:
    """Which keys are cut, and how.

    Attributes
    ----------
    share
        Of the feature rows, from which on a key is hot.
    slices
        Into so many, of one width between a key's first and last time.
    one_in
        Hot keys are looked for in one of so many rows, by the hash of keys and time: a pass of a table gives the same
        whenever and wherever it is run, on which the two sides rely.
    """

    share: float
    slices: int
    one_in: int = 1


@dataclass(frozen=True)
class HotKeys:
    """The hot keys of feature tables that share a spine's keys: few rows, found when Spark runs the join, and broadcast."""

    rows: DataFrame
    slicing: Slicing

    @classmethod
    def of(cls, tables: Sequence[tuple[DataFrame, Sequence[str], str]], slicing: Slicing) -> HotKeys:
        """Return those of tables given by rows, keys, and time.

        Notes
        -----
        Cost: two passes over keys and times of the tables, one of them over the sample; no other column. Spark does them once
        for all uses that need the same columns of them, and so each use is made to. Lazy; no Spark job.
        """
        from pyspark.sql import functions as F

        names = [f"__k{i}" for i in range(len(tables[0][1]))]
        parts = [
            rows.select(
                *[column(key).alias(name) for name, key in zip(names, keys, strict=True)],
                micros(column(time), is_date(rows, time)).alias("__micros"),
                F.lit(number).alias("__of"),
            )
            for number, (rows, keys, time) in enumerate(tables)
        ]
        every = reduce(lambda one, other: one.unionAll(other), parts)
        every = every.where(none_is_null([*names, "__micros"]))
        sample = every.where(F.pmod(F.xxhash64(*names, "__micros"), F.lit(slicing.one_in)) == 0)
        ends = [F.count("*").alias("__rows"), F.min("__micros").alias("__first"), F.max("__micros").alias("__last")]
        counted = sample.groupBy(*names).agg(*ends)
        # Asked for, so that the sum needs the same columns as the other use of these rows.
        always = F.col("__first") <= F.col("__last")
        least = counted.agg(F.sum(F.when(always, F.col("__rows"))) * slicing.share).scalar()
        first, last = F.col("__first").cast("double"), F.col("__last").cast("double")
        hot = counted.where((F.col("__rows") >= least) & (F.col("__last") > F.col("__first"))).select(
            *names, first.alias("__first"), ((last - first) / slicing.slices).alias("__width")
        )
        of_slice = [*names, "__first", "__width", "__of"]
        lasts = (
            every.join(F.broadcast(hot), names)
            .groupBy(*of_slice, _slice(F.col("__micros"), slicing.slices))
            .agg(F.max("__micros").alias("__last"))
            .groupBy(*of_slice)
            .agg(F.collect_set("__last").alias("__lasts"))
        )
        hot_keys = lasts.groupBy(*names, "__first", "__width").agg(
            F.map_from_entries(F.collect_list(F.struct("__of", "__lasts"))).alias("__lasts")
        )
        return cls(hot_keys, slicing)

    def cut_labels(self, spine: DataFrame, keys: Sequence[str], time: str) -> DataFrame:
        """Return the label rows with ``__slice``: 0 but for hot keys."""
        return self._joined(spine, keys).select(
            *map(column, spine.columns), self._slice(micros(column(time), is_date(spine, time)))
        )

    def cut_features(self, features: DataFrame, keys: Sequence[str], time: str, number: int) -> DataFrame:
        """Return the feature rows of the table of this number with ``__slice``, once for each slice that needs them."""
        from pyspark.sql import functions as F

        at = micros(column(time), is_date(features, time))
        sliced = self._joined(features, keys).select(
            *map(column, features.columns),
            self._slice(at),
            F.coalesce(F.array_contains(F.col("__lasts")[F.lit(number)], at), F.lit(False)).alias("__carried"),
        )
        own = F.col("__slice")
        slices = F.when(F.col("__carried"), F.sequence(own, F.lit(self.slicing.slices - 1))).otherwise(F.array(own))
        return sliced.select(*map(column, features.columns), F.explode(slices).alias("__slice"))

    def _joined(self, rows: DataFrame, keys: Sequence[str]) -> DataFrame:
        from pyspark.sql import functions as F

        condition = F.lit(True)
        for i, key in enumerate(keys):
            condition &= column(key) == F.col(f"__k{i}")
        return rows.join(F.broadcast(self.rows), condition, "left")

    def _slice(self, at: Column) -> Column:
        from pyspark.sql import functions as F

        is_hot = F.col("__lasts").isNotNull()  # so that labels, too, need all columns of the hot keys
        return F.when(is_hot, _slice(at, self.slicing.slices)).otherwise(F.lit(0)).alias("__slice")


def _slice(at: Column, slices: int) -> Column:
    """Return the slice of a hot key's time in microseconds; of a NULL time, the first.

    In floating point, as times centuries apart do not fit 64 bits when they are multiplied; a later time is never in an earlier
    slice, which is all that counts.
    """
    from pyspark.sql import functions as F

    slot = F.floor((at.cast("double") - F.col("__first")) / F.col("__width")).cast("int")
    return F.least(F.greatest(slot, F.lit(0)), F.lit(slices - 1))  # of NULL and 0 the greatest is 0
