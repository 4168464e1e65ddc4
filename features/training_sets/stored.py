"""A training set whose rows lie in a table: computed once, then read as often as wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.features.training_sets.from_lookups import TrainingSet

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["StoredTrainingSet"]


@dataclass(frozen=True)
class StoredTrainingSet(TrainingSet):
    """A training set and the version of the Delta table that holds its rows.

    Examples
    --------
    >>> rows = spark.createDataFrame([("a", 1)], "k string, y int")
    >>> from headwater.features import create_training_set
    >>> stored = StoredTrainingSet.of(create_training_set(rows, [], "y"), "main.sets.stored")
    >>> stored.stored, stored.load_df().collect()
    (True, [Row(k='a', y=1)])
    """

    table: str = ""
    version: int = 0

    @classmethod
    def of(cls, training_set: TrainingSet, table: str) -> StoredTrainingSet:
        """Save a training set in a table, see :meth:`TrainingSet.save`, and return it with its rows there."""
        saved = training_set.save(table)
        return cls(training_set.df, training_set.feature_spec, training_set.labels, saved.table, saved.version)

    @property
    def stored(self) -> bool:
        """Whether the rows lie in a table: they do, and need not be kept while they are counted and read."""
        return True

    def load_df(self) -> DataFrame:
        """Return the training rows from the table, at the version that was saved."""
        rows = lakehouse.read_table(self.df.sparkSession, self.table, version=self.version)
        return rows.select(*map(lakehouse.column, self._names))
