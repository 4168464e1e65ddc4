"""Lookups by Spark: as many together as go together, each in the form that the planner says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from headwater.features.evaluation.spine import Spine
from headwater.features.joins.columns import chosen
from headwater.features.joins.form import Plan
from headwater.features.joins.lookup import TableLookup
from headwater.features.joins.planner import plan_join
from headwater.features.joins.registry import join_forms
from headwater.features.joins.sides import Sides, size_of, unfit_for_arrow
from headwater.features.specs.spec import LookupStep

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
        return chosen(self.rows, dict.fromkeys([*names, *self.outputs]))

    @cached_property
    def size(self) -> int | None:
        """Bytes that Spark expects of them; None: unknown."""
        return size_of(self.needed, is_scan=True)

    @property
    def for_join(self) -> TableLookup:
        """The lookup as the joins take it."""
        return TableLookup(self.needed, tuple(self.step.keys), self.step.time, self.outputs, self.step.lookback)


def look_up_on_spark(
    frame: DataFrame, lookups: Sequence[SparkLookup], spine: Spine
) -> tuple[DataFrame, Sequence[SparkLookup], str]:
    """Return the rows with the outputs of the first lookup and of those done with it; which these are; the form, and why.

    Parameters
    ----------
    lookups
        All need columns of `frame` alone.
    spine
        What `frame` was before any lookup.
    """
    together, plan = _planned(frame, lookups, spine)
    pruned = [_within_label_times(spine, lookup) for lookup in together]
    joined = join_forms()[plan.form].join(frame, [lookup for lookup, _ in pruned], plan, spine.rows)
    within = ", of rows in the labels' span of time" if any(less for _, less in pruned) else ""
    tables = ", ".join(lookup.step.table for lookup in together)
    return joined, together, f"{tables}: {plan.form}{within} ({plan.reason})"


def _planned(frame: DataFrame, lookups: Sequence[SparkLookup], spine: Spine) -> tuple[Sequence[SparkLookup], Plan]:
    """Return the lookups that are done together, and the plan."""
    first = lookups[0]
    if first.step.time is None:
        return [first], plan_join(Sides(None, [None], has_time=False))
    together = [lookup for lookup in lookups if lookup.step.time is not None]
    plan = plan_join(_sides(frame, spine, together))
    if not join_forms()[plan.form].takes_any_keys:
        together = [lookup for lookup in together if _same_keys(first.step, lookup.step)]
        plan = plan_join(_sides(frame, spine, together))
    return together, plan


def _within_label_times(spine: Spine, lookup: SparkLookup) -> tuple[TableLookup, bool]:
    """Return the lookup in the rows that the labels' span of time can find, and whether that leaves out any."""
    table, step = lookup.for_join, lookup.step
    if table.time is None:
        return table, False
    rows = spine.rows_within_reach(
        table.features, lookup.size, table.time, table.lookback, table.feature_keys, step.inputs
    )
    return (table, False) if rows is None else (replace(table, features=rows), True)


def _sides(frame: DataFrame, spine: Spine, lookups: Sequence[SparkLookup]) -> Sides:
    return Sides(
        spine.size,
        [lookup.size for lookup in lookups],
        columns=max(len(lookup.outputs) for lookup in lookups),
        tasks=_tasks(frame),
        is_repeatable=spine.is_repeatable([name for lookup in lookups for name in lookup.step.inputs]),
        unfit_for_arrow=unfit_for_arrow(frame, [lookup.for_join for lookup in lookups]),
    )


def _same_keys(step: LookupStep, other: LookupStep) -> bool:
    """Say whether two lookups use the same columns of the label rows."""
    if step.time is None or other.time is None:
        return False
    return [left for left, _ in step.keys] == [left for left, _ in other.keys] and step.time[0] == other.time[0]


def _tasks(frame: DataFrame) -> int:
    """Return how many tasks the session runs at once; 4 where it does not say (Spark Connect)."""
    context: Any = getattr(frame.sparkSession, "_sc", None)
    return int(context.defaultParallelism) if context is not None else 4
