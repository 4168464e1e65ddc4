"""Where the feature rows come from that a process looks up for rows at hand: the files of the embedded store, or Spark."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from headwater import lakehouse
from headwater.features.evaluation.evaluate import evaluate
from headwater.features.evaluation.pandas_rows import arrow_rows, pandas_rows
from headwater.features.evaluation.without_spark import evaluate_without_spark
from headwater.features.specs.spec import FeatureSpec
from headwater.lakehouse import Settings

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DeltaFilesReader", "FeatureReader", "SparkReader", "feature_reader"]

_ROW = "__headwater_row"


class FeatureReader(Protocol):
    """A source of features; a new one is a class here or in a file of its own, which `feature_reader` asks."""

    def unreadable(self, spec: FeatureSpec) -> str | None:
        """Return why the spec's features cannot be read so, or None if they can; no rows are read."""
        ...

    def read(self, spec: FeatureSpec, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the spec's source and computed columns for rows with the required columns, in their order."""
        ...


@dataclass(frozen=True)
class DeltaFilesReader:
    """The tables' files in the embedded store of these settings, as they are now; no Spark is started."""

    settings: Settings = field(default_factory=Settings)

    def unreadable(self, spec: FeatureSpec) -> str | None:
        """Return why a table's files cannot be read, or that Spark has to compute a feature."""
        if spec.declared:
            return "declared features are computed by Spark"
        if lakehouse.on_databricks():
            return "the tables are not in an embedded store"
        tables = (lakehouse.open_stored(self.settings, step.table) for step in spec.lookups)
        return next((reason for reason in tables if isinstance(reason, str)), None)

    def read(self, spec: FeatureSpec, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the columns; see :func:`headwater.features.evaluate_without_spark`."""
        return evaluate_without_spark(spec, rows, self.settings)


@dataclass(frozen=True)
class SparkReader:
    """The tables as Spark reads them now, in the session of this process; one is started where there is none."""

    def unreadable(self, spec: FeatureSpec) -> str | None:
        """Return None: Spark reads every table and computes every feature."""
        del spec
        return None

    def read(self, spec: FeatureSpec, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the columns; see :func:`headwater.features.evaluate`."""
        import pyarrow as pa

        table = arrow_rows(spec, rows)
        numbered = table.append_column(_ROW, pa.array(range(table.num_rows), pa.int64()))
        found = evaluate(spec, lakehouse.session().createDataFrame(numbered), versions="newest", recent=True)
        return pandas_rows(found.toArrow().sort_by(_ROW).drop_columns([_ROW]))


def feature_reader(spec: FeatureSpec) -> FeatureReader:
    """Return the reader of this process: Spark where a session is active, else the first that can read the spec's features.

    A Spark worker, which can have no session, reads the files whatever the spec; what it cannot read raises there.
    """
    from pyspark import TaskContext
    from pyspark.sql import SparkSession

    files, spark = DeltaFilesReader(), SparkReader()
    if TaskContext.get() is not None:
        return files
    if SparkSession.getActiveSession() is not None:
        return spark
    return files if files.unreadable(spec) is None else spark
