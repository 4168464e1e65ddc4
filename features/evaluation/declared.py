"""Declared features in training sets: what is asked of them, and how they are computed at the rows' times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.features.definitions.feature import AggregationFunction, ColumnSelection, Feature
from headwater.features.definitions.lookups import as_names
from headwater.features.definitions.sources import DeltaTableSource, column_types
from headwater.features.definitions.windows import reach_micros
from headwater.features.evaluation.row_functions import row_value
from headwater.features.evaluation.spine import Spine
from headwater.features.joins.forms.by_key import join_latest
from headwater.features.joins.point_in_time import join_as_of
from headwater.features.joins.sides import size_of
from headwater.features.windows.window_join import windows_at
from headwater.lakehouse import ColumnTypeError, InvalidInputError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from headwater.features.specs.spec import DeclaredStep

__all__ = ["declared_features", "feature_types"]


def declared_features(
    frame: DataFrame,
    step: DeclaredStep,
    wanted: Sequence[str],
    *,
    trained: bool,
    spine: Spine,
) -> DataFrame:
    """Return the rows of `frame`, each once, with the declared features that are `wanted`.

    Parameters
    ----------
    trained
        Whether source tables are read as they were when the training set was made, or as they are now.
    spine
        What `frame` was before any lookup.

    Notes
    -----
    Features of one source, entity and time column share one shuffle and one sort: aggregations by
    :func:`headwater.features.windows.window_join.windows_at` whatever their windows, columns and functions of rows by
    :func:`features.join_as_of`. Lazy; no Spark job.
    """
    groups: list[tuple[Any, list[Feature]]] = []
    for feature in step.features:
        if feature.name not in wanted:
            continue
        windowed = isinstance(feature.function, AggregationFunction)
        rows = (feature.source, feature.entity, feature.timeseries_column, windowed)
        same = next((members for one, members in groups if one == rows), None)
        if same is None:
            groups.append((rows, [feature]))
        else:
            same.append(feature)
    for _, members in groups:
        frame = _computed(frame, members, step.versions if trained else {}, spine)
    return frame


def _computed(frame: DataFrame, features: list[Feature], versions: Mapping[str, int], spine: Spine) -> DataFrame:
    first = features[0]
    version = versions.get(first.source.full_name) if isinstance(first.source, DeltaTableSource) else None
    rows = first.source.load_df(frame.sparkSession, version)
    keys, time = [(key, key) for key in as_names(first.entity)], first.timeseries_column
    functions = {str(f.name): f.function for f in features if isinstance(f.function, AggregationFunction)}
    if functions:
        assert time is not None
        reach = reach_micros([function.time_window for function in functions.values()])
        if reach is not None:  # what reaches back to the first event needs them all
            needed = dict.fromkeys([*as_names(first.entity), time, *(f.operator.input for f in functions.values())])
            rows = _within_reach(rows, list(needed), spine, first, dt.timedelta(microseconds=reach))
        return windows_at(frame, rows, functions, keys=keys, time=(time, time))
    if time is not None:
        rows = _within_reach(rows, rows.columns, spine, first, None)
    names = {f"__f{i}": str(feature.name) for i, feature in enumerate(features)}
    columns = [row_value(frame.sparkSession, f, rows).alias(n) for n, f in zip(names, features, strict=True)]
    values = rows.select(*map(lakehouse.quoted, (*as_names(first.entity), *as_names(time))), *columns)
    if time is None:
        return join_latest(frame, values, keys=keys, outputs=names)
    return join_as_of(frame, values, keys=keys, time=(time, time), outputs=names)


def _within_reach(
    rows: DataFrame, needed: Sequence[str], spine: Spine, feature: Feature, lookback: dt.timedelta | None
) -> DataFrame:
    """Return the rows of the feature's source that the label times can find."""
    time, keys = str(feature.timeseries_column), list(as_names(feature.entity))
    size = size_of(rows.select(*map(lakehouse.quoted, needed)), is_scan=True)
    within = spine.rows_within_reach(rows, size, (time, time), lookback, keys, [time])
    return rows if within is None else within


def feature_types(spark: SparkSession, features: Sequence[Feature]) -> tuple[str, ...]:
    """Return the SQL types of features that have rows, after checking their sources' columns; no Spark job.

    Raises
    ------
    InvalidInputError
        A source lacks a column, or one has a type that cannot be used so.
    """
    loaded: list[tuple[Any, DataFrame]] = []
    kinds = []
    for feature in features:
        rows = next((df for source, df in loaded if source == feature.source), None)
        if rows is None:
            rows = feature.source.load_df(spark)
            loaded.append((feature.source, rows))
        kinds.append(_type(spark, feature, rows))
    return tuple(kinds)


def _type(spark: SparkSession, feature: Feature, rows: DataFrame) -> str:
    where, why = feature.source.full_name, f"needed by the feature {feature.name}"
    time = feature.timeseries_column
    kinds = column_types(rows, [*as_names(feature.entity), *as_names(time), *feature.inputs], where, why)
    nested = [key for key in as_names(feature.entity) if kinds[key].typeName() in ("array", "map", "struct", "variant")]
    if nested:
        raise InvalidInputError(
            f"The entity column {nested[0]!r} of {where} is {kinds[nested[0]].simpleString()}: a nested value cannot be a key."
        )
    if time is not None and kinds[time].simpleString() != "timestamp":
        raise ColumnTypeError(where, {time: (kinds[time].simpleString(), "timestamp")})
    if isinstance(feature.function, AggregationFunction):
        return feature.function.operator.returns(kinds[feature.function.operator.input]).simpleString()
    if isinstance(feature.function, ColumnSelection):
        found: str = kinds[feature.function.column].simpleString()
        return found
    return rows.select(row_value(spark, feature, rows).alias("value")).schema["value"].dataType.simpleString()


def source_versions(spark: SparkSession, features: Sequence[Feature]) -> dict[str, int]:
    """Return the Delta version of each table that the features read."""
    tables = {feature.source.full_name for feature in features if isinstance(feature.source, DeltaTableSource)}
    return {table: lakehouse.table_version(spark, table) for table in sorted(tables)}
