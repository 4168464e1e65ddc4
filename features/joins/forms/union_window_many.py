"""Many tables of one key in one shuffle and one sort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from headwater.features.joins.columns import exact_micros, has_order, is_date, micros, none_is_null
from headwater.features.joins.form import JoinForm, Plan
from headwater.features.joins.forms.union_window import why_no_workers
from headwater.features.joins.lookup import TableLookup
from headwater.features.joins.sides import Sides
from headwater.lakehouse import column, quoted

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["UnionWindowMany", "join_in_one_sort"]


class UnionWindowMany(JoinForm):
    """What Spark can do without Python workers, for several tables of the same keys."""

    name = "union and window, all tables in one sort"
    rank = 70

    def fits(self, sides: Sides) -> Plan | None:
        """Return the plan, for any number of tables."""
        return Plan(self.name, why_no_workers(sides))

    def join(self, rows: DataFrame, lookups: Sequence[TableLookup], plan: Plan, labels: DataFrame) -> DataFrame:
        """Return the rows; see `join_in_one_sort`."""
        del plan, labels
        return join_in_one_sort(rows, lookups)


def join_in_one_sort(spine: DataFrame, tables: Sequence[TableLookup]) -> DataFrame:
    """Return each row of `spine`, once, with what :func:`features.join_as_of` would find for it in each of the tables.

    All tables are looked up by the same columns of the spine.

    Notes
    -----
    The label rows and the rows of all tables are sorted together once. A row has as many columns as the widest table, not as
    all: features of the same type of different tables share columns. The plan has one step for each table, not one join.
    Lazy; no Spark job.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    keys, time = tables[0].label_keys, tables[0].label_time
    names = [f"__k{i}" for i in range(len(keys))]
    slots, places = _slots(tables)
    labels = spine.select(
        *[column(key).alias(name) for name, key in zip(names, keys, strict=True)],
        column(time).alias("__time"),
        F.lit(-1).alias("__table"),
        F.struct(*[column(c) for c in spine.columns]).alias("__label"),
        *[F.lit(None).cast(kind).alias(slot) for slot, kind in slots.items()],
    )
    both = labels
    for number, table in enumerate(tables):
        held = {places[number][o]: column(f) for f, o in table.outputs.items()}
        rows = table.features.where(column(table.feature_time).isNotNull()).select(
            *[column(key).alias(name) for name, key in zip(names, table.feature_keys, strict=True)],
            column(table.feature_time).alias("__time"),
            F.lit(number).alias("__table"),
            F.lit(None).cast(labels.schema["__label"].dataType).alias("__label"),
            *[held.get(slot, F.lit(None)).cast(kind).alias(slot) for slot, kind in slots.items()],
        )
        both = both.unionAll(rows)
    ordered = [F.col(slot).asc_nulls_first() for slot in _in_order_of_outputs(slots, tables)]
    label_last = (F.col("__table") < 0).asc()
    window = (
        Window.partitionBy(*names)
        .orderBy(F.col("__time").asc_nulls_first(), label_last, F.col("__table"), *ordered)
        .rowsBetween(Window.unboundedPreceding, Window.currentRow)
    )
    newest = [
        F.last(F.when(F.col("__table") == number, _row(places[number])), ignorenulls=True)
        .over(window)
        .alias(f"__f{number}")
        for number in range(len(tables))
    ]
    joined = both.select("__label", "__time", "__table", *names, *newest).where("__table < 0")
    matches = none_is_null(["__time", *names])
    day = is_date(spine, time)
    outputs = []
    for number, table in enumerate(tables):
        counts = matches
        if table.lookback is not None:
            age = micros(F.col("__time"), day) - micros(F.col(f"__f{number}.__at"), day)
            counts = matches & (age <= exact_micros(table.lookback))
        outputs += [
            F.when(counts, F.col(f"__f{number}.{quoted(places[number][o])}")).alias(o) for o in table.outputs.values()
        ]
    return joined.select(*[F.col(f"__label.{quoted(c)}").alias(c) for c in spine.columns], *outputs)


def _slots(tables: Sequence[TableLookup]) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Return the shared columns with their types, and for each table the column that each output travels in."""
    slots: list[str] = []
    places: list[dict[str, str]] = []
    for table in tables:
        place, after = {}, 0
        for feature, output in table.outputs.items():
            kind = table.features.schema[feature].dataType.simpleString()
            # Slots of a table stand in the order of its outputs, by which rows of one key and time are sorted.
            spot = next((i for i in range(after, len(slots)) if slots[i] == kind), len(slots))
            slots[spot:] = slots[spot:] or [kind]
            place[output], after = f"__s{spot}", spot + 1
        places.append(place)
    return {f"__s{i}": kind for i, kind in enumerate(slots)}, places


def _in_order_of_outputs(slots: Mapping[str, str], tables: Sequence[TableLookup]) -> list[str]:
    """Return the slots by which rows of one key, time and table are sorted."""
    kinds = {
        t.features.schema[f].dataType.simpleString(): t.features.schema[f].dataType for t in tables for f in t.outputs
    }
    return [slot for slot, kind in slots.items() if has_order(kinds[kind])]


def _row(place: Mapping[str, str]) -> Column:
    from pyspark.sql import functions as F

    return F.struct(F.col("__time").alias("__at"), *[F.col(slot) for slot in dict.fromkeys(place.values())])
