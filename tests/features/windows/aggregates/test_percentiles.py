"""Values that a share of all values do not exceed."""

from typing import ClassVar

from headwater.features import ApproxPercentile
from tests.features.windows.aggregates.suite import AggregateSuite


class TestPercentiles(AggregateSuite):
    functions = tuple(ApproxPercentile(share, "v") for share in (0.0, 0.5, 0.9, 1.0))
    sql: ClassVar = {"approx_percentile": "approx_percentile({v}, 0.5)"}
