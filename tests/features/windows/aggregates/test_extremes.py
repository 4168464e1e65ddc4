"""The least and the greatest value."""

from typing import ClassVar

from headwater.features import Max, Min
from tests.features.windows.aggregates.suite import AggregateSuite


class TestExtremes(AggregateSuite):
    functions = (Min("v"), Max("v"))
    sql: ClassVar = {"min": "min({v})", "max": "max({v})"}
