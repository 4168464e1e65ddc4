"""Sums and means."""

from typing import ClassVar

from headwater.features import Avg, Sum
from tests.features.windows.aggregates.suite import AggregateSuite


class TestTotals(AggregateSuite):
    functions = (Sum("v"), Avg("v"))
    sql: ClassVar = {"sum": "sum({v})", "avg": "avg({v})"}
    other_types: ClassVar = {("avg", "decimal(12,2)"): "double", ("avg", "decimal(38,0)"): "double"}
