"""Which physical form a point-in-time join takes on Spark, and why: from what Spark knows of both sides without a job.

All forms give the same rows; they differ in what they shuffle and sort. A new form is a new file and one more line here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from features.interval_join import join_intervals
from features.narrow_join import join_narrow, rows_of_label_keys
from features.point_in_time import join_as_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["FORMS", "Plan", "has_asof_join", "plan_join", "size_of"]

_MIB = 2**20
_SMALL_SPINE = 32 * _MIB
_BROADCAST = 128 * _MIB
_WIDE = 50
Form = Callable[..., "DataFrame"]


def _of_label_keys(spine: DataFrame, features: DataFrame, *, keys: Sequence[tuple[str, str]], **rest: Any) -> DataFrame:
    return join_as_of(spine, rows_of_label_keys(spine, features, keys), keys=keys, **rest)


FORMS: Mapping[str, Form] = {
    "union and window": join_as_of,
    "the labels' keys, then union and window": _of_label_keys,
    "narrow match, wide fetch": join_narrow,
    "broadcast intervals": join_intervals,
}


@dataclass(frozen=True)
class Plan:
    """The form that is taken, and why."""

    form: str
    reason: str

    def join(
        self,
        spine: DataFrame,
        features: DataFrame,
        *,
        keys: Sequence[tuple[str, str]],
        time: tuple[str, str],
        outputs: Mapping[str, str],
        lookback: dt.timedelta | None = None,
    ) -> DataFrame:
        """Return the joined rows, as :func:`features.join_as_of` says."""
        return partial(FORMS[self.form], keys=keys, time=time, outputs=outputs, lookback=lookback)(spine, features)


def plan_join(spine: int | None, features: int | None, columns: int = 1) -> Plan:
    """Return the form for a spine and a feature table (the columns that are needed of it) of so many bytes; None: unknown.

    Parameters
    ----------
    columns
        How many columns of the feature table are needed.

    Examples
    --------
    >>> plan_join(10_000, 2**30).form
    "the labels' keys, then union and window"
    >>> plan_join(2**30, 2**24).form
    'broadcast intervals'
    >>> plan_join(2**26, 2**29, columns=200).form
    'narrow match, wide fetch'
    >>> plan_join(None, None).form
    'union and window'
    """
    if features is None:
        return Plan("union and window", "the size of the feature table is not known")
    mib = f"{features / _MIB:,.0f} MiB of features"
    if spine is not None and spine <= _SMALL_SPINE and features >= 32 * spine:
        return Plan("the labels' keys, then union and window", f"{mib} for {spine / _MIB:,.1f} MiB of labels")
    if features <= _BROADCAST and (spine is None or spine >= 2 * features):
        return Plan("broadcast intervals", f"{mib}, small enough to go to every task, and more labels than that")
    if columns >= _WIDE and spine is not None and spine <= _BROADCAST and features >= 3 * spine:
        return Plan("narrow match, wide fetch", f"{mib} in {columns} columns, of which labels find a part")
    return Plan("union and window", f"{mib}, neither small nor wide beside the labels")


def size_of(frame: DataFrame) -> int | None:
    """Return the bytes that Spark expects of a DataFrame: of files their size, by the share of the columns; no Spark job."""
    plan: Any = getattr(frame, "_jdf", None)
    if plan is None:  # Spark Connect
        return None
    size = int(str(plan.queryExecution().optimizedPlan().stats().sizeInBytes()))
    return size if size < 2**50 else None  # what has no size counts as larger than anything


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
