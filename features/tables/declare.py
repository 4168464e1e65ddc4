"""Feature tables: Delta tables with declared primary keys.

The keys, the time key, tags and the table's own id are table properties, so that a copied table is still a feature table.
Rules are numbered as in ``docs/reference/feature-engineering-rules.md``.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.features.definitions.lookups import as_names
from headwater.lakehouse import (
    ColumnTypeError,
    DuplicateKeysError,
    InvalidInputError,
    MissingColumnsError,
    NullKeysError,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import DataType, StructType

    from headwater.lakehouse import TableName

__all__ = [
    "FeatureTable",
    "check_rows_fit",
    "create_feature_table",
    "declare_feature_table",
    "declared_key",
    "delete_tag",
    "get_feature_table",
    "key_properties",
    "overwrite_feature_table",
    "set_tag",
    "tag_properties",
    "without_key",
    "write_feature_table",
]

_KEYS = "headwater.primaryKeys"
_TIME = "headwater.timeseriesColumn"
_ID = "headwater.tableId"
_CREATED = "headwater.createdAt"
_TAG = "headwater.tag."
_ROWS_FOLLOW = "headwater.createdWithRows"


@dataclass(frozen=True)
class FeatureTable:
    """What is known of a feature table.

    Attributes
    ----------
    primary_keys
        All keys, the time key last.
    timestamp_keys
        The time key, or nothing.
    features
        Columns that are not keys, in the table's order.
    creation_timestamp
        Milliseconds since 1970 UTC.
    table_id
        Changes when a table is dropped and made again.
    """

    name: str
    table_id: str
    description: str
    primary_keys: tuple[str, ...]
    partition_columns: tuple[str, ...]
    features: tuple[str, ...]
    creation_timestamp: int
    timestamp_keys: tuple[str, ...]
    tags: Mapping[str, str]
    schema: StructType
    online_stores: tuple[str, ...] = ()

    @property
    def lookup_keys(self) -> tuple[str, ...]:
        """The primary keys without the time key."""
        return tuple(key for key in self.primary_keys if key not in self.timestamp_keys)


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
    keys = _checked_keys(full, as_names(primary_keys), time_key)
    partitions = as_names(partition_columns)
    if df is not None:
        _require_dataframe(df, full)
    columns = _checked_schema(full, df, schema, [*keys, *partitions])
    if df is not None:
        _check_rows(df, keys, f"the DataFrame for {full}")
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


def key_properties(name: str, primary_keys: Sequence[str], time_key: Sequence[str] = ()) -> dict[str, str]:
    """Return the table properties that declare a primary key, with a new table id: they make a table a feature table.

    Raises
    ------
    InvalidInputError
        Keys and time key do not fit together (rule 2).

    Examples
    --------
    >>> key_properties("main.ml.t", ["ts", "id"], ["ts"])["headwater.primaryKeys"]
    '["id", "ts"]'
    """
    keys = _checked_keys(name, tuple(primary_keys), tuple(time_key))
    return {
        _KEYS: json.dumps(keys),
        _ID: uuid.uuid4().hex,
        _CREATED: str(int(time.time() * 1000)),
        **({_TIME: time_key[0]} if time_key else {}),
    }


def declared_key(properties: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
    """Return the primary key that a table's properties declare, and its time key; empty where there is none.

    Examples
    --------
    >>> declared_key({"headwater.primaryKeys": '["id", "ts"]', "headwater.timeseriesColumn": "ts"})
    (('id', 'ts'), 'ts')
    >>> declared_key({})
    ((), '')
    """
    return tuple(json.loads(properties.get(_KEYS, "[]"))), properties.get(_TIME, "")


def without_key() -> dict[str, None]:
    """Return the changes to a table's properties that take its primary key away."""
    return {_KEYS: None, _TIME: None}


