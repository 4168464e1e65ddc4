"""Features from the files of the embedded store; no Spark is started."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from headwater import lakehouse
from headwater.features.evaluation.reader import FeatureReader, Place
from headwater.features.evaluation.without_spark import evaluate_without_spark
from headwater.features.specs.spec import FeatureSpec

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DeltaFilesReader"]


class DeltaFilesReader(FeatureReader):
    """Reads the tables' files with Arrow."""

    rank: ClassVar[int] = 10
    places: ClassVar[frozenset[Place]] = frozenset({"worker of Spark", "process"})

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
