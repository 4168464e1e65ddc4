"""The monitor's result tables: made where they are missing, and written window by window, one commit each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.monitoring.definitions.windows import SNAPSHOT, Span, time_of
from headwater.monitoring.states.state_rows import rows_of
from headwater.monitoring.tables.schemas import alerts_schema, drift_schema, histograms_schema, parsed, profile_schema

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame, SparkSession

    from headwater.monitoring.definitions.monitor import Monitor

__all__ = [
    "Learnt",
    "add_columns",
    "column_notes",
    "create_tables",
    "in_windows",
    "neighbours",
    "note_columns",
    "profiled_baselines",
    "read_learnt",
    "replace_rows",
]


def create_tables(spark: SparkSession, monitor: Monitor) -> None:
    """Create the result tables that are not there."""
    schemas = {
        monitor.histograms_table: histograms_schema(),
        monitor.profile_table: profile_schema(monitor.model_id_col),
        monitor.drift_table: drift_schema(monitor.model_id_col),
        monitor.alerts_table: alerts_schema(),
    }
    for name, schema in schemas.items():
        lakehouse.ensure_table(spark, name, schema, comment=f"Headwater's monitor of {monitor.table_name}")


def add_columns(spark: SparkSession, name: str, columns: Mapping[str, str]) -> None:
    """Add the columns, with their types as SQL writes them, that the result table lacks; one commit, or none."""
    there = {field.lower() for field in lakehouse.read_table(spark, name).columns}
    missing = [f"{lakehouse.quoted(column)} {of}" for column, of in columns.items() if column.lower() not in there]
    if missing:
        lakehouse.append(spark.createDataFrame([], parsed(", ".join(missing))), name, evolve=True)


def column_notes(spark: SparkSession, name: str) -> dict[str, str]:
    """Return the comments of the result table's columns, those that have one."""
    fields = lakehouse.read_table(spark, name).schema.fields
    return {field.name: field.metadata["comment"] for field in fields if "comment" in field.metadata}


def note_columns(spark: SparkSession, name: str, notes: Mapping[str, str]) -> None:
    """Give the result table's columns these comments; a commit for each that has another."""
    there, full = column_notes(spark, name), lakehouse.resolve(spark, name)
    for column, note in notes.items():
        if there.get(column) != note:
            spark.sql(
                f"ALTER TABLE {full.quoted} ALTER COLUMN {lakehouse.quoted(column)} COMMENT {lakehouse.literal(note)}"
            )


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


@dataclass(frozen=True)
class Learnt:
    """The bin edges by column name, at most 4,096 numbers each, and what the stored baseline is of.

    `baseline` has the different values of (version of its table, version of the monitor, column name, slice key).
    """

    edges: dict[str, NDArray[np.float64]]
    baseline: frozenset[tuple[int | None, int, str, str | None]]


def read_learnt(spark: SparkSession, monitor: Monitor) -> Learnt:
    """Return what earlier refreshes have stored for all later ones. One job."""
    rows = lakehouse.read_table(spark, monitor.histograms_table)
    rows = rows.where("log_type = 'EDGES' OR (log_type = 'BASELINE' AND model_id = '*')")
    facts = ("logging_table_commit_version", "monitor_version", "column_name", "slice_key")
    found = list(rows_of(rows.select("log_type", "edges", *facts).toArrow().to_batches()))
    return Learnt(
        {row["column_name"]: row["edges"] for row in found if row["log_type"] == "EDGES"},
        frozenset(tuple(row[name] for name in facts) for row in found if row["log_type"] == "BASELINE"),
    )


def profiled_baselines(spark: SparkSession, monitor: Monitor) -> set[tuple[int | None, int]]:
    """Return of which versions of the baseline table, and of the monitor, the stored profiles are. One job."""
    rows = lakehouse.read_table(spark, monitor.profile_table).where("log_type = 'BASELINE'")
    found = rows.select("logging_table_commit_version", "monitor_version").distinct().collect()
    return {(row["logging_table_commit_version"], row["monitor_version"]) for row in found}


def neighbours(spark: SparkSession, monitor: Monitor, moment: int) -> tuple[int | None, int | None]:
    """Return the moments of the stored snapshots just before and just after this one."""
    from pyspark.sql import functions as F

    index = F.col("window_index")
    rows = lakehouse.read_table(spark, monitor.histograms_table)
    whole = rows.where(f"granularity = '{SNAPSHOT}' AND column_name = ':table' AND slice_key IS NULL")
    found = whole.agg(F.max(F.when(index < moment, index)), F.min(F.when(index > moment, index))).collect()[0]
    return found[0], found[1]