def tag_properties(tags: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the table properties that hold tags; None for a tag that goes.

    Examples
    --------
    >>> tag_properties({"team": "x"})
    {'headwater.tag.team': 'x'}
    """
    return {_TAG + key: value for key, value in tags.items()}


def get_feature_table(spark: SparkSession, name: str) -> FeatureTable:
    """Return what is known of a feature table; no Spark job.

    Raises
    ------
    TableNotFoundError
        There is no such table.
    InvalidInputError
        There is, but it declares no primary key.
    """
    full = lakehouse.resolve(spark, name)
    notes = lakehouse.notes_of(spark, full.quoted)
    properties = notes.properties
    if _KEYS not in properties:
        raise InvalidInputError(
            f"{full} is a table without a primary key, so it is not a feature table: make one with create_table(name, "
            "primary_keys=..., df=...)."
        )
    keys = tuple(json.loads(properties[_KEYS]))
    time_key = (properties[_TIME],) if _TIME in properties else ()
    schema = spark.table(full.quoted).schema
    return FeatureTable(
        name=str(full),
        table_id=properties[_ID],
        description=notes.comment,
        primary_keys=(*(key for key in keys if key not in time_key), *time_key),
        partition_columns=notes.partition_columns,
        features=tuple(field.name for field in schema if field.name not in keys),
        creation_timestamp=int(properties[_CREATED]),
        timestamp_keys=time_key,
        tags={key.removeprefix(_TAG): value for key, value in properties.items() if key.startswith(_TAG)},
        schema=schema,
    )


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
    keys = _checked_keys(str(full), as_names(primary_keys), as_names(time_key))
    _checked_schema(str(full), rows, None, keys)
    _check_rows(rows, keys, str(full))
    lakehouse.set_not_null(spark, str(full), keys)
    declared = key_properties(str(full), keys, as_names(time_key))
    lakehouse.set_table_properties(spark, str(full), {**without_key(), **declared, **tag_properties(tags or {})})
    if description:
        spark.sql(f"COMMENT ON TABLE {full.quoted} IS {lakehouse.literal(description)}")
    return get_feature_table(spark, str(full))


def write_feature_table(df: DataFrame, name: str, mode: str = "merge") -> None:
    """Upsert rows by the primary keys: matched rows get only the columns that `df` has (rules 9 to 13).

    One aggregation over `df` for its keys, then one merge. New columns are added to the table. Generated, identity and
    default columns that `df` lacks are filled by Delta.

    Raises
    ------
    NullKeysError, DuplicateKeysError, MissingColumnsError, ColumnTypeError, InvalidInputError
        `df` does not fit the table; nothing is written.
    """
    if mode != "merge":
        raise InvalidInputError(
            f"mode={mode!r} is not possible: write_table merges. To start anew, drop_table and create_table."
        )
    _require_dataframe(df, name)
    if df.isStreaming:
        raise InvalidInputError(f"The DataFrame for {name} is a stream: write_feature_stream writes those.")
    table = get_feature_table(df.sparkSession, name)
    check_rows_fit(df, table)
    _check_rows(df, table.primary_keys, f"the DataFrame for {table.name}")
    lakehouse.merge(df, table.name, table.primary_keys, evolve=True)


def overwrite_feature_table(df: DataFrame, name: str) -> None:
    """Replace all rows, in one commit; columns that `df` lacks become NULL, new ones are added.

    Raises
    ------
    NullKeysError, DuplicateKeysError, MissingColumnsError, ColumnTypeError, InvalidInputError
        `df` does not fit the table; nothing is written.
    """
    _require_dataframe(df, name)
    if df.isStreaming:
        raise InvalidInputError(f"The DataFrame for {name} is a stream, which can only be merged: mode='merge'.")
    table = get_feature_table(df.sparkSession, name)
    check_rows_fit(df, table)
    _check_rows(df, table.primary_keys, f"the DataFrame for {table.name}")
    lakehouse.overwrite(df, table.name, evolve=True)


def check_rows_fit(df: DataFrame, table: FeatureTable) -> None:
    """Refuse columns that the table cannot take (rules 9 to 12); no Spark job, so also for a stream."""
    where = f"the DataFrame for {table.name}"
    _check_names(df, table, where)
    missing = [key for key in table.primary_keys if key not in df.columns]
    if missing:
        raise MissingColumnsError(missing, where, df.columns, f"primary keys of {table.name}")
    if table.timestamp_keys:
        given = {*df.columns, *lakehouse.notes_of(df.sparkSession, table.name).filled_columns}
        absent = [feature for feature in table.features if feature not in given]
        if absent:
            raise MissingColumnsError(absent, where, df.columns, "a time series table takes whole rows")
    _check_types(df, table, where)


def set_tag(spark: SparkSession, name: str, key: str, value: str) -> None:
    """Set a tag on a feature table; an older value is replaced."""
    lakehouse.set_table_properties(spark, get_feature_table(spark, name).name, {_TAG + key: value})


def delete_tag(spark: SparkSession, name: str, key: str) -> None:
    """Remove a tag from a feature table.

    Raises
    ------
    InvalidInputError
        The table has no such tag.
    """
    table = get_feature_table(spark, name)
    if key not in table.tags:
        raise InvalidInputError(f"{table.name} has no tag {key!r}. {lakehouse.known(key, table.tags)}")
    lakehouse.set_table_properties(spark, table.name, {_TAG + key: None})


def _require_dataframe(df: object, name: str) -> None:
    from pyspark.sql import DataFrame

    if not isinstance(df, DataFrame):
        found = f"{type(df).__module__.split('.')[0]}.{type(df).__name__}"
        raise InvalidInputError(
            f"{name} takes a Spark DataFrame, found {found}: convert it with spark.createDataFrame(df)."
        )


def _checked_keys(name: str, keys: tuple[str, ...], time_key: tuple[str, ...]) -> tuple[str, ...]:
    if not keys:
        raise InvalidInputError(f"{name} needs at least one primary key.")
    doubled = sorted({key for key in keys if keys.count(key) > 1})
    if doubled:
        raise InvalidInputError(f"Primary keys of {name} are given twice: {', '.join(doubled)}.")
    if len(time_key) > 1:
        raise InvalidInputError(f"{name} can have one time series column, found {', '.join(time_key)}.")
    if time_key and time_key[0] not in keys:
        raise InvalidInputError(
            f"The time series column {time_key[0]!r} of {name} must be one of its primary keys ({', '.join(keys)}): add it."
        )
    if time_key and len(keys) == 1:
        raise InvalidInputError(f"{name} needs a primary key beside its time series column {time_key[0]!r}.")
    return (*(key for key in keys if key not in time_key), *time_key)


def _checked_schema(name: str, df: DataFrame | None, schema: StructType | None, needed: Sequence[str]) -> StructType:
    from pyspark.sql.types import StructField, StructType

    if df is None and schema is None:
        raise InvalidInputError(f"{name} needs df= or schema= to know its columns; both are missing.")
    if schema is not None and not isinstance(schema, StructType):
        raise InvalidInputError(
            f"schema for {name} takes a StructType, found {schema!r}: use StructType.fromDDL({schema!r})."
        )
    if df is not None and schema is not None and _plain(df.schema) != _plain(schema):
        raise InvalidInputError(
            f"df and schema for {name} differ: {df.schema.simpleString()} against {schema.simpleString()}. Give one of them."
        )
    columns = schema if schema is not None else df.schema  # type: ignore[union-attr]
    missing = [column for column in needed if column not in columns.names]
    if missing:
        raise MissingColumnsError(missing, f"the columns of {name}", columns.names, "keys and partition columns")
    lowered = [column.lower() for column in columns.names]
    doubled = sorted({column for column in columns.names if lowered.count(column.lower()) > 1})
    if doubled:
        raise InvalidInputError(f"Columns of {name} differ only by case or are double: {', '.join(doubled)}.")
    wrong = {f.name: f.dataType.simpleString() for f in columns if not _allowed(f.dataType)}
    if wrong:
        facts = ", ".join(f"{column!r} ({found})" for column, found in wrong.items())
        raise InvalidInputError(
            f"{name} cannot hold {facts}. Known types: int, long, short, float, double, string, boolean, date, timestamp, "
            "binary, decimal, array, map, struct."
        )
    maps = [key for key in needed if "map<" in columns[key].dataType.simpleString()]
    if maps:
        raise InvalidInputError(f"{name} cannot have the key {maps[0]!r} of type map: Spark does not compare maps.")
    keys = set(needed)
    return StructType([StructField(f.name, f.dataType, f.nullable and f.name not in keys, f.metadata) for f in columns])


def _allowed(kind: DataType) -> bool:
    from pyspark.sql import types as t

    if isinstance(kind, t.ArrayType):
        return _allowed(kind.elementType)
    if isinstance(kind, t.MapType):
        return _allowed(kind.keyType) and _allowed(kind.valueType)
    if isinstance(kind, t.StructType):
        return all(_allowed(field.dataType) for field in kind)
    scalar = (t.IntegerType, t.LongType, t.ShortType, t.FloatType, t.DoubleType, t.BooleanType, t.DateType)
    return isinstance(kind, (*scalar, t.StringType, t.TimestampType, t.BinaryType, t.DecimalType))


def _plain(schema: StructType) -> list[tuple[str, str]]:
    return [(field.name, field.dataType.simpleString()) for field in schema]


def _check_names(df: DataFrame, table: FeatureTable, where: str) -> None:
    by_lower = {column.lower(): column for column in table.schema.names}
    for column in df.columns:
        other = by_lower.get(column.lower(), column)
        if other != column:
            raise InvalidInputError(
                f"{column!r} in {where} differs only by case from the table's {other!r}: rename it."
            )


def _check_types(df: DataFrame, table: FeatureTable, where: str) -> None:
    found, wanted = dict(_plain(df.schema)), dict(_plain(table.schema))
    wrong = {c: (found[c], wanted[c]) for c in df.columns if c in wanted and found[c] != wanted[c]}
    if wrong:
        raise ColumnTypeError(where, wrong)


def _check_rows(df: DataFrame, keys: Sequence[str], where: str) -> None:
    """Refuse NULL and repeated keys: one aggregation by the keys, of which the driver sees a handful of rows."""
    from pyspark.sql import functions as F

    columns = [lakehouse.column(key) for key in keys]
    nulls = df.agg(*[F.count_if(c.isNull()).alias(key) for key, c in zip(keys, columns, strict=True)]).collect()[0]
    found = {key: nulls[key] for key in keys if nulls[key]}
    if found:
        raise NullKeysError(where, found)
    doubled = df.groupBy(*columns).count().filter("count > 1").select(*columns)
    rows = doubled.limit(4).collect()
    if rows:
        examples = ["(" + ", ".join(str(value) for value in row) + ")" for row in rows[:3]]
        raise DuplicateKeysError(where, list(keys), examples, len(rows) if len(rows) < 4 else doubled.count())
