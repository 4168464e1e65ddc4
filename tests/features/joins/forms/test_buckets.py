"""Buckets of keys: what Spark shuffles."""

from headwater.features.joins.forms.buckets import join_buckets_of_keys
from headwater.features.joins.lookup import TableLookup


def test_a_table_that_is_looked_up_by_two_label_keys_is_read_and_shuffled_once(spark):
    features = spark.range(60).selectExpr("id % 7 AS k", "timestamp_seconds(id) AS ts", "id AS x")
    joined = spark.range(40).selectExpr("id", "id % 7 AS a", "id % 5 AS b", "timestamp_seconds(id) AS at")
    for key in "ab":
        lookup = TableLookup(features, ((key, "k"),), ("at", "ts"), {"x": f"x_{key}"})
        joined = join_buckets_of_keys(joined, [lookup], 2)
    rows = joined.toArrow().to_pylist()
    for row in rows:
        assert row["x_a"] == row["id"]
        assert row["x_b"] == max((x for x in range(row["id"] + 1) if x % 7 == row["b"]), default=None)
    assert len(rows) == 40
    assert joined._jdf.queryExecution().executedPlan().toString().count("ReusedExchange") == 1
