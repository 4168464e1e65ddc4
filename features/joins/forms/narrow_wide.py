"""Match narrow, fetch wide: the point-in-time join for few label rows and large or wide feature tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from headwater.features.joins.columns import chosen
from headwater.features.joins.forms.buckets import AsOfLookup, join_buckets_of_keys
from headwater.features.joins.forms.by_key import join_latest
from headwater.features.joins.pruning import rows_of_label_keys

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["join_narrow"]


def join_narrow(
    spine: DataFrame,
    features: DataFrame,
    *,
    keys: Sequence[tuple[str, str]],
    time: tuple[str, str],
    outputs: Mapping[str, str],
    lookback: dt.timedelta | None = None,
    buckets: int = 8,
) -> DataFrame:
    """Return what :func:`features.join_as_of` returns; the label rows' keys and times must be small enough to broadcast.

    First labels are matched in `buckets` with keys and times of the feature rows alone, of which Spark then reads two columns;
    then the rows that were found are fetched with all their columns by a broadcast semi-join.

    Notes
    -----
    Cost: the feature table is read twice, once narrow; keys and times are shuffled; the rows that were found are shuffled.
    Feature columns of rows that no label finds never leave the scan. Lazy; no Spark job.
    """
    ts = time[1]
    found = join_buckets_of_keys(spine, [AsOfLookup(features, tuple(keys), time, {ts: "__at"}, lookback)], buckets)
    fetched_by = [*keys, ("__at", ts)]
    fetched = rows_of_label_keys(found, features, fetched_by)
    joined = join_latest(found, fetched, keys=fetched_by, outputs=dict(outputs))
    return chosen(joined, [*spine.columns, *outputs.values()])
