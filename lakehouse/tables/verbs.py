"""Table verbs: the only place that writes.

Every verb takes a name of one to three levels and completes it from the session's current catalog and schema. A verb is
one Delta commit, or says otherwise; verbs that give the same result when run again (all but :func:`append`) are tried
again when another writer was faster.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.conventions import is_own_table
from headwater.lakehouse.errors import InvalidInputError, MissingColumnsError, TableExistsError, TableNotFoundError
from headwater.lakehouse.names import TableName
from headwater.lakehouse.sql_text import literal, quoted
from headwater.lakehouse.warehouse import catalog

if TYPE_CHECKING:
    from pyspark.errors import PySparkException
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import DataType, StructField, StructType

__all__ = [
    "append",
    "create_table",
    "drop_table",
    "ensure_table",
    "list_tables",
    "merge",
    "newest_version",
    "optimize",
    "overwrite",
    "read_changes",
    "read_table",
    "replace_interval",
    "replace_where",
    "resolve",
    "rows_written",
    "set_table_properties",
    "sql_time",
    "table_exists",
    "table_properties",
    "table_version",
]

_TRIES = 6
_MAPPING = "delta.columnMapping.mode"
_UNPLAIN = frozenset(" ,;{}()\n\t=")  # in a column's name, Delta's files take none of these
_THERE_ALREADY = frozenset({"DELTA_TABLE_ALREADY_EXISTS", "TABLE_ALREADY_EXISTS", "TABLE_OR_VIEW_ALREADY_EXISTS"})


def table_exists(spark: SparkSession, name: str) -> bool:
    """Say whether there is a table of this name, also if another process made it since the session started."""
    return _is_there(spark, catalog.complete(spark, name))


def _is_there(spark: SparkSession, full: TableName) -> bool:
    if catalog.register(spark, full):
        return True
    return catalog.can_hold(spark, full) and bool(spark.catalog.tableExists(full.quoted))


def resolve(spark: SparkSession, name: str) -> TableName:
    """Return the full name of a table that is there.

    Raises
    ------
    TableNotFoundError
        If it is not; the error names the tables of its schema.
    DamagedTableError
        If there is a folder for it that holds no readable table.
    """
    full = catalog.complete(spark, name)
    if not _is_there(spark, full):
        raise catalog.damage_of(spark, full) or TableNotFoundError(
            str(full), list_tables(spark, full.catalog, full.schema), catalog.folders_elsewhere(spark, full)
        )
    return full


def list_tables(spark: SparkSession, catalog_name: str, schema: str) -> list[str]:
    """Return the full names of the tables in a schema, sorted, without Headwater's own; none if there is no such schema."""
    from pyspark.errors import AnalysisException

    catalog.refresh(spark)
    try:
        rows = spark.sql(f"SHOW TABLES IN {quoted(catalog_name)}.{quoted(schema)}").collect()
    except AnalysisException:
        return []
    names = [row["tableName"] for row in rows if not row["isTemporary"] and not is_own_table(row["tableName"])]
    return sorted(str(TableName(catalog_name, schema, name)) for name in names)


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
        if _is_there(spark, full):
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
    clauses = [f"CREATE TABLE {full.quoted} ({', '.join(_column(field) for field in schema)}) USING delta"]
    if partition_by:
        clauses.append(f"PARTITIONED BY ({', '.join(map(quoted, partition_by))})")
    if cluster_by:
        clauses.append(f"CLUSTER BY ({', '.join(map(quoted, cluster_by))})")
    if comment:
        clauses.append(f"COMMENT {literal(comment)}")
    if not _plain_columns(schema):
        properties = {_MAPPING: "name", **properties}
    if properties:
        clauses.append(f"TBLPROPERTIES ({', '.join(f'{literal(k)} = {literal(v)}' for k, v in properties.items())})")
    try:
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
    df.write.format("delta").mode("append").option("mergeSchema", str(evolve).lower()).saveAsTable(full.quoted)


def overwrite(df: DataFrame, name: str, *, evolve: bool = False) -> None:
    """Replace all rows in one commit; the schema stays, but with `evolve` columns that the table lacks are added to it."""
    full = resolve(df.sparkSession, name)
    _make_room(df, full, evolve=evolve)
    writer = df.write.format("delta").mode("overwrite").option("mergeSchema", str(evolve).lower())
    _again(lambda: writer.saveAsTable(full.quoted))


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
        _again(lambda: spark.sql(statement))
    finally:
        spark.catalog.dropTempView(view)


