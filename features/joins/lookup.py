"""A lookup in one table, as the forms of the join take it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import DataType

__all__ = ["TableLookup"]


@dataclass(frozen=True)
class TableLookup:
    """Which columns of a table's rows belong to which label rows.

    Attributes
    ----------
    features
        Rows of the table. Of a table with a time column, rows with a NULL time are passed over.
    keys
        Pairs of columns, of the label rows and of `features`, of equal types. NULL matches nothing.
    time
        The time columns of both, of one type (TIMESTAMP or DATE); None: the table has no time column.
    outputs
        Output name by feature column.
    lookback
        Oldest age of a feature row, inclusive; None: any.
    """

    features: DataFrame
    keys: tuple[tuple[str, str], ...]
    time: tuple[str, str] | None
    outputs: Mapping[str, str]
    lookback: dt.timedelta | None = None

    @property
    def label_keys(self) -> list[str]:
        """The key columns of the label rows."""
        return [left for left, _ in self.keys]

    @property
    def feature_keys(self) -> list[str]:
        """The key columns of the feature rows."""
        return [right for _, right in self.keys]

    @property
    def label_time(self) -> str:
        """The time column of the label rows; of a lookup with a time column."""
        assert self.time is not None
        return self.time[0]

    @property
    def feature_time(self) -> str:
        """The time column of the feature rows; of a lookup with a time column."""
        assert self.time is not None
        return self.time[1]

    @property
    def columns(self) -> list[tuple[str, DataType]]:
        """Columns of the feature rows in the order they travel: keys, time, features."""
        names = [*self.feature_keys, self.feature_time, *self.outputs]
        return [(name, self.features.schema[name].dataType) for name in names]
