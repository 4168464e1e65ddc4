"""Variances and standard deviations."""

from typing import ClassVar

from headwater.features import StddevPop, StddevSamp, VarPop, VarSamp
from tests.features.windows.aggregates.suite import AggregateSuite


class TestSpread(AggregateSuite):
    functions = (StddevPop("v"), StddevSamp("v"), VarPop("v"), VarSamp("v"))
    sql: ClassVar = {kind: f"{kind}({{v}})" for kind in ("stddev_pop", "stddev_samp", "var_pop", "var_samp")}
