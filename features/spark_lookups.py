"""Lookups by Spark: tables of the same keys and time together, each group in the form that the planner says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from features.joined_tables import AsOfTable, join_tables
from features.latest import join_latest
from features.narrow_join import rows_of_label_keys
from features.planner import Plan, plan_join, size_of
from features.point_in_time import join_as_of
from features.row_order import column
from features.spec import LookupStep

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["SparkLookup", "look_up_on_spark", "together"]


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

    @property
    def needed(self) -> DataFrame:
        """The rows with the columns that are needed of them, and no others."""
        names = [right for _, right in self.step.keys]
        names += [self.step.time[1]] if self.step.time else []
        return self.rows.select(*[column(name) for name in dict.fromkeys([*names, *self.outputs])])


def together(step: LookupStep, other: LookupStep) -> bool:
    """Say whether two lookups can share one sort: same columns of the label rows for keys and time."""
    if step.time is None or other.time is None:
        return False
    return [left for left, _ in step.keys] == [left for left, _ in other.keys] and step.time[0] == other.time[0]


def look_up_on_spark(
    frame: DataFrame, lookups: Sequence[SparkLookup], span: tuple[Any, Any] | None
) -> tuple[DataFrame, str]:
    """Return the rows with the outputs of lookups that go :func:`together` (or of one), and the form that was taken and why.

    Parameters
    ----------
    span
        Earliest and latest label time, where the labels lie at the end of a long history.
    """
    first, *others = lookups
    tables = ", ".join(one.step.table for one in lookups)
    keys = list(first.step.keys)
    if first.step.time is None:
        return join_latest(frame, first.needed, keys=keys, outputs=first.outputs), f"{tables}: join by keys"
    if span is not None:
        for one in lookups:
            frame = join_as_of(
                frame,
                one.needed,
                keys=one.step.keys,
                time=_time(one),
                outputs=one.outputs,
                lookback=one.step.lookback,
                span=span,
            )
        return frame, f"{tables}: union and window of the rows that the labels' span can find"
    spine = size_of(frame)
    plans = [plan_join(spine, size_of(one.needed), len(one.outputs)) for one in lookups]
    if others and plans[0].form != "broadcast intervals":
        return _in_one_sort(frame, lookups, plans), f"{tables}: one sort for all, as they have the same keys and time"
    for one, plan in zip(lookups, plans, strict=True):
        frame = plan.join(
            frame, one.needed, keys=one.step.keys, time=_time(one), outputs=one.outputs, lookback=one.step.lookback
        )
    return frame, f"{tables}: {plans[0].form} ({plans[0].reason})"


def _in_one_sort(frame: DataFrame, lookups: Sequence[SparkLookup], plans: Sequence[Plan]) -> DataFrame:
    tables = []
    for one, plan in zip(lookups, plans, strict=True):
        pruned = plan.form == "the labels' keys, then union and window"
        rows = rows_of_label_keys(frame, one.needed, one.step.keys) if pruned else one.needed
        rights = tuple(right for _, right in one.step.keys)
        tables.append(AsOfTable(rows, rights, _time(one)[1], one.outputs, one.step.lookback))
    return join_tables(frame, tables, keys=[left for left, _ in lookups[0].step.keys], time=_time(lookups[0])[0])


def _time(one: SparkLookup) -> tuple[str, str]:
    assert one.step.time is not None
    return one.step.time
