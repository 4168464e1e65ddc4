"""What feature tables and their rows are held to, before anything is made or written.

Rules are numbered as in ``docs/reference/feature-engineering-rules.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.features.tables.properties import FeatureTable
from headwater.lakehouse import (
    ColumnTypeError,
    DuplicateKeysError,
    InvalidInputError,
    MissingColumnsError,
    NullKeysError,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import DataType, StructType

__all__ = ["check_keys_of_rows", "check_rows_fit", "checked_schema", "require_dataframe"]


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


def require_dataframe(df: object, name: str) -> None:
    """Raise if `df` is no Spark DataFrame: a pandas one, for example."""
    from pyspark.sql import DataFrame

    if not isinstance(df, DataFrame):
        kind = f"{type(df).__module__.split('.')[0]}.{type(df).__name__}"
        raise InvalidInputError(
            f"{name} takes a Spark DataFrame, found {kind}: convert it with spark.createDataFrame(df)."
        )


def checked_schema(name: str, df: DataFrame | None, schema: StructType | None, needed: Sequence[str]) -> StructType:
    """Return the columns that the table gets, of `df` or `schema`, with the `needed` ones NOT NULL (rules 3 and 5).

    Raises
    ------
    InvalidInputError
        They cannot be those of a feature table; says why.
    """
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
        facts = ", ".join(f"{column!r} ({kind})" for column, kind in wrong.items())
        raise InvalidInputError(
            f"{name} cannot hold {facts}. Known types: int, long, short, float, double, string, boolean, date, timestamp, "
            "binary, decimal, array, map, struct. "
            + lakehouse.zone_hint([column for column, found in wrong.items() if found == "timestamp_ntz"])
        )
    maps = [key for key in needed if "map<" in columns[key].dataType.simpleString()]
    if maps:
        raise InvalidInputError(f"{name} cannot have the key {maps[0]!r} of type map: Spark does not compare maps.")
    # Of a DataFrame, Spark says "not nullable" of what happens to have a value; a row that is merged may have none.
    keys, optional = set(needed), schema is None
    return StructType(
        [StructField(f.name, f.dataType, (f.nullable or optional) and f.name not in keys, f.metadata) for f in columns]
    )


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
    given, declared = dict(_plain(df.schema)), dict(_plain(table.schema))
    wrong = {c: (given[c], declared[c]) for c in df.columns if c in declared and given[c] != declared[c]}
    if wrong:
        raise ColumnTypeError(where, wrong)


@lakehouse.faults_named()
def check_keys_of_rows(df: DataFrame, keys: Sequence[str], where: str) -> None:
    """Refuse NULL and repeated keys: one aggregation by the keys, of which the driver sees a handful of rows."""
    from pyspark.sql import functions as F

    columns = [lakehouse.column(key) for key in keys]
    nulls = df.agg(*[F.count_if(c.isNull()).alias(key) for key, c in zip(keys, columns, strict=True)]).collect()[0]
    null_keys = {key: nulls[key] for key in keys if nulls[key]}
    if null_keys:
        raise NullKeysError(where, null_keys)
    doubled = df.groupBy(*columns).count().filter("count > 1").select(*columns)
    rows = doubled.limit(4).collect()
    if rows:
        examples = ["(" + ", ".join(str(value) for value in row) + ")" for row in rows[:3]]
        raise DuplicateKeysError(where, list(keys), examples, len(rows) if len(rows) < 4 else doubled.count())
