"""Features by Spark, in the session of this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from headwater import lakehouse
from headwater.features.evaluation.evaluate import evaluate
from headwater.features.evaluation.pandas_rows import arrow_rows, pandas_rows
from headwater.features.evaluation.reader import FeatureReader, Place
from headwater.features.specs.spec import FeatureSpec

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SparkReader"]

_ROW = "__headwater_row"


class SparkReader(FeatureReader):
    """Reads what Spark can read, and computes declared features; a session is started where there is none."""

    rank: ClassVar[int] = 20
    places: ClassVar[frozenset[Place]] = frozenset({"process with a session", "process"})

    def unreadable(self, spec: FeatureSpec) -> str | None:
        """Return None: Spark reads every table and computes every feature."""
        del spec
        return None

    def read(self, spec: FeatureSpec, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the columns; see :func:`headwater.features.evaluate`."""
        import pyarrow as pa

        table = arrow_rows(spec, rows)
        numbered = table.append_column(_ROW, pa.array(range(table.num_rows), pa.int64()))
        spark = lakehouse.session(self.settings)
        evaluated = evaluate(spec, spark.createDataFrame(numbered), versions="newest")
        return pandas_rows(evaluated.toArrow().sort_by(_ROW).drop_columns([_ROW]))
