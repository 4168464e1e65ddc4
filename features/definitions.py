"""Declared features: source, entity, time, function."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING

import lakehouse
from features.lookup import as_names
from features.windows import TimeWindow
from lakehouse import InvalidInputError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = [
    "AggregationFunction",
    "Avg",
    "ColumnSelection",
    "Count",
    "DeltaTableSource",
    "Feature",
    "FeatureGroup",
    "Max",
    "Min",
    "Operator",
    "Sum",
]


@dataclass(frozen=True)
class Operator:
    """An aggregation of one column; NULLs are passed over. Of no values a count is 0, all else NULL."""

    input: str

    @property
    def name(self) -> str:
        """Part of a feature's automatic name."""
        return type(self).__name__.lower()


class Sum(Operator):
    """The sum: BIGINT of integers, DOUBLE of floats."""


class Avg(Operator):
    """The mean, DOUBLE."""


class Count(Operator):
    """The number of values that are not NULL, BIGINT."""


class Min(Operator):
    """The least value."""


class Max(Operator):
    """The greatest value."""


@dataclass(frozen=True)
class AggregationFunction:
    """An operator over a time window."""

    operator: Operator
    time_window: TimeWindow


@dataclass(frozen=True)
class ColumnSelection:
    """A column as it is, of the newest row at or before the label time."""

    column: str


@dataclass(frozen=True, kw_only=True)
class DeltaTableSource:
    """Rows of a Delta table: those that meet `filter_condition` (SQL), with the columns of `transformation_sql`.

    `transformation_sql` is a SQL select list, for example ``"*, delay > 15 AS late"``.
    """

    catalog_name: str
    schema_name: str
    table_name: str
    filter_condition: str | None = None
    transformation_sql: str | None = None

    @property
    def full_name(self) -> str:
        """The table's full name."""
        return f"{self.catalog_name}.{self.schema_name}.{self.table_name}"

    def load_df(self, spark: SparkSession) -> DataFrame:
        """Return the rows, lazily."""
        rows = lakehouse.read_table(spark, self.full_name)
        if self.filter_condition:
            rows = rows.where(self.filter_condition)
        if self.transformation_sql:
            rows = rows.selectExpr(*_select_list(self.transformation_sql))
        return rows


@dataclass(frozen=True)
class Feature:
    """A function of keys and a time.

    Parameters
    ----------
    source
        Where the rows come from.
    function
        An aggregation over a window, or a column as it is.
    entity
        Key columns of the source.
    timeseries_column
        The time at which a row was known (TIMESTAMP, UTC).
    name
        Default: ``amount_sum_rolling_7d``, ``amount``.

    Examples
    --------
    >>> from features import RollingWindow
    >>> source = DeltaTableSource(catalog_name="main", schema_name="ml", table_name="sales")
    >>> week = RollingWindow(window_duration=dt.timedelta(days=7))
    >>> Feature(source=source, function=AggregationFunction(Sum("amount"), week), entity="shop", timeseries_column="at").name
    'amount_sum_rolling_7d'
    """

    _: KW_ONLY
    source: DeltaTableSource
    function: AggregationFunction | ColumnSelection
    entity: str | Sequence[str]
    timeseries_column: str
    name: str | None = None
    description: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "entity", as_names(self.entity))
        if not self.entity:
            raise InvalidInputError(f"A feature of {self.source.full_name} needs at least one entity column.")
        if self.name is None:
            object.__setattr__(self, "name", self._automatic_name())

    def _automatic_name(self) -> str:
        if isinstance(self.function, ColumnSelection):
            return self.function.column
        operator = self.function.operator
        return f"{operator.input}_{operator.name}_{self.function.time_window.name}"


@dataclass(frozen=True)
class FeatureGroup:
    """Features that are computed together, into one feature table.

    Parameters
    ----------
    table
        Name of the feature table. Its primary keys are the entity and `timestamp`.
    features
        All of one source, entity and time column: either column selections, or aggregations whose windows share their
        slide and delay.
    timestamp
        Name of the table's time key: the time from which on a row holds.

    Examples
    --------
    >>> source = DeltaTableSource(catalog_name="main", schema_name="ml", table_name="weather")
    >>> temp = Feature(source=source, function=ColumnSelection("temp"), entity="origin", timeseries_column="known_at")
    >>> FeatureGroup("ml.weather_now", (temp,)).entity
    ('origin',)
    """

    table: str
    features: tuple[Feature, ...]
    timestamp: str = "ts"
    description: str | None = None

    def __post_init__(self) -> None:
        if not self.features:
            raise InvalidInputError(f"The feature group {self.table} has no features.")
        names = [str(feature.name) for feature in self.features]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise InvalidInputError(
                f"The feature group {self.table} has several features of one name: {', '.join(doubled)}."
            )
        first = self.features[0]
        for feature in self.features[1:]:
            if replace(feature, function=first.function, name=first.name, description=first.description) != first:
                raise InvalidInputError(
                    f"{feature.name!r} and {first.name!r} of {self.table} differ in source, entity or time column: "
                    "features of one group are computed from the same rows. Put them into groups of their own."
                )
        shapes = {_shape(feature) for feature in self.features}
        if len(shapes) > 1:
            facts = "; ".join(f"{f.name}: {_shape(f)}" for f in self.features[:6])
            raise InvalidInputError(
                f"Features of {self.table} must be all column selections, or all aggregations whose windows share slide and "
                f"delay, found {facts}. Put them into groups of their own."
            )

    @property
    def entity(self) -> tuple[str, ...]:
        """Key columns, without the time."""
        return as_names(self.features[0].entity)

    @property
    def source(self) -> DeltaTableSource:
        """Where the rows come from."""
        return self.features[0].source

    @property
    def timeseries_column(self) -> str:
        """Time column of the source."""
        return self.features[0].timeseries_column


def _shape(feature: Feature) -> str:
    if isinstance(feature.function, ColumnSelection):
        return "column selection"
    window = feature.function.time_window
    return f"slide {dt.timedelta(microseconds=window.slide_micros)}, delay {window.delay}"


def _select_list(sql: str) -> list[str]:
    """Split a select list at its commas, but not at those inside brackets or quotes."""
    parts, depth, quote, start = [], 0, "", 0
    for at, letter in enumerate(sql):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"`":
            quote = letter
        elif letter in "([":
            depth += 1
        elif letter in ")]":
            depth -= 1
        elif letter == "," and depth == 0:
            parts.append(sql[start:at])
            start = at + 1
    return [part.strip() for part in [*parts, sql[start:]]]
