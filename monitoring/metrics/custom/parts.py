"""A custom metric for one of its columns: the unit that is checked, computed, and left NULL if it cannot be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.lakehouse import InvalidInputError
from headwater.monitoring.definitions.metric import CustomMetricError, MonitorMetric

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from headwater.monitoring.definitions.monitor import Monitor

__all__ = ["Part", "failure", "parts_of", "with_metrics", "written"]


@dataclass(frozen=True)
class Part:
    """A metric, one of its input columns, and the SQL that computes it there."""

    metric: MonitorMetric
    column: str
    text: str

    def value(self) -> Column:
        """Return the SQL as a column of the metric's type."""
        from pyspark.sql import functions as F

        return F.expr(self.text).cast(self.metric.output_data_type)


def parts_of(metric: MonitorMetric, monitor: Monitor) -> tuple[list[Part], list[CustomMetricError]]:
    """Return the metric for each of its columns, and an error for each column that its template does not fit."""
    log = monitor.inference
    names = {"prediction_col": log.prediction_col, "label_col": log.label_col} if log else {}
    parts, errors = [], []
    for column in metric.input_columns:
        try:
            parts.append(Part(metric, column, metric.sql(column, names)))
        except InvalidInputError as error:
            errors.append(failure(metric, column, monitor, str(error)))
    return parts, errors


def failure(metric: MonitorMetric, column: str, monitor: Monitor, reason: str) -> CustomMetricError:
    """Return the error that says so."""
    return CustomMetricError(metric.name, column, metric.definition, monitor.table_name, reason)


def with_metrics(
    rows: DataFrame,
    metrics: Sequence[MonitorMetric],
    parts: Sequence[Part],
    value: Callable[[Part], Column] = Part.value,
) -> DataFrame:
    """Return result rows with a column per metric: of the part that has the row's column, NULL where there is none."""
    from pyspark.sql import functions as F

    for metric in metrics:
        found = F.lit(None).cast(metric.output_data_type)
        for part in parts:
            if part.metric == metric:
                found = F.when(F.col("column_name") == F.lit(part.column), value(part)).otherwise(found)
        rows = rows.withColumn(metric.name, found)
    return rows


def written(
    frame: Callable[[Sequence[Part]], DataFrame],
    parts: Sequence[Part],
    write: Callable[[DataFrame], None],
    monitor: Monitor,
) -> list[CustomMetricError]:
    """Write the frame with all parts, or, if that fails, with those that can be computed; return the errors of the others.

    Spark checks a definition's names and types before; a division by zero or a text that is no number is found at the rows
    alone. Only then is each part computed by itself, one job each, to find the wrong ones.
    """
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        write(frame(parts))
    except (PySparkException, Py4JJavaError):
        sound: list[Part] = []
        errors = []
        for part in parts:
            reason = _fault(frame([*sound, part]), part)
            if reason is None:
                sound.append(part)
            else:
                errors.append(failure(part.metric, part.column, monitor, reason))
        if not errors:
            raise
        write(frame(sound))
        return errors
    return []


def _fault(rows: DataFrame, part: Part) -> str | None:
    """Return why the part's column cannot be computed; None if it can."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException
    from pyspark.sql import functions as F

    try:
        rows.agg(F.max(F.length(F.col(part.metric.name).cast("string")))).collect()
    except (PySparkException, Py4JJavaError) as error:
        return str(error).partition("\n")[0]
    return None
