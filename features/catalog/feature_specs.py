"""Feature specs of the catalog: lookups and functions under one name, for training sets and for serving.

They are kept in the schema's table ``_feature_specs``. A spec carries its functions as they were when it was made, and its
tables' ids; the tables' versions are taken when a training set is made of it.
"""

from __future__ import annotations

import datetime as dt
import getpass
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.features.definitions.feature import Feature
from headwater.features.definitions.lookups import FeatureFunction, FeatureLookup, as_names
from headwater.features.evaluation.declared import source_versions
from headwater.features.specs.spec import FeatureSpec, FunctionStep, LookupStep
from headwater.features.tables.properties import get_feature_table
from headwater.features.training_sets.from_features import batch_feature_spec, check_declared_keys
from headwater.features.training_sets.from_lookups import TrainingSet, check_spine, steps_of, training_set_of
from headwater.lakehouse import InvalidInputError, Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = [
    "FeatureSpecInfo",
    "create_feature_spec",
    "create_training_set_of_spec",
    "delete_feature_spec",
    "get_feature_spec",
    "stored_feature_spec",
    "update_feature_spec",
]

_KEPT = lakehouse.Documents(
    "_feature_specs",
    "name string, creator string, owner string, creation_timestamp_ms bigint, definition string",
    ("name",),
    "Feature specs, by name",
)


@dataclass(frozen=True)
class FeatureSpecInfo:
    """A feature spec of the catalog: full name, creator, owner, creation time in milliseconds since 1970 UTC, definition."""

    name: str
    creator: str
    owner: str
    creation_timestamp_ms: int
    spec: FeatureSpec


def create_feature_spec(
    spark: SparkSession,
    name: str,
    features: Sequence[FeatureLookup | FeatureFunction | Feature],
    exclude_columns: str | Sequence[str] | None = None,
) -> FeatureSpecInfo:
    """Keep a feature spec in the catalog; all that can be wrong is checked here, without a Spark job on feature tables.

    Parameters
    ----------
    features
        Lookups and functions, or declared features. Keys, times and inputs that none of them gives are the spec's source
        columns.
    exclude_columns
        Columns that the spec does not give, though they may be needed to compute others.

    Raises
    ------
    InvalidInputError
        The spec is there already, or its parts do not fit together.
    """
    full = lakehouse.complete(spark, name)
    lakehouse.check_new_name(spark, "feature spec", full.schema, full.table)
    known = _stored(spark, _schema(spark, name))
    if str(full) in known:
        raise InvalidInputError(f"The feature spec {full} exists already: choose another name, or delete it first.")
    if any(isinstance(item, Feature) for item in features):
        if not all(isinstance(item, Feature) for item in features):
            raise InvalidInputError(
                f"{full} takes lookups and functions, or declared features, not both: make two specs."
            )
        spec = batch_feature_spec(spark, [item for item in features if isinstance(item, Feature)], exclude_columns)
    else:
        items = [item for item in features if not isinstance(item, Feature)]
        spec = _spec_of_lookups(spark, items, exclude_columns)
    user, now = getpass.getuser(), int(dt.datetime.now(dt.UTC).timestamp() * 1000)
    made = FeatureSpecInfo(str(full), user, user, now, spec)
    _keep(spark, made)
    return made


def _spec_of_lookups(
    spark: SparkSession,
    items: Sequence[FeatureLookup | FeatureFunction],
    exclude_columns: str | Sequence[str] | None,
) -> FeatureSpec:
    lookups, functions, tables = steps_of(spark, items)
    steps: list[LookupStep | FunctionStep] = [*lookups, *functions]
    given = {output for step in steps for output in step.outputs}
    types: dict[str, str] = {}
    for function in functions:
        kinds = dict(function.function.parameters)
        types |= {column: kinds[parameter] for parameter, column in function.bindings}
    for table in tables:
        kinds = {field.name: field.dataType.simpleString() for field in table.schema}
        for lookup in (step for step in lookups if step.table == table.name):
            types |= {column: kinds[key] for column, key in (*lookup.keys, *([lookup.time] if lookup.time else []))}
    order = dict.fromkeys(column for step in steps for column in step.inputs if column not in given)
    source = spark.createDataFrame([], ", ".join(f"{lakehouse.quoted(column)} {types[column]}" for column in order))
    return training_set_of(source, lookups, functions, (), as_names(exclude_columns), tables).feature_spec


