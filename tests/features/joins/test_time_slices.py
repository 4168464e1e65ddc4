"""Keys with very many rows: found in the plan itself, cut into slices of time, and joined as if they had not been."""

import datetime as dt
import re

from pyspark.sql import functions as F

from headwater.features.joins.dealing import bucket_of
from headwater.features.joins.forms.buckets import join_buckets_of_keys
from headwater.features.joins.lookup import TableLookup
from headwater.features.joins.time_slices import HotKeys, Slicing
from tests.oracles import point_in_time as oracle

AT = dt.datetime(2024, 1, 1)


def _history(spark):
    """One key with 6,000 rows, most of them in its last days, and 60 with 100."""
    hot = (
        "SELECT 'hot' AS key, timestamp_seconds(1700000000 + CAST(pow(id, 2) AS LONG)) AS ts, id AS x FROM range(6000)"
    )
    rest = "SELECT concat('k', id % 60), timestamp_seconds(1700000000 + id * 5000), id FROM range(6000)"
    return spark.sql(f"{hot} UNION ALL {rest}")


def test_only_keys_with_their_share_of_the_rows_are_hot_and_no_slice_has_most_of_one(spark):
    features = _history(spark)
    hot = HotKeys.of([(features, ["key"], "ts")], Slicing(share=0.2, slices=8, one_in=4))
    assert [row["__k0"] for row in hot.rows.collect()] == ["hot"]
    cut = hot.cut_features(features, ["key"], "ts", 0)
    counted = cut.groupBy("key", "__slice").count().collect()
    slices = {row["__slice"]: row["count"] for row in counted if row["key"] == "hot"}
    assert sorted(slices) == list(range(8))
    assert max(slices.values()) < 0.4 * 6000
    assert sum(slices.values()) == 6000 + 7 * 8 // 2  # the last row of each goes to all that follow
    assert {row["__slice"] for row in counted if row["key"] != "hot"} == {0}
    assert sum(row["count"] for row in counted if row["key"] != "hot") == 6000


def test_the_rows_of_a_hot_key_are_dealt_out_to_several_buckets_and_found_as_if_they_were_not(spark):
    features = _history(spark)
    labels = spark.sql("SELECT id, 'hot' AS k, timestamp_seconds(1700000000 + id * 360000) AS at FROM range(-10, 110)")
    slicing = Slicing(share=0.2, slices=16)
    hot = HotKeys.of([(features, ["key"], "ts")], slicing)
    cut = hot.cut_features(features, ["key"], "ts", 0).selectExpr(bucket_of(["key", "__slice"], 64))
    cut_labels = hot.cut_labels(labels, ["k"], "at").selectExpr(bucket_of(["k", "__slice"], 64))
    assert cut.groupBy("__bucket").count().agg(F.max("count")).first()[0] < 3000
    assert cut_labels.distinct().count() > 4
    lookup = TableLookup(features, (("k", "key"),), ("at", "ts"), {"x": "x"})
    sliced, whole = (join_buckets_of_keys(labels, [lookup], 64, how).collect() for how in (slicing, None))
    assert sorted(map(tuple, sliced)) == sorted(map(tuple, whole))


def test_hot_keys_cost_two_passes_over_the_features_and_none_more_for_the_labels(spark, tmp_path):
    _history(spark).write.parquet(str(tmp_path / "features"))
    features = spark.read.parquet(str(tmp_path / "features"))
    spine = spark.sql(
        "SELECT if(id > 2, 'hot', concat('k', id)) AS k, timestamp_seconds(1700000000 + id) AS at FROM range(9)"
    )
    lookups = [TableLookup(features, (("k", "key"),), ("at", "ts"), {"x": output}) for output in ("x", "y")]
    joined = join_buckets_of_keys(spine, lookups, 4, Slicing(share=0.2, slices=16, one_in=2))
    joined.collect()
    mode = spark._jvm.org.apache.spark.sql.execution.ExplainMode.fromString("formatted")
    plan = joined._jdf.queryExecution().explainString(mode)
    run = "".join(re.findall(r"== Final Plan ==(.*?)== Initial Plan ==", plan, re.DOTALL))
    assert run.count("Scan parquet") == 2 * (1 + 2)


def test_tables_of_one_spine_are_cut_alike_with_ties_and_rows_far_apart(spark):
    labels, features = oracle.cases(71, 300)
    _, others = oracle.cases(73, 300)
    left = spark.createDataFrame(labels, "id long, case long, k string, at timestamp")
    right = spark.createDataFrame(features, "case long, key string, ts timestamp, x int, y double")
    second = spark.createDataFrame(others, "case long, key string, ts timestamp, x int, y double")
    keys = (("case", "case"), ("k", "key"))
    lookups = [
        TableLookup(right, keys, ("at", "ts"), {"x": "x1", "y": "y1"}),
        TableLookup(second, keys, ("at", "ts"), {"x": "x2", "y": "y2"}, dt.timedelta(hours=3)),
    ]
    got = join_buckets_of_keys(left, lookups, 5, Slicing(share=0.001, slices=3)).collect()
    assert sorted((r["id"], r["x1"], r["y1"]) for r in got) == sorted(oracle.as_of(labels, features, None))
    expected = oracle.as_of(labels, others, dt.timedelta(hours=3))
    assert sorted((r["id"], r["x2"], r["y2"]) for r in got) == sorted(expected)

    far = spark.sql(
        "SELECT 'a' AS key, ts, 1 AS x FROM VALUES (timestamp '0001-01-02'), (timestamp '9999-12-30') t(ts)"
    )
    spine = spark.sql(
        "SELECT 'a' AS k, at FROM VALUES (timestamp '0001-01-01'), (timestamp '9999-12-31'), (NULL) t(at)"
    )
    lookup = TableLookup(far, (("k", "key"),), ("at", "ts"), {"x": "x"})
    got = join_buckets_of_keys(spine, [lookup], 4, Slicing(share=0.1, slices=64)).selectExpr("year(at)", "x").collect()
    assert sorted(map(tuple, got), key=repr) == [(1, None), (9999, 1), (None, None)]
