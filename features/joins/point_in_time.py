"""The one point-in-time join of two DataFrames, whatever the session: by a union and a window.

Training sets and scores look up many tables at once, in the form that the planner takes: `headwater.features.joins.planner`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from headwater.features.joins.forms.union_window import join_by_union_and_window
from headwater.features.joins.lookup import TableLookup

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["join_as_of"]


def join_as_of(
    spine: DataFrame,
    features: DataFrame,
    *,
    keys: Sequence[tuple[str, str]],
    time: tuple[str, str],
    outputs: Mapping[str, str],
    lookback: dt.timedelta | None = None,
) -> DataFrame:
    """Return each row of `spine`, once, with the columns of the newest feature row at or before its time.

    Parameters
    ----------
    spine
        Label rows; none is lost, multiplied or changed, and duplicates stay duplicates.
    features
        Feature rows. Those with a NULL time are passed over.
    keys
        Pairs of columns, of `spine` and of `features`, of equal types. NULL matches nothing.
    time
        The time columns of both, of one type (TIMESTAMP or DATE). A feature row counts if its time is **at or before**
        the label's. A NULL label time gives NULL features.
    outputs
        Output name by feature column.
    lookback
        Oldest age, **inclusive**; a row that is older gives NULLs, never an older row's values.

    Notes
    -----
    The row is taken as a whole: a NULL in it stays NULL. Of several rows of one key and time (a feature table has none)
    the one counts whose output columns are the greatest, column by column, NULL lowest, maps passed over.

    Cost: one shuffle and sort of both sides together. Lazy; no Spark job.
    """
    return join_by_union_and_window(spine, TableLookup(features, tuple(keys), time, outputs, lookback))
