"""Table verbs: the only place that writes.

Every verb takes a name of one to three levels and completes it from the session's current catalog and schema. A verb is
one Delta commit, or says otherwise; verbs that give the same result when run again (all but :func:`append`) are tried
again when another writer was faster.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from headwater.lakehouse.errors import InvalidInputError, MissingColumnsError, TableExistsError
from headwater.lakehouse.names import TableName
from headwater.lakehouse.sql_text import literal, quoted
from headwater.lakehouse.tables.column_sql import column_sql, has_plain_names
from headwater.lakehouse.tables.conflicts import tried_again, writing
from headwater.lakehouse.tables.existing import is_there, resolve, table_exists
from headwater.lakehouse.tables.properties import set_table_properties, table_properties
from headwater.lakehouse.warehouse import catalog
from headwater.lakehouse.warehouse.faults import faults_named

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

__all__ = [
    "append",
    "create_table",
    "drop_table",
    "ensure_table",
    "merge",
    "optimize",
    "overwrite",
    "read_table",
    "replace_interval",
    "replace_where",
    "sql_time",
]

_MAPPING = "delta.columnMapping.mode"
_THERE_ALREADY = frozenset({"DELTA_TABLE_ALREADY_EXISTS", "TABLE_ALREADY_EXISTS", "TABLE_OR_VIEW_ALREADY_EXISTS"})


def create_table(
    spark: SparkSession,
    name: str,
    schema: StructType,
    *,
    partition_by: Sequence[str] = (),
    cluster_by: Sequence[str] = (),
    properties: Mapping[str, str] | None = None,
    comment: str | None = None,
) -> TableName:
    """Create an empty Delta table, and its schema (database) where that is missing; return the full name.

    A field that is not nullable becomes NOT NULL, which Delta then enforces on every write. If a column's name has a blank or
    another character that Delta's files do not take, the table has column mapping, as Delta advises.

    Raises
    ------
    TableExistsError
        If there is a table of this name, also one that another process has made meanwhile.
    InvalidNameError
        The embedded store cannot hold a table of this name.
    """
    full = catalog.complete(spark, name)
    with catalog.creation(spark, full):
        if is_there(spark, full):
            raise TableExistsError(str(full))
        _create(spark, full, schema, partition_by, cluster_by, properties or {}, comment)
    return full


def _create(
    spark: SparkSession,
    full: TableName,
    schema: StructType,
    partition_by: Sequence[str],
    cluster_by: Sequence[str],
    properties: Mapping[str, str],
    comment: str | None,
) -> None:
    from pyspark.errors import AnalysisException

    spark.sql(f"CREATE SCHEMA IF NOT EXISTS {full.quoted_schema}")
    clauses = [f"CREATE TABLE {full.quoted} ({', '.join(column_sql(field) for field in schema)}) USING delta"]
    if partition_by:
        clauses.append(f"PARTITIONED BY ({', '.join(map(quoted, partition_by))})")
    if cluster_by:
        clauses.append(f"CLUSTER BY ({', '.join(map(quoted, cluster_by))})")
    if comment:
        clauses.append(f"COMMENT {literal(comment)}")
    if not has_plain_names(schema):
        properties = {_MAPPING: "name", **properties}
    if properties:
        clauses.append(f"TBLPROPERTIES ({', '.join(f'{literal(k)} = {literal(v)}' for k, v in properties.items())})")
    try:
        with writing(full):
            spark.sql(" ".join(clauses))
    except AnalysisException as error:  # by another process, in a session with a catalog of its own
        if error.getCondition() not in _THERE_ALREADY:
            raise
        raise TableExistsError(str(full)) from error


def ensure_table(
    spark: SparkSession,
    name: str,
    schema: StructType,
    *,
    cluster_by: Sequence[str] = (),
    properties: Mapping[str, str] | None = None,
    comment: str | None = None,
) -> TableName:
    """Create an empty Delta table where there is none of this name, and return the full name.

    Of several processes one creates it, and for the others it is there.
    """
    if not table_exists(spark, name):
        with contextlib.suppress(TableExistsError):
            return create_table(spark, name, schema, cluster_by=cluster_by, properties=properties, comment=comment)
    return catalog.complete(spark, name)


def drop_table(spark: SparkSession, name: str) -> None:
    """Remove the table and its files.

    Raises
    ------
    TableNotFoundError
        If there is no such table.
    """
    spark.sql(f"DROP TABLE {resolve(spark, name).quoted}")


def read_table(
    spark: SparkSession, name: str, *, version: int | None = None, timestamp: dt.datetime | str | None = None
) -> DataFrame:
    """Return the table as a lazy DataFrame: as it is now, at a version, or as it was at a time (UTC).

    Raises
    ------
    TableNotFoundError
        If there is no such table.
    InvalidInputError
        If both `version` and `timestamp` are given.
    """
    full = resolve(spark, name)
    if version is not None and timestamp is not None:
        raise InvalidInputError(f"Give version={version} or timestamp={timestamp!r} for {full}, not both.")
    if version is not None:
        return spark.sql(f"SELECT * FROM {full.quoted} VERSION AS OF {int(version)}")
    if timestamp is not None:
        return spark.sql(f"SELECT * FROM {full.quoted} TIMESTAMP AS OF '{sql_time(timestamp)}'")
    return spark.table(full.quoted)


def append(df: DataFrame, name: str, *, evolve: bool = False) -> None:
    """Add the rows; with `evolve`, columns that the table lacks are added to it. Not idempotent."""
    full = resolve(df.sparkSession, name)
    _make_room(df, full, evolve=evolve)
    with writing(full, df):
        df.write.format("delta").mode("append").option("mergeSchema", str(evolve).lower()).saveAsTable(full.quoted)


def overwrite(df: DataFrame, name: str, *, evolve: bool = False, replace_schema: bool = False) -> None:
    """Replace all rows in one commit; comment, properties and history stay.

    Parameters
    ----------
    evolve
        Add columns that the table lacks.
    replace_schema
        Give the table the columns of `df`, with their types, in place of its own.
    """
    full = resolve(df.sparkSession, name)
    _make_room(df, full, evolve=evolve or replace_schema)
    option = "overwriteSchema" if replace_schema else "mergeSchema"
    writer = df.write.format("delta").mode("overwrite").option(option, str(evolve or replace_schema).lower())
    tried_again(lambda: writer.saveAsTable(full.quoted), full, df)


def merge(df: DataFrame, name: str, keys: Sequence[str], *, evolve: bool = False, condition: str | None = None) -> None:
    """Upsert by equality of all `keys`: matched rows get the columns that `df` has, new rows NULL for the others.

    Parameters
    ----------
    df
        At most one row per key: Delta refuses several that match one row.
    evolve
        Add columns that the table lacks.
    condition
        A further predicate on the target, as ``t.column`` in SQL, that limits the files that are looked at.

    Notes
    -----
    One join of the table's touched files with `df`; twice the same `df` gives what once gives.
    """
    spark = df.sparkSession
    full = resolve(spark, name)
    missing = [key for key in keys if key not in df.columns]
    if missing:
        raise MissingColumnsError(missing, f"the rows to merge into {full}", df.columns, "keys")
    _make_room(df, full, evolve=evolve)
    columns = [quoted(column) for column in df.columns]
    key_columns = [quoted(key) for key in keys]
    others = [column for column in columns if column not in key_columns]
    if evolve:  # the only form that takes columns that the table lacks; columns that `df` lacks stay as they are
        changed, inserted = "*", "*"
    else:
        changed = ", ".join(f"t.{column} = s.{column}" for column in others)
        inserted = f"({', '.join(columns)}) VALUES ({', '.join(f's.{column}' for column in columns)})"
    on = " AND ".join([f"t.{key} = s.{key}" for key in key_columns] + ([f"({condition})"] if condition else []))
    view = f"headwater_merge_{uuid.uuid4().hex}"
    # Delta's Python builder needs a plugin on a Spark Connect server; SQL does not.
    statement = " ".join(
        [
            f"MERGE {'WITH SCHEMA EVOLUTION ' if evolve else ''}INTO {full.quoted} AS t USING {view} AS s ON {on}",
            f"WHEN MATCHED THEN UPDATE SET {changed}" if others else "",
            f"WHEN NOT MATCHED THEN INSERT {inserted}",
        ]
    )
    df.createOrReplaceTempView(view)
    try:
        tried_again(lambda: spark.sql(statement), full, df)
    finally:
        spark.catalog.dropTempView(view)


def replace_interval(
    df: DataFrame, name: str, column: str, start: dt.datetime, end: dt.datetime, *, evolve: bool = False
) -> None:
    """Replace the rows with `start` ≤ `column` < `end` by the rows of `df`, in one commit.

    Run again, it gives the same table: this is how a job over an interval writes. Files outside the interval are not
    read (Delta's statistics), so that the cost does not grow with the table.

    Parameters
    ----------
    df
        All rows must lie in the interval; Delta refuses others.
    start, end
        Inclusive and exclusive, UTC.
    evolve
        As for :func:`replace_where`.
    """
    where = f"{quoted(column)} >= TIMESTAMP '{sql_time(start)}' AND {quoted(column)} < TIMESTAMP '{sql_time(end)}'"
    replace_where(df, name, where, evolve=evolve)


def replace_where(df: DataFrame, name: str, predicate: str, *, evolve: bool = False) -> None:
    """Replace the rows that meet a SQL predicate by the rows of `df`, which must all meet it, in one commit.

    With `evolve`, columns that the table lacks are added to it; columns that `df` lacks are NULL in its rows.
    """
    full = resolve(df.sparkSession, name)
    _make_room(df, full, evolve=evolve)
    writer = df.write.format("delta").mode("overwrite").option("replaceWhere", predicate)
    writer = writer.option("mergeSchema", str(evolve).lower())
    tried_again(lambda: writer.saveAsTable(full.quoted), full, df)


def optimize(spark: SparkSession, name: str, *, zorder_by: Sequence[str] = ()) -> None:
    """Compact small files, optionally sorted along a Z curve."""
    curve = f" ZORDER BY ({', '.join(map(quoted, zorder_by))})" if zorder_by else ""
    with faults_named():
        spark.sql(f"OPTIMIZE {resolve(spark, name).quoted}{curve}")


def sql_time(time_: dt.datetime | str) -> str:
    """Return a time as SQL's TIMESTAMP literal takes it; a naive one is UTC.

    Examples
    --------
    >>> sql_time(dt.datetime(2013, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=-5))))
    '2013-01-01 06:00:00.000000+00:00'
    """
    if isinstance(time_, str):
        time_ = dt.datetime.fromisoformat(time_)
    aware = time_.astimezone(dt.UTC) if time_.tzinfo else time_.replace(tzinfo=dt.UTC)
    return aware.isoformat(sep=" ", timespec="microseconds")


def _make_room(df: DataFrame, full: TableName, *, evolve: bool) -> None:
    """Turn column mapping on if a write is to add columns whose names need it; one commit, once."""
    if not evolve or has_plain_names(df.schema):
        return
    spark = df.sparkSession
    if table_properties(spark, full.quoted).get(_MAPPING, "none") == "none":
        set_table_properties(spark, full.quoted, {_MAPPING: "name"})
