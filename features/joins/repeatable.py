"""Whether label rows that are read twice are the same both times, and whether that is cheap: from Spark's plan, without a job.

Forms that ask the labels first which feature rows they need read them twice. Labels that are drawn by chance, or cut off by a
limit, may be others the second time: then features would be missing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from headwater.lakehouse import column

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["is_cheap", "is_repeatable"]

_NARROW = ("Project", "Filter")
_WHOLE = frozenset(_NARROW) | {
    *("Join", "Union", "Sort", "Repartition", "RepartitionByExpression", "RebalancePartitions", "ResolvedHint"),
    *("Generate", "Expand", "BatchEvalPython", "ArrowEvalPython"),
}
_AS_THEY_COME = (
    "first",
    "last",
    "any_value",
    "mode",
    "collect_list",
    "listagg",
    "max_by",
    "min_by",
    "percentile_approx",
)


def is_repeatable(frame: DataFrame, names: Sequence[str]) -> bool:
    """Say whether these columns have the same values each time the DataFrame is evaluated, in some order.

    Not certain, and so not: with a limit, random numbers, window functions (whose rows may tie), aggregates that take rows as
    they come (as ``dropDuplicates`` of some columns does), or a sample of anything but files. What only other columns depend on
    does not count. Never on Spark Connect.

    Examples
    --------
    >>> rows = spark.range(5).selectExpr("id", "rand() AS chance")
    >>> is_repeatable(rows, ["id"]), is_repeatable(rows, ["chance"]), is_repeatable(rows.limit(2), ["id"])
    (True, False, False)
    """
    plan = _plan(frame.select(*map(column, names)))
    return plan is not None and bool(plan.deterministic()) and _is_whole(plan)


def is_cheap(frame: DataFrame) -> bool:
    """Say whether a DataFrame is one scan, with columns chosen and rows filtered by Spark."""
    plan = _plan(frame)
    return plan is not None and _is_narrow(plan)


def _plan(frame: DataFrame) -> Any:
    jdf: Any = getattr(frame, "_jdf", None)
    return None if jdf is None else jdf.queryExecution().optimizedPlan()


def _is_narrow(plan: Any, more: Sequence[str] = ()) -> bool:
    while str(plan.nodeName()) in (*_NARROW, *more):
        plan = plan.child()
    return bool(plan.children().isEmpty())


def _is_whole(plan: Any) -> bool:
    name, children = str(plan.nodeName()), plan.children()
    if name == "Sample":
        return _is_narrow(plan, ("Sample", "Sort"))
    if name == "Aggregate":
        functions = re.findall(r"(\w+)\(", str(plan.aggregateExpressions().toString()))
        if not set(functions).isdisjoint(_AS_THEY_COME):
            return False
    elif name not in _WHOLE and not children.isEmpty():
        return False
    inner = plan.subqueries()
    return all(_is_whole(plans.apply(i)) for plans in (children, inner) for i in range(plans.size()))
