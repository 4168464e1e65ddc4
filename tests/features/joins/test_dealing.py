"""Rows dealt out into buckets, and what workers run."""

from pyspark.sql import functions as F

from headwater.features.joins.forms.buckets import join_buckets_of_keys
from headwater.features.joins.forms.small_tables import join_small_tables
from headwater.features.joins.lookup import TableLookup


def test_each_bucket_is_a_task_of_its_own(spark):
    rows = spark.range(0, 6000).selectExpr("id AS k", "timestamp_seconds(id) AS at", "timestamp_seconds(id) AS ts")
    lookup = TableLookup(rows, (("k", "k"),), ("at", "ts"), {"ts": "x"})
    for join in (join_buckets_of_keys, join_small_tables):
        tasks = join(rows, [lookup], 5).groupBy(F.spark_partition_id()).count().collect()
        assert len(tasks) == 5
        assert min(row["count"] for row in tasks) > 1000
