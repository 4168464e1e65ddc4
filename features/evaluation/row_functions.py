"""Columns and functions of single rows, as declared features name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.features.definitions.feature import ColumnSelection, CustomUDF, Feature
from headwater.features.definitions.sources import column_types
from headwater.features.functions.python_function import CatalogFunction, get_function
from headwater.lakehouse import InvalidInputError, MissingColumnsError, column

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

__all__ = ["bound_function", "row_value"]


def bound_function(spark: SparkSession, feature: Feature) -> tuple[CatalogFunction, tuple[tuple[str, str], ...]]:
    """Return the function of a feature of a CustomUDF, and the column for each of its parameters.

    Raises
    ------
    InvalidInputError
        There is no such function, or it has no such parameters.
    """
    assert isinstance(feature.function, CustomUDF)
    function = get_function(spark, feature.function.function_name)
    parameters = [name for name, _ in function.parameters]
    strange = [name for name in feature.function.input_bindings if name not in parameters]
    if strange:
        raise MissingColumnsError(strange, f"the parameters of {function.name}", parameters, "input_bindings")
    bindings = feature.function.input_bindings
    return function, tuple((name, bindings.get(name, name)) for name in parameters)


def row_value(spark: SparkSession, feature: Feature, rows: DataFrame) -> Column:
    """Return the feature's column of the source's rows."""
    where, why = feature.source.full_name, f"needed by the feature {feature.name}"
    if isinstance(feature.function, ColumnSelection):
        column_types(rows, [feature.function.column], where, why)
        return column(feature.function.column)
    if not isinstance(feature.function, CustomUDF):
        raise InvalidInputError(f"The feature {feature.name} is not a function of single rows.")
    function, bindings = bound_function(spark, feature)
    names = [name for _, name in bindings]
    kinds = column_types(rows, names, where, why)
    return function.column(*map(column, names), kinds=[kinds[name].simpleString() for name in names])
