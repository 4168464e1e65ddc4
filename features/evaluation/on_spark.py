"""Lookups by Spark: as many together as go together, each in the form that the planner says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from headwater.features.joins.columns import chosen
from headwater.features.joins.forms.buckets import AsOfLookup, join_buckets_of_keys, join_small_tables
from headwater.features.joins.forms.by_key import join_latest
from headwater.features.joins.forms.narrow_wide import join_narrow
from headwater.features.joins.forms.union_window import join_as_of
from headwater.features.joins.forms.union_window_many import AsOfTable, join_tables
from headwater.features.joins.matching.arrow_types import is_key
from headwater.features.joins.planner import Plan, plan_join, size_of, unfit_for_arrow
from headwater.features.joins.pruning import rows_of_label_keys, rows_of_label_times
from headwater.features.joins.repeatable import is_cheap, is_repeatable
from headwater.features.specs.spec import LookupStep

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["SparkLookup", "Spine", "look_up_on_spark"]

_WORTH_ITS_PASS = 2**25  # bytes of features, from which a pass over the label times may pay where there is a lookback
_WORTH_ITS_PASS_WITHOUT = 2**28
_VERY_FEW = (
    1000  # times as much of features as of labels, from which the labels' keys leave out more than a further scan can
)


@dataclass(frozen=True)
class Spine:
    """The label rows before any lookup: of joined rows Spark knows nothing."""

    rows: DataFrame
    _repeatable: dict[tuple[str, ...], bool] = field(default_factory=dict)

    @cached_property
    def size(self) -> int | None:
        """Bytes that Spark expects; None: unknown."""
        return size_of(self.rows)

    @cached_property
    def is_cheap(self) -> bool:
        """Whether it costs little to read them again."""
        return is_cheap(self.rows)

    def is_repeatable(self, steps: Sequence[LookupStep]) -> bool:
        """Say whether what steps use of the rows is theirs, and the same each time they are evaluated."""
        names = tuple(dict.fromkeys(name for step in steps for name in step.inputs))
        if names not in self._repeatable:
            self._repeatable[names] = set(names) <= set(self.rows.columns) and is_repeatable(self.rows, names)
        return self._repeatable[names]


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
    def as_of(self) -> AsOfLookup:
        """The lookup as the joins take it; of a table with a time column."""
        assert self.step.time is not None
        return AsOfLookup(self.needed, tuple(self.step.keys), self.step.time, self.outputs, self.step.lookback)


def look_up_on_spark(
    frame: DataFrame, lookups: Sequence[SparkLookup], spine: Spine, span: tuple[Any, Any] | None
) -> tuple[DataFrame, Sequence[SparkLookup], str]:
    """Return the rows with the outputs of the first lookup and of those done with it; which these are; the form, and why.

    Parameters
    ----------
    lookups
        All need columns of `frame` alone.
    spine
        What `frame` was before any lookup.
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
    together = [one for one in lookups if one.step.time is not None]
    plan = _plan(frame, spine, together, tasks)
    if plan.form != "small tables to all buckets":  # which takes tables of any keys
        together = [one for one in together if _same_keys(first.step, one.step)]
        plan = _plan(frame, spine, together, tasks)
    pruned = [_within_label_times(spine, one) for one in together]
    joined, form = _joined(frame, spine, [one for one, _ in pruned], plan)
    within = ", of rows in the labels' span of time" if any(less for _, less in pruned) else ""
    return joined, together, f"{', '.join(one.step.table for one in together)}: {form}{within} ({plan.reason})"


def _within_label_times(spine: Spine, one: SparkLookup) -> tuple[AsOfLookup, bool]:
    """Return the lookup in the rows that the labels' span of time can find, and whether that leaves out any."""
    as_of = one.as_of
    worth = _WORTH_ITS_PASS if as_of.lookback is not None else _WORTH_ITS_PASS_WITHOUT
    if (one.size or 0) < worth or not (spine.is_cheap and spine.is_repeatable([one.step])):
        return as_of, False
    keys = [right for _, right in as_of.keys]
    few = spine.size is not None and (one.size or 0) > _VERY_FEW * spine.size
    if few or not all(is_key(as_of.features.schema[name].dataType) for name in keys):
        keys = []
    rows = rows_of_label_times(spine.rows, as_of.features, as_of.time, as_of.lookback, keys)
    return replace(as_of, features=rows), True


def _plan(frame: DataFrame, spine: Spine, lookups: Sequence[SparkLookup], tasks: int) -> Plan:
    sizes = [one.size for one in lookups]
    repeatable = spine.is_repeatable([one.step for one in lookups])
    columns = max(len(one.outputs) for one in lookups)
    plan = plan_join(spine.size, sizes, columns, tasks=tasks, repeatable=repeatable)
    unfit = unfit_for_arrow(frame, [one.as_of for one in lookups])
    return plan if unfit is None else Plan("union and window", unfit)


def _joined(frame: DataFrame, spine: Spine, lookups: Sequence[AsOfLookup], plan: Plan) -> tuple[DataFrame, str]:
    if plan.form == "small tables to all buckets":
        return join_small_tables(frame, lookups, plan.buckets), plan.form
    if plan.form.startswith("buckets of keys"):
        return join_buckets_of_keys(frame, lookups, plan.buckets, plan.slicing), plan.form
    if plan.form == "buckets of the labels' keys":
        pruned = [replace(one, features=rows_of_label_keys(spine.rows, one.features, one.keys)) for one in lookups]
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
