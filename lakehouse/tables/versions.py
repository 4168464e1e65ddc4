"""A table's versions, and what commits wrote: from its log's own files where these lie on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.lakehouse.errors import InvalidInputError
from headwater.lakehouse.tables.existing import resolve
from headwater.lakehouse.warehouse import catalog

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["newest_version", "read_changes", "rows_written", "table_version"]


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


def _rows_of_commit(commit: Path) -> int:
    for line in commit.read_text(encoding="utf-8").splitlines():
        if line.startswith('{"commitInfo"'):
            return int(json.loads(line)["commitInfo"].get("operationMetrics", {}).get("numOutputRows", 0))
    return 0
