"""Declared features as plain data, as they lie in the catalog and beside a model; read again they are equal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from headwater.features.definitions.aggregations.registry import aggregation_functions
from headwater.features.definitions.feature import (
    AggregationFunction,
    ColumnSelection,
    CustomUDF,
    Feature,
    FeatureViewSource,
)
from headwater.features.definitions.lookups import as_names
from headwater.features.definitions.sources import DataSource, DeltaTableSource, RequestSource
from headwater.features.definitions.windows import (
    RollingWindow,
    SawtoothWindow,
    SlidingWindow,
    TimeWindow,
    TumblingWindow,
    micros,
)
from headwater.lakehouse import InvalidInputError, known

__all__ = ["feature_from_dict", "feature_to_dict"]

_FORMAT = 1  # a stored definition without a number is of this format
_WINDOWS = {one.__name__: one for one in (RollingWindow, SawtoothWindow, SlidingWindow, TumblingWindow)}
_SOURCES = ("features", "request", "table")
_TABLE = ("catalog_name", "schema_name", "table_name", "filter_condition", "transformation_sql", "dataframe_schema")
_DURATIONS = ("window_duration", "slide_duration", "delay", "offset")
_REST = ("timeseries_column", "name", "description", "catalog_name", "schema_name")


def feature_to_dict(feature: Feature) -> dict[str, Any]:
    """Return plain data.

    Raises
    ------
    InvalidInputError
        The feature's rows are a DataFrame's, which nothing can be kept of.

    Examples
    --------
    >>> source = DeltaTableSource(catalog_name="main", schema_name="ml", table_name="t")
    >>> feature = Feature(source=source, function=ColumnSelection("a"), entity="k")
    >>> feature_from_dict(feature_to_dict(feature)) == feature
    True
    """
    data = {
        "format": _FORMAT,
        "source": _source_data(feature.source, str(feature.name)),
        "function": _function_data(feature.function),
        "entity": list(as_names(feature.entity)),
        **{name: getattr(feature, name) for name in _REST},
    }
    return {key: value for key, value in data.items() if value is not None and value != []}


def feature_from_dict(data: dict[str, Any]) -> Feature:
    """Return the feature that :func:`feature_to_dict` described.

    Raises
    ------
    InvalidInputError
        The definition has another format, or names a function, window or source that this version does not know.
    """
    number = data.get("format", _FORMAT)
    if number != _FORMAT:
        raise InvalidInputError(
            f"The stored feature {data.get('name')} has format {number!r}, and this version of Headwater reads format "
            f"{_FORMAT}: read it with the version that stored it, or declare it again."
        )
    return Feature(
        source=_source(data["source"]),
        function=_function(data["function"]),
        entity=data.get("entity"),
        **{name: data.get(name) for name in _REST},
    )


def _source_data(source: DataSource, name: str) -> dict[str, Any]:
    if isinstance(source, DeltaTableSource):
        given = {key: getattr(source, key) for key in _TABLE}
        return {"kind": "table", **{key: value for key, value in given.items() if value is not None}}
    if isinstance(source, RequestSource):
        return {"kind": "request", "schema": [list(pair) for pair in source.schema]}
    if isinstance(source, FeatureViewSource):
        return {"kind": "features", "features": [feature_to_dict(one) for one in source.features]}
    raise InvalidInputError(
        f"The feature {name} cannot be kept, for its rows are those of {source.full_name} in this session: write them into a "
        "table, and use DeltaTableSource."
    )


def _source(data: dict[str, Any]) -> DataSource:
    if data["kind"] == "table":
        return DeltaTableSource(**{key: value for key, value in data.items() if key != "kind"})
    if data["kind"] == "request":
        return RequestSource(schema=[(name, kind) for name, kind in data["schema"]])
    _check_known("source", data["kind"], _SOURCES)
    return FeatureViewSource(features=[feature_from_dict(one) for one in data["features"]])


def _function_data(function: Any) -> dict[str, Any]:
    if isinstance(function, ColumnSelection):
        return {"column": function.column}
    if isinstance(function, CustomUDF):
        return {"udf": function.function_name, "bindings": [list(pair) for pair in function.bindings]}
    operator, window = function.operator, function.time_window
    return {
        "operator": type(operator).__name__,
        "input": operator.input,
        **operator.extra_parameters(),
        "window": {"kind": type(window).__name__, **_window_data(window)},
    }


def _window_data(window: TimeWindow) -> dict[str, Any]:
    durations = {key: value for key, value in vars(window).items() if key in _DURATIONS and value}
    data: dict[str, Any] = {key: micros(value) for key, value in durations.items()}
    return data | ({"start_time": window.start_time.isoformat()} if window.start_time else {})


def _function(data: dict[str, Any]) -> AggregationFunction | ColumnSelection | CustomUDF:
    if "column" in data:
        return ColumnSelection(data["column"])
    if "udf" in data:
        return CustomUDF(data["udf"], dict(data["bindings"]))
    given = {key: value for key, value in data.items() if key not in ("operator", "window")}
    functions = aggregation_functions()
    _check_known("operator", data["operator"], functions)
    operator: Any = functions[data["operator"]]
    return AggregationFunction(operator(**given), _window(dict(data["window"])))


def _window(data: dict[str, Any]) -> TimeWindow:
    kind = data.pop("kind")
    _check_known("window", kind, _WINDOWS)
    given: dict[str, Any] = {key: dt.timedelta(microseconds=value) for key, value in data.items() if key in _DURATIONS}
    if "start_time" in data:
        given["start_time"] = dt.datetime.fromisoformat(data["start_time"])
    window: Any = _WINDOWS[kind]
    made: TimeWindow = window(**{"window_duration": None} | given)
    return made


def _check_known(what: str, name: str, names: Iterable[str]) -> None:
    """Raise if a stored definition names what this version does not have."""
    if name not in names:
        raise InvalidInputError(
            f"A stored feature has the {what} {name!r}, which this version of Headwater does not have. "
            f"{known(name, list(names))}"
        )
