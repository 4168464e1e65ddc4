"""The older client's decorator for functions that compute a feature table's rows."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from headwater.lakehouse import InvalidInputError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.streaming.query import StreamingQuery

__all__ = ["feature_table"]


def feature_table(function: Callable[..., DataFrame]) -> Callable[..., DataFrame]:
    """Give a function that returns a frame of features the methods ``compute_and_write`` and ``compute_and_write_streaming``.

    Both call it with the input (a mapping as its keyword arguments, anything else as its one argument), and write what it
    returns to the feature table of the name that is given; the first returns the frame, the second the query.

    Examples
    --------
    >>> @feature_table
    ... def doubled(df):
    ...     return df.selectExpr("id", "2 * v AS v")
    >>> doubled.compute_and_write.__name__
    'compute_and_write'
    """

    def computed(given: Any) -> DataFrame:
        return function(**given) if isinstance(given, Mapping) else function(given)

    def compute_and_write(input: Any, feature_table_name: str, mode: str = "merge") -> DataFrame:  # noqa: A002 - theirs
        from headwater.clients.feature_store import FeatureStoreClient

        df = computed(input)
        FeatureStoreClient().write_table(feature_table_name, df, mode)
        return df

    def compute_and_write_streaming(
        input: Any,  # noqa: A002 - theirs
        feature_table_name: str,
        checkpoint_location: str | None = None,
        trigger: Mapping[str, Any] | None = None,
    ) -> StreamingQuery:
        from headwater.clients.feature_store import FeatureStoreClient

        every = trigger or {"processingTime": "5 minutes"}
        df = computed(input)
        started = FeatureStoreClient().write_table(feature_table_name, df, "merge", checkpoint_location, every)
        if started is None:
            raise InvalidInputError(
                f"{function.__name__} returned a DataFrame that is not a stream: use compute_and_write."
            )
        return started

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> DataFrame:
        return function(*args, **kwargs)

    wrapped.compute_and_write = compute_and_write  # type: ignore[attr-defined]
    wrapped.compute_and_write_streaming = compute_and_write_streaming  # type: ignore[attr-defined]
    return wrapped
