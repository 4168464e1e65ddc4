"""The join against a brute force in plain Python."""

import datetime as dt

import pytest
from pyspark.sql import functions as F

from headwater.features import join_as_of, join_latest
from tests.oracles import point_in_time as oracle

HOUR = dt.timedelta(hours=1)
KEYS = [("case", "case"), ("k", "key")]


def _frames(spark, labels, features, kind="timestamp"):
    return (
        spark.createDataFrame(labels, f"id long, case long, k string, at {kind}"),
        spark.createDataFrame(features, f"case long, key string, ts {kind}, x int, y double"),
    )


@pytest.mark.parametrize("lookback", [None, dt.timedelta(0), 3 * HOUR, 24 * HOUR])
def test_join_equals_brute_force_on_300_cases_with_ties_nulls_and_empty_sides(spark, lookback):
    labels, features = oracle.cases(7, 300)
    left, right = _frames(spark, labels, features)
    joined = join_as_of(
        left,
        right,
        keys=KEYS,
        time=("at", "ts"),
        outputs={"x": "x", "y": "why"},
        lookback=lookback,
    )
    assert joined.columns == ["id", "case", "k", "at", "x", "why"]
    found = sorted((row["id"], row["x"], row["why"]) for row in joined.collect())
    assert found == sorted(oracle.as_of(labels, features, lookback))
    assert any(x is not None for _, x, _ in found)


@pytest.mark.parametrize("lookback", [None, dt.timedelta(0), dt.timedelta(days=2)])
def test_date_keys_stay_dates_and_join_like_times(spark, lookback):
    labels, features = oracle.cases(11, 150, dates=True)
    left, right = _frames(spark, labels, features, "date")
    joined = join_as_of(left, right, keys=KEYS, time=("at", "ts"), outputs={"x": "x", "y": "y"}, lookback=lookback)
    assert joined.schema["at"].dataType.typeName() == "date"
    found = sorted((row["id"], row["x"], row["y"]) for row in joined.collect())
    assert found == sorted(oracle.as_of(labels, features, lookback))


def test_every_label_row_comes_out_once_and_unchanged_also_double_ones(spark):
    labels = spark.createDataFrame([(1, "a"), (1, "a"), (2, "b")], "k long, note string").withColumn(
        "at", F.current_timestamp()
    )
    features = spark.createDataFrame([], "key long, ts timestamp, x int")
    joined = join_as_of(labels, features, keys=[("k", "key")], time=("at", "ts"), outputs={"x": "x"})
    assert sorted(joined.select("k", "note", "x").collect()) == [(1, "a", None), (1, "a", None), (2, "b", None)]


def test_composite_keys_do_not_run_into_each_other(spark):
    at = dt.datetime(2024, 1, 1)
    labels = spark.createDataFrame([("1", "12", at), ("11", "2", at)], "a string, b string, at timestamp")
    features = spark.createDataFrame(
        [("1", "12", at, 1), ("11", "2", at, 2)], "a string, b string, ts timestamp, x int"
    )
    joined = join_as_of(labels, features, keys=[("a", "a"), ("b", "b")], time=("at", "ts"), outputs={"x": "x"})
    assert {row["a"]: row["x"] for row in joined.collect()} == {"1": 1, "11": 2}


def test_one_key_with_most_rows_gives_the_same_as_brute_force(spark):
    labels = [(i, 0, "hot", oracle.START + i * HOUR) for i in range(400)]
    features = [(0, "hot", oracle.START + 3 * i * HOUR, i, None) for i in range(400)]
    left, right = _frames(spark, labels, features)
    joined = join_as_of(left, right, keys=KEYS, time=("at", "ts"), outputs={"x": "x", "y": "y"})
    assert sorted((r["id"], r["x"], r["y"]) for r in joined.collect()) == sorted(oracle.as_of(labels, features, None))


def test_columns_without_an_order_travel_with_their_row(spark):
    at = dt.datetime(2024, 1, 1)
    labels = spark.createDataFrame([(1, at)], "k long, at timestamp")
    features = spark.createDataFrame(
        [(1, at, {"a": 1}, [1, 2])], "key long, ts timestamp, m map<string,int>, l array<int>"
    )
    joined = join_as_of(labels, features, keys=[("k", "key")], time=("at", "ts"), outputs={"m": "m", "l": "l"})
    assert joined.collect() == [(1, at, {"a": 1}, [1, 2])]


def test_lookup_without_time_takes_one_row_per_key_and_none_for_null(spark):
    spine = spark.createDataFrame([(1, "x"), (2, "y"), (None, "z"), (1, "w")], "k long, note string")
    rows = spark.createDataFrame([(1, 10, None), (1, 12, "t"), (None, 99, "n")], "key long, v int, s string")
    joined = join_latest(spine, rows, keys=[("k", "key")], outputs={"v": "v", "s": "ess"})
    assert sorted(joined.collect(), key=str) == sorted(
        [(1, "x", 12, "t"), (2, "y", None, None), (None, "z", None, None), (1, "w", 12, "t")], key=str
    )
