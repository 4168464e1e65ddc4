"""Declared features kept in the catalog: a Delta table of the schema, as functions are kept."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.features.definitions.feature import Feature, FeatureViewSource
from headwater.features.definitions.serialization import feature_from_dict, feature_to_dict
from headwater.features.definitions.sources import DeltaTableSource
from headwater.features.evaluation.declared import feature_types
from headwater.features.evaluation.row_functions import bound_function
from headwater.lakehouse import InvalidInputError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["delete_feature", "get_feature", "list_features", "register_feature"]

_KEPT = lakehouse.Documents("_features", "name string, definition string", ("name",), "Declared features")


def register_feature(
    spark: SparkSession, feature: Feature, catalog_name: str | None = None, schema_name: str | None = None
) -> Feature:
    """Keep a feature in a schema, and return it with its full name.

    Parameters
    ----------
    catalog_name, schema_name
        Default: those of the feature's own table.

    Raises
    ------
    InvalidInputError
        The feature is registered already, there is another one of its name, its source lacks a column or has a type that
        cannot be used, or its rows are a DataFrame's.
    """
    if not isinstance(feature, Feature):
        raise InvalidInputError(f"register_feature takes a Feature, found {feature!r}.")
    if feature.is_registered:
        raise InvalidInputError(
            f"The feature {feature.full_name} is registered already: register a copy under another name, "
            "feature.clone(new_name=...)."
        )
    if isinstance(feature.source, DeltaTableSource):
        catalog_name = catalog_name or feature.source.catalog_name
        schema_name = schema_name or feature.source.schema_name
    if not catalog_name or not schema_name:
        raise InvalidInputError(f"The feature {feature.name} needs catalog_name and schema_name to be registered in.")
    made = replace(feature, catalog_name=catalog_name, schema_name=schema_name)
    definition = json.dumps(feature_to_dict(made))
    _check(spark, made)
    lakehouse.check_new_name(spark, "feature", schema_name, str(made.name))
    schema = f"{catalog_name}.{schema_name}"
    if str(made.name) in _stored(spark, schema):
        raise InvalidInputError(
            f"There is a feature {made.full_name} already: choose another name, or delete_feature(full_name=...) first."
        )
    _KEPT.keep(spark, schema, (str(made.name), definition))
    return made


def get_feature(spark: SparkSession, full_name: str) -> Feature:
    """Return a feature of the catalog.

    Raises
    ------
    InvalidInputError
        There is none of this name.
    """
    full = lakehouse.complete(spark, full_name)
    stored = _stored(spark, f"{full.catalog}.{full.schema}")
    if full.table not in stored:
        raise InvalidInputError(f"There is no feature {full}. {lakehouse.known(full.table, stored)}")
    return stored[full.table]


def list_features(spark: SparkSession, catalog_name: str, schema_name: str, max_results: int = 100) -> list[Feature]:
    """Return a schema's features, by name, at most `max_results`."""
    if max_results < 1:
        raise InvalidInputError(f"max_results must be at least 1, found {max_results}.")
    stored = _stored(spark, f"{catalog_name}.{schema_name}")
    return [stored[name] for name in sorted(stored)][:max_results]


def delete_feature(spark: SparkSession, full_name: str) -> None:
    """Remove a feature from the catalog; feature tables and models that were made with it stay.

    Raises
    ------
    InvalidInputError
        There is none of this name.
    """
    name = str(get_feature(spark, full_name).name)
    full = lakehouse.complete(spark, full_name)
    _KEPT.remove(spark, f"{full.catalog}.{full.schema}", name)


def _check(spark: SparkSession, feature: Feature) -> None:
    if feature.source.has_rows:
        feature_types(spark, [feature])
        return
    for part in feature.source.features if isinstance(feature.source, FeatureViewSource) else ():
        _check(spark, part)
    there = _columns(feature)
    columns = feature.inputs
    if hasattr(feature.function, "function_name"):
        columns = [column for _, column in bound_function(spark, feature)[1]]
    missing = [column for column in columns if column not in there]
    if missing:
        raise lakehouse.MissingColumnsError(missing, feature.source.full_name, there, f"needed by {feature.name}")


def _columns(feature: Feature) -> list[str]:
    if isinstance(feature.source, FeatureViewSource):
        return [str(one.name) for one in feature.source.features]
    names: list[str] = feature.source.field_names  # type: ignore[attr-defined]
    return names


def _stored(spark: SparkSession, schema: str) -> dict[str, Feature]:
    return {row["name"]: feature_from_dict(json.loads(row["definition"])) for row in _KEPT.rows(spark, schema)}
