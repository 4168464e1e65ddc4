"""Versions, and what commits wrote."""

import datetime as dt

import pytest
from pyspark.sql.types import DoubleType, LongType, StructField, StructType, TimestampType

from headwater import lakehouse

SCHEMA = StructType(
    [StructField("id", LongType(), nullable=False), StructField("ts", TimestampType()), StructField("v", DoubleType())]
)
HOUR = dt.timedelta(hours=1)
START = dt.datetime(2024, 1, 1)


def _rows(spark, ids, value=1.0):
    return spark.createDataFrame([(i, START + i * HOUR, value) for i in ids], "id long, ts timestamp, v double")


def test_versions_and_times_can_be_read_again(spark, table):
    first = lakehouse.table_version(spark, table)
    before = spark.sql(f"DESCRIBE HISTORY {table} LIMIT 1").collect()[0]["timestamp"]
    lakehouse.overwrite(_rows(spark, [100]), table)
    assert lakehouse.table_version(spark, table) == first + 1
    assert lakehouse.read_table(spark, table).count() == 1
    assert lakehouse.read_table(spark, table, version=first).count() == 5
    assert lakehouse.read_table(spark, table, timestamp=before).count() == 5
    with pytest.raises(ValueError, match="not both"):
        lakehouse.read_table(spark, table, version=1, timestamp=before)


def test_the_change_feed_says_what_a_merge_changed(spark, schema):
    name = f"{schema}.feed"
    lakehouse.create_table(spark, name, SCHEMA, properties={"delta.enableChangeDataFeed": "true"})
    lakehouse.append(_rows(spark, [1, 2]), name)
    version = lakehouse.table_version(spark, name)
    lakehouse.merge(_rows(spark, [2, 3], 8.0), name, ["id"])
    changes = lakehouse.read_changes(spark, name, version + 1).collect()
    assert sorted((r["id"], r["_change_type"]) for r in changes) == [
        (2, "update_postimage"),
        (2, "update_preimage"),
        (3, "insert"),
    ]


def test_rows_written_counts_the_commits_after_a_version(spark, table):
    before = lakehouse.table_version(spark, table)
    lakehouse.append(_rows(spark, range(10, 17)), table)
    assert lakehouse.rows_written(spark, table, since=before) == 7
