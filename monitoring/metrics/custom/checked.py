"""Which custom metrics can be computed: Spark checks each definition against the rows that it is computed of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headwater import lakehouse
from headwater.lakehouse import in_utc, known
from headwater.lakehouse.sql_tokens import tokens
from headwater.monitoring.definitions.metric import TABLE, CustomMetricError, MonitorMetric
from headwater.monitoring.metrics.custom.parts import Part, failure, parts_of
from headwater.monitoring.states.store import add_columns, column_notes
from headwater.monitoring.tables.schemas import drift_schema, parsed, profile_schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from headwater.monitoring.definitions.monitor import Monitor

__all__ = ["CustomMetrics", "checked_metrics", "notes_of"]

_CHECKED: Final = "__headwater_checked"


@dataclass(frozen=True)
class CustomMetrics:
    """The metrics that have a column, the parts of them that Spark takes, and the errors of the others.

    `stale` says that the stored baseline is not one of these metrics.
    """

    metrics: tuple[MonitorMetric, ...] = ()
    parts: tuple[Part, ...] = ()
    errors: tuple[CustomMetricError, ...] = ()
    stale: bool = False

    def of(self, *types: str) -> tuple[list[MonitorMetric], list[Part]]:
        """Return metrics and parts of these types."""
        metrics = [metric for metric in self.metrics if metric.type in types]
        return metrics, [part for part in self.parts if part.metric.type in types]


def notes_of(metrics: Sequence[MonitorMetric]) -> dict[str, str]:
    """Return by column of the profile table what is computed in it: kept as its comment, the sign that the baseline has it."""
    return {m.name: f"{m.type} of {', '.join(m.input_columns)}: {m.definition}" for m in metrics if m.type != "drift"}


def checked_metrics(
    spark: SparkSession, monitor: Monitor, profiled: Sequence[str], sources: Mapping[str, DataFrame]
) -> CustomMetrics:
    """Return the monitor's custom metrics, checked; columns that the result tables lack are added to them. No job.

    Parameters
    ----------
    profiled
        Names of the columns that have rows in the result tables.
    sources
        By table name the rows that aggregates are computed of: the monitored table's, and the baseline's.
    """
    if not monitor.custom_metrics:
        return CustomMetrics()
    metrics, errors = _with_columns(spark, monitor)
    notes = notes_of(metrics)
    stored = column_notes(spark, monitor.profile_table)
    parts: list[Part] = []
    for metric in metrics:
        mine, wrong = parts_of(metric, monitor)
        errors += wrong
        for part in mine:
            reason = _no_row(part.column, profiled) or _not_computable(spark, monitor, part, metrics, sources)
            if reason is None:
                parts.append(part)
            else:
                errors.append(failure(metric, part.column, monitor, reason))
    stale = {name: stored.get(name) for name in notes} != notes
    return CustomMetrics(tuple(metrics), tuple(parts), tuple(errors), stale)


def _with_columns(spark: SparkSession, monitor: Monitor) -> tuple[list[MonitorMetric], list[CustomMetricError]]:
    """Return the metrics whose columns the result tables have now, of their types, and the errors of the others."""
    from pyspark.errors import PySparkException

    metrics: list[MonitorMetric] = []
    errors: list[CustomMetricError] = []
    tables = {
        True: (monitor.drift_table, drift_schema(monitor.model_id_col)),
        False: (monitor.profile_table, profile_schema(monitor.model_id_col)),
    }
    for drift, (name, built_in) in tables.items():
        added: dict[str, str] = {}
        stored = {field.name.lower(): field for field in lakehouse.read_table(spark, name).schema}
        for metric in [metric for metric in monitor.custom_metrics if (metric.type == "drift") == drift]:
            reason, field = None, stored.get(metric.name.lower())
            try:
                wanted = parsed(f"output {metric.output_data_type}").fields[0].dataType.simpleString()
            except PySparkException as error:
                wanted, reason = "", f"its type {metric.output_data_type!r} is none of Spark's: {_line(error)}"
            if metric.name.lower() in {column.lower() for column in built_in.names}:
                reason = f"{name} has a column of this name already: give the metric another one"
            elif reason is None and field is not None and field.dataType.simpleString() != wanted:
                reason = (
                    f"{name} has it as {field.dataType.simpleString()}, not {wanted}: give it another name or this type"
                )
            if reason is None:
                metrics.append(metric)
                added[metric.name] = metric.output_data_type
            else:
                errors += [failure(metric, column, monitor, reason) for column in metric.input_columns]
        add_columns(spark, name, added)
    order = {metric: at for at, metric in enumerate(monitor.custom_metrics)}
    return sorted(metrics, key=lambda metric: order[metric]), errors


def _no_row(column: str, profiled: Sequence[str]) -> str | None:
    if column in (TABLE, *profiled):
        return None
    return f"the result tables have no row of it, since it is not profiled. {known(column, [TABLE, *profiled])}"


def _not_computable(
    spark: SparkSession,
    monitor: Monitor,
    part: Part,
    metrics: Sequence[MonitorMetric],
    sources: Mapping[str, DataFrame],
) -> str | None:
    """Return why Spark does not take the SQL; None if it does."""
    from pyspark.errors import PySparkException

    if any(token.word == "SELECT" for token in tokens(part.text)):
        return "it holds a query, and a metric is one expression over the rows that it is given"
    where = ""
    try:
        with in_utc(spark):
            if part.metric.type == "aggregate":
                for name, rows in sources.items():
                    where = f"in {name}, " if name != monitor.table_name else ""
                    _ = rows.agg(part.value()).schema
            else:
                _ = _rows_before(spark, monitor, part, metrics).withColumn(_CHECKED, part.value()).schema
    except PySparkException as error:
        return f"{where}Spark says {_line(error)}"
    return None


def _rows_before(spark: SparkSession, monitor: Monitor, part: Part, metrics: Sequence[MonitorMetric]) -> DataFrame:
    """Return no rows, with the columns that a derived or a drift metric may name."""
    from pyspark.sql import functions as F

    schema = profile_schema(monitor.model_id_col)
    before = [metric for metric in metrics if metric.type == "aggregate"]
    derived = [metric for metric in metrics if metric.type == "derived"]
    before += derived[: derived.index(part.metric)] if part.metric.type == "derived" else derived
    for metric in before:
        schema = schema.add(parsed(f"{metric.name} {metric.output_data_type}").fields[0])
    rows = spark.createDataFrame([], schema)
    if part.metric.type == "derived":
        return rows
    row = F.struct(*map(lakehouse.column, rows.columns))
    return spark.createDataFrame([], drift_schema(monitor.model_id_col)).crossJoin(
        rows.select(row.alias("current_df"), row.alias("base_df"))
    )


def _line(error: Exception) -> str:
    return str(error).partition("\n")[0]
