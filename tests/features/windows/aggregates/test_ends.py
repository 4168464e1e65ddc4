"""The earliest and the latest values."""

from typing import ClassVar

from headwater.features import First, FirstDistinct, FirstN, Last, LastDistinct, LastN
from tests.features.windows.aggregates.suite import AggregateSuite


class TestEnds(AggregateSuite):
    functions = (
        First("v"),
        Last("v"),
        FirstN("v", 1),
        FirstN("v", 3),
        LastN("v", 3),
        FirstDistinct("v", 2),
        LastDistinct("v", 2),
    )
    sql: ClassVar = {
        "first": "first({v})",
        "last": "last({v})",
        "first_n": "slice(collect_list({v}), 1, 3)",
        "last_n": "slice(collect_list({v}), -3, 3)",
        "first_distinct": "slice(collect_set({v}), 1, 2)",
        "last_distinct": "slice(collect_set({v}), -2, 2)",
    }
