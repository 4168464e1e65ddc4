"""Feature tables: Delta tables with declared primary keys, made anew or of tables that are there.

Rules are numbered as in ``docs/reference/feature-engineering-rules.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.features.definitions.lookups import as_names
from headwater.features.tables.checks import check_keys_of_rows, checked_schema, require_dataframe
from headwater.features.tables.properties import (
    FeatureTable,
    checked_keys,
    get_feature_table,
    key_properties,
    tag_properties,
    without_key,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from headwater.lakehouse import TableName

__all__ = ["create_feature_table", "declare_feature_table"]

_ROWS_FOLLOW = "headwater.createdWithRows"


def create_feature_table(
    spark: SparkSession,
    name: str,
    primary_keys: str | Sequence[str],
    df: DataFrame | None = None,
    timeseries_column: str | Sequence[str] | None = None,
    partition_columns: str | Sequence[str] | None = None,
    schema: StructType | None = None,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> FeatureTable:
    """Create a feature table, and write `df` if one is given; an existing table is returned as it is (rule 1).

    Raises
    ------
    InvalidInputError
        Keys, time key, `df` and `schema` do not fit together (rules 2, 3, 5); nothing is made.
    NullKeysError, DuplicateKeysError
        In `df` (rule 4); no table is left behind.

    Notes
    -----
    Of several processes that create one table at a time, one does; the others wait and are given the table. A process that
    is killed before the rows are in leaves an empty table, which the next creation with rows replaces.
    """
    named = lakehouse.complete(spark, name)
    with lakehouse.creation(spark, named):
        if lakehouse.table_exists(spark, name) and not (df is not None and _waits_for_rows(spark, name)):
            return get_feature_table(spark, name)
        return _create(
            spark, named, primary_keys, df, timeseries_column, partition_columns, schema, description, tags or {}
        )


def _create(
    spark: SparkSession,
    named: TableName,
    primary_keys: str | Sequence[str],
    df: DataFrame | None,
    timeseries_column: str | Sequence[str] | None,
    partition_columns: str | Sequence[str] | None,
    schema: StructType | None,
    description: str | None,
    tags: Mapping[str, str],
) -> FeatureTable:
    full = str(named)
    time_key = as_names(timeseries_column)
    keys = checked_keys(full, as_names(primary_keys), time_key)
    partitions = as_names(partition_columns)
    if df is not None:
        require_dataframe(df, full)
    columns = checked_schema(full, df, schema, [*keys, *partitions])
    if df is not None:
        check_keys_of_rows(df, keys, f"the DataFrame for {full}")
    if lakehouse.table_exists(spark, named.quoted):  # what a killed creation has left
        lakehouse.drop_table(spark, named.quoted)
    properties = {**key_properties(full, keys, time_key), **tag_properties(tags)}
    if df is not None:
        properties[_ROWS_FOLLOW] = "true"
    lakehouse.create_table(
        spark, named.quoted, columns, partition_by=partitions, properties=properties, comment=description
    )
    if df is not None:
        try:
            lakehouse.append(df, named.quoted)
        except BaseException:
            lakehouse.drop_table(spark, named.quoted)
            raise
    return get_feature_table(spark, named.quoted)


def _waits_for_rows(spark: SparkSession, name: str) -> bool:
    """Say whether a table was created with rows that have not been written: it is as its first commit made it."""
    return lakehouse.newest_version(spark, name) == 0 and _ROWS_FOLLOW in lakehouse.notes_of(spark, name).properties


def declare_feature_table(
    spark: SparkSession,
    name: str,
    primary_keys: Sequence[str],
    time_key: Sequence[str] = (),
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> FeatureTable:
    """Make a Delta table that is there a feature table: its keys become NOT NULL, its rows stay.

    Two aggregations over its keys; a key that was declared before is replaced, and the table gets a new id.

    Raises
    ------
    InvalidInputError
        Keys and columns do not fit together (rules 2, 3, 5).
    NullKeysError, DuplicateKeysError
        Among the rows.
    """
    full = lakehouse.resolve(spark, name)
    rows = spark.table(full.quoted)
    keys = checked_keys(str(full), as_names(primary_keys), as_names(time_key))
    checked_schema(str(full), rows, None, keys)
    check_keys_of_rows(rows, keys, str(full))
    lakehouse.set_not_null(spark, str(full), keys)
    declared = key_properties(str(full), keys, as_names(time_key))
    lakehouse.set_table_properties(spark, str(full), {**without_key(), **declared, **tag_properties(tags or {})})
    if description:
        spark.sql(f"COMMENT ON TABLE {full.quoted} IS {lakehouse.literal(description)}")
    return get_feature_table(spark, str(full))
