"""Lookups by Spark: as many together as go together, each in the form that the planner says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from features.arrow_join import AsOfLookup, join_buckets_of_keys, join_small_tables
from features.joined_tables import AsOfTable, join_tables
from features.latest import join_latest
from features.narrow_join import join_narrow, rows_of_label_keys
from features.planner import Plan, plan_join, size_of, unfit_for_arrow
from features.point_in_time import join_as_of
from features.row_order import column
from features.spec import LookupStep

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["SparkLookup", "look_up_on_spark"]


@dataclass(frozen=True)
class SparkLookup:
    """A lookup, the outputs that are wanted of it, and its table's rows."""

    step: LookupStep
    wanted: Sequence[str]
    rows: DataFrame

    @property
    def outputs(self) -> dict[str, str]:
        """Wanted outputs by feature."""
        return {feature: output for feature, output, _ in self.step.features if output in self.wanted}

    @cached_property
    def needed(self) -> DataFrame:
        """The rows with the columns that are needed of them, and no others."""
        names = [right for _, right in self.step.keys]
        names += [self.step.time[1]] if self.step.time else []
        return self.rows.select(*[column(name) for name in dict.fromkeys([*names, *self.outputs])])

    @property
    def as_of(self) -> AsOfLookup:
        """The lookup as the joins take it; of a table with a time column."""
        assert self.step.time is not None
        return AsOfLookup(self.needed, tuple(self.step.keys), self.step.time, self.outputs, self.step.lookback)


def look_up_on_spark(
    frame: DataFrame, lookups: Sequence[SparkLookup], spine: int | None, span: tuple[Any, Any] | None
) -> tuple[DataFrame, Sequence[SparkLookup], str]:
    """Return the rows with the outputs of the first lookup and of those done with it; which these are; the form, and why.

    Parameters
    ----------
    lookups
        All need columns of `frame` alone.
    spine
        Bytes of the label rows before any lookup, as Spark expects: of joined rows it knows nothing. None: unknown.
    span
        Earliest and latest label time of the first, where the labels lie at the end of a long history.
    """
    first = lookups[0]
    if first.step.time is None:
        keys = list(first.step.keys)
        joined = join_latest(frame, first.needed, keys=keys, outputs=first.outputs)
        return joined, [first], f"{first.step.table}: join by keys"
    if span is not None:
        joined = _one(join_as_of, frame, first.as_of, span=span)
        return joined, [first], f"{first.step.table}: union and window of the rows that the labels' span can find"
    tasks = _tasks(frame)
    chosen = [one for one in lookups if one.step.time is not None]
    plan = _plan(frame, spine, chosen, tasks)
    if plan.form != "small tables to all buckets":  # which takes tables of any keys
        chosen = [one for one in chosen if _same_keys(first.step, one.step)]
        plan = _plan(frame, spine, chosen, tasks)
    joined, form = _joined(frame, [one.as_of for one in chosen], plan)
    return joined, chosen, f"{', '.join(one.step.table for one in chosen)}: {form} ({plan.reason})"


def _plan(frame: DataFrame, spine: int | None, lookups: Sequence[SparkLookup], tasks: int) -> Plan:
    sizes = [size_of(one.needed) for one in lookups]
    plan = plan_join(spine, sizes, max(len(one.outputs) for one in lookups), tasks=tasks)
    unfit = unfit_for_arrow(frame, [one.as_of for one in lookups])
    return plan if unfit is None else Plan("union and window", unfit)


def _joined(frame: DataFrame, lookups: Sequence[AsOfLookup], plan: Plan) -> tuple[DataFrame, str]:
    if plan.form == "small tables to all buckets":
        return join_small_tables(frame, lookups, plan.buckets), plan.form
    if plan.form.startswith("buckets of keys"):
        return join_buckets_of_keys(frame, lookups, plan.buckets, plan.slicing), plan.form
    if plan.form == "buckets of the labels' keys":
        pruned = [
            AsOfLookup(rows_of_label_keys(frame, one.features, one.keys), one.keys, one.time, one.outputs, one.lookback)
            for one in lookups
        ]
        return join_buckets_of_keys(frame, pruned, plan.buckets), plan.form
    if plan.form == "narrow match, wide fetch":
        for one in lookups:
            frame = _one(join_narrow, frame, one, buckets=plan.buckets)
        return frame, plan.form
    if len(lookups) == 1:
        return _one(join_as_of, frame, lookups[0]), plan.form
    tables = [
        AsOfTable(one.features, tuple(right for _, right in one.keys), one.time[1], one.outputs, one.lookback)
        for one in lookups
    ]
    keys, time = [left for left, _ in lookups[0].keys], lookups[0].time[0]
    return join_tables(frame, tables, keys=keys, time=time), "union and window, all tables in one sort"


def _one(join: Any, frame: DataFrame, one: AsOfLookup, **more: Any) -> DataFrame:
    joined: DataFrame = join(
        frame, one.features, keys=one.keys, time=one.time, outputs=one.outputs, lookback=one.lookback, **more
    )
    return joined


def _same_keys(step: LookupStep, other: LookupStep) -> bool:
    """Say whether two lookups use the same columns of the label rows."""
    if step.time is None or other.time is None:
        return False
    return [left for left, _ in step.keys] == [left for left, _ in other.keys] and step.time[0] == other.time[0]


def _tasks(frame: DataFrame) -> int:
    """Return how many tasks the session runs at once; 4 where it does not say (Spark Connect)."""
    context: Any = getattr(frame.sparkSession, "_sc", None)
    return int(context.defaultParallelism) if context is not None else 4