def replace_interval(df: DataFrame, name: str, column: str, start: dt.datetime, end: dt.datetime) -> None:
    """Replace the rows with `start` ≤ `column` < `end` by the rows of `df`, in one commit.

    Run again, it gives the same table: this is how a job over an interval writes. Files outside the interval are not
    read (Delta's statistics), so that the cost does not grow with the table.

    Parameters
    ----------
    df
        All rows must lie in the interval; Delta refuses others.
    start, end
        Inclusive and exclusive, UTC.
    """
    where = f"{quoted(column)} >= TIMESTAMP '{sql_time(start)}' AND {quoted(column)} < TIMESTAMP '{sql_time(end)}'"
    replace_where(df, name, where)


def replace_where(df: DataFrame, name: str, predicate: str) -> None:
    """Replace the rows that meet a SQL predicate by the rows of `df`, which must all meet it, in one commit."""
    full = resolve(df.sparkSession, name)
    _again(
        lambda: df.write.format("delta").mode("overwrite").option("replaceWhere", predicate).saveAsTable(full.quoted)
    )


def read_changes(spark: SparkSession, name: str, start_version: int, end_version: int | None = None) -> DataFrame:
    """Return the change feed, both versions inclusive.

    Columns: the table's, ``_change_type``, ``_commit_version``, ``_commit_timestamp``.
    The table must have the property ``delta.enableChangeDataFeed`` since `start_version`.
    """
    full = resolve(spark, name)
    reader = spark.read.option("readChangeFeed", "true").option("startingVersion", start_version)
    if end_version is not None:
        reader = reader.option("endingVersion", end_version)
    return reader.table(full.quoted)


def table_version(spark: SparkSession, name: str) -> int:
    """Return the table's newest version.

    Raises
    ------
    InvalidInputError
        If it is a view.
    """
    version = newest_version(spark, name)
    if version is None:
        raise InvalidInputError(f"{name} is a view, which has no versions: name the table that it reads.")
    return version


def newest_version(spark: SparkSession, name: str) -> int | None:
    """Return the newest version of a table, None of a view."""
    full = resolve(spark, name)
    folder = catalog.folder_of(spark, full)
    if folder is not None and (folder / "_delta_log").is_dir():  # 10 ms against 300
        return max(int(commit.stem) for commit in (folder / "_delta_log").glob("[0-9]*.json") if commit.stem.isdigit())
    if spark.catalog.getTable(full.quoted).tableType in ("VIEW", "TEMPORARY"):
        return None
    return int(spark.sql(f"DESCRIBE HISTORY {full.quoted} LIMIT 1").collect()[0]["version"])


def rows_written(spark: SparkSession, name: str, *, since: int) -> int:
    """Return how many rows the commits after version `since` put into new files, by Delta's own statistics.

    A merge or an update counts rows that it copies.
    """
    full = resolve(spark, name)
    newest = table_version(spark, name)
    folder = catalog.folder_of(spark, full)
    if folder is not None:  # 1 ms against 300
        return sum(_rows_of_commit(folder / "_delta_log" / f"{v:020}.json") for v in range(since + 1, newest + 1))
    metrics = spark.sql(f"DESCRIBE HISTORY {full.quoted} LIMIT {newest - since}").collect()
    return sum(int(row["operationMetrics"].get("numOutputRows", 0)) for row in metrics if row["operationMetrics"])


def table_properties(spark: SparkSession, name: str) -> dict[str, str]:
    """Return the table's properties."""
    rows = spark.sql(f"SHOW TBLPROPERTIES {resolve(spark, name).quoted}").collect()
    return {row["key"]: row["value"] for row in rows}


