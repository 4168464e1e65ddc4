"""Which physical form a join takes on Spark, and why: from what is known of both sides without a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.features.joins.form import Plan
from headwater.features.joins.registry import join_forms
from headwater.features.joins.sides import Sides

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["has_asof_join", "plan_join"]


def plan_join(sides: Sides) -> Plan:
    """Return the plan of the first form that fits.

    Examples
    --------
    >>> plan_join(Sides(10_000, [2**30])).form
    "buckets of the labels' keys"
    >>> plan_join(Sides(2**30, [2**24, 2**20]))
    Plan(form='small tables to all buckets', reason='17 MiB of features, for 32 buckets of labels', buckets=32, slicing=None)
    >>> plan_join(Sides(2**26, [2**29], columns=200)).form
    'narrow match, wide fetch'
    >>> plan_join(Sides(None, [None])).form
    'union and window'
    """
    asked = (form.fits(sides) for form in join_forms().values() if form.needs_time == sides.has_time)
    return next(plan for plan in asked if plan is not None)  # the last form of each kind always fits


def has_asof_join(spark: SparkSession) -> bool:
    """Say whether this session understands SQL's ``ASOF JOIN``: Spark 4.3 does where it is turned on; Delta has no 4.3 yet.

    The day it can be used it is one more form.

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