def get_feature_spec(spark: SparkSession, name: str) -> FeatureSpecInfo:
    """Return a feature spec of the catalog.

    Raises
    ------
    InvalidInputError
        If there is none of this name.
    """
    full, stored = str(lakehouse.complete(spark, name)), _stored(spark, _schema(spark, name))
    if full not in stored:
        raise InvalidInputError(f"There is no feature spec {full}. {lakehouse.known(full, stored)}")
    return stored[full]


def stored_feature_spec(settings: Settings, name: str) -> FeatureSpec:
    """Return a feature spec of the catalog of the embedded store of these settings; starts no Spark.

    Raises
    ------
    InvalidInputError
        If there is none of this name.
    """
    full = lakehouse.TableName.parse(name, catalog=settings.catalog, schema=settings.default_schema)
    table = lakehouse.open_stored(settings, f"{full.catalog}.{full.schema}.{_KEPT.table}")
    rows = [] if isinstance(table, str) else table.read(["name", "definition"]).to_pylist()
    stored = {row["name"]: row["definition"] for row in rows}
    if str(full) not in stored:
        raise InvalidInputError(f"There is no feature spec {full}. {lakehouse.known(str(full), stored)}")
    return FeatureSpec.from_yaml(stored[str(full)])


def update_feature_spec(spark: SparkSession, name: str, owner: str) -> FeatureSpecInfo:
    """Give a feature spec another owner."""
    changed = replace(get_feature_spec(spark, name), owner=owner)
    _keep(spark, changed)
    return changed


def delete_feature_spec(spark: SparkSession, name: str) -> None:
    """Remove a feature spec; models that were logged with it keep their own."""
    full = get_feature_spec(spark, name).name
    _KEPT.remove(spark, _schema(spark, name), full)


def create_training_set_of_spec(
    df: DataFrame,
    feature_spec: str,
    label: str | Sequence[str] | None,
    exclude_columns: str | Sequence[str] | None = None,
) -> TrainingSet:
    """Return a training set whose features are those of a spec of the catalog, from the tables as they are now.

    What the spec excludes is excluded, beside `exclude_columns`. See :func:`features.create_training_set`.
    """
    spark, labels = df.sparkSession, as_names(label)
    spec = get_feature_spec(spark, feature_spec).spec
    excluded = tuple(dict.fromkeys((*spec.exclude, *as_names(exclude_columns))))
    check_spine(df, labels, excluded)
    tables = {step.table: get_feature_table(spark, step.table) for step in spec.lookups}
    now = [
        replace(
            step,
            table_id=tables[step.table].table_id,
            table_version=lakehouse.table_version(spark, step.table),
        )
        for step in spec.lookups
    ]
    declared = tuple(replace(step, versions=source_versions(spark, step.features)) for step in spec.declared)
    kinds = {field.name: field.dataType.simpleString() for field in df.schema}
    for step in declared:
        check_declared_keys(spark, step.features, kinds)
    return training_set_of(df, now, spec.functions, labels, excluded, list(tables.values()), declared)


def _schema(spark: SparkSession, name: str) -> str:
    full = lakehouse.complete(spark, name)
    return f"{full.catalog}.{full.schema}"


def _stored(spark: SparkSession, schema: str) -> Mapping[str, FeatureSpecInfo]:
    return {
        row["name"]: FeatureSpecInfo(
            row["name"],
            row["creator"],
            row["owner"],
            row["creation_timestamp_ms"],
            FeatureSpec.from_yaml(row["definition"]),
        )
        for row in _KEPT.rows(spark, schema)
    }


def _keep(spark: SparkSession, info: FeatureSpecInfo) -> None:
    row = (info.name, info.creator, info.owner, info.creation_timestamp_ms, info.spec.to_yaml())
    _KEPT.keep(spark, _schema(spark, info.name), row)
