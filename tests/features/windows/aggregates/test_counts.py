"""Numbers of values."""

from typing import ClassVar

from headwater.features import ApproxCountDistinct, Count
from tests.features.windows.aggregates.suite import AggregateSuite


class TestCounts(AggregateSuite):
    functions = (Count("v"), ApproxCountDistinct("v"), ApproxCountDistinct("v", 0.01))
    sql: ClassVar = {"count": "count({v})", "approx_count_distinct": "approx_count_distinct({v})"}
