"""The plug point for where a process gets the features of rows at hand: the files of the embedded store, or Spark.

A new reader is a file in ``readers/`` with one public class of this kind: `feature_reader` and the tests find it there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from headwater.features.specs.spec import FeatureSpec
from headwater.lakehouse import Settings
from headwater.plug_points import modules_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FeatureReader", "Place", "all_readers", "feature_reader"]

Place: TypeAlias = Literal["worker of Spark", "process with a session", "process"]


@dataclass(frozen=True)
class FeatureReader(ABC):
    """Gives features for rows at hand, as the tables are now. `settings`: whose store has the tables.

    Attributes
    ----------
    rank
        Of the readers that can read a spec's features, the one of the lowest rank is asked.
    places
        Where it works.
    """

    settings: Settings = field(default_factory=Settings)
    rank: ClassVar[int]
    places: ClassVar[frozenset[Place]]

    @abstractmethod
    def unreadable(self, spec: FeatureSpec) -> str | None:
        """Return why the spec's features cannot be read so, or None if they can; no rows are read."""

    @abstractmethod
    def read(self, spec: FeatureSpec, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the spec's source and computed columns for rows with the required columns, in their order.

        Computed columns that the rows have are taken as they are given. Times are naive UTC; integers with NULLs are floats.

        Raises
        ------
        MissingColumnsError
            Names all required columns that are missing.
        InvalidInputError
            The features are unreadable.
        """


@cache
def all_readers() -> Mapping[str, type[FeatureReader]]:
    """Return the readers by the names of their classes, in the order in which they are asked.

    Examples
    --------
    >>> list(all_readers())
    ['DeltaFilesReader', 'SparkReader']
    """
    modules = modules_of("headwater.features.evaluation.readers")
    readers = [getattr(module, name) for module in modules for name in module.__all__]
    return MappingProxyType({reader.__name__: reader for reader in sorted(readers, key=lambda reader: reader.rank)})


def feature_reader(spec: FeatureSpec) -> FeatureReader:
    """Return the reader of this process: of those that work here, the first that can read the spec's features.

    If none can, the last is returned, which raises when it reads: on a worker of Spark, which can have no session, the reader
    of files.
    """
    here = _place()
    readers = [reader() for reader in all_readers().values() if here in reader.places]
    return next((reader for reader in readers[:-1] if reader.unreadable(spec) is None), readers[-1])


def _place() -> Place:
    from pyspark import TaskContext
    from pyspark.sql import SparkSession

    if TaskContext.get() is not None:
        return "worker of Spark"
    return "process" if SparkSession.getActiveSession() is None else "process with a session"