def set_table_properties(spark: SparkSession, name: str, properties: Mapping[str, str | None]) -> None:
    """Set properties; a value of None removes one."""
    full = resolve(spark, name)
    kept = ", ".join(f"{literal(k)} = {literal(v)}" for k, v in properties.items() if v is not None)
    gone = ", ".join(literal(k) for k, v in properties.items() if v is None)
    if kept:
        _again(lambda: spark.sql(f"ALTER TABLE {full.quoted} SET TBLPROPERTIES ({kept})"))
    if gone:
        _again(lambda: spark.sql(f"ALTER TABLE {full.quoted} UNSET TBLPROPERTIES IF EXISTS ({gone})"))


def optimize(spark: SparkSession, name: str, *, zorder_by: Sequence[str] = ()) -> None:
    """Compact small files, optionally sorted along a Z curve."""
    curve = f" ZORDER BY ({', '.join(map(quoted, zorder_by))})" if zorder_by else ""
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


def _rows_of_commit(commit: Path) -> int:
    for line in commit.read_text(encoding="utf-8").splitlines():
        if line.startswith('{"commitInfo"'):
            return int(json.loads(line)["commitInfo"].get("operationMetrics", {}).get("numOutputRows", 0))
    return 0


def _plain_columns(kind: DataType) -> bool:
    """Say whether Delta writes all columns and fields under their own names; it maps others to names of its own."""
    from pyspark.sql.types import ArrayType, MapType, StructType

    if isinstance(kind, StructType):
        return all(not _UNPLAIN & set(field.name) and _plain_columns(field.dataType) for field in kind)
    if isinstance(kind, ArrayType):
        return _plain_columns(kind.elementType)
    if isinstance(kind, MapType):
        return _plain_columns(kind.keyType) and _plain_columns(kind.valueType)
    return True


def _make_room(df: DataFrame, full: TableName, *, evolve: bool) -> None:
    """Turn column mapping on if a write is to add columns whose names need it; one commit, once."""
    if not evolve or _plain_columns(df.schema):
        return
    spark = df.sparkSession
    if table_properties(spark, full.quoted).get(_MAPPING, "none") == "none":
        set_table_properties(spark, full.quoted, {_MAPPING: "name"})


def _sql_type(kind: DataType) -> str:
    """Return a type as SQL takes it, names of fields in quotes."""
    from pyspark.sql.types import ArrayType, MapType, StructType

    if isinstance(kind, StructType):
        return f"struct<{', '.join(f'{quoted(field.name)}: {_sql_type(field.dataType)}' for field in kind)}>"
    if isinstance(kind, ArrayType):
        return f"array<{_sql_type(kind.elementType)}>"
    if isinstance(kind, MapType):
        return f"map<{_sql_type(kind.keyType)}, {_sql_type(kind.valueType)}>"
    return kind.simpleString()


def _column(field: StructField) -> str:
    comment = field.metadata.get("comment")
    return " ".join(
        [quoted(field.name), _sql_type(field.dataType)]
        + ([] if field.nullable else ["NOT NULL"])
        + ([f"COMMENT {literal(comment)}"] if comment else [])
    )


def _again(verb: Callable[[], object]) -> None:
    """Do it, and again if another writer's commit came first: each try reads the table anew."""
    import delta.exceptions  # noqa: F401 - from its import on, PySpark knows Delta's conflicts
    from pyspark.errors import PySparkException

    for attempt in range(_TRIES):
        try:
            verb()
        except PySparkException as error:
            if attempt == _TRIES - 1 or not _is_conflict(error):
                raise
            time.sleep(random.uniform(0.1, 0.4) * 2**attempt)
        else:
            return


def _is_conflict(error: PySparkException) -> bool:
    """Say whether another writer was faster, by the exception or its condition, which is all that Spark Connect gives."""
    from delta import exceptions as conflicts

    # Delta's conflicts are siblings in Python, not one family as in Java.
    kinds = (
        conflicts.ConcurrentAppendException,
        conflicts.ConcurrentDeleteDeleteException,
        conflicts.ConcurrentDeleteReadException,
        conflicts.ConcurrentTransactionException,
        conflicts.ConcurrentWriteException,
        conflicts.DeltaConcurrentModificationException,
        conflicts.MetadataChangedException,
        conflicts.ProtocolChangedException,
    )
    conditions = ("DELTA_CONCURRENT_", "DELTA_METADATA_CHANGED", "DELTA_PROTOCOL_CHANGED")
    return isinstance(error, kinds) or str(error.getCondition() or "").startswith(conditions)
