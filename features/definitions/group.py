"""Features that are computed together."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from headwater.features.definitions.feature import AggregationFunction, Feature
from headwater.features.definitions.lookups import as_names
from headwater.features.definitions.sources import DataSource
from headwater.lakehouse import InvalidInputError

__all__ = ["FeatureGroup"]


@dataclass(frozen=True)
class FeatureGroup:
    """Features that are computed together, into one feature table.

    Parameters
    ----------
    table
        Name of the feature table. Its primary keys are the entity and `timestamp`.
    features
        All of one source, entity and time column: either columns and functions of rows, or aggregations whose windows share
        their slide, delay and offset.
    timestamp
        Name of the table's time key: the time from which on a row holds.

    Examples
    --------
    >>> from headwater.features import ColumnSelection, DeltaTableSource, Feature
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
        if first.timeseries_column is None:
            raise InvalidInputError(
                f"{first.name!r} of {self.table} has no timeseries_column: a feature table needs one."
            )
        for feature in self.features[1:]:
            if _rows(feature) != _rows(first):
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
    def source(self) -> DataSource:
        """Where the rows come from."""
        return self.features[0].source

    @property
    def timeseries_column(self) -> str:
        """Time column of the source."""
        return str(self.features[0].timeseries_column)


def _rows(feature: Feature) -> tuple[Any, ...]:
    return feature.source, feature.entity, feature.timeseries_column


def _shape(feature: Feature) -> str:
    if not isinstance(feature.function, AggregationFunction):
        return "column selection"
    window = feature.function.time_window
    shape = f"slide {dt.timedelta(microseconds=window.slide_micros)}, delay {window.delay}"
    return f"{shape}, offset {window.offset}" if window.offset else shape
