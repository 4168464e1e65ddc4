"""Lookups by Spark: as many together as go together, each in the form that the planner says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from headwater.features.joins.columns import chosen
from headwater.features.joins.form import Plan
from headwater.features.joins.lookup import TableLookup
from headwater.features.joins.matching.arrow_types import is_key
from headwater.features.joins.planner import plan_join
from headwater.features.joins.point_in_time import join_as_of
from headwater.features.joins.pruning import rows_of_label_times
from headwater.features.joins.registry import join_forms
from headwater.features.joins.repeatable import is_cheap, is_repeatable
from headwater.features.joins.sides import Sides, size_of, unfit_for_arrow
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
    def for_join(self) -> TableLookup:
        """The lookup as the joins take it."""
        return TableLookup(self.needed, tuple(self.step.keys), self.step.time, self.outputs, self.step.lookback)


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
    if span is not None and first.step.time is not None:
        one = first.for_join
        joined = join_as_of(
            frame,
            one.features,
            keys=one.keys,
            time=first.step.time,
            outputs=one.outputs,
            lookback=one.lookback,
            span=span,
        )
        return joined, [first], f"{first.step.table}: union and window of the rows that the labels' span can find"
    together, plan = _planned(frame, lookups, spine)
    pruned = [_within_label_times(spine, one) for one in together]
    joined = join_forms()[plan.form].join(frame, [one for one, _ in pruned], plan, spine.rows)
    within = ", of rows in the labels' span of time" if any(less for _, less in pruned) else ""
    return joined, together, f"{', '.join(one.step.table for one in together)}: {plan.form}{within} ({plan.reason})"


def _planned(frame: DataFrame, lookups: Sequence[SparkLookup], spine: Spine) -> tuple[Sequence[SparkLookup], Plan]:
    """Return the lookups that are done together, and the plan."""
    first = lookups[0]
    if first.step.time is None:
        return [first], plan_join(Sides(None, [None], has_time=False))
    together = [one for one in lookups if one.step.time is not None]
    plan = plan_join(_sides(frame, spine, together))
    if not join_forms()[plan.form].takes_any_keys:
        together = [one for one in together if _same_keys(first.step, one.step)]
        plan = plan_join(_sides(frame, spine, together))
    return together, plan


def _within_label_times(spine: Spine, one: SparkLookup) -> tuple[TableLookup, bool]:
    """Return the lookup in the rows that the labels' span of time can find, and whether that leaves out any."""
    lookup = one.for_join
    worth = _WORTH_ITS_PASS if lookup.lookback is not None else _WORTH_ITS_PASS_WITHOUT
    if lookup.time is None or (one.size or 0) < worth or not (spine.is_cheap and spine.is_repeatable([one.step])):
        return lookup, False
    keys = lookup.feature_keys
    few = spine.size is not None and (one.size or 0) > _VERY_FEW * spine.size
    if few or not all(is_key(lookup.features.schema[name].dataType) for name in keys):
        keys = []
    rows = rows_of_label_times(spine.rows, lookup.features, lookup.time, lookup.lookback, keys)
    return replace(lookup, features=rows), True


def _sides(frame: DataFrame, spine: Spine, lookups: Sequence[SparkLookup]) -> Sides:
    return Sides(
        spine.size,
        [one.size for one in lookups],
        columns=max(len(one.outputs) for one in lookups),
        tasks=_tasks(frame),
        is_repeatable=spine.is_repeatable([one.step for one in lookups]),
        unfit_for_arrow=unfit_for_arrow(frame, [one.for_join for one in lookups]),
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
