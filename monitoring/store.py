"""The monitor's result tables: made where they are missing, and written window by window, one commit each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

import lakehouse
from monitoring.schemas import alerts_schema, drift_schema, histograms_schema, profile_schema
from monitoring.windows import SNAPSHOT, Span, time_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame, SparkSession

    from monitoring.monitor import Monitor

__all__ = ["create_tables", "in_windows", "read_edges", "replace_rows", "version_of"]


def create_tables(spark: SparkSession, monitor: Monitor) -> None:
    """Create the result tables that are not there."""
    schemas = {
        monitor.histograms_table: histograms_schema(),
        monitor.profile_table: profile_schema(monitor.model_id_col),
        monitor.drift_table: drift_schema(monitor.model_id_col),
        monitor.alerts_table: alerts_schema(),
    }
    for name, schema in schemas.items():
        if not lakehouse.table_exists(spark, name):
            lakehouse.create_table(spark, name, schema, comment=f"Headwater's monitor of {monitor.table_name}")


def replace_rows(rows: DataFrame, name: str, where: str) -> None:
    """Replace the rows that fulfil the SQL predicate by `rows`, which all must; one commit, the same when run again."""
    lakehouse.replace_where(rows, name, where)


def in_windows(spans: Sequence[Span]) -> str:
    """Return the SQL predicate of the result rows in these windows.

    Examples
    --------
    >>> in_windows([Span("1 day", 0, 1)])
    "((granularity = '1 day' AND window.start >= TIMESTAMP '1970-01-01 00:00:00.000000+00:00'
      AND window.start < TIMESTAMP '1970-01-02 00:00:00.000000+00:00'))"
    """
    parts = []
    for span in spans:
        terms = [f"granularity = '{span.granularity}'"]
        if span.start is not None:
            terms.append(f"window.start >= TIMESTAMP '{lakehouse.sql_time(time_of(span.start))}'")
        if span.end is not None:
            terms.append(f"window.start < TIMESTAMP '{lakehouse.sql_time(time_of(span.end))}'")
        parts.append(f"({' AND '.join(terms)})")
    return f"({' OR '.join(parts)})"


def read_edges(spark: SparkSession, monitor: Monitor) -> dict[str, NDArray[np.float64]]:
    """Return the stored bin edges by column name; at most 4,096 numbers for each."""
    rows = lakehouse.read_table(spark, monitor.histograms_table).where("log_type = 'EDGES'")
    found = rows.select("column_name", "edges").toArrow().to_pydict()
    return {name: np.array(edges) for name, edges in zip(found["column_name"], found["edges"], strict=True)}


def version_of(spark: SparkSession, name: str) -> int | None:
    """Return the newest version of a Delta table; None for a view."""
    full = lakehouse.resolve(spark, name)
    if spark.catalog.getTable(full.quoted).tableType in ("VIEW", "TEMPORARY"):
        return None
    return lakehouse.table_version(spark, name)


def neighbours(spark: SparkSession, monitor: Monitor, moment: int) -> tuple[int | None, int | None]:
    """Return the moments of the stored snapshots just before and just after this one."""
    from pyspark.sql import functions as F

    index = F.col("window_index")
    rows = lakehouse.read_table(spark, monitor.histograms_table)
    whole = rows.where(f"granularity = '{SNAPSHOT}' AND column_name = ':table' AND slice_key IS NULL")
    found = whole.agg(F.max(F.when(index < moment, index)), F.min(F.when(index > moment, index))).collect()[0]
    return found[0], found[1]
