"""Which physical form a point-in-time join takes on Spark, and why: from what Spark knows of both sides without a job.

All forms give the same rows; they differ in what they shuffle and sort. A new form is a new file and one more line here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headwater.features.joins.forms.buckets import AsOfLookup, join_buckets_of_keys, join_small_tables
from headwater.features.joins.forms.narrow_wide import join_narrow
from headwater.features.joins.forms.union_window import join_as_of
from headwater.features.joins.matching.arrow_types import is_key, strange_column
from headwater.features.joins.pruning import rows_of_label_keys
from headwater.features.joins.time_slices import Slicing

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["FORMS", "Plan", "has_asof_join", "plan_join", "size_of", "unfit_for_arrow"]

_MIB = 2**20
_SMALL_SPINE = 32 * _MIB
_BROADCAST = 128 * _MIB
_WIDE = 50
_NARROW = 3  # columns that are matched in place of the wide: keys and time
_FEW = 100  # times as much of features as of labels, from which it pays to leave out other keys first
_BUCKET = 32 * _MIB
_MOST = 48 * _MIB  # in a bucket, of what Spark expects, as stored: some 150 MiB in a Python worker
_MANY_TASKS = 4
_LARGE = 16 * _BUCKET
_BUCKETS_PER_TASK = 3  # at most for this: that tasks end about together
_WORTH_A_BUCKET = 24 * _MIB  # a bucket more for each task costs a tenth of a second
_LEAST = 4 * _MIB
_FOUND = 4  # one in so many of a table's rows has the key of a label, where these are few; if all, buckets are larger
Form = Callable[..., "DataFrame"]


def _of_label_keys(spine: DataFrame, features: DataFrame, *, keys: Sequence[tuple[str, str]], **rest: Any) -> DataFrame:
    return _by_keys(spine, rows_of_label_keys(spine, features, keys), keys=keys, **rest)


def _by_keys(spine: DataFrame, features: DataFrame, *, buckets: int = 8, **rest: Any) -> DataFrame:
    return join_buckets_of_keys(spine, [_lookup(features, **rest)], buckets)


def _sliced(spine: DataFrame, features: DataFrame, *, buckets: int = 8, **rest: Any) -> DataFrame:
    return join_buckets_of_keys(spine, [_lookup(features, **rest)], buckets, Slicing(share=0.01, slices=7))


def _small(spine: DataFrame, features: DataFrame, *, buckets: int = 8, **rest: Any) -> DataFrame:
    return join_small_tables(spine, [_lookup(features, **rest)], buckets)


def _lookup(
    features: DataFrame,
    *,
    keys: Sequence[tuple[str, str]],
    time: tuple[str, str],
    outputs: Mapping[str, str],
    lookback: dt.timedelta | None = None,
) -> AsOfLookup:
    return AsOfLookup(features, tuple(keys), time, outputs, lookback)


FORMS: Mapping[str, Form] = {
    "union and window": join_as_of,
    "buckets of keys": _by_keys,
    "buckets of keys, hot ones by time": _sliced,
    "buckets of the labels' keys": _of_label_keys,
    "small tables to all buckets": _small,
    "narrow match, wide fetch": join_narrow,
}


@dataclass(frozen=True)
class Plan:
    """The form that is taken, why, into how many buckets rows are dealt out, and how hot keys are."""

    form: str
    reason: str
    buckets: int = 0
    slicing: Slicing | None = None


def plan_join(
    spine: int | None, tables: Sequence[int | None], columns: int = 1, *, tasks: int = 4, repeatable: bool = True
) -> Plan:
    """Return the form for a spine and feature tables (the columns that are needed of them) of so many bytes; None: unknown.

    Buckets hold some 48 MiB at most as Spark stores rows, and are as many for each task: one where there is little, else two or
    three, so that tasks end about together.

    Parameters
    ----------
    columns
        How many features are needed of the widest table.
    tasks
        How many tasks the session runs at once.
    repeatable
        Whether the spine's keys and times are the same each time it is evaluated; else it is evaluated once.

    Examples
    --------
    >>> plan_join(10_000, [2**30]).form
    "buckets of the labels' keys"
    >>> plan_join(2**30, [2**24, 2**20])
    Plan(form='small tables to all buckets', reason='17 MiB of features, for 32 buckets of labels', buckets=32, slicing=None)
    >>> plan_join(2**26, [2**29], columns=200).form
    'narrow match, wide fetch'
    >>> plan_join(None, [None]).form
    'union and window'
    """
    sizes = [size for size in tables if size is not None]
    if len(sizes) < len(tables):
        return Plan("union and window", "the size of the feature tables is not known")
    features = sum(sizes)
    mib = f"{features / _MIB:,.0f} MiB of features"
    slicing = _slicing(features, tasks)
    if spine is None:
        what, buckets = f"{mib} and labels of unknown size", max(4 * tasks * _BUCKETS_PER_TASK, features // _BUCKET)
        return _in_buckets_of_keys(what, buckets, slicing)
    if repeatable and columns < _WIDE and spine <= _SMALL_SPINE and min(sizes) >= _FEW * spine:
        what, found = f"{mib} for {spine / _MIB:,.1f} MiB of labels", features // _FOUND
        return Plan("buckets of the labels' keys", what, _buckets(spine + found, tasks))
    buckets = _buckets(spine + features, tasks)
    few = max(min(tasks, buckets), -(-spine // _BUCKET))  # rows come evenly, and each sorts all feature rows
    if features <= _BUCKET and features * few <= 2 * (spine + features):
        return Plan("small tables to all buckets", f"{mib}, for {few} buckets of labels", few)
    if repeatable and columns >= _WIDE and spine <= _BROADCAST and min(sizes) >= 3 * spine:
        what, narrow = f"{mib} in {columns} columns, of which labels find a part", _NARROW * features // columns
        return Plan("narrow match, wide fetch", what, _buckets(spine + narrow, tasks))
    return _in_buckets_of_keys(f"{mib}, neither small nor wide beside the labels", buckets, slicing)


def _buckets(size: int, tasks: int) -> int:
    """Return into how many buckets so many bytes are dealt out."""
    if size < tasks * _LEAST:
        return max(1, size // _LEAST)
    for_balance = min(_BUCKETS_PER_TASK, max(1, size // (tasks * _WORTH_A_BUCKET)))
    return tasks * max(for_balance, -(-size // (tasks * _MOST)))


def _in_buckets_of_keys(what: str, buckets: int, slicing: Slicing | None) -> Plan:
    if slicing is None:
        return Plan("buckets of keys", what, buckets)
    hot = f"keys with {slicing.share:.1%} of the rows or more in {slicing.slices} slices of time"
    return Plan("buckets of keys, hot ones by time", f"{what}; {hot}", buckets, slicing)


def _slicing(features: int, tasks: int) -> Slicing | None:
    """Return how keys are cut that would be half of what a task has to do at least, or too much for a worker's memory.

    With few tasks no key is, and in few rows it is not worth the passes that find it.
    """
    if tasks < _MANY_TASKS or features < _LARGE:
        return None
    share = min(1 / (2 * tasks), 4 * _BUCKET / features)
    return Slicing(share, min(64, max(16, 2 * tasks)), one_in=features // _BUCKET)


def size_of(frame: DataFrame, *, is_scan: bool = False) -> int | None:
    """Return the bytes that Spark expects of a DataFrame: of files their size, by the share of the columns; no Spark job.

    Parameters
    ----------
    is_scan
        It is columns of a table: then the plan need not be optimised, for which Delta lists the files in a small job.
    """
    plan: Any = getattr(frame, "_jdf", None)
    if plan is None:  # Spark Connect
        return None
    execution = plan.queryExecution()
    size = int((execution.analyzed() if is_scan else execution.optimizedPlan()).stats().sizeInBytes())
    return size if size < 2**50 else None  # what has no size counts as larger than anything


def unfit_for_arrow(spine: DataFrame, lookups: Sequence[AsOfLookup]) -> str | None:
    """Return why rows cannot be matched in Arrow, or None if they can."""
    for frame, what in ((spine, "the label rows"), *((one.features, "a feature table") for one in lookups)):
        strange = strange_column(frame.schema)
        if strange is not None:
            return f"the column {strange!r} of {what} is {frame.schema[strange].dataType.simpleString()}"
    keys = {left: spine.schema[left].dataType for one in lookups for left, _ in one.keys}
    wrong = [name for name, kind in keys.items() if not is_key(kind)]
    return f"the key {wrong[0]!r} is {keys[wrong[0]].simpleString()}" if wrong else None


def has_asof_join(spark: SparkSession) -> bool:
    """Say whether this session understands SQL's ``ASOF JOIN``: Spark 4.3 does where it is turned on; Delta has no 4.3 yet.

    The day it can be used it is one more form here.

    Examples
    --------
    >>> has_asof_join(spark)
    False
    """
    try:
        spark.sql(
            "SELECT * FROM VALUES (1, 2) AS l(k, t) ASOF JOIN (SELECT * FROM VALUES (1, 1) AS r(k, u)) r "
            "MATCH_CONDITION (l.t >= r.u) ON l.k = r.k"
        )
    except Exception:  # noqa: BLE001 - whatever a session says that does not know it
        return False
    return True
